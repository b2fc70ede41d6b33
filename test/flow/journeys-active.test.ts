import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { type EventInput, record } from "../kit/journeys.ts";
import { isSignedBy, startReceiver } from "../kit/receiver.ts";
import { openSse } from "../kit/sse.ts";

const MIN = 60_000;
let now = Date.UTC(2026, 5, 1, 12);
const START = now;

let api: TestApp;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => now, reach: "machine", pollMs: 20 });
  receiver = await startReceiver();
});
afterAll(async () => {
  await api.stop();
  await receiver.stop();
});

const view = (sessionId: string, seq: number, page: string | undefined, at = now): EventInput => ({
  sessionId,
  seq,
  type: "PAGE_VIEWED",
  occurredAt: new Date(at).toISOString(),
  ...(page === undefined ? {} : { page }),
});
const FIELDS = `at visitorCount complete cursor pages { page visitorCount }
  visitors { sessionId page pageSince startedAt lastSeenAt eventCount journey { outcome } }`;
const active = async (tenant: string, minutes = 5) =>
  (await api.ask(tenant, `query ($m: Int!) { activeVisitors(minutes: $m) { ${FIELDS} } }`, { m: minutes })).data
    .activeVisitors;
const job = (name: string) => api.app.jobs.find((one) => one.name === name)!.run();

describe("active visitors", () => {
  test("are on the page of their last event that names one, whatever the order of arrival", async () => {
    await record(api, "t", [view("a", 2, "/pricing", now - 1_000), view("b", 1, "/", now - 2_000)]);
    await record(api, "t", [view("a", 1, "/", now - 3_000), view("a", 3, undefined, now - 500)]);
    await record(api, "t", [view("old", 1, "/", now - 6 * MIN), view("long", 1, `/${"x".repeat(200)}`, now - 4_000)]);
    await api.settle();
    expect(await active("t")).toMatchObject({
      visitorCount: 3,
      complete: true,
      pages: [{ page: null, visitorCount: 1 }, { page: "/", visitorCount: 1 }, { page: "/pricing", visitorCount: 1 }],
      visitors: [
        {
          sessionId: "a",
          page: "/pricing",
          pageSince: new Date(now - 1_000).toISOString(),
          lastSeenAt: new Date(now - 500).toISOString(),
          eventCount: 3,
          journey: { outcome: "BROWSING" },
        },
        { sessionId: "b", page: "/", eventCount: 1 },
        { sessionId: "long", page: null },
      ],
    });
    expect((await active("t", 30)).visitorCount).toBe(4);
    const refused = await api.ask("t", `{ activeVisitors(minutes: 31) { at } }`);
    expect(refused.errors?.[0]?.message).toContain("1 to 30");
  });

  test("are followed: now, and again when somebody moves, but not what was given before", async () => {
    const query =
      `subscription ($after: String) { activeVisitors(after: $after) { cursor pages { page visitorCount } } }`;
    type Message = { activeVisitors: { cursor: string; pages: { page: string | null; visitorCount: number }[] } };
    const stream = await openSse<Message>(api, { tenantId: "t", query });
    const first = (await stream.next())!.data!.activeVisitors;
    expect(first.pages).toHaveLength(3);
    await record(api, "t", [view("b", 2, "/pricing")]);
    await api.settle();
    const second = (await stream.next())!.data!.activeVisitors;
    expect(second.pages).toContainEqual({ page: "/pricing", visitorCount: 2 });
    await stream.leave();
    const resumed = await openSse<Message>(api, { tenantId: "t", query, variables: { after: second.cursor } });
    await record(api, "t", [view("c", 1, "/new")]);
    await api.settle();
    expect((await resumed.next())!.data!.activeVisitors.pages).toContainEqual({ page: "/new", visitorCount: 1 });
    await resumed.leave();
  });
});

describe("a journey that finished", () => {
  test("is told of once for each set of events with which it did, also by two processes and after a rebuild", async () => {
    const hook = await api.ask(
      "w",
      `mutation ($i: CreateWebhookInput!) { createWebhook(input: $i) { ... on WebhookSecretPayload { secret } ... on UserError { message } } }`,
      { i: { name: "crm", url: receiver.url, types: ["JOURNEY_FINISHED"] } },
    );
    const { secret } = hook.data.createWebhook;
    const tell = async () => {
      await api.settle();
      await job("follow-journeys");
      await job("deliver-webhooks");
    };
    await record(api, "w", [{ ...view("s", 1, "/"), visitorId: "ada" }, { ...view("s", 2, "/"), type: "CTA_CLICKED" }]);
    now = START + 30 * MIN;
    await tell();
    expect(receiver.calls).toHaveLength(0);
    now += 1;
    await api.settle();
    // Two processes find it at once.
    await Promise.all([job("follow-journeys"), job("follow-journeys")]);
    await job("deliver-webhooks");
    expect(receiver.calls).toHaveLength(1);
    const [call] = receiver.calls;
    expect(isSignedBy(secret, call!)).toBe(true);
    expect(JSON.parse(call!.body)).toMatchObject({
      type: "journey.finished",
      data: { sessionId: "s", outcome: "CTA_CLICKED", goal: null, goals: [], eventCount: 2 },
    });
    expect(call!.body).not.toContain("ada");
    // Nothing new: neither a rebuild nor another run says anything.
    await api.ask("w", `mutation { rebuildJourneys { settings { keepJourneysDays } } }`);
    await api.ask(
      "w",
      `mutation ($i: ConfigureJourneysInput!) { configureJourneys(input: $i) { __typename } }`,
      { i: { goals: [{ goalId: "g", anyOf: [{ type: "CTA_CLICKED" }] }] } },
    );
    now += 2 * 60 * MIN;
    await tell();
    await tell();
    expect(receiver.calls).toHaveLength(1);
    // What comes late makes it finish anew, under another id.
    await record(api, "w", [view("s", 3, "/back", START + 60 * MIN)]);
    await tell();
    await tell();
    expect(receiver.calls).toHaveLength(2);
    expect(JSON.parse(receiver.calls[1]!.body).data).toMatchObject({
      eventCount: 3,
      goal: "g",
      outcome: "GOAL_REACHED",
    });
    expect(receiver.calls[1]!.id).not.toBe(call!.id);
  });

  test("of before anybody listened is not told of by a rebuild", async () => {
    await record(api, "x", [view("s", 1, "/", START)]);
    await api.ask(
      "x",
      `mutation ($i: CreateWebhookInput!) { createWebhook(input: $i) { __typename } }`,
      { i: { name: "crm", url: receiver.url, types: ["JOURNEY_FINISHED"] } },
    );
    now += 3 * 60 * MIN;
    // Its note is not there yet: the stream is not read.
    await api.ask("x", `mutation { rebuildJourneys { settings { keepJourneysDays } } }`);
    const before = receiver.calls.length;
    await job("follow-journeys");
    await job("deliver-webhooks");
    expect(receiver.calls).toHaveLength(before);
  });
});
