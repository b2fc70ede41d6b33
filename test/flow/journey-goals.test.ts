import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { itemsOf } from "../kit/dump.ts";
import { type EventInput, record } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const HOUR = 3_600_000;
const at = (minutes: number) => new Date(NOW - 6 * HOUR + minutes * 60_000).toISOString();

let api: TestApp;
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const CONFIGURE = `mutation ($input: ConfigureJourneysInput!) { configureJourneys(input: $input) {
  ... on JourneySettingsPayload { settings { goals { goalId name outranks anyOf { type page propertyName propertyValue } }
    keepJourneysDays rebuild { journeysRead journeysChanged reachedStart doneAt } } }
  ... on InvalidInputError { fields { path message } }
} }`;
const configure = async (tenant: string, input: object) =>
  (await api.ask(tenant, CONFIGURE, { input })).data.configureJourneys;

const JOURNEY = `query ($id: String!) { journey(sessionId: $id) {
  outcome outcomeEvent { seq } goal { goalId reachedAt } goals { goalId reachedAt } } }`;
const journeyOf = async (tenant: string, id: string) => (await api.ask(tenant, JOURNEY, { id })).data.journey;
const listed = async (tenant: string, filter: object): Promise<string[]> => {
  const answer = await api.ask(
    tenant,
    `query ($f: JourneyFilter) { journeys(filter: $f, first: 100) { nodes { sessionId } } }`,
    { f: filter },
  );
  return answer.data.journeys.nodes.map(({ sessionId }: { sessionId: string }) => sessionId).sort();
};
const outcomes = async (tenant: string) => {
  await api.settle();
  const { data } = await api.ask(
    tenant,
    `{ journeyAnalytics(range: { last: DAY }, timeZone: "UTC") { outcomes { outcome journeys } } }`,
  );
  const counts = data.journeyAnalytics.outcomes.filter(({ journeys }: { journeys: number }) => journeys > 0);
  return Object.fromEntries(counts.map((c: { outcome: string; journeys: number }) => [c.outcome, c.journeys]));
};
const runJob = () => api.app.jobs.find(({ name }) => name === "follow-journeys")!.run();

const event = (sessionId: string, seq: number, type: string, minutes: number, more: Partial<EventInput> = {}) => ({
  sessionId,
  seq,
  type,
  occurredAt: at(minutes),
  ...more,
});
const chat = (id: string) => [event(id, 1, "MESSAGE_SENT", 0, { text: "hi" }), event(id, 2, "MESSAGE_RECEIVED", 1)];
const ANSWERED = { goalId: "answered", name: "Answered", anyOf: [{ type: "MESSAGE_RECEIVED" }], outranks: "ABANDONED" };
const BOUGHT = {
  goalId: "bought",
  anyOf: [{ page: "/checkout/*/done" }, { type: "ORDER", property: { name: "paid", value: "true" } }],
};

describe("goals of one's own", () => {
  test("make an outcome by their order and by what they outrank, at once and for what was there before", async () => {
    await record(api, "t", chat("chat"));
    await record(api, "t", [...chat("clicked"), event("clicked", 3, "LINK_CLICKED", 2)]);
    await record(api, "t", [
      event("paid", 1, "FORM_COMPLETED", 0),
      event("paid", 2, "ORDER", 5, { properties: { paid: true } }),
      event("paid", 3, "PAGE_VIEWED", 4, { page: "https://shop.example/checkout/7/done?x=1" }),
    ]);
    expect(await journeyOf("t", "chat")).toMatchObject({ outcome: "ABANDONED", goal: null, goals: [] });
    expect(await outcomes("t")).toEqual({ ABANDONED: 1, LINK_CLICKED: 1, FORM_COMPLETED: 1 });
    await runJob();

    const { settings } = await configure("t", { goals: [BOUGHT, ANSWERED] });
    expect(settings.goals.map((goal: { name: string }) => goal.name)).toEqual(["bought", "Answered"]);
    expect(await journeyOf("t", "chat")).toEqual({
      outcome: "GOAL_REACHED",
      outcomeEvent: { seq: 2 },
      goal: { goalId: "answered", reachedAt: at(1) },
      goals: [{ goalId: "answered", reachedAt: at(1) }],
    });
    // A click outranks an answered chat, which is reached all the same.
    expect(await journeyOf("t", "clicked")).toMatchObject({
      outcome: "LINK_CLICKED",
      goal: null,
      goals: [{ goalId: "answered" }],
    });
    expect(await journeyOf("t", "paid")).toMatchObject({
      outcome: "GOAL_REACHED",
      outcomeEvent: { seq: 3 },
      goal: { goalId: "bought", reachedAt: at(4) },
    });
    expect(await listed("t", { goal: "answered" })).toEqual(["chat", "clicked"]);
    expect(await listed("t", { outcome: "GOAL_REACHED" })).toEqual(["chat", "paid"]);
    expect(await listed("t", { outcome: "ABANDONED" })).toEqual([]);
  });

  test("reach what was counted before by a rebuild, which says how far it has come", async () => {
    await runJob();
    const read = `{ journeySettings { rebuild { begunAt journeysRead journeysChanged doneAt } } }`;
    const { data } = await api.ask("t", read);
    expect(data.journeySettings.rebuild).toEqual({
      begunAt: new Date(NOW).toISOString(),
      journeysRead: 3,
      journeysChanged: 3,
      doneAt: new Date(NOW).toISOString(),
    });
    expect(await outcomes("t")).toEqual({ GOAL_REACHED: 2, LINK_CLICKED: 1 });
    expect(await journeyOf("t", "chat")).toMatchObject({ outcome: "GOAL_REACHED" });
    const again = await api.ask("t", `mutation { rebuildJourneys { settings { rebuild { journeysRead doneAt } } } }`);
    expect(again.data.rebuildJourneys.settings.rebuild).toEqual({ journeysRead: 0, doneAt: null });
    await runJob();
    expect((await api.ask("t", read)).data.journeySettings.rebuild).toMatchObject({
      journeysRead: 3,
      journeysChanged: 0,
    });
    await configure("t", { goals: [] });
    expect(await journeyOf("t", "chat")).toMatchObject({ outcome: "ABANDONED", goals: [] });
    await runJob();
    expect(await outcomes("t")).toEqual({ ABANDONED: 1, LINK_CLICKED: 1, FORM_COMPLETED: 1 });
  });

  test("come to the same whether events came before or after them, and in what order", async () => {
    const events = [
      event("s", 1, "MESSAGE_RECEIVED", 9),
      event("s", 2, "MESSAGE_RECEIVED", 3),
      event("s", 3, "PAGE_VIEWED", 2, { page: "/checkout/1/done" }),
    ];
    await record(api, "early", events);
    await configure("early", { goals: [BOUGHT, ANSWERED] });
    await runJob();
    await configure("late", { goals: [BOUGHT, ANSWERED] });
    for (const one of events.toReversed()) await record(api, "late", [one]);
    await record(api, "half", events.slice(0, 1));
    await configure("half", { goals: [BOUGHT, ANSWERED] });
    await record(api, "half", events.slice(1));
    const wanted = {
      outcome: "GOAL_REACHED",
      outcomeEvent: { seq: 3 },
      goal: { goalId: "bought", reachedAt: at(2) },
      goals: [{ goalId: "bought", reachedAt: at(2) }, { goalId: "answered", reachedAt: at(3) }],
    };
    for (const tenant of ["early", "late", "half"]) expect(await journeyOf(tenant, "s")).toEqual(wanted);
  });

  test("are refused with the field and the limit where they are none", async () => {
    const refused = async (goals: object[]) => (await configure("bad", { goals })).fields;
    expect(await refused([{ goalId: "a b", anyOf: [{ type: "X" }] }])).toEqual([
      { path: ["goals", "0", "goalId"], message: expect.stringContaining("letters, digits") },
    ]);
    expect(await refused([{ goalId: "a", anyOf: [{}] }])).toEqual([
      { path: ["goals", "0", "anyOf", "0"], message: "must say a type, a page or a property" },
    ]);
    expect(await refused([{ goalId: "a", anyOf: [{ page: "*a*b*c*d*" }] }])).toEqual([
      { path: ["goals", "0", "anyOf", "0", "page"], message: "must hold at most 4 stars, has 5" },
    ]);
    expect(await refused([{ goalId: "a", anyOf: [{ type: "X" }], outranks: "BROWSING" }])).toHaveLength(1);
    expect(await refused([ANSWERED, ANSWERED])).toEqual([{ path: ["goals"], message: "must name each goalId once" }]);
    expect(await refused(Array.from({ length: 21 }, (_, i) => ({ ...ANSWERED, goalId: `g${i}` })))).toEqual([
      { path: ["goals"], message: "must hold at most 20 goals, has 21" },
    ]);
    const answer = await api.ask("bad", `{ journeys(filter: { goal: "none" }) { nodes { id } } }`);
    expect(answer.errors?.[0]?.message).toContain("must be a goal of the tenant");
  });
});

test("how long journeys are kept is carried into all that is there, and they are hidden once it is over", async () => {
  await record(api, "keep", [{ ...chat("s")[0]!, visitorId: "ada" }]);
  await record(api, "keep", [{ ...chat("s")[1]!, visitorId: "bo" }]);
  await api.settle();
  await runJob();
  const DAY = 86_400_000;
  const ttls = async () => {
    const items = await Promise.all(["journeys", "trails"].map((table) => itemsOf(api.system, table)));
    const own = items.flat().filter(({ pk, ttl }) => pk!.S!.startsWith("keep#") && ttl);
    return [...new Set(own.map(({ ttl }) => Math.round((Number(ttl!.N) * 1_000 - NOW) / DAY)))].sort((a, b) => a - b);
  };
  // A listing under a further id stays a day longer.
  expect(await ttls()).toEqual([90, 91]);
  const { settings } = await configure("keep", { keepJourneysDays: 10 });
  expect(settings).toMatchObject({ keepJourneysDays: 10, goals: [] });
  await runJob();
  expect(await ttls()).toEqual([10, 11]);
  const { data } = await api.ask("keep", `{ journey(sessionId: "s") { expiresAt } }`);
  expect(Date.parse(data.journey.expiresAt)).toBe(NOW + 10 * DAY);
  expect((await configure("keep", { keepJourneysDays: 0 })).fields).toEqual([
    { path: ["keepJourneysDays"], message: "must be a whole number from 1 to 3650, got 0" },
  ]);
});
