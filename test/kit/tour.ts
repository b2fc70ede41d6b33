import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { signLocalToken } from "../../api/auth/setup.ts";
import { type Scope, SCOPES } from "../../api/auth/viewer.ts";
import { parseConfig } from "../../api/config.ts";
import { schema11 } from "./anki-file.ts";
import type { Answer, TestApp } from "./app.ts";
import { record, visit } from "./journeys.ts";
import { LANGUAGES, reviewerOf, smallContent } from "./review.ts";
import { batchOf, mutate, sessionOf } from "./sessions.ts";
import { openSse } from "./sse.ts";

const MINUTE_MS = 60_000;

export type RemoteApi = TestApp & { base: string };

/** A service in another process, asked as the kit asks a TestApp: with tokens that the keys of its data folder sign. */
export function remoteApi(base: string, dataDir: string): RemoteApi {
  const config = parseConfig({ DATA_DIR: dataDir });
  const token = (tenantId: string, scopes: readonly Scope[] = SCOPES, userId = "u") =>
    signLocalToken(config, { tenantId, scopes, userId });
  const fetchThere = async (request: Request) => {
    const body = await request.text();
    const { method, headers, signal } = request;
    return fetch(request.url.replace("http://127.0.0.1", base), { method, headers, signal, ...(body ? { body } : {}) });
  };

  async function ask(tenantId: string | undefined, query: string, variables: object = {}): Promise<Answer> {
    const response = await fetch(`${base}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(tenantId ? { authorization: `Bearer ${await token(tenantId)}` } : {}),
      },
      body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, ...await response.json() as Omit<Answer, "status"> };
  }
  return { base, token, ask, http: { fetch: fetchThere } } as unknown as RemoteApi;
}

/**
 * Uses each part of a service once, through each of its entries. Throws where one of them does not answer as it should.
 * `counts` says that somebody reads the tables' streams, so that metrics follow.
 */
export async function tour(api: RemoteApi, tenantId: string, { counts = true } = {}): Promise<void> {
  await askProbes(api.base);
  await useAccounts(api);
  await useJourneys(api, tenantId);
  await useMetrics(api, tenantId, { counts });
  await useSessions(api, tenantId);
  await useReview(api, tenantId);
}

async function askProbes(base: string): Promise<void> {
  for (const path of ["/", "/health", "/ready", "/metrics"]) {
    const response = await fetch(base + path);
    strictEqual(response.status, 200, `${path}: ${await response.text()}`);
  }
  const page = await fetch(`${base}/graphql`, { headers: { accept: "text/html" } });
  strictEqual((await page.text()).includes("GraphiQL"), true);
}

async function useAccounts(api: RemoteApi): Promise<void> {
  const input = { username: `ann-${randomUUID()}`, password: "correct horse battery" };
  const { data } = await api.ask(
    undefined,
    "mutation ($input: RegisterInput!) { register(input: $input) { __typename } }",
    { input },
  );
  strictEqual(data.register.__typename, "AuthPayload");
}

async function useJourneys(api: RemoteApi, tenantId: string): Promise<void> {
  strictEqual((await record(api, tenantId, visit("v-1", 1, 20, Date.now() - 10 * MINUTE_MS))).accepted, 20);
  const query = `subscription { journeyEvents(sessionId: "v-1") { cursor node { type } } }`;
  const stream = await openSse<object>(api, { tenantId, query });
  strictEqual("data" in (await stream.next() ?? {}), true);
  await stream.leave();
  await overSocket(api, tenantId, query);
  const { data } = await api.ask(
    tenantId,
    `{ journeys(first: 5) { nodes { eventCount } }
      journeyAnalytics(range: { last: DAY }, timeZone: "Asia/Kathmandu") { totalJourneys } }`,
  );
  strictEqual(data.journeys.nodes[0].eventCount, 20);
  const changed = await api.ask(
    tenantId,
    `mutation {
      backfillJourneys(input: { range: { last: DAY } }) { ... on BackfillJourneysPayload { journeysUnchanged } }
      eraseVisitor(input: { visitorId: "visitor-v-1" }) { ... on EraseVisitorPayload { journeys } }
    }`,
  );
  deepStrictEqual(changed.data, { backfillJourneys: { journeysUnchanged: 1 }, eraseVisitor: { journeys: 1 } });
}

async function useMetrics(api: RemoteApi, tenantId: string, { counts }: { counts: boolean }): Promise<void> {
  const { data } = await api.ask(
    tenantId,
    `mutation {
      recordMetrics(input: { records: [{ source: TASKS, recordId: "t-1", at: "${new Date().toISOString()}" }] }) {
        ... on RecordMetricsPayload { accepted } }
      auditMetrics(input: { source: TASKS, range: { last: DAY } }) { ... on AuditMetricsPayload { recordsCounted } }
    }`,
  );
  deepStrictEqual(data, { recordMetrics: { accepted: 1 }, auditMetrics: { recordsCounted: 1 } });
  if (!counts) return;
  await overSocket(
    api,
    tenantId,
    "subscription { metricBuckets(sources: [TASKS], size: ONE_MINUTE) { bucket { count } } }",
  );
}

async function useSessions(api: RemoteApi, tenantId: string): Promise<void> {
  const startAt = Date.now() - 10 * MINUTE_MS;
  await mutate(api, tenantId, "recordMotion", { sensorId: "hall", seq: 1, at: new Date().toISOString() });
  await mutate(api, tenantId, "ingestSessionBatch", batchOf("walk", 0, startAt));
  strictEqual((await sessionOf(api, tenantId, "walk")).sampleCount, 10);
  const { data } = await api.ask(
    tenantId,
    `{ session(sessionId: "walk") { readings(first: 5) { nodes { at values } } } }`,
  );
  strictEqual(data.session.readings.nodes.length, 5);
}

async function useReview(api: RemoteApi, tenantId: string): Promise<void> {
  const person = reviewerOf(api, { tenantId });
  strictEqual((await person.import(schema11(smallContent()))).cards, 7);
  const { reviewSession } = await person.start({ deckId: String(LANGUAGES) });
  const { cardId } = reviewSession.nextCard;
  const answered = await person.answer({ sessionId: reviewSession.sessionId, cardId, answerId: "tour-1" });
  strictEqual(answered.reviewSession.answered, 1);
  await person.end(reviewSession.sessionId);
  const reviews = await person.download((db) => db.prepare("select count(*) as n from revlog").get());
  strictEqual(reviews?.n, 4);
}

/** The first message of a subscription over WebSocket. */
async function overSocket(api: RemoteApi, tenantId: string, query: string): Promise<void> {
  const client = createClient({
    url: `${api.base.replace("http:", "ws:")}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${await api.token(tenantId)}` },
  });
  for await (const result of client.iterate({ query })) {
    strictEqual(result.errors, undefined);
    break;
  }
  await client.dispose();
}
