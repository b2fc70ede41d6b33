import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { type EventInput, record } from "../kit/journeys.ts";
import { createRandom } from "../proof/random.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const DAY = 86_400_000;
const random = createRandom("sought");
const below = (n: number) => Math.floor(random() * n);
const oneOf = <T>(of: readonly T[]) => of[below(of.length)]!;

const PAGES = ["/", "/pricing", "/docs/api/keys", "/docs/start/", "https://shop.example/docs/start?x=1#y", ""];
const REFERRERS = ["www.google.com/", "www.google.de/search", "news.example/a", undefined];
const QUESTIONS = ["Do you ship to Nepal?", "Café próximo?", `${"long ".repeat(60)}end of NEPAL`, " ", undefined];

/** 60 journeys of 20 days; the last of them half an hour ago and less, so that nothing is derived of them yet. */
const JOURNEYS = Array.from({ length: 60 }, (_, j) => {
  const startedAt = j < 50 ? NOW - below(20 * DAY) - 3_600_000 : NOW - 60_000 * below(20);
  const referrer = oneOf(REFERRERS);
  const text = oneOf(QUESTIONS);
  const events = Array.from({ length: 1 + below(6) }, (_, i): EventInput => ({
    ...{ sessionId: `s-${j}`, seq: i + 1, occurredAt: new Date(startedAt + i * 1_000).toISOString() },
    type: i === 1 && text !== undefined ? "MESSAGE_SENT" : oneOf(["PAGE_VIEWED", "CTA_CLICKED"]),
    ...(i === 1 && text !== undefined ? { text } : { page: oneOf(PAGES) }),
    visitorId: `v-${j % 7}`,
    properties: {
      ...(i === 0 ? { referrer, device: oneOf(["phone", "desktop"]), utm_source: oneOf(["ads", "mail"]) } : {}),
      // More than a trail holds.
      ...(j % 10 === 0 ? Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`p${k}`, 100 * i + k])) : {}),
      ...(i === 2 ? { plan: oneOf(["pro", "free", true, 7, null]) } : {}),
    },
  }));
  return { sessionId: `s-${j}`, startedAt, events };
});
type Own = (typeof JOURNEYS)[number];

let api: TestApp;
const follow = () => api.app.jobs.find(({ name }) => name === "follow-journeys")!.run();
beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
  for (let from = 0; from < JOURNEYS.length; from += 20) {
    await record(api, "t", JOURNEYS.slice(from, from + 20).flatMap(({ events }) => events));
  }
  await api.settle();
  await follow();
});
afterAll(() => api.stop());

const pathOf = (page: string) => page.replace("https://shop.example", "").split(/[?#]/)[0]!.replace(/(.)\/$/, "$1");
const hasPage = (holds: (path: string) => boolean) => ({ events }: Own) =>
  events.some(({ page }) => page !== undefined && holds(pathOf(page)));
const has = (name: string, holds: (value: unknown) => boolean) => ({ events }: Own) =>
  events.some(({ properties }) => holds((properties as Record<string, unknown>)[name]));
const asks = (holds: (text: string) => boolean) => ({ events }: Own) =>
  events.some(({ type, text }) => type === "MESSAGE_SENT" && text?.trim() && holds(text));

const FILTERS: [string, object, (own: Own) => boolean][] = [
  ["a page", { page: "/pricing" }, hasPage((path) => path === "/pricing")],
  ["pages of a folder", { page: "/docs/*" }, hasPage((path) => path.startsWith("/docs/"))],
  ["a page that nobody saw", { page: "/none" }, () => false],
  ["a referrer", { referrer: "www.google.*" }, has("referrer", (value) => String(value).startsWith("www.google."))],
  ["one page of a referrer", { referrer: "news.example/a" }, has("referrer", (value) => value === "news.example/a")],
  ["a device", { device: "phone" }, has("device", (value) => value === "phone")],
  ["a campaign", { utmSource: "ads" }, has("utm_source", (value) => value === "ads")],
  ["a text", { properties: [{ name: "plan", value: "pro" }] }, has("plan", (value) => value === "pro")],
  ["a number", { properties: [{ name: "plan", value: "7" }] }, has("plan", (value) => value === 7)],
  ["any value", { properties: [{ name: "plan" }] }, has("plan", (value) => value !== undefined && value !== null)],
  ["one of very many values", { properties: [{ name: "p19", value: "319" }] }, has("p19", (value) => value === 319)],
  ["a word of the question", { question: "NEPAL" }, asks((text) => /nepal/i.test(text))],
  ["words of the question", { question: "nepal ship" }, asks((text) => text === QUESTIONS[0])],
  ["a word with accents", { question: "proximo cafe" }, asks((text) => text === QUESTIONS[1])],
  [
    "all together",
    { page: "/docs/*", device: "phone", question: "you", did: ["CTA_CLICKED"] },
    (own) =>
      hasPage((path) => path.startsWith("/docs/"))(own) && has("device", (value) => value === "phone")(own) &&
      asks((text) => text === QUESTIONS[0])(own) && own.events.some(({ type }) => type === "CTA_CLICKED"),
  ],
  [
    "of a person",
    { visitorId: "v-3", page: "/docs/*" },
    (own) => own.events[0]!.visitorId === "v-3" && hasPage((path) => path.startsWith("/docs/"))(own),
  ],
];

const LIST = `query ($filter: JourneyFilter, $first: Int!, $after: String, $last: Int, $before: String) {
  journeys(filter: $filter, first: $first, after: $after, last: $last, before: $before) { from hasEarlier complete
    total { count isExact } nodes { sessionId } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

async function list(filter: object, page: object) {
  const { data, errors } = await api.ask("t", LIST, { filter, first: 100, ...page });
  expect(errors).toBeUndefined();
  return { ...data.journeys, ids: data.journeys.nodes.map(({ sessionId }: { sessionId: string }) => sessionId) };
}

describe("a list of journeys", () => {
  test.each(FILTERS)(
    "with %s has exactly these, page by page in both directions, and counts them",
    async (_, filter, holds) => {
      const wanted = JOURNEYS.filter(holds).map(({ sessionId }) => sessionId).toSorted();
      const whole = await list(filter, {});
      expect(whole.ids.toSorted()).toEqual(wanted);
      expect(whole).toMatchObject({ complete: true, total: { count: wanted.length, isExact: true } });
      const forward: string[] = [];
      for (let after: string | null = null, more = true; more;) {
        const page: Awaited<ReturnType<typeof list>> = await list(filter, { first: 11, after });
        forward.push(...page.ids);
        ({ hasNextPage: more, endCursor: after } = page.pageInfo);
      }
      expect(forward).toEqual(whole.ids);
      const backward: string[] = [];
      for (let before: string | null = null, more = true; more;) {
        const page: Awaited<ReturnType<typeof list>> = await list(filter, { last: 11, before });
        backward.unshift(...page.ids);
        ({ hasPreviousPage: more, startCursor: before } = page.pageInfo);
      }
      expect(backward).toEqual(whole.ids);
    },
  );

  test("without a filter and of a person is counted, too, up to 10,000", async () => {
    expect((await list({}, { first: 1 })).total).toEqual({ count: 60, isExact: true });
    expect((await list({ visitorId: "v-1" }, { first: 1 })).total).toEqual({ count: 9, isExact: true });
    const { data } = await api.ask(
      "t",
      `{ funnel(range: { last: MONTH }, input: { steps: [{ page: "/" }, { page: "/pricing" }] }) {
        steps { journeyCount journeys(first: 1) { from hasEarlier complete total { count isExact } } } } }`,
    );
    for (const { journeyCount, journeys } of data.funnel.steps) {
      expect(journeys).toMatchObject({
        hasEarlier: false,
        complete: true,
        total: { count: journeyCount, isExact: true },
      });
    }
  });

  test("says what an absent range leaves out", async () => {
    await record(
      api,
      "old",
      [10, 500].map((days) => (
        {
          ...{ sessionId: `d${days}`, seq: 1, type: "PAGE_VIEWED", page: "/a" },
          occurredAt: new Date(NOW - days * DAY).toISOString(),
        }
      )),
    );
    for (const filter of [{ page: "/a" }, { outcome: "BROWSING" }]) {
      const { data } = await api.ask("old", LIST, { filter, first: 10 });
      expect(data.journeys).toMatchObject({ nodes: [{ sessionId: "d10" }], hasEarlier: true, total: { count: 1 } });
      expect(Date.parse(data.journeys.from)).toBe(NOW - 40 * DAY);
    }
  });

  test.each<[object, string]>([
    [{ page: "/a?x=1" }, "filter.page: looks at the path of a page alone"],
    [{ page: "*****" }, "filter.page: must hold at most 4 stars, has 5"],
    [{ page: "" }, "filter.page: must be 1 to 200 characters, has 0"],
    [{ referrer: "x".repeat(201) }, "filter.referrer: must be 1 to 200 characters, has 201"],
    [{ device: "" }, "filter.device: must be 1 to 100 characters, has 0"],
    [{ utmSource: "\ud800" }, "filter.utmSource: must be well-formed Unicode"],
    [{ properties: Array(6).fill({ name: "a" }) }, "filter.properties: must hold at most 5 properties, has 6"],
    [{ properties: [{ name: "" }] }, "filter.properties.0.name: must be 1 to 64 characters, has 0"],
    [{ question: " " }, "filter.question: must hold a word"],
    [{ question: "a b c d e f g h i j k" }, "filter.question: must hold at most 10 words"],
  ])("refuses %j by its name", async (filter, message) => {
    const { errors } = await api.ask("t", LIST, { filter, first: 10 });
    expect(errors![0]!.message).toContain(message);
  });

  test("by a page reads what lies in its stretch once, and its trails beside it: 2 requests and 20 units for 50 journeys", async () => {
    api.takeCosts();
    const { data } = await api.ask(
      "t",
      `{ journeys(first: 10, filter: { page: "/pricing", range: { between: { from: "2026-05-01T00:00:00Z", to: "2026-06-01T10:00:00Z" } } }) {
        nodes { sessionId } } }`,
    );
    expect(data.journeys.nodes.length).toBeGreaterThan(5);
    const own = api.takeCosts().filter(({ table }) => /journeys|trails/.test(table));
    // Five of these have more properties than a trail holds, and are read from their events.
    expect(own.length).toBeLessThanOrEqual(2 + 5 + 1);
    expect(own.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(20);
  });
});
