import { describe, expect, test } from "vitest";
import { formatEntry } from "../../api/anki/schedule/entry.ts";
import {
  type Image,
  type ImageChange,
  isErasure,
  toCountChanges,
  toExpiredChanges,
  UncountableError,
} from "../../api/ingest/projections/counts.ts";
import { OWN_SOURCES } from "../../api/resources.ts";

const MINUTE = 60_000;
const AT = Date.UTC(2026, 5, 1, 12);
type Table = ImageChange["table"];

const change = (table: Table, before: Image | undefined, after: Image | undefined, pk = "shop#3"): ImageChange => (
  { table, pk, shard: "s", sequence: "7", arrivedAt: AT, before, after }
);
/** What a change counts: source, minutes after `AT`, how many. */
const counted = (table: Table, before: Image | undefined, after: Image | undefined) =>
  toCountChanges(change(table, before, after)).map(({ source, at, n }) => [source, (at - AT) / MINUTE, n]);

const record = (more: object = {}, source = "ITEMS"): Image => ({ sk: `a#${source}`, at: AT, ...more });
const session = (more: object = {}): Image => ({ sk: "a#SESSION", startedAt: AT, motions: 0, ...more });
const lease = (base: number, ...journal: string[]): Image => ({ sk: "a#LEASE", base, journal });

describe("a record", () => {
  test("counts where it says, moves where it is corrected, and no more once it is taken back", () => {
    expect(counted("records", undefined, record())).toEqual([["ITEMS", 0, 1]]);
    expect(counted("records", record(), record({ at: AT + MINUTE }))).toEqual([["ITEMS", 1, 1], ["ITEMS", 0, -1]]);
    expect(counted("records", record(), record({ at: AT + 59_999 }))).toEqual([]);
    expect(counted("records", record(), record({ isGone: true }))).toEqual([["ITEMS", 0, -1]]);
    expect(counted("records", record({ isGone: true }), record())).toEqual([["ITEMS", 0, 1]]);
    expect(counted("records", record(), undefined)).toEqual([["ITEMS", 0, -1]]);
  });

  test("is of the source that its key names: ours, or one of the tenant's own", () => {
    const own = (name: string): Image => ({ ...record(), sk: `a#${name}#${OWN_SOURCES}` });
    expect(counted("records", undefined, own("orders"))).toEqual([["orders", 0, 1]]);
    for (const wrong of [record({}, "NONE"), own("No Such Name"), { ...record(), sk: `#${OWN_SOURCES}` }]) {
      expect(() => counted("records", undefined, wrong)).toThrow(/names no source/);
    }
  });

  test("moves what it measures with it; where that alone changes, the count stays", () => {
    const measures = (before: Image | undefined, after: Image | undefined) =>
      toCountChanges(change("records", before, after)).flatMap(({ n, measures }) =>
        (measures ?? []).map((own) => [n, own.n, own.value, own.dimensions])
      );
    const [red, blue] = [[["colour", "red"]], [["colour", "blue"]]];
    expect(measures(undefined, record({ value: 2, dims: JSON.stringify(red) }))).toEqual([[1, 1, 2, red]]);
    expect(measures(undefined, record({ value: 2 }))).toEqual([[1, 1, 2, []]]);
    expect(measures(undefined, record({ dims: JSON.stringify(red) }))).toEqual([[1, 1, undefined, red]]);
    expect(measures(record({ value: 2 }), record({ value: 3 }))).toEqual([[0, 1, 3, []], [0, -1, 2, []]]);
    expect(measures(record({ dims: JSON.stringify(red) }), record({ dims: JSON.stringify(blue) }))).toEqual([
      ...[[0, 1, undefined, blue], [0, -1, undefined, red]],
    ]);
    expect(toCountChanges(change("records", record({ value: 2 }), record({ value: 2, other: 1 })))).toEqual([]);
    // Without a number and a dimension it measures nothing.
    expect(toCountChanges(change("records", undefined, record()))[0]).not.toHaveProperty("measures");
  });

  test("that never could be counted counts once it is mended, and its fault is told where it came", () => {
    for (const [at, said] of [[-1, "-1"], [0.5, "0.5"], ["x", '"x"'], [undefined, "nothing"]] as const) {
      expect(() => counted("records", undefined, record({ at }))).toThrow(
        new RegExp(`\`at\` must be .*, got ${said}$`),
      );
    }
    expect(counted("records", record({ at: "x" }), record())).toEqual([["ITEMS", 0, 1]]);
    expect(counted("records", undefined, { sk: "a#ITEMS", at: 0 })).toHaveLength(1);
  });

  test("lies under a key that names tenant and partition, or can never be counted", () => {
    const [place] = toCountChanges(change("records", undefined, record(), "shop#12"));
    expect(place).toMatchObject({ tenantId: "shop", partition: "12", shard: "s", sequence: "7", arrivedAt: AT });
    for (const pk of ["shop", "#1", "shop#", "shop#x", "shop#1x", "shop#x1"]) {
      expect(() => toCountChanges(change("records", undefined, record(), pk))).toThrow(UncountableError);
    }
  });

  test("that expired stays counted, with what it measures", () => {
    const [gone, ...others] = toExpiredChanges(change("records", record({ value: 2 }), undefined));
    expect(gone).toMatchObject({ source: "ITEMS", at: AT, n: 1, isExpired: true });
    expect([gone!.measures, others]).toEqual([undefined, []]);
  });
});

describe("a session", () => {
  test("counts at its start, and nowhere once it is a part of another or deleted", () => {
    expect(counted("sessions", undefined, session())).toEqual([["SESSIONS", 0, 1]]);
    expect(counted("sessions", session(), session({ startedAt: AT - MINUTE }))).toEqual([
      ...[["SESSIONS", -1, 1], ["SESSIONS", 0, -1]],
    ]);
    expect(counted("sessions", session(), session({ was: "x" }))).toEqual([["SESSIONS", 0, -1]]);
    expect(counted("sessions", undefined, { ...session(), sk: "a#D#1" })).toEqual([]);
    expect(counted("sessions", session(), undefined)).toEqual([["SESSIONS", 0, -1]]);
  });

  test("counts as much motion as it says more than before, where it says that it was", () => {
    const motion = (motions: number, minute: number) => session({ motions, motionAt: AT + minute * MINUTE });
    expect(counted("sessions", undefined, motion(2, 1))).toEqual([["SESSIONS", 0, 1], ["MOTION_EVENTS", 1, 2]]);
    expect(counted("sessions", motion(2, 1), motion(5, 2))).toEqual([["MOTION_EVENTS", 2, 3]]);
    expect(counted("sessions", motion(5, 2), motion(5, 3))).toEqual([]);
    expect(counted("sessions", motion(5, 2), motion(4, 2))).toEqual([]);
    expect(counted("sessions", session({ motions: undefined }), motion(1, 1))).toEqual([["MOTION_EVENTS", 1, 1]]);
  });

  test("of a person's deletion or a sensor's erasure takes its motion out, once and as long as that is kept", () => {
    const takenOut = { sk: "a#T#1", takenOut: [AT, AT + MINUTE, AT + 1] };
    const out = [["MOTION_EVENTS", 0, -2], ["MOTION_EVENTS", 1, -1]];
    expect(counted("sessions", undefined, takenOut)).toEqual(out);
    expect(counted("sessions", takenOut, { ...takenOut, other: 1 })).toEqual([]);
    expect(counted("sessions", takenOut, undefined)).toEqual(
      out.map(([source, at, n]) => [source, at, -(n as number)]),
    );
    const erased = { sk: "a#E#1", erasedMotions: [AT, AT + MINUTE, AT + 1] };
    expect(counted("sessions", undefined, erased)).toEqual(out);
    expect(counted("sessions", erased, { ...erased, other: 1 })).toEqual([]);
    expect(counted("sessions", erased, undefined)).toEqual([]);
  });
});

describe("a lease of reviews", () => {
  const answer = (id: string, minute: number) =>
    formatEntry({
      ...{ kind: "answer", answerId: id, cardId: 1, rating: 3, at: AT + minute * MINUTE },
      ...{ offsetMinutes: 0, tookMs: 1, session: "s" },
    });
  const undo = (id: string, minute: number, isOfEdit = false) =>
    formatEntry({ kind: "undo", answerId: id, at: AT + minute * MINUTE, ...(isOfEdit ? { isOfEdit } : {}) });

  test("counts each answer of its journal once, wherever the journal is cut, and those that are taken back no more", () => {
    const [a, b, c] = [answer("a", 0), answer("b", 1), answer("c", 2)] as [string, string, string];
    expect(counted("reviews", undefined, lease(0, a, b))).toEqual([["REVIEWS", 0, 1], ["REVIEWS", 1, 1]]);
    expect(counted("reviews", lease(0, a, b), lease(0, a, b, c))).toEqual([["REVIEWS", 2, 1]]);
    // What is saved leaves the journal, and the position says so.
    expect(counted("reviews", lease(0, a, b), lease(2, c))).toEqual([["REVIEWS", 2, 1]]);
    expect(counted("reviews", lease(0, a, b), lease(2))).toEqual([]);
    expect(counted("reviews", lease(0, a, b), lease(0, a))).toEqual([]);
    // A lease that changes otherwise has no answer more, saved or not.
    expect(counted("reviews", lease(0, a, b), { ...lease(0, a, b), expiresAt: 1 })).toEqual([]);
    expect(counted("reviews", lease(0, a, b), lease(1, b))).toEqual([]);
    expect(counted("reviews", lease(0, a, b), lease(0, a, b, undo("b", 1)))).toEqual([["REVIEWS", 1, -1]]);
    expect(counted("reviews", lease(0, a), lease(0, a, undo("x", 1, true)))).toEqual([]);
  });

  test("alone counts: what lies beside it, and the lease that goes, are no answers", () => {
    expect(counted("reviews", undefined, { ...lease(0, answer("a", 0)), sk: "a#NEXT" })).toEqual([]);
    expect(counted("reviews", lease(0, answer("a", 0)), undefined)).toEqual([]);
    expect(counted("sessions", undefined, { ...lease(0, answer("a", 0)) })).toEqual([]);
  });
});

describe("a journey", () => {
  const journey = (more: object = {}): Image => ({ sk: "v#META", startedAt: AT, ...more });

  test("counts at its start until it is erased; its chunks and trails count nothing by themselves", () => {
    expect(counted("journeys", undefined, journey())).toEqual([["JOURNEYS", 0, 1]]);
    expect(counted("journeys", journey(), journey({ erased: "r", startedAt: undefined }))).toEqual([[
      "JOURNEYS",
      0,
      -1,
    ]]);
    expect(counted("journeys", undefined, { ...journey(), sk: "v#E#1" })).toEqual([]);
    // The same key in another table is none.
    expect(counted("reviews", undefined, journey())).toEqual([]);
  });

  test("is erased by the change that puts a tombstone in its place, and by no other", () => {
    const [is, erased] = [journey(), journey({ erased: "r" })];
    const told = (table: Table, before: Image | undefined, after: Image | undefined) =>
      isErasure(change(table, before, after));
    expect(told("journeys", is, erased)).toBe(true);
    expect([
      told("journeys", erased, erased),
      told("journeys", undefined, erased),
      told("journeys", is, is),
      told("journeys", is, undefined),
      told("sessions", is, erased),
    ]).toEqual([false, false, false, false, false]);
  });
});
