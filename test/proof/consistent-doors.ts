/** What clients do at the doors of the service: webhooks, reviews, accounts and keys, sockets. */
import type { Viewer } from "../../api/auth/viewer.ts";
import type { Member, Question } from "../../api/sockets/model.ts";
import { createSocketStore } from "../../api/sockets/store.ts";
import type { OpenContext } from "../../schema/context.ts";
import { schema11 } from "../kit/anki-file.ts";
import { reviewerOf, smallContent } from "../kit/review.ts";
import { clientOf, type Steps } from "./consistent-steps.ts";

const MINUTE = 60_000;

/** A webhook that is paused by its receiver's answer holds what happens, and lets go of it. */
export async function paused(steps: Steps) {
  const { ask, run } = clientOf(steps);
  await ask(
    "webhook",
    `mutation ($url: String!) { createWebhook(input: { name: "g", url: $url, types: [JOURNEY_FINISHED] }) { __typename } }`,
    { url: `${steps.gone}/` },
  );
  const happen = (id: string) =>
    servicesOf(steps).webhooks.put({ tenantId: steps.tenant, type: "JOURNEY_FINISHED", id, at: steps.now(), data: {} });
  const log = async () => {
    const query =
      `{ webhooks { webhookId name pausedBecause deliveries(first: 5) { nodes { status tries { status } } } } }`;
    const { data } = await steps.api.ask(steps.tenant, query);
    const { webhookId, ...own } = data.webhooks.find(({ name }: { name: string }) => name === "g") ?? {};
    steps.tell("log", own);
    return webhookId ?? "none";
  };
  for (const id of ["x", "y"]) {
    await happen(id);
    await run("deliver-webhooks");
    steps.pass(1_000);
  }
  const i = { webhookId: await log() };
  await ask(
    "go on",
    `mutation ($i: WebhookInput!) { resumeWebhook(input: $i) { __typename ... on UserError { message } } }`,
    { i },
  );
  await run("deliver-webhooks");
  await log();
}

function servicesOf({ api }: Steps) {
  return (api.app.contextFor({ viewer: undefined, requestId: "r", header: {} }) as OpenContext).services;
}

/** A person reviews with two devices through two processes. */
export async function reviews(steps: Steps) {
  const { tenant, tell } = steps;
  const [here, there] = [steps.api, steps.other].map((api) => reviewerOf(api, { tenantId: tenant, userId: "r" }));
  const told = async (name: string, answer: Promise<Record<string, never>>) => {
    const { __typename, message, cards, reviewSession: session } = await answer;
    const { status, holder, answered, remaining, nextCard } = session ?? {} as Record<string, never>;
    tell(name, [__typename, message, cards, status, holder, answered, remaining, nextCard?.["cardId"]]);
    return { sessionId: session?.["sessionId"], cardId: nextCard?.["cardId"] as string | undefined };
  };
  await told("import", here!.import(schema11(smallContent())));
  const { sessionId, cardId } = await told("start", here!.start());
  await told("start elsewhere", there!.start({ holder: "phone" }));
  const next = await told("answer", here!.answer({ sessionId, cardId, answerId: "1" }));
  await told("the same elsewhere", there!.answer({ sessionId, cardId, answerId: "1" }));
  await told("answer elsewhere", there!.answer({ sessionId, cardId: next.cardId, answerId: "2" }));
  await told("undo", here!.undo(sessionId));
  await told("end elsewhere", there!.end(sessionId));
  await told("answer after it", here!.answer({ sessionId, cardId: next.cardId, answerId: "3" }));
}

export async function access(steps: Steps) {
  const { api, tell } = steps;
  const username = `person-${steps.tenant}`;
  async function as(token: string | undefined, name: string, query: string, variables: object = {}) {
    const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
    const body = JSON.stringify({ query, variables });
    const response = await api.http.fetch(new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }));
    const { data, errors } = await response.json();
    const { key, apiKey, token: given, refreshToken, removal, ...rest } =
      (Object.values(data ?? {})[0] ?? {}) as Record<string, unknown>;
    tell(
      name,
      errors?.map(({ message }: { message: string }) => message) ??
        [rest, Boolean(key ?? apiKey), Boolean(given), Boolean(refreshToken), Boolean(removal)],
    );
    return data;
  }
  const password = "correct horse battery";
  const AUTH = `__typename ... on AuthPayload { token refreshToken } ... on UserError { message }`;
  await as(undefined, "register", `mutation ($i: RegisterInput!) { register(input: $i) { ${AUTH} } }`, {
    i: { username, password },
  });
  const { login } = await as(undefined, "login", `mutation ($i: LoginInput!) { login(input: $i) { ${AUTH} } }`, {
    i: { username, password },
  });
  for (let n = 0; n < 2; n++) {
    await as(undefined, "wrong", `mutation ($i: LoginInput!) { login(input: $i) { ${AUTH} } }`, {
      i: { username, password: "wrong wrong wrong" },
    });
  }
  const { refreshLogin } = await as(
    undefined,
    "refresh",
    `mutation ($i: RefreshLoginInput!) { refreshLogin(input: $i) { ${AUTH} } }`,
    { i: { refreshToken: login?.refreshToken ?? "none" } },
  );
  const token = refreshLogin?.token ?? "none";
  await as(token, "logins", `{ logins { isCurrent } }`);
  const { createApiKey } = await as(
    token,
    "key",
    `mutation { createApiKey(input: { name: "k", scopes: [ADMIN] }) { ... on CreateKeyPayload { key apiKey { keyId } } } }`,
  );
  await as(createApiKey?.key ?? "none", "by key", `{ apiKeys { name } }`);
  await as(
    token,
    "revoke",
    `mutation ($keyId: ID!) { revokeKey(input: { keyId: $keyId }) { __typename ... on UserError { message } } }`,
    { keyId: createApiKey?.apiKey.keyId ?? "none" },
  );
  await as(createApiKey?.key ?? "none", "by the key", `{ apiKeys { name } }`);
  const { deleteAccount } = await as(
    token,
    "delete",
    `mutation ($i: DeleteAccountInput!) { deleteAccount(input: $i) { __typename ... on AccountPayload { removal { removalId } } ... on UserError { message } } }`,
    { i: { password } },
  );
  await as(undefined, "receipt", `query ($id: ID!) { accountRemoval(removalId: $id) { begunAt doneAt } }`, {
    id: deleteAccount?.removal?.removalId ?? "none",
  });
  await as(undefined, "login", `mutation ($i: LoginInput!) { login(input: $i) { ${AUTH} } }`, {
    i: { username, password },
  });
}

export async function sockets(steps: Steps) {
  const { tenant, tell, prefix, dynamo } = steps;
  const store = createSocketStore(dynamo, `${prefix}-sockets`, steps.now);
  const viewer = {
    tenantId: tenant,
    userId: "u",
    scopes: [],
    credential: "c",
    expiresAt: steps.now() + 60 * MINUTE,
  } as Viewer;
  const id = `c-${tenant}`;
  const member = {
    key: `${id}#1`,
    connectionId: id,
    subscriptionId: "1",
    credential: "c",
    expiresAt: 0,
    position: undefined,
  } as unknown as Member;
  await store.putConnection(id, viewer, true);
  tell("connection", (await store.findConnection(id))?.isInitialised);
  await store.join("g", { tenantId: tenant, query: "q" } as Question, member);
  await store.listen(tenant, "g", ["k"], member.key);
  tell("woken", await store.listWoken(tenant, new Set(["k"])));
  tell("group", (await store.findGroup(tenant, "g"))?.id);
  tell("members", (await store.listMembers(tenant, "g")).length);
  const end = await store.readWakes(tenant, "g", ["k"]);
  await end();
  tell("woken", await store.listWoken(tenant, new Set(["k"])));
  await store.removeConnection(id);
  tell("connection", await store.findConnection(id));
}
