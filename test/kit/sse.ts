import type { TestApp } from "./app.ts";

/** What one event of a subscription holds: `data` by the subscription's name, or why there is none. */
export type SseResult<Data> = {
  data?: Data | null;
  errors?: { message: string; extensions: { code: string } }[];
};

/** Opens a subscription over SSE as a client of the tenant would, and gives its results one by one as they come. */
export async function openSse<Data>(
  on: Pick<TestApp, "http" | "token">,
  { tenantId, query, variables = {}, token }: { tenantId: string; query: string; variables?: object; token?: string },
) {
  const leave = new AbortController();
  const response = await on.http.fetch(
    new Request("http://127.0.0.1/graphql", {
      method: "POST",
      signal: leave.signal,
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        authorization: `Bearer ${token ?? await on.token(tenantId)}`,
      },
      body: JSON.stringify({ query, variables }),
    }),
  );
  const results = readResults<Data>(response.body!);
  return {
    /** The next result; undefined where the stream is over. */
    next: async (): Promise<SseResult<Data> | undefined> => (await results.next()).value ?? undefined,
    /** Closes the stream, as a client does that goes away. Not while a `next` waits. */
    leave: async () => {
      await results.return(undefined);
      leave.abort();
    },
  };
}

async function* readResults<Data>(body: ReadableStream<Uint8Array>): AsyncGenerator<SseResult<Data>, undefined> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    const events = text.split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data && /^event: next$/m.test(event)) yield JSON.parse(data) as SseResult<Data>;
    }
  }
  return undefined;
}
