/** Where a load goes, how long to go on trying where the service does not answer, and what may end it before. */
export type Target = { url: string; token: string; patienceMs: number; signal?: AbortSignal };

/** The member of a result union that a mutation gave. */
export type Member = { __typename: string; message?: string };

/** The service refused, or did not answer for longer than we wait. The message says what to do. */
export class LoadError extends Error {
  override name = "LoadError";
}

const RETRY_MS = 500;

/** What a mutation of one field gives; asked again until it is answered. Throws LoadError. */
export async function askUntilAnswered<M extends Member>(
  target: Target,
  mutation: string,
  variables: object,
): Promise<M> {
  const giveUpAt = Date.now() + target.patienceMs;
  for (;;) {
    const answer = await ask(target, mutation, variables);
    if ("member" in answer) return answer.member as M;
    target.signal?.throwIfAborted();
    if (Date.now() > giveUpAt) throw silent(target, answer.fault);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Throws LoadError where nothing listens: whoever waits a minute for that has forgotten to start it. */
export async function checkListening(target: Target): Promise<void> {
  try {
    const answer = await fetch(new URL("/health", target.url), target.signal ? { signal: target.signal } : {});
    await answer.body?.cancel();
  } catch (error) {
    throw silent(target, faultOf(error));
  }
}

function silent({ url }: Target, fault: string): LoadError {
  return new LoadError(
    `${url} does not answer (${fault}). Start it with \`npm start\`, then run this again: nothing is counted twice.`,
  );
}

function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return "no connection";
  const { cause } = error as { cause?: { code?: string } };
  return cause?.code === "ECONNREFUSED" ? "nothing listens there" : error.message;
}

/** The error that says that the service refused a request. */
export function refusedBy({ url }: Target, reason: string): LoadError {
  return new LoadError(`${url} refused a batch: ${reason}`);
}

async function ask(
  target: Target,
  query: string,
  variables: object,
): Promise<{ member: Member } | { fault: string }> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(target.url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${target.token}` },
      body: JSON.stringify({ query, variables }),
      ...(target.signal ? { signal: target.signal } : {}),
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    return { fault: faultOf(error) };
  }
  const answer = parseAnswer(text);
  const error = answer?.errors?.[0];
  if (status >= 500 || error?.extensions?.retryable) return { fault: error?.message ?? `HTTP ${status}` };
  const [member] = Object.values(answer?.data ?? {});
  if (member && !error) return { member };
  throw refusedBy(target, error?.message ?? `HTTP ${status}`);
}

type Answer = {
  data?: Record<string, Member | null>;
  errors?: { message: string; extensions?: { retryable?: boolean } }[];
};

function parseAnswer(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
