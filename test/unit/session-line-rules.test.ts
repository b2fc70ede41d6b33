import { describe, expect, test } from "vitest";
import {
  decideMotionTarget,
  goneInto,
  hasPeoples,
  inLine,
  isOwn,
  join,
  joinPeoples,
  joinPlayback,
  lastingOf,
  linked,
  nextOf,
  overflows,
  placeKeyOf,
  reachesNext,
  settleLine,
} from "../../api/sessions/line.ts";
import type { Session } from "../../api/sessions/model.ts";
import { AT, IDLE, sessionOf } from "../kit/session.ts";

/** Of motion that lies up to `last`. */
const opened = (sessionId: string, at: number, last = at, own: Partial<Session> = {}) =>
  sessionOf({ sessionId, startedAt: AT + at, isStated: false, lastHeardAt: AT + last, motionEventCount: 1, ...own });
const stated = (sessionId: string, at: number, own: Partial<Session> = {}) =>
  sessionOf({ sessionId, startedAt: AT + at, ...own });

const NOT_DELETED = { corrected: undefined, said: undefined, isStated: false, takenOut: 0 };

describe("motion", () => {
  const target = (at: number, before: Session | undefined, after?: Session) => {
    const found = decideMotionTarget(AT + at, before, after);
    return found.kind === "opens" ? ["opens"] : [
      ...[found.kind, found.session.sessionId],
      ...(found.kind === "joins" ? [found.next.sessionId] : []),
    ];
  };
  const before = opened("a", 0);
  const after = (at: number, own: Partial<Session> = {}) => opened("b", at, at, own);
  const ending = (at: number) => opened("a", 0, 0, { ends: [{ at: AT + at }] });

  test.each<[string, number, Session | undefined, Session | undefined, string[]]>([
    ["opens a session where there is none", 0, undefined, undefined, ["opens"]],
    ["lies in the one that still reaches it", IDLE, before, undefined, ["inside", "a"]],
    ["opens one beyond", IDLE + 1, before, undefined, ["opens"]],
    ["lies inside where it does not reach the next", 1, before, after(IDLE + 2), ["inside", "a"]],
    ["joins the two where it reaches the next", 1, before, after(IDLE + 1), ["joins", "a", "b"]],
    ["joins the two where the first reaches the next already", 1, opened("a", 0, 9), after(IDLE + 9), [
      "joins",
      "a",
      "b",
    ]],
    ["does not join what was stated", 1, before, stated("b", 2), ["inside", "a"]],
    ["does not join across an end that was stated", 1, ending(5), after(2), ["inside", "a"]],
    ["lies inside at a stated end", 5, ending(5), undefined, ["inside", "a"]],
    ["opens one after a stated end", 6, ending(5), undefined, ["opens"]],
    ["begins the one after it that it reaches", 0, undefined, after(IDLE), ["begins", "b"]],
    ["opens one before that, where it does not", 0, undefined, after(IDLE + 1), ["opens"]],
    ["reaches so far as the later one's idle time says", 0, undefined, after(9, { idleMs: 9 }), ["begins", "b"]],
    ["reaches no further", 0, undefined, after(10, { idleMs: 9 }), ["opens"]],
    ["begins none that was stated", 0, undefined, stated("b", 1), ["opens"]],
    ["begins the later one behind a stated end", 6, ending(5), after(7), ["begins", "b"]],
  ])("%s", (_, at, before, after, kind) => expect(target(at, before, after)).toEqual(kind));
});

describe("two sessions that are one", () => {
  test("hold what both held, from the earlier's start on, and know what comes after both", () => {
    const one = { ends: [{ at: 1 }], reported: [{ at: 1, count: 1 }], bridges: [{ until: 1 }] };
    const other = { ends: [{ at: 2 }], reported: [{ at: 2, count: 1 }], bridges: [{ until: 2 }] };
    const next = { at: AT + 99, by: "MOTION" as const };
    const earlier = opened("a", 0, 5, { ...one, motionEventCount: 2, next: { at: AT + 9, by: "MOTION" } });
    const later = opened("b", 9, 12, { ...other, motionEventCount: 3, next });
    expect(join(earlier, later, AT + 50)).toEqual({
      ...earlier,
      ...{ lastHeardAt: AT + 12, motionEventCount: 5, next, updatedAt: AT + 50 },
      ends: [...one.ends, ...other.ends],
      reported: [...one.reported, ...other.reported],
      bridges: [...one.bridges, ...other.bridges],
    });
    expect(join(opened("a", 0, 20), later, AT).lastHeardAt).toBe(AT + 20);
    const unheard = { lastHeardAt: undefined };
    expect(join({ ...earlier, ...unheard }, { ...later, ...unheard }, AT).lastHeardAt).toBe(AT + 9);
  });

  test("hold what people wrote of both; of the later one's nothing that it has not", () => {
    const people = { labels: ["x", "y"], notes: "one", pinned: false, version: 4 };
    const [a, b] = [sessionOf(people), sessionOf({ labels: ["y", "z"], notes: "two", pinned: true, version: 7 })];
    const both = { labels: ["x", "y", "z"], notes: "one\ntwo", pinned: true, version: 8 };
    expect(joinPeoples(a, b)).toEqual(both);
    expect(join(a, b, AT)).toMatchObject(both);
    expect(joinPeoples(a, sessionOf({ version: 9 }))).toEqual({});
    expect(joinPeoples({ ...a, pinned: true }, sessionOf({ notes: "two" }))).toMatchObject({
      pinned: true,
      version: 5,
    });
    expect(joinPeoples(sessionOf({ notes: "" }), sessionOf({ notes: "two" }))).toMatchObject({ notes: "two" });
    expect(joinPeoples(a, sessionOf({ labels: ["z"], notes: "" }))).toMatchObject({ notes: "one" });
    for (const notes of [null, "", undefined]) {
      expect(joinPeoples(sessionOf({ notes }), sessionOf({ labels: ["z"], notes: null }))).toMatchObject({ notes });
    }
    const own: Partial<Session>[] = [{ labels: ["z"] }, { notes: "two" }, { pinned: true }];
    for (const one of own) expect(hasPeoples(sessionOf(one))).toBe(true);
    for (const one of [{}, { notes: "" }, { notes: null }]) expect(hasPeoples(sessionOf(one))).toBe(false);
  });

  test("play what the earlier played, else the later's, and lose neither's stop nor what the earlier says besides", () => {
    const never = { started: false };
    const [first, second] = [{ started: true, startedAt: 1 }, { started: true, startedAt: 2, deviceId: "b" }];
    const played = (a: Session["playback"], b: Session["playback"]) =>
      joinPlayback(sessionOf({ playback: a }), sessionOf({ playback: b })).playback;
    expect(played(first, second)).toEqual(first);
    expect(played(never, second)).toEqual(second);
    expect(played({ started: false, startedAt: 1 }, second)).toEqual({ started: false, startedAt: 1 });
    expect(played({ started: true }, second)).toEqual({ started: true });
    expect(played({ started: false, stoppedAt: 5 }, never)).toEqual({ started: false, stoppedAt: 5 });
    expect(played({ started: false, stoppedAt: 5, deviceId: "a" }, second)).toEqual({
      ...second,
      stoppedAt: 5,
      deviceId: "a",
    });
    expect(played(first, { started: false, stoppedAt: 7 })).toEqual({ ...first, stoppedAt: 7 });
    expect(played({ ...first, stoppedAt: 5 }, { ...second, stoppedAt: 7 })).toEqual({ ...first, stoppedAt: 7 });
    expect(played({ ...first, stoppedAt: 7 }, { ...second, stoppedAt: 5 })).toEqual({ ...first, stoppedAt: 7 });
    expect(join(sessionOf(), sessionOf({ playback: second }), AT).playback).toEqual(second);
  });

  test("are the earlier one: the other's id leads there, and it has nothing and is not looked at", () => {
    const gone = goneInto(opened("b", 9, 9, { heard: [{ at: AT + 9 }], checkAt: AT + 99 }), "a");
    expect(gone).toMatchObject({ heard: [], status: "COMPLETED", mergedInto: "a" });
    expect(gone.checkAt).toBeUndefined();
  });
});

describe("a line's order", () => {
  test("is by start, and of equals by their ids' hash, which no other id's place begins with", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const tied = ids.map((id) => stated(id, 0));
    const all = [stated("z", -1), ...tied, stated("y", 1)];
    const ordered = all.toReversed().sort(inLine);
    expect([ordered[0], ordered.at(-1)]).toEqual([all[0], all.at(-1)]);
    expect(ordered.map(placeKeyOf)).toEqual(all.map(placeKeyOf).sort());
    expect(inLine(all[1]!, all[1]!)).toBe(0);
    expect(inLine(all[0]!, all[1]!) + inLine(all[1]!, all[0]!)).toBe(0);
    // What was deleted and had no motion is the first of its equals, for it takes none.
    const without = (until: number) => ({ corrected: undefined, said: undefined, isStated: true, takenOut: 0, until });
    const deleted = stated(ordered[5]!.sessionId, 0, { beforeDeletion: without(AT) });
    expect([...tied, deleted].sort(inLine)[0]).toBe(deleted);
    expect(placeKeyOf({ ...deleted, beforeDeletion: without(AT + 1) })).toBe(placeKeyOf(ordered[5]!));
    // The time, and of the id as much as nobody finds another for.
    expect(placeKeyOf(all[0]!)).toMatch(/^[\da-z]+#[\w-]{16}#$/);
  });

  test("tells each session what comes next, and how: by motion, by a device, or by who created it", () => {
    const line = [stated("c", 9, { createdWith: "x" }), stated("b", 5), opened("a", 0)];
    const beyond = { at: AT + 99, by: "BATCH" as const };
    expect(linked(line, beyond).map(({ sessionId, next }) => [sessionId, next])).toEqual([
      ["a", { at: AT + 5, by: "BATCH" }],
      ["b", { at: AT + 9, by: "CREATION" }],
      ["c", beyond],
    ]);
    expect(linked(line, undefined).at(-1)!.next).toBeUndefined();
    expect(nextOf(line[2]!)).toEqual({ at: AT, by: "MOTION" });
  });

  test("is not settled where a session reaches the next that motion opened, or holds motion that is not its own", () => {
    const next = (at: number, by: "MOTION" | "BATCH" = "MOTION") => ({ next: { at: AT + at, by } });
    expect(reachesNext(opened("a", 0))).toBe(false);
    expect(reachesNext(opened("a", 0, 0, next(IDLE)))).toBe(true);
    expect(reachesNext(opened("a", 0, 0, next(IDLE + 1)))).toBe(false);
    // One that had none moves to before its equals by its deletion, which is an affair of the line.
    const empty = stated("a", 0, { lastHeardAt: undefined });
    const gone = { ...empty, deletedAt: AT, beforeDeletion: { ...NOT_DELETED, until: AT } };
    expect([isOwn(empty, empty), isOwn(gone, gone), isOwn(gone, empty), isOwn(empty, gone)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    // What a person deleted takes in the motion that it had, and no other.
    const deleted = (until: number) => ({
      deletedAt: AT,
      beforeDeletion: { ...NOT_DELETED, until: AT + until },
    });
    expect(reachesNext(opened("a", 0, 0, { ...next(9), ...deleted(10) }))).toBe(true);
    expect(reachesNext(opened("a", 0, 0, { ...next(9), ...deleted(9) }))).toBe(false);
    expect(reachesNext(opened("a", 0, 0, next(IDLE, "BATCH")))).toBe(false);
    const unheard = { lastHeardAt: undefined };
    expect(overflows(stated("a", 0, { ...unheard, ...next(0) }))).toBe(false);
    expect(overflows(opened("a", 0, 5, next(6)))).toBe(false);
    expect(overflows(opened("a", 0, 5, next(5)))).toBe(true);
    expect(overflows(opened("a", 0, 5, { ends: [{ at: AT + 5 }] }))).toBe(false);
    expect(overflows(opened("a", 0, 5, { ends: [{ at: AT + 4 }] }))).toBe(true);
    // By what was said of an event alone it does not reach that event.
    const far = IDLE + 5;
    const bridged = (anchor?: number) => ({
      bridges: [{ until: AT + far, ...(anchor === undefined ? {} : { anchor: AT + anchor }) }],
      reported: [],
      lastHeardAt: AT + far,
      corrected: { endedAt: AT + far },
    });
    expect(overflows(stated("a", 0, bridged(far)))).toBe(false);
    const told = { reported: [{ at: AT + far, count: 1, anchor: AT + 3 }], ends: [{ at: AT + 2, anchor: AT + 3 }] };
    expect(overflows(stated("a", 0, { ...told, lastHeardAt: AT + 3 }))).toBe(true);
    const cut = { ends: [{ at: AT + 2 }, { at: AT + 9, isCut: true as const, anchor: AT + 1 }] };
    expect(overflows(stated("a", 0, { ...cut, lastHeardAt: AT + 3 }))).toBe(true);
    expect(overflows(opened("a", 0, 3, cut))).toBe(false);
  });
});

describe("motion that lasted", () => {
  const lasting = (heard: number[], cleared: number[], most = 100) =>
    lastingOf(heard, cleared, most).map(({ from, until }) => [from, until]);
  test.each<[string, number[], number[], number[][]]>([
    ["is closed by what comes after it", [1], [5], [[1, 5]]],
    ["is open where nothing does", [1], [], []],
    ["is not closed in its own instant", [1], [1], []],
    ["is not closed by what came before it", [5], [1], []],
    ["is closed by the first of several", [1], [3, 5], [[1, 3]]],
    ["is the latest before it", [1, 2, 9], [5], [[2, 5]]],
    ["is not one that the next begins in the same instant", [1, 5], [5], []],
    ["is closed a moment before the next", [1, 6], [5, 7], [[1, 5], [6, 7]]],
    ["lasts so long", [1], [101], [[1, 101]]],
    ["lasts no longer", [1], [102], []],
  ])("%s", (_, heard, cleared, found) => expect(lasting(heard, cleared)).toEqual(found));
});

describe("a stretch that is made anew", () => {
  const begin = (at: number) => opened(`new-${at - AT}`, at - AT, at - AT);
  const settle = (line: Session[], heard: number[], lasts: [number, number][] = []) => {
    const lasting = lasts.map(([from, until]) => ({ from: AT + from, until: AT + until }));
    const { sessions, gone } = settleLine(line, heard.map((at) => AT + at), begin, IDLE, lasting);
    return { sessions, gone: gone.map(({ session, into }) => [session.sessionId, into]) };
  };
  const shown = (line: Session[], heard: number[], lasts?: [number, number][]) => {
    const { sessions, gone } = settle(line, heard, lasts);
    const of = (
      { sessionId, startedAt, lastHeardAt, motionEventCount }: Session,
    ) => [sessionId, startedAt - AT, lastHeardAt && lastHeardAt - AT, motionEventCount];
    return [sessions.map(of), gone];
  };

  test("holds each motion in the session that reaches it, in whatever order it is told, and opens others", () => {
    const heard = [0, 5, 5 + IDLE, 6 + 2 * IDLE];
    const sessions = [["new-0", 0, 5 + IDLE, 3], [`new-${6 + 2 * IDLE}`, 6 + 2 * IDLE, 6 + 2 * IDLE, 1]];
    expect(shown([], heard)).toEqual([sessions, []]);
    expect(shown([], heard.toReversed())).toEqual([sessions, []]);
    expect(shown([], [])).toEqual([[], []]);
  });

  test("keeps what was stated, with its own motion or none, each a wall for what lies before", () => {
    const line = [stated("c", 9), stated("a", 2), stated("b", 5)];
    expect(shown(line, [1, 2, 4, 9, 10])).toEqual([
      [["new-1", 1, 1, 1], ["a", 2, 4, 2], ["b", 5, undefined, 0], ["c", 9, 10, 2]],
      [],
    ]);
    expect(shown([stated("a", 0, { ends: [{ at: AT + 3 }] })], [3, 4])).toEqual([
      [["a", 0, 3, 1], ["new-4", 4, 4, 1]],
      [],
    ]);
    // As long as it is itself quiet for, and as far as its readings reach.
    const short = { idleMs: 10 };
    expect(shown([stated("a", 0, short)], [10, 20, 31])[0]).toEqual([["a", 0, 20, 2], ["new-31", 31, 31, 1]]);
    expect(shown([stated("a", 0, { ...short, lastReadingAt: AT + 50 })], [60, 71])[0]).toEqual([
      ["a", 0, 60, 1],
      ["new-71", 71, 71, 1],
    ]);
  });

  test("goes on under the ids that were there: the first that held motion of it, each once; the others lead there", () => {
    const line = [opened("b", 5, 9), opened("a", 0, 3)];
    expect(shown(line, [0, 3, 5, 9])).toEqual([[["a", 0, 9, 4]], [["b", "a"]]]);
    const apart = [0, IDLE + 9];
    expect(shown([opened("a", 0, IDLE + 9), opened("b", IDLE + 9)], apart)).toEqual([
      [["a", 0, 0, 1], ["b", IDLE + 9, IDLE + 9, 1]],
      [],
    ]);
    expect(shown([opened("a", 0, IDLE + 9)], apart)).toEqual([
      [["a", 0, 0, 1], [`new-${IDLE + 9}`, IDLE + 9, IDLE + 9, 1]],
      [],
    ]);
    // One that lies apart from all of it is nobody's.
    expect(shown([opened("a", 0, 4)], [5])).toEqual([[["new-5", 5, 5, 1]], [["a", "new-5"]]]);
    expect(shown([opened("a", 6, 9)], [5])).toEqual([[["new-5", 5, 5, 1]], [["a", "new-5"]]]);
    expect(shown([opened("a", 0, 5)], [5])).toEqual([[["a", 5, 5, 1]], []]);
    expect(shown([opened("a", 5, 9)], [5])).toEqual([[["a", 5, 5, 1]], []]);
    expect(shown([opened("a", 5, 5, { lastHeardAt: undefined })], [5])).toEqual([[["a", 5, 5, 1]], []]);
    // Of two that began together the one that was made first.
    const [older, newer] = [{ createdAt: AT - 1 }, { createdAt: AT + 1 }];
    expect(shown([opened("x", 0, 0, newer), opened("y", 0, 0, older)], [0])).toEqual([[["y", 0, 0, 1]], [["x", "y"]]]);
    expect(shown([opened("x", 0, 0, older), opened("y", 0, 0, newer)], [0])).toEqual([[["x", 0, 0, 1]], [["y", "x"]]]);
  });

  test("leads what is gone to the last that begins before it, with what people wrote and what it played", () => {
    const people = { labels: ["x"], notes: "n", pinned: true, playback: { started: true, startedAt: 3 } };
    const line = [stated("a", 0), opened("m", 4, 4, people), opened("n", 9, 9, { notes: "o" }), stated("b", 5)];
    const { sessions, gone } = settle(line, []);
    expect(gone).toEqual([["m", "a"], ["n", "b"]]);
    expect(sessions[0]).toMatchObject({ sessionId: "a", ...people });
    expect(sessions[1]).toMatchObject({ sessionId: "b", notes: "o", playback: { started: false } });
    // What begins before all is the first one's.
    expect(settle([opened("m", -5), stated("a", 0)], []).gone).toEqual([["m", "a"]]);
    expect(settle([opened("m", 0), stated("a", 0)], []).gone).toEqual([["m", "a"]]);
  });

  test("holds what was said of an event where that event is now", () => {
    const of = (anchor: number) => ({ anchor: AT + anchor });
    const line = [
      opened("a", 0, 2, {
        ends: [{ at: AT + 8, ...of(0) }, { at: AT + 30, ...of(20) }, { at: AT + 1, ...of(99) }],
        reported: [{ at: AT + 4, count: 2, ...of(0) }, { at: AT + 22, count: 3, ...of(20) }],
        bridges: [{ until: AT + 7, ...of(0) }, { until: AT + 25, ...of(20) }],
      }),
    ];
    const { sessions } = settle(line, [0, 2, 9, 20]);
    expect(sessions.map(({ sessionId, ends, reported, bridges, motionEventCount }) => [
      sessionId,
      ends.map(({ at }) => at - AT),
      reported.map(({ at }) => at - AT),
      bridges.map(({ until }) => until - AT),
      motionEventCount,
    ])).toEqual([["a", [8], [4], [7], 4], ["new-9", [30], [22], [25], 5]]);
    // Of two events in one instant it is said once.
    expect(settle(line, [0, 0]).sessions[0]!.ends).toHaveLength(1);
    // Of a stated one what was said of an event holds only where it reaches that without it.
    const wall = stated("w", 0, {
      ends: [{ at: AT + 3 }, { at: AT + 2, ...of(4) }],
      reported: [{ at: AT + 9, count: 1, ...of(4) }, { at: AT + 1, count: 1 }],
      bridges: [{ until: AT + 6, ...of(4) }, { until: AT + 1 }],
    });
    const [own, other] = settle([wall], [2, 4]).sessions;
    expect([own!.ends.length, own!.reported.length, own!.bridges.length, own!.motionEventCount]).toEqual([1, 1, 1, 2]);
    expect([other!.sessionId, other!.ends.length, other!.reported.length]).toEqual(["new-4", 1, 1]);
  });

  test("lasts as its sensor said, until the next that begins meanwhile takes that over", () => {
    const until = (line: Session[], heard: number[], lasts: [number, number][]) =>
      settle(line, heard, lasts).sessions.map(({ sessionId, reported }) =>
        [
          sessionId,
          reported.find(({ isCleared }) => isCleared)?.at,
        ].map((part) => typeof part === "number" ? part - AT : part)
      );
    const far = 9 + 2 * IDLE;
    // It reaches motion that it would not by its events alone.
    expect(until([], [0, far], [[0, 9 + IDLE]])).toEqual([["new-0", undefined]]);
    expect(until([], [0, far + 1], [[0, 9 + IDLE]])).toEqual([["new-0", 9 + IDLE], [`new-${far + 1}`, undefined]]);
    expect(until([], [0, 5], [[5, 9]])).toEqual([["new-0", 9]]);
    expect(until([stated("a", 5)], [0], [[0, 9]])).toEqual([["new-0", 5], ["a", 9]]);
    expect(until([stated("a", 9)], [0], [[0, 9]])).toEqual([["new-0", 9], ["a", 9]]);
    expect(until([stated("a", 10)], [0], [[0, 9]])).toEqual([["new-0", 9], ["a", undefined]]);
    expect(until([stated("a", 0)], [0], [[0, 9]])).toEqual([["a", 9]]);
    // Motion that began before the stretch goes on in it, until there is other motion.
    expect(until([stated("a", 5)], [], [[-5, 9]])).toEqual([["a", 9]]);
    expect(until([stated("a", 5)], [3], [[-5, 9]])).toEqual([["new-3", undefined], ["a", undefined]]);
    expect(until([stated("a", 5), stated("b", 7)], [], [[-5, 9]])).toEqual([["a", 7], ["b", 9]]);
    // What was known of it before is known no more where nothing says it.
    const known = { reported: [{ at: AT + 9, count: 0, isCleared: true as const }, { at: AT + 1, count: 2 }] };
    expect(until([stated("a", 0, known)], [], [])).toEqual([["a", undefined]]);
    expect(settle([stated("a", 0, known)], []).sessions[0]).toMatchObject({ motionEventCount: 2 });
  });
});
