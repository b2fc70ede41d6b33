import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { BatchHttpLink } from "@apollo/client/link/batch-http";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { cacheExchange, Client, fetchExchange } from "@urql/core";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import { createHash } from "node:crypto";
import { Environment, fetchQuery, type GraphQLResponse, Network, RecordSource, Store } from "relay-runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen, type Listening } from "../../api/entry/http/listen.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";

let api: TestApp;
let server: Listening;
let url: string;
let headers: Record<string, string>;

beforeAll(async () => {
  api = await startTestApp({ env: { PORT: "0", MAX_BATCH: "10", MAX_BODY_BYTES: "100000" } });
  server = await listen(api.app);
  url = `${server.url}/graphql`;
  headers = { authorization: `Bearer ${await api.token("shop")}` };
  for (let i = 0; i < 5; i++) await record(`s-${i}`, 1);
});
afterAll(async () => {
  await server.stop();
  await api.stop();
});

const RECORD = `mutation ($input: RecordEventsInput!) {
  recordEvents(input: $input) { __typename ... on RecordEventsPayload { accepted } }
}`;
const event = (sessionId: string, seq: number) => ({
  sessionId,
  seq,
  type: "PAGE_VIEWED",
  occurredAt: new Date(Date.UTC(2026, 0, 31, 12, seq)).toISOString(),
});
const record = (sessionId: string, seq: number) =>
  api.ask("shop", RECORD, { input: { events: [event(sessionId, seq)] } });

const VIEWER = gql`query Viewer { viewer { tenantId } }`;
const JOURNEYS = gql`query Journeys($after: String) {
  journeys(first: 2, after: $after) { edges { cursor node { id sessionId } } pageInfo { hasNextPage endCursor } }
}`;
const EVENTS = `subscription ($id: String!) { journeyEvents(sessionId: $id) { node { type } } }`;
const FIRST = { data: { journeyEvents: { node: { type: "PAGE_VIEWED" } } } };

/** What was asked over HTTP, beside asking it. */
function createFetch() {
  const bodies: { query?: string; extensions?: unknown }[] = [];
  const recording: typeof fetch = (input, init) => {
    if (typeof init?.body === "string") bodies.push(JSON.parse(init.body) as object);
    return fetch(input, init);
  };
  return { fetch: recording, bodies };
}

function apollo(link: ApolloLink) {
  const cache = new InMemoryCache({ typePolicies: { Query: { fields: { journeys: relayStylePagination() } } } });
  return new ApolloClient({ link, cache });
}

describe("Apollo Client", () => {
  test("asks once for what its cache knows, and turns pages into one list", async () => {
    const { fetch, bodies } = createFetch();
    const client = apollo(new HttpLink({ uri: url, headers, fetch }));
    expect((await client.query({ query: VIEWER })).data).toMatchObject({ viewer: { tenantId: "shop" } });
    await client.query({ query: VIEWER });
    expect(bodies).toHaveLength(1);
    const seen: string[] = [];
    for (let after: string | undefined, more = true; more;) {
      const { data } = await client.query({ query: JOURNEYS, variables: { after }, fetchPolicy: "network-only" });
      const { edges, pageInfo } =
        (data as { journeys: { edges: unknown[]; pageInfo: { endCursor: string; hasNextPage: boolean } } }).journeys;
      seen.push(pageInfo.endCursor);
      more = pageInfo.hasNextPage;
      after = pageInfo.endCursor;
      expect(edges).toHaveLength(Math.min(5, seen.length * 2));
    }
    expect(new Set(seen).size).toBe(3);
    client.stop();
  });

  test("persists its queries by itself: by hash, with the text where it is not known yet", async () => {
    const { fetch, bodies } = createFetch();
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const client = apollo(
      ApolloLink.from([new PersistedQueryLink({ sha256 }), new HttpLink({ uri: url, headers, fetch })]),
    );
    const ask = () => client.query({ query: gql`query Persisted { viewer { scopes } }`, fetchPolicy: "network-only" });
    expect((await ask()).data).toMatchObject({ viewer: { scopes: expect.any(Array) } });
    await ask();
    expect(bodies.map(({ query }) => query !== undefined)).toEqual([false, true, false]);
    client.stop();
  });

  test("sends several operations in one request", async () => {
    const { fetch, bodies } = createFetch();
    const client = apollo(new BatchHttpLink({ uri: url, headers, fetch, batchInterval: 5 }));
    const both = await Promise.all([
      client.query({ query: VIEWER, fetchPolicy: "network-only" }),
      client.query({ query: JOURNEYS, fetchPolicy: "network-only" }),
    ]);
    expect(both.map(({ data }) => Object.keys(data as object))).toEqual([["viewer"], ["journeys"]]);
    expect(bodies).toHaveLength(1);
    client.stop();
  });

  test("subscribes over its HttpLink, in parts of one answer", async () => {
    const client = apollo(new HttpLink({ uri: url, headers }));
    expect(await firstOf(client.subscribe({ query: gql(EVENTS), variables: { id: "s-0" } }))).toMatchObject(FIRST);
    client.stop();
  });

  test("subscribes over a WebSocket", async () => {
    const socket = createWsClient({
      url: url.replace("http", "ws"),
      webSocketImpl: WebSocket,
      connectionParams: headers,
    });
    const client = apollo(new GraphQLWsLink(socket));
    expect(await firstOf(client.subscribe({ query: gql(EVENTS), variables: { id: "s-0" } }))).toMatchObject(FIRST);
    client.stop();
    await socket.dispose();
  });
});

function firstOf<T>(
  source: {
    subscribe: (observer: { next: (value: T) => void; error: (error: unknown) => void }) => { unsubscribe: () => void };
  },
) {
  return new Promise<T>((resolve, reject) => {
    const subscription = source.subscribe({
      next(value) {
        resolve(value);
        queueMicrotask(() => subscription.unsubscribe());
      },
      error: reject,
    });
  });
}

describe("urql", () => {
  const create = () =>
    new Client({
      url,
      preferGetMethod: false,
      exchanges: [cacheExchange, fetchExchange],
      fetchOptions: () => ({ headers }),
      fetchSubscriptions: true,
    });

  test("queries, mutates and subscribes", async () => {
    const client = create();
    expect((await client.query("{ viewer { tenantId } }", {}).toPromise()).data).toMatchObject({
      viewer: { tenantId: "shop" },
    });
    const { data } = await client.mutation(RECORD, { input: { events: [event("u-1", 1)] } }).toPromise();
    expect(data).toMatchObject({ recordEvents: { accepted: 1 } });
    const first = await new Promise((resolve) => {
      const subscription = client.subscription(EVENTS, { id: "u-1" }).subscribe((result) => {
        resolve(result);
        queueMicrotask(() => subscription.unsubscribe());
      });
    });
    expect(first).toMatchObject(FIRST);
  });

  test("asks by GET where it prefers that", async () => {
    const client = new Client({
      url,
      preferGetMethod: "force",
      exchanges: [fetchExchange],
      fetchOptions: () => ({ headers }),
    });
    expect((await client.query("{ viewer { tenantId } }", {}).toPromise()).data).toMatchObject({
      viewer: { tenantId: "shop" },
    });
  });
});

test("Relay fetches, and keeps what has an id under it", async () => {
  const text = "query Q { journeys(first: 1) { nodes { id sessionId } } }";
  const scalar = (name: string) => ({ alias: null, args: null, kind: "ScalarField", name, storageKey: null });
  const journeys = {
    alias: null,
    args: [{ kind: "Literal", name: "first", value: 1 }],
    concreteType: "JourneyConnection",
    kind: "LinkedField",
    name: "journeys",
    plural: false,
    storageKey: "journeys(first:1)",
    selections: [{
      alias: null,
      args: null,
      concreteType: "Journey",
      kind: "LinkedField",
      name: "nodes",
      plural: true,
      storageKey: null,
      selections: [scalar("id"), scalar("sessionId")],
    }],
  };
  const request = {
    kind: "Request",
    fragment: {
      argumentDefinitions: [],
      kind: "Fragment",
      metadata: null,
      name: "Q",
      selections: [journeys],
      type: "Query",
      abstractKey: null,
    },
    operation: { argumentDefinitions: [], kind: "Operation", name: "Q", selections: [journeys] },
    params: { cacheID: "q", id: null, metadata: {}, name: "Q", operationKind: "query", text },
  };
  const network = Network.create(async ({ text }, variables) => {
    const body = JSON.stringify({ query: text, variables });
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
    });
    return await response.json() as GraphQLResponse;
  });
  const environment = new Environment({ network, store: new Store(new RecordSource()) });
  const data = await fetchQuery(environment, request as never, {}).toPromise() as {
    journeys: { nodes: { id: string; sessionId: string }[] };
  };
  const [{ id, sessionId }] = data.journeys.nodes as [{ id: string; sessionId: string }];
  expect(environment.getStore().getSource().get(id)).toMatchObject({ sessionId });
});

describe.each([["distinct connections", false], ["a single connection", true]])(
  "graphql-sse over %s",
  (_, singleConnection) => {
    test("queries, subscribes, and is told what is wrong", async () => {
      const client = createSseClient({
        url,
        // The client adds its stream's token to these.
        headers: { ...headers },
        singleConnection,
        retryAttempts: 0,
      });
      const results = async (query: string, variables = {}) => {
        for await (const result of client.iterate({ query, variables })) return result;
      };
      expect(await results("{ viewer { tenantId } }")).toEqual({ data: { viewer: { tenantId: "shop" } } });
      expect(await Promise.all([results(EVENTS, { id: "s-1" }), results(EVENTS, { id: "s-2" })])).toEqual([
        FIRST,
        FIRST,
      ]);
      await expect(results("{ nothing }")).rejects.toBeDefined();
      client.dispose();
    });
  },
);

describe("a reserved stream", () => {
  const call = (method: string, own: Record<string, string> = {}, search = "") =>
    fetch(`${url}${search}`, { method, headers: { ...headers, ...own } });

  test("needs a token, is nobody else's, and is open once", async () => {
    expect((await fetch(url, { method: "PUT" })).status).toBe(401);
    const token = await (await call("PUT")).text();
    const stranger = { authorization: `Bearer ${await api.token("other")}` };
    const accept = { accept: "text/event-stream" };
    expect((await call("GET", { ...accept, ...stranger }, `?token=${token}`)).status).toBe(403);
    expect((await call("GET", accept, "?token=none")).status).toBe(404);
    const open = await call("GET", accept, `?token=${token}`);
    expect([open.status, open.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect((await call("GET", accept, `?token=${token}`)).status).toBe(409);
    await open.body!.cancel();
  });
});

test("what persisted queries cannot do is said in Apollo's words", async () => {
  const post = async (body: object) => {
    const answer = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return [
      answer.status,
      ((await answer.json()) as { errors: { message: string; extensions: { code: string } }[] }).errors[0],
    ];
  };
  const hash = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
  expect(await post(hash("0".repeat(64)))).toMatchObject([200, {
    message: "PersistedQueryNotFound",
    extensions: { code: "PERSISTED_QUERY_NOT_FOUND" },
  }]);
  expect(await post({ query: "{ viewer { tenantId } }", ...hash("0".repeat(64)) })).toMatchObject([400, {
    extensions: { code: "PERSISTED_QUERY_HASH_MISMATCH" },
  }]);
  const off = await startTestApp({ system: api.system, env: { PERSISTED_QUERIES: "off" } });
  const response = await off.http.fetch(
    new Request(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(hash("0".repeat(64))),
    }),
  );
  expect(await response.json()).toMatchObject({
    errors: [{ message: "PersistedQueryNotSupported", extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED" } }],
  });
  await off.stop();
});

test("an empty operation name is none, and a batch has a bound", async () => {
  const post = (body: unknown) =>
    fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  expect(await (await post({ query: "{ viewer { tenantId } }", operationName: "" })).json()).toMatchObject({
    data: {},
  });
  const many = await post(Array.from({ length: 11 }, () => ({ query: "{ __typename }" })));
  expect([many.status, (await many.json()).errors[0].message]).toEqual([
    400,
    expect.stringContaining("1 to 10 are taken (MAX_BATCH)"),
  ]);
});
