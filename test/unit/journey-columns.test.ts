import { describe, expect, test } from "vitest";
import { createColumns } from "../../api/journeys/columns.ts";
import { rowsOf } from "../kit/columns.ts";
import { createEraseWorld } from "../kit/erase-world.ts";
import { silentLog } from "../kit/local.ts";

const NOON = Date.UTC(2026, 5, 20, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MIDNIGHT = NOON - 12 * HOUR;

/** Columns of what is recorded, by a clock that is set. */
function createWorld(at = NOON) {
  let now = at;
  const world = createEraseWorld(at, () => now);
  const { journeys, columns, raw } = world.createProcess();
  let last = 0;
  const keysOf = (prefix: string) =>
    world.objects.entries().map(([key]) => key).filter((key) => key.startsWith(prefix));
  return {
    ...{ columns, raw, objects: world.objects, keysOf, set: (next: number) => void (now = next), now: () => now },
    record: (when: number, sessionId = `s${++last}`, tenant = "t") =>
      journeys.record(tenant, [{ sessionId, seq: 1, type: "PAGE_VIEWED", occurredAt: new Date(when).toISOString() }]),
    /** The sessions of each file, by its day. */
    made: async () => {
      const files = keysOf("parquet/").sort();
      return await Promise.all(files.map(async (key) => {
        const rows = await rowsOf((await world.objects.get(key)).body);
        return `${key.split("/")[2]!.slice("date=".length)} ${
          rows.map(({ sessionid }) => String(sessionid)).sort().join()
        }`;
      }));
    },
  };
}
const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);

describe("the columns of a day", () => {
  test("are made an hour after its end, and not before", async () => {
    const { columns, record, made, set } = createWorld(MIDNIGHT - 1);
    await record(MIDNIGHT - HOUR, "a");
    for (const early of [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + HOUR - 1]) {
      set(early);
      await columns.compact();
      expect(await made()).toEqual([]);
    }
    set(MIDNIGHT + HOUR);
    expect(await columns.compact()).toEqual({ tenants: 1, days: 1, files: 1, events: 1 });
    expect(await made()).toEqual([`${dayOf(MIDNIGHT - 1)} a`]);
  });

  test("that goes on are not made, also where lines of it were written anew", async () => {
    const { columns, record, made, keysOf, raw, set } = createWorld();
    await record(NOON, "a");
    expect(await raw.rewrite(keysOf("events/")[0]!, () => "OUTDONE")).toBe(true);
    expect(keysOf("stale/")).toHaveLength(1);
    await columns.compact();
    expect([await made(), keysOf("stale/")]).toEqual([[], []]);
    set(MIDNIGHT + 25 * HOUR);
    await columns.compact();
    expect(await made()).toEqual([`${dayOf(NOON)} a`]);
  });

  test("say of each event whether another of its number was counted: nothing is no answer for who asks for the others", async () => {
    const { columns, record, keysOf, objects } = createWorld();
    await record(NOON - DAY);
    await columns.compact();
    const [row] = await rowsOf((await objects.get(keysOf("parquet/")[0]!)).body);
    expect(row).toMatchObject({ outdone: false, visitorid: null, page: null });
  });

  test("of the last 35 days are made anew where anything of them changed, without being told", async () => {
    const { columns, record, made, keysOf, objects } = createWorld();
    const [young, oldest] = [NOON - DAY, NOON - 35 * DAY];
    for (const at of [young, oldest]) await record(at);
    await columns.compact();
    // Whoever changed it left no mark.
    for (const at of [young, oldest]) {
      await record(at + 1);
      for (const key of keysOf("stale/")) await objects.remove(key);
    }
    expect(await columns.compact()).toMatchObject({ days: 2, files: 2 });
    expect(await made()).toEqual([`${dayOf(oldest)} s2,s4`, `${dayOf(young)} s1,s3`]);
  });

  test("of older days are made where there are none, are made anew where a batch left a mark, and else not looked at", async () => {
    const { columns, record, made, keysOf, objects } = createWorld();
    const [one, other] = [NOON - 100 * DAY, NOON - 200 * DAY];
    for (const at of [one, other]) await record(at);
    await columns.compact();
    expect(keysOf("stale/")).toEqual([]);
    for (const at of [one, other]) await record(at + 1);
    await objects.remove(keysOf("stale/").find((key) => key.includes(dayOf(one)))!);
    expect(await columns.compact()).toMatchObject({ days: 1, files: 1 });
    expect(await made()).toEqual([`${dayOf(other)} s2,s4`, `${dayOf(one)} s1`]);
    // Those that are gone are made, marked or not.
    for (const key of keysOf("parquet/")) await objects.remove(key);
    expect(await columns.compact()).toMatchObject({ days: 2, files: 2 });
  });

  test("of which all lines are gone go, however old it is", async () => {
    const { columns, record, keysOf, objects } = createWorld();
    for (const at of [NOON - DAY, NOON - 300 * DAY]) await record(at);
    await columns.compact();
    expect(keysOf("parquet/")).toHaveLength(2);
    for (const key of [...keysOf("events/"), ...keysOf("stale/")]) await objects.remove(key);
    await columns.compact();
    expect(keysOf("")).toEqual([]);
  });

  test("that a crash left stale are gone by then: a mark goes after what it names", async () => {
    const { columns, record, keysOf, objects, raw, now } = createWorld();
    await record(NOON - 100 * DAY);
    await columns.compact();
    await record(NOON - 100 * DAY + 1);
    const crashing = createColumns({
      ...{ raw, clock: now, log: silentLog },
      objects: {
        ...objects,
        remove: (key: string) => key.startsWith("stale/") ? Promise.reject(new Error("died")) : objects.remove(key),
      },
    });
    await expect(crashing.compact()).rejects.toThrow("died");
    expect([keysOf("parquet/").length, keysOf("stale/").length]).toEqual([0, 1]);
    expect(await columns.compact()).toMatchObject({ days: 1 });
  });

  test("are of each tenant's own lines, and those of a day that is told to be forgotten are made anew by the next run", async () => {
    const { columns, record, made, keysOf } = createWorld();
    for (const tenant of ["t", "u"]) {
      for (const days of [1, 2]) await record(NOON - days * DAY, `${tenant}${days}`, tenant);
    }
    await columns.compact();
    const all = await made();
    expect(all.map((file) => file.split(" ")[1])).toEqual(["t2", "t1", "u2", "u1"]);
    const own = keysOf("events/").filter((key) => key.includes("tenant=t/"));
    await columns.forget(own);
    expect((await made()).map((file) => file.split(" ")[1])).toEqual(["u2", "u1"]);
    expect(await columns.compact()).toEqual({ tenants: 2, days: 2, files: 2, events: 2 });
    expect(await made()).toEqual(all);
  });
});

test("a run that has no more time leaves the rest to the next, and begins no day after its end", async () => {
  const { columns, record, made, set, now, raw, objects } = createWorld();
  for (const days of [1, 2, 3, 4]) await record(NOON - days * DAY);
  const slow = createColumns({
    ...{ objects, clock: now, log: silentLog },
    raw: {
      read: (key) => {
        set(now() + 100_000);
        return raw.read(key);
      },
    },
  });
  // A day is begun in the very millisecond in which the time ends.
  expect(await slow.compact()).toMatchObject({ days: 3 });
  expect(await made()).toHaveLength(3);
  set(NOON);
  expect(await columns.compact()).toMatchObject({ days: 1 });
});

describe("a day of much", () => {
  const MB = 1_048_576;

  /** A day whose objects are said to be so large. */
  function createParts(...sizes: number[]) {
    const keys = sizes.map((_, i) => `events/tenant=t/date=${dayOf(NOON - DAY)}/hour=0/k${i}.ndjson.gz`);
    const tags = new Map(keys.map((key) => [key, "1"]));
    const kept = new Map<string, number>();
    const made: number[] = [];
    const columns = createColumns({
      ...{ clock: () => NOON, log: silentLog },
      raw: {
        read: (key) =>
          Promise.resolve([
            { sessionId: key, source: "", seq: 1, type: "PAGE_VIEWED", occurredAt: 0, receivedAt: 0 } as never,
          ]),
      },
      objects: {
        async *list(prefix: string) {
          const lines = keys.map((key, i) => ({ key, bytes: sizes[i]!, etag: tags.get(key)!, modifiedAt: 0 }));
          const files = [...kept.keys()].map((key) => ({ key, bytes: 1, etag: "", modifiedAt: 0 }));
          yield [...lines, ...files].filter(({ key }) => key.startsWith(prefix)).sort((
            a,
            b,
          ) => (a.key < b.key ? -1 : 1));
        },
        async *folders(prefix: string) {
          const below = [...keys, ...kept.keys()].filter((key) => key.startsWith(prefix));
          for (const folder of new Set(below.map((key) => key.slice(0, key.indexOf("/", prefix.length) + 1)))) {
            yield folder;
          }
        },
        async replace(key: string, body: Uint8Array) {
          const rows = await rowsOf(body);
          made.push(rows.length);
          kept.set(key, rows.length);
        },
        remove: (key: string) => Promise.resolve(void kept.delete(key)),
      },
    });
    return {
      columns,
      change: (i: number) => void tags.set(keys[i]!, "2"),
      files: () => [...kept.keys()].sort().map((key) => kept.get(key)),
      made,
    };
  }

  test("is files of eight megabytes of lines at most, whole objects each, and one where an object alone is more", async () => {
    const { columns, files } = createParts(4 * MB, 4 * MB, 1, 9 * MB, 8 * MB, 3 * MB, 5 * MB + 1);
    await columns.compact();
    expect(files()).toEqual([2, 1, 1, 1, 1, 1]);
  });

  test("has the files made anew alone whose objects changed", async () => {
    const { columns, change, files, made } = createParts(8 * MB, 8 * MB, MB, MB);
    await columns.compact();
    expect(made.splice(0)).toEqual([1, 1, 2]);
    change(1);
    await columns.compact();
    expect([made, files()]).toEqual([[1], [1, 1, 2]]);
  });
});
