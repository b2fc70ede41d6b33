import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { visit } from "../kit/journeys.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const ORIGIN = "https://shop.example";
let api: TestApp;
let key: string;

beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
  const { data } = await api.ask(
    "shop",
    `mutation { createWriteKey(input: { name: "shop", origins: ["${ORIGIN}"] }) { ... on CreateKeyPayload { key } } }`,
  );
  key = data.createWriteKey.key;
});
afterAll(() => api.stop());

const events = (id: string, from = 1, to = 3) => visit(id, from, to, NOW - 3_600_000);

async function send(body: unknown, { origin = ORIGIN, search = `?key=${key}`, method = "POST", agent = PERSON } = {}) {
  const request = new Request(`http://127.0.0.1/collect${search}`, {
    method,
    headers: { "content-type": "text/plain;charset=UTF-8", origin, "user-agent": agent },
    ...(method === "POST" ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
  });
  const response = await api.http.fetch(request);
  expect(response.headers.get("access-control-allow-origin")).toBe("*");
  return { status: response.status, body: await response.json() };
}

describe("POST /collect", () => {
  test("takes what a page sends as plain text, and answers when it is recorded", async () => {
    expect(await send({ sentAt: new Date(NOW).toISOString(), events: events("s") })).toEqual({
      status: 202,
      body: { accepted: 3, duplicates: 0, refused: [], robots: 0 },
    });
    const { data } = await api.ask("shop", `{ journey(sessionId: "s") { eventCount } }`);
    expect(data.journey.eventCount).toBe(3);
    expect((await send({ events: events("s", 2, 4) })).body).toMatchObject({ accepted: 1, duplicates: 2 });
  });

  test("says which events it refuses, and takes the others", async () => {
    const [first, second] = events("mixed");
    expect(await send({ events: [{ ...first, seq: "1" }, second, 5] })).toEqual({
      status: 202,
      body: {
        ...{ accepted: 1, duplicates: 0, robots: 0 },
        refused: [
          { index: 0, code: "INVALID_EVENT", reason: "seq: must be a whole number" },
          { index: 2, code: "INVALID_EVENT", reason: "event: must be an object, got 5" },
        ],
      },
    });
  });

  test("leaves robots out", async () => {
    const agent = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)";
    expect((await send({ events: events("robot") }, { agent })).body).toMatchObject({ accepted: 0, robots: 3 });
    expect((await api.ask("shop", `{ journey(sessionId: "robot") { id } }`)).data.journey).toBeNull();
  });

  test("counts for each tenant and day which robots were left out", async () => {
    const from = (agent: string, id: string, to: number) => send({ events: events(id, 1, to) }, { agent });
    await from("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "g", 3);
    await from("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "g", 2);
    await from("SomeCrawler#x~/1.0 (+http://crawler.example)", "o", 1);
    await from("OtherCrawler/1.0 (+http://crawler.example)", "o", 1);
    await from(PERSON, "p", 3);
    const ask = async (tenant: string, range: string) =>
      (await api.ask(tenant, `{ robots(range: ${range}) { start events names { name events } } }`)).data.robots;
    const [day, ...others] = await ask("shop", "{ last: DAY }");
    expect(others).toEqual([]);
    expect(day.start).toBe("2026-06-01T00:00:00.000Z");
    expect(day.names).toEqual(
      expect.arrayContaining([{ name: "Googlebot", events: 5 }, { name: "others", events: 2 }]),
    );
    expect(day.events).toBe(day.names.reduce((sum: number, { events }: { events: number }) => sum + events, 0));
    expect(await ask("other", "{ last: DAY }")).toEqual([]);
    expect(await ask("shop", `{ between: { from: "2026-05-01T00:00:00Z", to: "2026-06-01T00:00:00Z" } }`)).toEqual([]);
    expect(await ask("shop", `{ between: { from: "2020-05-01T00:00:00Z", to: "2030-06-01T00:00:00Z" } }`)).toHaveLength(
      1,
    );
    expect((await send({ events: Array(501).fill({}) }, { agent: "Googlebot/2.1" })).status).toBe(400);
  });

  test.each<[string, unknown, Parameters<typeof send>[1], number, RegExp]>([
    ["no key", { events: [] }, { search: "" }, 401, /needs a write key/],
    ["an unknown key", { events: [] }, { search: "?key=sjw_AAAAAAAAAAAAAAAA" }, 401, /not known/],
    ["a page of another origin", { events: [] }, { origin: "https://else.example" }, 403, /else\.example/],
    ["a GET", undefined, { method: "GET" }, 405, /sent by POST/],
    ["no JSON", "{", {}, 400, /is no JSON/],
    ["a list", [], {}, 400, /no batch of events/],
    ["no events", { events: [] }, {}, 400, /1 to 500 events, has 0/],
    ["too many events", { events: Array(501).fill({}) }, {}, 400, /1 to 500 events, has 501/],
    ["an unknown field", { events: [{}], key: "x" }, {}, 400, /key: is no field of a batch/],
    ["a sentAt that is no instant", { events: [{}], sentAt: "now" }, {}, 400, /sentAt: /],
    ["a body of more than 1 MB", "x".repeat(1_048_577), {}, 413, /1048576/],
  ])("refuses %s, and says what to do", async (_name, body, options, status, message) => {
    const answer = await send(body, options);
    expect(answer.status).toBe(status);
    expect(answer.body.errors[0].message).toMatch(message);
  });
});

describe("GET /sojourn.js", () => {
  test("may be loaded by any page, and is kept by its tag", async () => {
    const get = (headers: HeadersInit = {}) => api.http.fetch(new Request("http://127.0.0.1/sojourn.js", { headers }));
    const script = await get();
    expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    expect(script.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    const again = await get({ "if-none-match": script.headers.get("etag")! });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  });
});
