import { describe, expect, test } from "vitest";
import type { EndSaid, Session } from "../../api/sessions/model.ts";
import {
  activeStretchesOf,
  formatPause,
  parsePauseText,
  type PauseKept,
  pausesOf,
  unitedPauses,
  wrongPauses,
  wrongStretches,
} from "../../api/sessions/pauses.ts";
import {
  activeDurationOf,
  applyCleared,
  applyCorrection,
  applyLasting,
  applyPauses,
  lastSignOf,
  reachOf,
  stand,
} from "../../api/sessions/rules.ts";
import { AT, IDLE, sessionOf } from "../kit/session.ts";

/** From the start on, in ms. */
const pause = (from?: number, to?: number, until?: number): PauseKept => ({
  ...(from === undefined ? {} : { from: AT + from }),
  ...(to === undefined ? {} : { to: AT + to }),
  ...(until === undefined ? {} : { until: AT + until }),
});
const told = (own: PauseKept, at = Math.max(own.from ?? -Infinity, own.to ?? -Infinity)) => ({
  ...{ at, count: 0, pause: own },
});
const paused = (...all: PauseKept[]) => ({ reported: all.map((own) => told(own)) });
const shown = (all: readonly { from: number; to?: number | undefined }[]) =>
  all.map(({ from, to }) => [from - AT, to && to - AT]);

describe("pauses that were said", () => {
  test.each<[string, PauseKept[], (number | undefined)[][]]>([
    ["begin and end as they were said", [pause(1), pause(undefined, 5)], [[1, 5]]],
    ["last where no end was said", [pause(1)], [[1, undefined]]],
    ["are none where an end alone was", [pause(undefined, 5)], []],
    ["end at the first end behind", [pause(1), pause(undefined, 9), pause(undefined, 5)], [[1, 5]]],
    ["begin at the first begin", [pause(3), pause(1), pause(undefined, 5)], [[1, 5]]],
    ["stay as they were at an instant of both", [pause(1), pause(5), pause(undefined, 5), pause(undefined, 9)], [[
      1,
      9,
    ]]],
    ["are one where they meet", [pause(1, 5), pause(5, 9)], [[1, 9]]],
    ["are two where they do not", [pause(1, 5), pause(6, 9)], [[1, 5], [6, 9]]],
    ["hold what lies in another", [pause(1, 9), pause(2, 3)], [[1, 9]]],
    ["are none of no length", [pause(3, 3)], []],
  ])("%s", (_, said, united) => expect(shown(unitedPauses(said))).toEqual(united));

  test("lie in their session, which begins before or ends within them; what is between is active", () => {
    const of = (own: Partial<Session>) => sessionOf({ ...paused(pause(-5, 2), pause(4, 6), pause(8)), ...own });
    expect(shown(pausesOf(of({})))).toEqual([[0, 2], [4, 6], [8, undefined]]);
    expect(shown(pausesOf(of({ endedAt: AT + 9 })))).toEqual([[0, 2], [4, 6], [8, 9]]);
    expect(shown(pausesOf(of({ endedAt: AT + 8 })))).toEqual([[0, 2], [4, 6]]);
    expect(shown(pausesOf(of({ startedAt: AT + 2, endedAt: AT + 5 })))).toEqual([[4, 5]]);
    expect(shown(pausesOf(of({ corrected: { pauses: [{ from: AT + 1, to: AT + 2 }] } })))).toEqual([[1, 2]]);
    expect(shown(activeStretchesOf({ ...of({}), endedAt: AT + 9 }))).toEqual([[2, 4], [6, 8]]);
    expect(shown(activeStretchesOf({ ...of({ reported: [] }), endedAt: AT + 9 }))).toEqual([[0, 9]]);
    expect(shown(activeStretchesOf({ ...of({ reported: [] }), endedAt: AT }))).toEqual([]);
  });

  test("take their length from what a session was active, which is never more than what its device measured", () => {
    const ended = (own: Partial<Session> = {}) =>
      activeDurationOf(sessionOf({ endedAt: AT + 10, endedBy: "IDLE", ...paused(pause(2, 5)), ...own }));
    expect(activeDurationOf(sessionOf(paused(pause(2, 5))))).toBeUndefined();
    expect(ended()).toBe(7);
    expect(ended({ deviceDuration: { offset: 0, ms: 8 } })).toBe(7);
    expect(ended({ deviceDuration: { offset: 0, ms: 4 } })).toBe(4);
    expect(ended({ reported: [] })).toBe(10);
    expect(ended({ endedAt: AT - 1, reported: [] })).toBe(0);
  });

  test("are wrong without either end, and backwards; of a correction without both", () => {
    const paths = (all: { path: readonly string[] }[]) => all.map(({ path }) => path.join("."));
    const all = [{}, { from: 1 }, { to: 1 }, { from: 2, to: 1 }, { from: 1, to: 1 }, { from: null, to: null }];
    expect(paths(wrongPauses(all))).toEqual(["pauses.0.from", "pauses.3.to", "pauses.5.from"]);
    expect(paths(wrongStretches([{ from: 1 }, { to: 1 }, { from: 2, to: 1 }]))).toEqual([
      "pauses.0.to",
      "pauses.1.from",
    ]);
    expect(paths(wrongStretches([{ from: 2, to: 1 }, { from: 1, to: 2 }]))).toEqual(["pauses.0.to"]);
  });

  test("are kept as a text that reads as it was, with what it is known by", () => {
    for (const own of [pause(1), pause(undefined, 2), pause(1, 2), pause(1, undefined, 9)]) {
      for (const anchor of [undefined, AT]) {
        const text = formatPause({ pause: own, anchor });
        const read = parsePauseText(text);
        expect(read).toEqual({
          ...{ at: Math.max(own.from ?? -Infinity, own.to ?? -Infinity), count: 0 },
          pause: { from: own.from, to: own.to, until: own.until },
          ...(anchor === undefined ? {} : { anchor }),
        });
        expect(text).not.toMatch(/\.$/);
        expect("anchor" in read).toBe(anchor !== undefined);
      }
    }
  });
});

describe("a session that is paused", () => {
  test("goes on as long as was said, and by its last sign at least; one that went on again by that alone", () => {
    const far = 3 * IDLE;
    const reach = (...all: PauseKept[]) => reachOf(sessionOf(paused(...all))) - AT;
    expect(reach(pause(1, undefined, far))).toBe(far);
    expect(reach(pause(1, undefined, 2))).toBe(1 + IDLE);
    expect(reach(pause(1, undefined, far), pause(2, undefined, far + 9))).toBe(far + 9);
    expect(reach(pause(1, undefined, far), pause(undefined, 5))).toBe(5 + IDLE);
    expect(reach(pause(1))).toBe(1 + IDLE);
    const next = { at: AT + far, by: "CREATION" as const };
    const stands = (at: number) => stand(sessionOf({ ...paused(pause(1, undefined, far)), next }), AT + at);
    expect(stands(0)).toMatchObject({ status: "COMPLETED", endedBy: "EXPLICIT", endedAt: AT + far });
    const later = sessionOf({ ...paused(pause(1, undefined, far)), next: { ...next, at: AT + far + 1 } });
    expect(stand(later, AT + far)).toMatchObject({ status: "ACTIVE" });
    expect(stand(later, AT + far + 1)).toMatchObject({ status: "COMPLETED", endedBy: "IDLE", endedAt: AT + 1 });
  });

  test("has no sign of a pause behind where a person cut it, but of where that is bridged", () => {
    const cut: EndSaid = { at: AT + 3, isCut: true };
    const of = (own: Partial<Session>) => lastSignOf(sessionOf({ ...paused(pause(1, 9)), ...own })) - AT;
    expect(of({})).toBe(9);
    expect(of({ ends: [cut] })).toBe(3);
    expect(of({ ends: [{ at: AT + 3 }] })).toBe(9);
    expect(of({ ends: [cut], bridges: [{ until: AT + 4 }] })).toBe(9);
    expect(of({ ends: [cut], reported: [{ at: AT + 9, count: 1 }] })).toBe(9);
  });

  test("knows each pause once, by its first motion event where motion opened it, and behind all else that is told", () => {
    const [one, two] = [pause(1, 2), pause(3)];
    const first = applyPauses(sessionOf(), [one, one, two]);
    expect(first.reported).toEqual([told(one), told(two)]);
    expect(applyPauses(first, [two, one])).toBe(first);
    expect(applyPauses(first, [pause(1, 4), one]).reported).toEqual([...first.reported, told(pause(1, 4))]);
    expect(applyPauses(sessionOf({ isStated: false }), [one]).reported).toEqual([{ ...told(one), anchor: AT }]);
    const cleared = applyCleared(applyPauses(sessionOf({ reported: [{ at: AT + 5, count: 1 }] }), [one]), AT + 9);
    const last = { at: AT + 9, count: 0, isCleared: true };
    expect(cleared.reported).toEqual([{ at: AT + 5, count: 1 }, last, told(one)]);
    expect(applyCleared(cleared, undefined).reported).toEqual([{ at: AT + 5, count: 1 }, told(one)]);
    // It is no motion that lasted.
    const anchored = applyPauses(sessionOf({ isStated: false }), [one]);
    expect(applyLasting(anchored, AT, AT + 1)!.reported).toEqual([
      ...anchored.reported,
      { at: AT + 1, count: 0, anchor: AT },
    ]);
  });

  test("knows one beside the same of motion that lies in it, and of another first motion: that motion can become another's", () => {
    const one = pause(1, 2);
    const held = sessionOf({ reported: [{ ...told(one), anchor: AT + 1 }] });
    expect(applyPauses(held, [one]).reported).toEqual([{ ...told(one), anchor: AT + 1 }, told(one)]);
    const earlier = { ...applyPauses(sessionOf({ isStated: false }), [one]), startedAt: AT - 1 };
    expect(applyPauses(earlier, [one]).reported).toEqual([{ ...told(one), anchor: AT }, {
      ...told(one),
      anchor: AT - 1,
    }]);
    expect(applyPauses({ ...earlier, startedAt: AT }, [one]).reported).toHaveLength(1);
  });

  test("has the pauses that a person says, until that is taken back; of what motion opened its start is held by it", () => {
    const pauses = [{ from: AT + 1, to: AT + 2 }];
    const corrected = applyCorrection(sessionOf(), { pauses });
    expect(corrected.corrected).toEqual({ pauses });
    expect(applyCorrection(corrected, { endedAt: AT + 9 }).corrected).toEqual({ pauses, endedAt: AT + 9 });
    expect(applyCorrection(corrected, { pauses: null }).corrected).toBeUndefined();
    expect(applyCorrection(corrected, { pauses: [] }).corrected).toEqual({ pauses: [] });
    const held = applyCorrection(sessionOf({ isStated: false, lastMotionAt: AT + 7 }), { pauses });
    expect(held.corrected).toEqual({ startedAt: AT, until: AT + 7, pauses });
    expect([held.isStated, held.said]).toEqual([true, { startedAt: AT, isStated: false }]);
  });
});
