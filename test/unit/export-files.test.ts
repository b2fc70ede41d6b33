import { parse } from "csv-parse/sync";
import { parquetMetadata } from "hyparquet";
import { describe, expect, test } from "vitest";
import { toCsv, unguarded } from "../../api/files/csv.ts";
import { toParquet } from "../../api/files/parquet.ts";
import type { Column, Table } from "../../api/files/table.ts";
import { createJourneyExports, EXPORT_LIMITS } from "../../api/journeys/export.ts";
import { createSessionExports } from "../../api/sessions/export.ts";
import { rowsOf } from "../kit/columns.ts";
import { createEraseWorld } from "../kit/erase-world.ts";
import { fc } from "../kit/property.ts";
import { AT, sessionOf } from "../kit/session.ts";

const COLUMNS: Column[] = [
  { name: "text", type: "text" },
  { name: "count", type: "integer" },
  { name: "share", type: "number" },
  { name: "at", type: "instant" },
  { name: "flag", type: "flag" },
];
const one: Column[] = [{ name: "a", type: "text" }];
const csvOf = (columns: Column[], rows: Parameters<typeof toCsv>[0]["rows"]) =>
  Buffer.from(toCsv({ columns, rows })).toString("utf8");

describe("a CSV file", () => {
  test("has a heading, lines that end with CRLF, and an empty cell for nothing alone", () => {
    const rows = [["", 0, 0, 0, false], [null, undefined, null, undefined, null], ["a", -1, -0.5, AT, true]];
    expect(csvOf(COLUMNS, rows)).toBe(
      `text,count,share,at,flag\r\n"",0,0,1970-01-01T00:00:00.000Z,false\r\n,,,,\r\na,-1,-0.5,2026-06-01T12:00:00.000Z,true\r\n`,
    );
    expect(csvOf([{ name: 'a "b", c', type: "text" }], [])).toBe('"a ""b"", c"\r\n');
  });

  test("has quotes around text with a comma, a quote or an end of a line in it, whichever", () => {
    const rows = [["a,b"], ['a"b"'], ["a\nb"], ["a\rb"], ["a b"]];
    expect(csvOf(one, rows)).toBe('a\r\n"a,b"\r\n"a""b"""\r\n"a\nb"\r\n"a\rb"\r\na b\r\n');
  });

  test("holds no text that a spreadsheet would run, whatever it begins with", () => {
    for (const begin of ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]) {
      const [, cell] = csvOf(one, [[`${begin}1`]]).split("\r\n");
      expect(cell!.replace(/^"/, "")).toMatch(/^'/);
    }
    expect(csvOf(one, [["a=1"], ["1-1"]])).toBe("a\r\na=1\r\n1-1\r\n");
  });

  test("gives back each text as it was typed", () => {
    const text = fc.string({ unit: fc.constantFrom(..."'=+-@\t\r\n\",; aé\uff1d"), maxLength: 6 });
    fc.assert(fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 4 }), (rows) => {
      const read = parse(csvOf([{ name: "a", type: "text" }, { name: "b", type: "text" }], rows), {
        from_line: 2,
        record_delimiter: "\r\n",
      });
      expect(read.map((cells) => cells.map(unguarded))).toEqual(rows);
    }));
  });
});

describe("a Parquet file", () => {
  test("keeps what is nothing apart from zero, false and empty text", async () => {
    const rows = [["", 0, 0, 0, false], [null, undefined, null, undefined, null]];
    const nothing = { text: null, count: null, share: null, at: null, flag: null };
    expect(await rowsOf(toParquet({ columns: COLUMNS, rows }))).toEqual([
      { text: "", count: 0n, share: 0, at: new Date(0), flag: false },
      nothing,
    ]);
  });

  test("has its rows in groups of a hundred thousand, which readers skip by what they hold", () => {
    const rows = Array.from({ length: 100_001 }, (_, i) => [i]);
    const body = toParquet({ columns: [{ name: "a", type: "integer" }], rows });
    const { row_groups: groups } = parquetMetadata(Uint8Array.from(body).buffer);
    expect(groups.map(({ num_rows: count }) => count)).toEqual([100_000n, 1n]);
  });
});

describe("a file of readings", () => {
  /** Sessions with so many readings each, in the order of their list; each look at one takes so long. */
  function createWorld(counts: readonly number[], { readMs = 0, readings = 1_000 } = {}) {
    let now = AT;
    let looks = 0;
    const sessions = counts.map((sampleCount, i) => sessionOf({ sessionId: `s${i}`, sampleCount }));
    const hidden = new Set<string>();
    const listed = () => sessions.filter(({ sessionId }) => !hidden.has(sessionId));
    const made: (readonly (readonly unknown[])[])[] = [];
    const keep = (_tenant: string, _name: string, _format: string, { rows }: { rows: readonly unknown[][] }) => {
      made.push(rows);
      return Promise.resolve({ url: "", fileName: "", rows: rows.length, bytes: 0, expiresAt: 0 });
    };
    const exports = createSessionExports({
      sessions: {
        find: (_, ids) =>
          Promise.resolve(
            new Map(sessions.filter((one) => ids.includes(one.sessionId)).map((one) => [one.sessionId, one])),
          ),
        // Rows of lists do not know where readings are.
        list: (_tenant, _filter, { first, after }) => {
          const from = after ? Number(after) : 0;
          const edges = listed().slice(from, from + first).map((node, i) => ({
            node: { ...node },
            cursor: `${from + i + 1}`,
          }));
          return Promise.resolve(
            { edges, hasNextPage: from + first < listed().length, hasPreviousPage: from > 0 } as never,
          );
        },
        readFrom: (session, from, wanted) => {
          looks++;
          now += readMs;
          const all = sessions.includes(session) ? Array.from({ length: session.sampleCount }, (_, i) => i) : [];
          const some = all.slice(from ? from[2] + 1 : 0).slice(0, wanted);
          const last = some.at(-1);
          return Promise.resolve({
            readings: some.map((i) => ({ at: AT + i, values: [i] })),
            next: last !== undefined && last < all.length - 1 ? [AT + last, 0, last] as const : undefined,
          } as never);
        },
      },
      files: { keep } as never,
      clock: () => now,
      limits: { sessions: 1_000, readings },
    });
    const make = (after?: string, input: object = { filter: {} }, tenant = "t") =>
      exports.exportReadings(tenant, { format: "CSV", after, ...input });
    return {
      ...{ make, looks: () => looks, exports, sessions, hidden },
      rows: () => made.map((rows) => rows.map(([sessionId, , , value]) => `${String(sessionId)} ${String(value)}`)),
    };
  }

  test("ends at its limit, to the reading, and the next goes on there, in whichever session", async () => {
    const { make, rows } = createWorld([2, 0, 4, 1], { readings: 3 });
    let after: string | undefined;
    do after = (await make(after)).endCursor; while (after !== undefined);
    expect(rows()).toEqual([["s0 0", "s0 1", "s2 0"], ["s2 1", "s2 2", "s2 3"], ["s3 0"]]);
  });

  describe("of which the next goes on after people changed the session in which it ended", () => {
    type World = Pick<ReturnType<typeof createWorld>, "sessions" | "hidden">;
    const rest = ["s1 2", "s1 3"];
    const last = ["s2 0", "s2 1"];
    test.each<[string, (world: World) => void, string[]]>([
      ["is gone", ({ sessions }) => void sessions.splice(1, 1), last],
      ["was deleted, and can be restored", ({ sessions, hidden }) => {
        hidden.add("s1");
        sessions[1] = { ...sessions[1]!, deletedAt: AT };
      }, last],
      ["became a part of another, which has its readings now", ({ sessions, hidden }) => {
        hidden.add("s1");
        sessions[1] = { ...sessions[1]!, mergedInto: "s2" };
        sessions[2] = { ...sessions[2]!, sampleCount: 6 };
      }, Array.from({ length: 6 }, (_, i) => `s2 ${i}`)],
      ["fits the filter no more", ({ hidden }) => void hidden.add("s1"), [...rest, ...last]],
      ["comes once more, later in the list", ({ sessions }) => void sessions.push(...sessions.splice(1, 1)), [
        ...[...rest, ...last],
        ...["s1 0", "s1 1", ...rest],
      ]],
    ])("it %s: no reading that is there is in neither", async (_, change, expected) => {
      const { make, rows, ...world } = createWorld([1, 4, 2], { readings: 3 });
      let { endCursor: after } = await make();
      expect(rows()).toEqual([["s0 0", "s1 0", "s1 1"]]);
      change(world);
      while (after !== undefined) after = (await make(after)).endCursor;
      expect(rows().slice(1).flat()).toEqual(expected);
    });
  });

  test("looks into a session in the very millisecond in which its time ends, and into none after it", async () => {
    const { make, rows } = createWorld([1, 1, 1, 1, 1], { readMs: 5_000 });
    const { endCursor } = await make();
    expect(rows()).toEqual([["s0 0", "s1 0", "s2 0", "s3 0"]]);
    expect(await make(endCursor)).toMatchObject({ rows: 1, endCursor: undefined });
  });

  test("looks through five thousand sessions at most, most of which may have none, and the next through the others", async () => {
    const { make, looks, rows } = createWorld([...Array.from({ length: 5_200 }, () => 0), 1]);
    const { endCursor } = await make();
    expect(endCursor).toBeDefined();
    expect(looks()).toBeLessThanOrEqual(5_000);
    expect(await make(endCursor)).toMatchObject({ endCursor: undefined });
    expect(rows()).toEqual([[], ["s5200 0"]]);
  });

  test("goes on by the cursor of the same tenant, session and filter alone", async () => {
    const { make } = createWorld([2, 2], { readings: 1 });
    const { endCursor } = await make(undefined, { filter: { label: "a" } });
    for (
      const [input, tenant] of [[{ filter: { label: "b" } }], [{ sessionId: "s0" }], [
        { filter: { label: "a" } },
        "u",
      ]] as const
    ) {
      await expect(make(endCursor, input, tenant)).rejects.toThrow(/is no cursor of this list/);
    }
    await expect(make(endCursor, { filter: { label: "a" } })).resolves.toMatchObject({ rows: 1 });
  });
});

test("a file of sessions says of an end that a device stated that it was stated, and of a pause that lasts no end", async () => {
  const reported = [{ pause: { from: AT + 1_000, to: AT + 2_000 } }, { pause: { from: AT + 5_000 } }] as never;
  const wholes = [
    sessionOf({ sessionId: "over", endedAt: AT + 9_000, endedBy: "FINAL", reported }),
    sessionOf({ sessionId: "on", reported }),
  ];
  const made: Record<string, unknown>[] = [];
  const keep = (_tenant: string, _name: string, _format: string, { columns, rows }: Table) => {
    made.push(...rows.map((row) => Object.fromEntries(columns.map(({ name }, i) => [name, row[i]]))));
    return Promise.resolve({});
  };
  // Rows of lists have no pauses.
  const edges = wholes.map((node) => ({ node: { ...node, reported: [] }, cursor: node.sessionId }));
  const { exportSessions } = createSessionExports({
    sessions: {
      find: () => Promise.resolve(new Map(wholes.map((one) => [one.sessionId, one]))),
      list: () => Promise.resolve({ edges, hasNextPage: false } as never),
      readFrom: () => Promise.reject(new Error("nobody asked for readings")),
    },
    files: { keep } as never,
    clock: () => AT,
  });
  await exportSessions("t", { format: "CSV" });
  const [one, two, five, nine] = [1, 2, 5, 9].map((seconds) => new Date(AT + seconds * 1_000).toISOString());
  expect(made).toMatchObject([
    { session_id: "over", end_reason: "EXPLICIT", pauses: `${one}/${two};${five}/${nine}` },
    { session_id: "on", end_reason: undefined, pauses: `${one}/${two};${five}/` },
  ]);
});

describe("the file of a visitor", () => {
  function createWorld() {
    const world = createEraseWorld(AT);
    const own = world.createProcess();
    const exports = createJourneyExports({ ...own, clock: () => AT });
    type Content = {
      visitorIds: string[];
      journeys: { sessionId: string; events: { seq: number }[] }[];
      rawEvents: { sessionId: string; seq: number }[];
    };
    return {
      ...own,
      record: (...events: (readonly [sessionId: string, seq: number, at: number, more?: object])[]) =>
        own.journeys.record(
          "t",
          events.map(([sessionId, seq, at, more]) => (
            { sessionId, seq, type: "PAGE_VIEWED", occurredAt: new Date(at).toISOString(), ...more }
          )),
        ),
      fileOf: async (visitorId: string): Promise<Content | undefined> => {
        const made = await exports.exportVisitor("t", visitorId);
        if (!made) return undefined;
        const { body } = await world.objects.get(made.url.replace("memory:", ""));
        const content = JSON.parse(Buffer.from(body).toString()) as Content;
        expect(made.rows).toBe(content.journeys.length + content.rawEvents.length);
        return content;
      },
    };
  }

  test("holds of another's journey what names this one as a further id, too, and no more", async () => {
    const { record, fileOf } = createWorld();
    await record(["theirs", 1, AT, { visitorId: "bob" }], ["theirs", 2, AT + 1, { visitorId: "ada" }]);
    await record(["own", 1, AT - 60_000, { visitorId: "ada" }]);
    const file = await fileOf("ada");
    expect(file!.journeys.map(({ sessionId, events }) => [sessionId, events.map(({ seq }) => seq)])).toEqual([
      ["theirs", [2]],
      ["own", [1]],
    ]);
    expect(file!.rawEvents.map(({ sessionId, seq }) => `${sessionId} ${seq}`).sort()).toEqual(["own 1", "theirs 2"]);
  });

  test("holds raw events of whose journeys are gone, and is none where nothing is held", async () => {
    const { raw, fileOf } = createWorld();
    const event = { sessionId: "gone", seq: 1, type: "PAGE_VIEWED", occurredAt: AT };
    await raw.keep("t", [{ ...event, source: "", visitorId: "ada" }] as never, AT);
    expect(await fileOf("ada")).toMatchObject({ journeys: [], rawEvents: [{ sessionId: "gone", seq: 1 }] });
    expect(await fileOf("bob")).toBeUndefined();
    // Who said once that two ids are one names the other too.
    await raw.keep("t", [{ ...event, sessionId: "also", source: "", visitorId: "anon", aliasOf: "bob" }] as never, AT);
    expect(await fileOf("bob")).toMatchObject({ journeys: [], rawEvents: [{ sessionId: "also", aliasOf: "bob" }] });
  });

  test("holds each event of a journey of many pages, and journeys from the newest, each once under whatever ids", async () => {
    const { record, fileOf } = createWorld();
    const visits = Array.from(
      { length: 1_100 },
      (_, i) => ["long", i + 1, AT - 9_000_000 + i, { visitorId: "ada" }] as const,
    );
    for (let from = 0; from < visits.length; from += 500) await record(...visits.slice(from, from + 500));
    await record(["new", 1, AT - 1, { visitorId: "ada", aliasOf: "anon" }], ["new", 2, AT, { visitorId: "anon" }]);
    await record(["b", 1, AT - 1, { visitorId: "anon" }]);
    const file = await fileOf("ada");
    expect(file!.visitorIds.toSorted()).toEqual(["ada", "anon"]);
    expect(file!.journeys.map(({ sessionId, events }) => [sessionId, events.length])).toEqual([["b", 1], ["new", 2], [
      "long",
      1_100,
    ]]);
    expect(file!.rawEvents).toHaveLength(1_103);
  });

  test("is refused where a person has more events than a file holds, in journeys or raw, and not with as many", async () => {
    const most = EXPORT_LIMITS.visitorEvents;
    const asked = (inJourneys: number, raw: number) => {
      const journey = {
        sessionId: "s",
        visitor: { visitorId: "ada" },
        otherIds: [],
        startedAt: AT,
        endedAt: AT,
        eventCount: inJourneys,
      };
      const event = { sessionId: "s", seq: 1, type: "PAGE_VIEWED", occurredAt: AT, receivedAt: AT };
      const exports = createJourneyExports({
        journeys: {
          // The same journey names both.
          findVisitor: () => Promise.resolve({ ids: ["ada", "anon"] }),
          async *listNamed() {
            yield [journey];
          },
          listEvents: () => Promise.resolve({ edges: [], hasNextPage: false }),
          outcome: () => "BROWSING",
        } as never,
        raw: {
          async *listAll() {
            yield ["a"];
          },
          read: () => Promise.resolve(Array.from({ length: raw }, () => event)),
        } as never,
        files: { keepJson: () => Promise.resolve("made") } as never,
        clock: () => AT,
      });
      return exports.exportVisitor("t", "ada");
    };
    await expect(asked(most, most)).resolves.toBe("made");
    await expect(asked(most + 1, 0)).rejects.toThrow(/more than 200000 events/);
    await expect(asked(0, most + 1)).rejects.toThrow(/more than 200000 events/);
  });
});
