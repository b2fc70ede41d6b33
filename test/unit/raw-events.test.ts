import { beforeEach, describe, expect, test } from "vitest";
import type { RecordedEvent } from "../../api/journeys/model.ts";
import { createRawEvents, eventOf, STALE } from "../../api/journeys/raw.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const T = "shop";
let objects: ReturnType<typeof createMemoryObjects>;
let raw: ReturnType<typeof createRawEvents>;
beforeEach(() => {
  objects = createMemoryObjects();
  raw = createRawEvents(objects);
});

const event = (seq: number, own: Partial<RecordedEvent> = {}): RecordedEvent => (
  { sessionId: "s", source: "main", seq, type: "PAGE_VIEWED", occurredAt: NOW + seq, ...own }
);
const BATCH = [event(1, { visitorId: "ada", aliasOf: "phone" }), event(2, { visitorId: "bob" })];
const KEY = () => raw.keyOf(T, BATCH);
const marks = () => objects.entries().map(([key]) => key).filter((key) => key.startsWith(STALE));
/** The store, in which something happens before the next replacement. */
function overtaken(meanwhile: () => Promise<unknown>) {
  let isMet = false;
  return createRawEvents({
    ...objects,
    replaceIf: async (...asked) => {
      if (!isMet) {
        isMet = true;
        await meanwhile();
      }
      return await objects.replaceIf(...asked);
    },
  });
}

describe("a batch that is written anew", () => {
  beforeEach(async () => void await raw.keep(T, BATCH, NOW));

  test("keeps the bytes of what stays, loses what goes, and marks the day whose columns it belongs to", async () => {
    expect(await raw.rewrite(KEY(), ({ seq }) => seq === 1 ? "DROP" : "KEEP")).toBe(true);
    expect(await raw.read(KEY())).toEqual([{ ...BATCH[1]!, receivedAt: NOW }]);
    const name = KEY().split("/").at(-1)!.replace(".ndjson.gz", "");
    expect(marks()).toEqual([`${STALE}tenant=${T}/date=2026-06-01/${name}`]);
  });

  test("by who dies once it is written has marked its day: nobody may come to write it again", async () => {
    const dying = createRawEvents({
      ...objects,
      replaceIf: async (...asked) => {
        await objects.replaceIf(...asked);
        throw new Error("died");
      },
    });
    await expect(dying.rewrite(KEY(), () => "OUTDONE")).rejects.toThrow("died");
    expect((await raw.read(KEY()))[0]).toMatchObject({ outdone: true });
    expect(marks()).toHaveLength(1);
  });

  test("is marked once more after that: a run that came between took the first mark", async () => {
    const run = async () => {
      for (const key of marks()) await objects.remove(key);
    };
    expect(await overtaken(run).rewrite(KEY(), () => "OUTDONE")).toBe(true);
    expect(marks()).toHaveLength(1);
  });

  test("loses ids and no others, or is marked as outdone", async () => {
    const fate = { without: new Set(["ada"]) };
    await raw.rewrite(KEY(), ({ seq }) => seq === 1 ? fate : "OUTDONE");
    const { visitorId: _, ...unnamed } = BATCH[0]!;
    expect(await raw.read(KEY())).toEqual([{ ...unnamed, unnamed: true, receivedAt: NOW }, {
      ...BATCH[1]!,
      receivedAt: NOW,
      outdone: true,
    }]);
  });

  test("says that it holds what is outdone, until that is counted", async () => {
    await raw.rewrite(KEY(), ({ seq }) => seq === 2 ? "OUTDONE" : "KEEP");
    expect(await raw.keep(T, BATCH, NOW)).toMatchObject({ isMarked: true });
    await raw.rewrite(KEY(), () => "KEEP", "r1");
    await raw.rewrite(KEY(), ({ seq }) => seq === 1 ? { without: new Set(["ada"]) } : "KEEP");
    expect(await raw.keep(T, BATCH, NOW)).toMatchObject({ isMarked: true });
    expect(await raw.rewrite(KEY(), ({ seq }) => seq === 1 ? "COUNTED" : "KEEP")).toBe(false);
    expect(await raw.rewrite(KEY(), () => "COUNTED")).toBe(true);
    expect((await raw.read(KEY()))[1]).toEqual({ ...BATCH[1]!, receivedAt: NOW });
    expect(await raw.keep(T, BATCH, NOW)).toMatchObject({ isMarked: false });
  });

  test("where all stays is not written, and no day is marked", async () => {
    const before = objects.dump();
    expect(await raw.rewrite(KEY(), () => "KEEP", "r1")).toBe(false);
    expect([objects.dump(), marks()]).toEqual([before, []]);
  });

  test("says for which receipts it was, for each of them, and for no other", async () => {
    expect(await raw.rewrite(KEY(), ({ seq }) => seq === 1 ? "DROP" : "KEEP", "r1")).toBe(true);
    expect(await raw.rewrite(KEY(), ({ seq }) => seq === 2 ? "DROP" : "KEEP", "r2")).toBe(true);
    const again = ["r1", "r2", "r3"].map((receipt) => raw.rewrite(KEY(), () => "KEEP", receipt));
    expect(await Promise.all(again)).toEqual([true, true, false]);
    expect(await raw.rewrite(KEY(), () => "KEEP")).toBe(false);
    expect((await objects.get(KEY())).metadata).toEqual({ "received-at": `${NOW}`, "erased-for": "r1,r2" });
  });

  test("for no receipt says of none; of so many that S3 would take no more it says the last fifty", async () => {
    const many = Array.from({ length: 52 }, (_, i) => event(i));
    await raw.keep(T, many, NOW);
    const key = raw.keyOf(T, many);
    await raw.rewrite(key, ({ seq }) => seq === 0 ? "DROP" : "KEEP");
    expect((await objects.get(key)).metadata).toEqual({ "received-at": `${NOW}` });
    for (let i = 1; i < 52; i++) await raw.rewrite(key, ({ seq }) => seq === i ? "DROP" : "KEEP", `r${i}`);
    const receipts = Array.from({ length: 50 }, (_, i) => `r${i + 2}`).join(",");
    expect((await objects.get(key)).metadata).toEqual({ "received-at": `${NOW}`, "erased-for": receipts });
  });

  test("by two at once loses what either takes out", async () => {
    const other = () => raw.rewrite(KEY(), ({ seq }) => seq === 2 ? "DROP" : "KEEP", "r2");
    expect(await overtaken(other).rewrite(KEY(), ({ seq }) => seq === 1 ? "DROP" : "KEEP", "r1")).toBe(true);
    expect(await raw.read(KEY())).toEqual([]);
    const again = ["r1", "r2"].map((receipt) => raw.rewrite(KEY(), () => "KEEP", receipt));
    expect(await Promise.all(again)).toEqual([true, true]);
  });
});

test("a batch that another writes anew once it is read is read again: neither is lost", async () => {
  await raw.keep(T, BATCH, NOW);
  let isMet = false;
  const late = createRawEvents({
    ...objects,
    get: async (key) => {
      const found = await objects.get(key);
      if (!isMet) {
        isMet = true;
        await raw.rewrite(KEY(), ({ seq }) => seq === 2 ? "DROP" : "KEEP", "r2");
      }
      return found;
    },
  });
  await late.rewrite(KEY(), ({ seq }) => seq === 1 ? "DROP" : "KEEP", "r1");
  expect(await raw.read(KEY())).toEqual([]);
});

test("an event comes out as it went in, whatever it has and has not", async () => {
  const full = event(1, {
    ...{ clientAt: NOW - 7, visitorId: "ada", aliasOf: "phone", page: "/", text: "Hi", properties: { n: 1 } },
  });
  await raw.keep(T, [full, event(2)], NOW);
  const read = await raw.read(raw.keyOf(T, [full, event(2)]));
  expect(read).toEqual([{ ...full, receivedAt: NOW }, { ...event(2), receivedAt: NOW }]);
  expect(Object.keys(read[1]!)).not.toContain("clientAt");
  const [at, received] = ["2026-06-01T12:00:00.002Z", "2026-06-01T12:00:00.000Z"];
  expect(JSON.parse(JSON.stringify(eventOf({ ...read[1]!, outdone: true })))).toEqual({
    ...{
      sessionId: "s",
      source: "main",
      seq: 2,
      type: "PAGE_VIEWED",
      occurredAt: at,
      receivedAt: received,
      outdone: true,
    },
  });
  expect(eventOf(read[1]!)).not.toHaveProperty("outdone");
});

describe("a batch that is kept", () => {
  test("is the same object however often it comes, and of the arrival that was first", async () => {
    expect(await raw.keep(T, BATCH, NOW)).toEqual({ receivedAt: NOW, isNew: true, isMarked: false });
    expect(await raw.keep(T, BATCH, NOW + MINUTE)).toEqual({ receivedAt: NOW, isNew: false, isMarked: false });
    expect(await raw.arrivedAt(KEY())).toBe(NOW);
    expect(await raw.arrivedAt("events/gone")).toBe(0);
    expect(objects.entries().map(([key]) => key)).toEqual([KEY()]);
  });

  test("and is removed as it comes again is of this arrival", async () => {
    await raw.keep(T, BATCH, NOW);
    const goes = createRawEvents({
      ...objects,
      findMetadata: async (key) => {
        await objects.remove(key);
        return await objects.findMetadata(key);
      },
    });
    expect(await goes.keep(T, BATCH, NOW + MINUTE)).toEqual({
      receivedAt: NOW + MINUTE,
      isNew: false,
      isMarked: false,
    });
  });

  test("lies in the hour of its earliest event, under a name that its content makes", () => {
    const at = (...times: number[]) => raw.keyOf(T, times.map((occurredAt, i) => event(i, { occurredAt })));
    const folder = `events/tenant=${T}/date=2026-06-01/hour=11/`;
    expect(at(NOW + HOUR, NOW - 1)).toMatch(new RegExp(`^${folder}[0-9a-f]{40}\\.ndjson\\.gz$`));
    expect(at(NOW + HOUR, NOW - 1)).not.toBe(at(NOW + HOUR, NOW - 2));
  });

  test("is said to be lines of JSON in gzip, as is what it is written anew as; a mark is said to be text", async () => {
    const said: unknown[] = [];
    const through = createRawEvents({
      ...objects,
      create: (key, body, options) => (said.push(options), objects.create(key, body, options)),
      replaceIf: (key, body, options, etag) => (said.push(options), objects.replaceIf(key, body, options, etag)),
    });
    await through.keep(T, BATCH, NOW);
    await through.rewrite(KEY(), ({ seq }) => seq === 1 ? "DROP" : "KEEP");
    const metadata = { "received-at": `${NOW}` };
    const lines = { contentType: "application/x-ndjson", contentEncoding: "gzip", metadata };
    expect(said).toEqual([lines, { contentType: "text/plain" }, lines, { contentType: "text/plain" }]);
  });

  test("marks its day where columns of it are not looked at anyway: from the thirty-fourth day before on", async () => {
    await raw.keep(T, [event(1, { occurredAt: NOW - 33 * DAY })], NOW);
    expect(marks()).toEqual([]);
    await raw.keep(T, [event(1, { occurredAt: NOW - 34 * DAY })], NOW);
    expect(marks()).toHaveLength(1);
    await raw.keep(T, [event(1, { occurredAt: NOW - 35 * DAY })], NOW);
    expect(marks()).toHaveLength(2);
    // Also where it had come before: whoever stored it may have died before that.
    for (const key of marks()) await objects.remove(key);
    await raw.keep(T, [event(1, { occurredAt: NOW - 34 * DAY })], NOW + MINUTE);
    await raw.keep(T, [event(1, { occurredAt: NOW - 35 * DAY })], NOW + MINUTE);
    expect(marks()).toHaveLength(2);
    // Whatever its tenant's name looks like.
    await raw.keep("2030-01-01", [event(1, { occurredAt: NOW - 35 * DAY })], NOW);
    await raw.keep("x%2001", [event(1)], NOW);
    expect(marks()).toHaveLength(3);
  });
});

test("the batches of a range are those of the hours that it touches, hour by hour, and no tenant's whose name begins alike", async () => {
  const at = (occurredAt: number) => [event(1, { occurredAt })];
  for (const occurredAt of [NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR]) await raw.keep(T, at(occurredAt), NOW);
  await raw.keep(`${T}2`, at(NOW), NOW);
  const listed = async (fromAt: number, toAt: number, tenantId = T) => {
    const hours = await Array.fromAsync(raw.list(tenantId, fromAt, toAt));
    return hours.map((hour) => hour.map(({ key }) => key).toSorted());
  };
  const hoursOf = (...hours: number[][]) =>
    hours.map((times) => times.map((occurredAt) => raw.keyOf(T, at(occurredAt))).toSorted());
  const [before, own, last] = [[NOW - 1], [NOW, NOW + HOUR - 1], [NOW + HOUR]];
  expect(await listed(NOW, NOW + HOUR)).toEqual(hoursOf(own));
  expect(await listed(NOW + 1, NOW + 2)).toEqual(hoursOf(own));
  expect(await listed(NOW - 1, NOW + HOUR + 1)).toEqual(hoursOf(before, own, last));
  expect([await listed(NOW - 9 * HOUR, NOW - 5 * HOUR), await listed(NOW, NOW + HOUR, "none")]).toEqual([[], []]);
  const [first, end] = [Date.parse("0000-01-01T00:00:00.000Z"), Date.parse("9999-12-31T23:59:59.999Z")];
  for (const toAt of [end, end - 1, end - HOUR, NOW + HOUR + 1]) {
    expect(await listed(first, toAt)).toEqual(hoursOf(before, own, last));
  }
  const all = [];
  for await (const keys of raw.listAll(T)) all.push(...keys);
  expect(all).toHaveLength(4);
});
