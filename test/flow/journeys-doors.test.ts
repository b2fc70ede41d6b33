import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createQueues, type Queues } from "../../api/aws/queues.ts";
import { createPump } from "../../api/local/pump.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { silentLog, startTestSystem, type TestSystem } from "../kit/local.ts";

/** Each way in by which an event can come, and what it says of each event of a batch. */
const NOW = Date.UTC(2026, 5, 1, 12);
const ORIGIN = "https://shop.example";
const PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
let system: TestSystem;
let api: TestApp;
let queues: Queues;

beforeAll(async () => {
  system = await startTestSystem();
  api = await startTestApp({ system, clock: () => NOW });
  queues = createQueues(system.clients.sqs);
});
afterAll(async () => {
  await api.stop();
  await system.stop();
});

/** What became of an event: "" where it was taken, else why not. */
type Told = string;
/** Takes a batch as JSON text, as a sender writes it. */
type Door = (tenantId: string, events: string, count: number, sentAt?: string) => Promise<Told[]>;

const said = (sentAt: string | undefined) => sentAt === undefined ? "" : `"sentAt":${sentAt},`;

const byVariables: Door = async (tenantId, events, _count, sentAt) => {
  const query = `mutation ($input: RecordEventsInput!) { recordEvents(input: $input) {
    ... on RecordEventsPayload { receipts { status reason } } ... on UserError { message } } }`;
  const body = `{"query":${JSON.stringify(query)},"variables":{"input":{${said(sentAt)}"events":${events}}}}`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${await api.token(tenantId)}` };
  const answer = await (await api.http.fetch(
    new Request("http://127.0.0.1/graphql", { method: "POST", headers, body }),
  )).json();
  expect(answer.errors).toBeUndefined();
  return answer.data.recordEvents.receipts.map((told: { reason: string | null }) => told.reason ?? "");
};

const byCollect: Door = async (tenantId, events, count, sentAt) => {
  const { data } = await api.ask(
    tenantId,
    `mutation { createWriteKey(input: { name: "k", origins: ["${ORIGIN}"] }) { ... on CreateKeyPayload { key } } }`,
  );
  const response = await api.http.fetch(
    new Request(`http://127.0.0.1/collect?key=${data.createWriteKey.key}`, {
      method: "POST",
      headers: { "content-type": "text/plain;charset=UTF-8", origin: ORIGIN, "user-agent": PERSON },
      body: `{${said(sentAt)}"events":${events}}`,
    }),
  );
  expect(response.status).toBe(202);
  const { refused } = await response.json();
  const told: Told[] = Array(count).fill("");
  for (const { index, reason } of refused) told[index] = reason;
  return told;
};

const byQueue: Door = async (tenantId, events, count, sentAt) => {
  await queues.send("test-ingest", `{"tenant":"${tenantId}",${said(sentAt)}"events":${events}}`);
  await createPump({ queues, queueName: "test-ingest", handle: api.app.ingest, log: silentLog }).drain();
  const told: Told[] = Array(count).fill("");
  for (const message of await queues.receive("test-ingest-dead")) {
    await queues.remove("test-ingest-dead", message);
    for (const part of message.attributes.reason!.split(/; (?=events\.)/)) {
      const [, index, reason] = /^events\.(\d+): (.*)$/s.exec(part)!;
      told[Number(index)] = reason!;
    }
  }
  return told;
};

const DOORS: [string, Door][] = [["recordEvents", byVariables], ["/collect", byCollect], ["the queue", byQueue]];
const CLOCK_DOORS = DOORS.slice(0, 2);

/** A page view of the tenth minute of each, as JSON text with some fields written otherwise. */
function eventText(seq: number, fields: Record<string, string> = {}): string {
  const own = {
    sessionId: '"s"',
    seq: String(seq),
    type: '"PAGE_VIEWED"',
    occurredAt: '"2026-06-01T11:00:00Z"',
    ...fields,
  };
  return `{${Object.entries(own).map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`;
}

const TEXTS = ['""', '" "', '"\\u0000"', '"\\u0007x"', '"\\ud800"', '"\\udc00x"', '"\\uffff"', '"\\ufffe🙂"'];
const OTHERS = ["null", "true", "0", "-1", "1.5", "1e999", "-1e999", "[]", '["a"]', "{}", '{"a":1}'];
const DATES = [
  "2026-06-01",
  "2026-06-01T11:00",
  "2026-06-01T11:00Z",
  "2026-06-01 11:00:00Z",
  "2026-06-01T11:00:00",
  "2026-06-01T11:00:00+0200",
  "2026-06-01T11:00:00 Z",
  "2026-06-01T24:00:00Z",
  "2026-06-01T23:59:60Z",
  "2026-02-29T11:00:00Z",
  "20260601T110000Z",
  "2026-W23-1",
  "+002026-06-01T11:00:00Z",
  "-000001-01-01T00:00:00Z",
  "Mon, 01 Jun 2026 11:00:00 GMT",
  "1780311600",
  "1780311600000",
  "0000-01-01T00:00:00Z",
  "0009-06-01T11:00:00Z",
  "1989-12-31T23:59:59.999Z",
  "2026-06-01T12:10:00.001Z",
  "2026-06-02T12:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "2026-06-01T11:00:00.1234567890Z",
  "２０２６-06-01T11:00:00Z",
];

/** Of each field what is refused, and how its reason begins. */
const REFUSED: [Record<string, string>, string][] = [
  ...[...TEXTS, ...OTHERS].filter((value) => !['" "', '"\\uffff"', '"\\ufffe🙂"'].includes(value))
    .map((value): [Record<string, string>, string] => [{ sessionId: value }, "sessionId: "]),
  ...[...TEXTS, ...OTHERS].filter((value) => !['" "', '"\\uffff"', '"\\ufffe🙂"', "null"].includes(value)).flatMap(
    (value): [Record<string, string>, string][] => [
      [{ source: value }, "source: "],
      [{ visitorId: value }, "visitorId: "],
      [{ visitorId: '"v"', aliasOf: value }, "aliasOf: "],
    ],
  ),
  ...[...TEXTS, ...OTHERS, '"page_viewed"', '"PAGE VIEWED"', '"1PAGE"', '"_P"', '"ÄRGER"', '"PAGE_VIEWED\\n"']
    .map((value): [Record<string, string>, string] => [{ type: value }, "type: "]),
  ...[...TEXTS, ...OTHERS, '"1"', '"２"', "2147483648", "1e300", "-2147483648", "0.9999999999999999"]
    .map((value): [Record<string, string>, string] => [{ seq: value }, "seq: "]),
  ...[...TEXTS, ...OTHERS, ...DATES.map((text) => JSON.stringify(text)), "1780311600000", "1780311600"]
    .map((value): [Record<string, string>, string] => [{ occurredAt: value }, "occurredAt: "]),
  ...[...OTHERS.slice(1), '"\\ud800"', '"a\\udc00"'].flatMap((value): [Record<string, string>, string][] => [
    [{ page: value }, "page: "],
    [{ text: value }, "text: "],
  ]),
  ...['"\\ud800"', '{"\\udc00":1}', '{"a":["\\ud800"]}', "1e999", "-1e999", '{"a":{"b":[1e400]}}']
    .map((value): [Record<string, string>, string] => [{ properties: value }, "properties: "]),
  ...["referer", "Page", "sessionid", "receivedAt", "clientAt", "step", "", "__proto__"]
    .map((name): [Record<string, string>, string] => [{ [name]: '"x"' }, `${name}: is no field`]),
  [{ "a\uffff": '"x"' }, "a"],
  [{ "a\u0000": '"x"' }, '"a\\u0000": is no field'],
  [{ ["x".repeat(900)]: '"x"' }, `"${"x".repeat(40)}…": is no field`],
];

/** What is taken as it is, with what is shown of it. */
const TAKEN: [Record<string, string>, object][] = [
  [{ page: '""' }, { page: "" }],
  [{ page: "null" }, { page: null }],
  [{ text: '" "' }, { text: " " }],
  [{ text: '"a\\u0000b"' }, { text: "a\u0000b" }],
  [{ text: '"\\uffff\\ufffe🙂"' }, { text: "\uffff\ufffe🙂" }],
  [{ source: '"\\uffff"' }, { source: "\uffff" }],
  [{ source: "null" }, { source: "main" }],
  [{ visitorId: "null", aliasOf: "null" }, { visitorId: null, aliasOf: null }],
  [{ visitorId: '"\\ufffe🙂"' }, { visitorId: "\ufffe🙂" }],
  [{ properties: '""' }, { properties: "" }],
  [{ properties: "0" }, { properties: 0 }],
  [{ properties: "false" }, { properties: false }],
  [{ properties: "[]" }, { properties: [] }],
  [{ properties: '{"a":null,"__proto__":{"b":1},"":2}' }, {
    properties: JSON.parse('{"a":null,"__proto__":{"b":1},"":2}'),
  }],
  [{ properties: "1.7976931348623157e308" }, { properties: 1.7976931348623157e308 }],
  [{ properties: "9007199254740991" }, { properties: 9007199254740991 }],
  [{ occurredAt: '"2026-06-01t13:00:00.5+02:00"' }, { occurredAt: "2026-06-01T11:00:00.500Z" }],
  [{ occurredAt: '"2026-06-01T11:00:00.123456789-00:00"' }, { occurredAt: "2026-06-01T11:00:00.123Z" }],
  [{ occurredAt: '"2026-06-01T12:10:00Z"' }, { occurredAt: "2026-06-01T12:10:00.000Z" }],
  [{ occurredAt: '"1990-01-01T00:00:00Z"' }, { occurredAt: "1990-01-01T00:00:00.000Z" }],
  [{ seq: "2147483647" }, { seq: 2147483647 }],
  [{ seq: "700.0" }, { seq: 700 }],
  [{ seq: "7.01e2" }, { seq: 701 }],
];
const SHAPES = ["null", "5", '"text"', "[]", "true", `"${"x".repeat(5_000)}"`, `"\\ud800${"🙂".repeat(600)}"`, "1e999"];

describe.each(DOORS)("%s", (name, door) => {
  const tenant = name.replace(/\W/g, "");

  test("refuses each ill-typed event by itself, with the field and in few words, and takes all others", async () => {
    // The queue's reason, of 1,000 characters, holds a few.
    const size = door === byQueue ? 5 : 100;
    for (let from = 0; from < REFUSED.length; from += size) {
      const own = REFUSED.slice(from, from + size);
      const texts = own.flatMap(([fields], k) => [eventText(from + k + 1, fields), eventText(from + k + 1)]);
      const told = await door(tenant, `[${texts.join(",")}]`, texts.length);
      own.forEach(([fields, reason], k) => {
        expect([fields, told[2 * k]!.slice(0, reason.length)]).toEqual([fields, reason]);
        expect([fields, told[2 * k]!.length < 400]).toEqual([fields, true]);
        expect([fields, told[2 * k + 1]]).toEqual([fields, ""]);
      });
    }
    const { data } = await api.ask(tenant, `{ journey(sessionId: "s") { eventCount } }`);
    expect(data.journey.eventCount).toBe(REFUSED.length);
  });

  test("refuses what is no object in its place", async () => {
    const texts = [eventText(1, { sessionId: '"shapes"' }), ...SHAPES, eventText(2, { sessionId: '"shapes"' })];
    const told = await door(tenant, `[${texts.join(",")}]`, texts.length);
    expect([told[0], told.at(-1)]).toEqual(["", ""]);
    for (const reason of told.slice(1, -1)) {
      expect(reason).not.toBe("");
      expect(reason.length).toBeLessThan(120);
    }
  });

  test("takes what is allowed as it is, to the limits", async () => {
    const texts = TAKEN.map(([fields], i) => eventText(i + 1, { sessionId: '"taken"', ...fields }));
    expect(await door(tenant, `[${texts.join(",")}]`, texts.length)).toEqual(texts.map(() => ""));
    const { data } = await api.ask(
      tenant,
      `{ journey(sessionId: "taken") { events(first: 500) { nodes { source seq occurredAt visitorId aliasOf page text properties } } } }`,
    );
    TAKEN.forEach(([fields, shown], i) => {
      const wanted = { source: "main", seq: i + 1, ...shown };
      const { source, seq } = wanted;
      const node = data.journey.events.nodes.find((own: { source: string; seq: number }) =>
        own.source === source && own.seq === seq
      );
      expect([fields, node]).toEqual([fields, expect.objectContaining(wanted)]);
    });
  });
});

describe.each(CLOCK_DOORS)("%s", (name, door) => {
  const tenant = name.replace(/\W/g, "");

  test("takes events of before a clock was put right, which say that they happened after they were sent", async () => {
    const events = [1, 2].map((seq) =>
      eventText(seq, { sessionId: '"back"', occurredAt: `"2026-06-01T12:1${3 + seq}:00Z"` })
    );
    const send = () => door(tenant, `[${events.join(",")}]`, 2, '"2026-06-01T12:00:02Z"');
    expect(await send()).toEqual(["", ""]);
    expect(await send()).toEqual(["", ""]);
    const { data } = await api.ask(
      tenant,
      `{ journey(sessionId: "back") { eventCount events { nodes { seq occurredAt clientAt } } } }`,
    );
    expect(data.journey.events.nodes).toEqual([1, 2].map((seq) => ({
      seq,
      occurredAt: new Date(NOW).toISOString(),
      clientAt: `2026-06-01T12:1${3 + seq}:00.000Z`,
    })));
    const nextYear = `[${eventText(3, { occurredAt: '"2027-06-01T12:00:00Z"' })}]`;
    expect((await door(tenant, nextYear, 1, '"2026-06-01T12:00:02Z"'))[0]).toContain("more than 10 minutes ahead");
  });

  test.each([
    ["1 s ahead", 1_000, false],
    ["29 s ahead", 29_000, false],
    ["31 s ahead", 31_000, true],
    ["15 minutes ahead", 900_000, true],
    ["a day ahead", 86_400_000, true],
    ["15 minutes behind", -900_000, true],
    ["at 1970, as after a flat battery", 60_000 - NOW, true],
  ])("places by our clock what a clock %s says, and keeps what it said", async (when, aheadMs, isCorrected) => {
    const id = `clock-${when}`.replace(/\W/g, "");
    const saidAt = new Date(NOW + aheadMs - 20_000).toISOString();
    const text = `[${eventText(1, { sessionId: `"${id}"`, occurredAt: `"${saidAt}"` })}]`;
    expect(await door(tenant, text, 1, `"${new Date(NOW + aheadMs).toISOString()}"`)).toEqual([""]);
    const { data } = await api.ask(
      tenant,
      `{ journey(sessionId: "${id}") { events { nodes { occurredAt clientAt } } }
         journeys(filter: { range: { last: DAY } }, first: 100) { nodes { sessionId } } }`,
    );
    expect(data.journey.events.nodes).toEqual([
      isCorrected
        ? { occurredAt: new Date(NOW - 20_000).toISOString(), clientAt: saidAt }
        : { occurredAt: saidAt, clientAt: null },
    ]);
    expect(data.journeys.nodes).toContainEqual({ sessionId: id });
  });
});

test("a message of the queue has no sentAt, and what else is unknown in it is named: nothing is dropped in silence", async () => {
  const pump = createPump({ queues, queueName: "test-ingest", handle: api.app.ingest, log: silentLog });
  for (const name of ["sentAt", "metadata"]) {
    await queues.send("test-ingest", `{"tenant":"extra","${name}":"2026-06-01T12:00:00Z","events":[${eventText(1)}]}`);
    await pump.drain();
    const [letter] = await queues.receive("test-ingest-dead");
    await queues.remove("test-ingest-dead", letter!);
    expect(letter!.attributes.reason).toMatch(new RegExp(`^${name}: is no field of a message`));
  }
});
