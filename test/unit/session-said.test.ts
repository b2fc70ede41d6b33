import { describe, expect, test } from "vitest";
import type { EndSaid, Session } from "../../api/sessions/model.ts";
import {
  applyCorrection,
  applyDeletion,
  applyEnd,
  applyRestoration,
  correctedPartsOf,
  sensorOf,
} from "../../api/sessions/rules.ts";
import { AT, sessionOf } from "../kit/session.ts";

const opened = (own: Partial<Session> = {}) => sessionOf({ isStated: false, ...own });
const said = (at: number, own: Partial<EndSaid> = {}): EndSaid => ({ at: AT + at, ...own });

describe("an end that is said", () => {
  const of = "s";
  test.each<[string, Session, EndSaid[]]>([
    ["is kept", sessionOf(), [said(5)]],
    ["is kept of what motion opened by its first event", opened(), [said(5, { anchor: AT })]],
    ["is known where it was said", sessionOf({ ends: [said(5)] }), [said(5)]],
    ["is known where it was said of this one by name", sessionOf({ ends: [said(5, { of })] }), [said(5, { of })]],
    ["is kept where it was said of another that became a part of it", sessionOf({ ends: [said(5, { of: "b" })] }), [
      said(5, { of: "b" }),
      said(5),
    ]],
    ["is kept where an earlier one was: that may be taken back", sessionOf({ ends: [said(4)] }), [said(4), said(5)]],
    ["is kept where a later one was", sessionOf({ ends: [said(6)] }), [said(6), said(5)]],
    ["is kept where a person split it then", sessionOf({ ends: [said(5, { isCut: true })] }), [
      said(5, { isCut: true }),
      said(5),
    ]],
    ["is kept where the same was said of another start", opened({ ends: [said(5)] }), [
      said(5),
      said(5, { anchor: AT }),
    ]],
    ["is known beside others", sessionOf({ ends: [said(6), said(5), said(4)] }), [said(6), said(5), said(4)]],
  ])("%s", (_, session, ends) => expect(applyEnd(session, AT + 5, of).ends).toEqual(ends));
});

describe("a correction", () => {
  const shown = ({ startedAt, isStated, said, corrected, shownAt }: Session) => ({
    ...{ startedAt, isStated, said, corrected, shownAt },
  });
  const same = (own: Partial<Session>) => shown(sessionOf(own));
  const motion = { startedAt: AT, isStated: false };
  const until = AT + 7;

  test("of the end beats what is stated, and is taken back by null", () => {
    const ended = applyCorrection(sessionOf(), { endedAt: AT + 9 });
    expect(shown(ended)).toEqual(same({ corrected: { endedAt: AT + 9 } }));
    expect(shown(applyCorrection(ended, {}))).toEqual(shown(ended));
    expect(shown(applyCorrection(ended, { endedAt: null }))).toEqual(same({}));
  });

  test("of the start keeps how far it reached and what was said, and is taken back by null", () => {
    const held = sessionOf({ lastMotionAt: until, isStartGuessed: true });
    const started = applyCorrection(held, { startedAt: AT - 9 });
    const said = { startedAt: AT, isStated: true, isStartGuessed: true as const };
    expect(shown(started)).toEqual(same({ startedAt: AT - 9, said, corrected: { startedAt: AT - 9, until } }));
    expect(started.isStartGuessed).toBeUndefined();
    const again = applyCorrection({ ...started, lastMotionAt: AT }, { startedAt: AT - 5, endedAt: AT + 9 });
    const corrected = { startedAt: AT - 5, until, endedAt: AT + 9 };
    expect(shown(again)).toEqual(same({ startedAt: AT - 5, said, corrected }));
    expect(shown(applyCorrection(again, { startedAt: null }))).toEqual(same({ corrected: { endedAt: AT + 9 } }));
    const back = applyCorrection(again, { startedAt: null, endedAt: null });
    expect(shown(back)).toEqual(same({}));
    expect(back.isStartGuessed).toBe(true);
  });

  test("of what motion opened holds its start where it is, and lets it go with the last of them", () => {
    const held = opened({ lastMotionAt: until });
    const ended = applyCorrection(held, { endedAt: AT + 9 });
    const corrected = { startedAt: AT, until, endedAt: AT + 9 };
    expect(shown(ended)).toEqual(same({ said: motion, corrected }));
    expect(shown(applyCorrection(ended, { endedAt: null, startedAt: null }))).toEqual(same({ isStated: false }));
    const moved = applyCorrection(held, { sensorId: "door" });
    expect(shown(moved)).toEqual(same({ said: motion, corrected: { startedAt: AT, until }, shownAt: "door" }));
    expect(sensorOf(moved)).toBe("door");
    expect(shown(applyCorrection(held, {}))).toEqual(same({ isStated: false }));
  });

  test("of the sensor is none where it is its own, and is taken back by null", () => {
    const moved = applyCorrection(sessionOf(), { sensorId: "door" });
    expect(shown(moved)).toEqual(same({ shownAt: "door" }));
    expect(sensorOf(moved)).toBe("door");
    expect(shown(applyCorrection(moved, { endedAt: AT + 9 }))).toMatchObject({ shownAt: "door" });
    for (const sensorId of ["hall", null]) {
      const back = applyCorrection(moved, { sensorId });
      expect([shown(back), sensorOf(back)]).toEqual([same({}), "hall"]);
    }
  });
});

describe("a deletion", () => {
  test("keeps where it lies, and is taken back whole", () => {
    const session = opened({ lastMotionAt: AT + 7, corrected: { endedAt: AT + 3 } });
    const deleted = applyDeletion(session, 4, AT + 99);
    expect(deleted).toEqual({
      ...session,
      deletedAt: AT + 99,
      beforeDeletion: { corrected: session.corrected, said: undefined, isStated: false, takenOut: 4, until: AT },
      ...{ isStated: true, said: { startedAt: AT, isStated: false } },
      corrected: { startedAt: AT, until: AT + 7, endedAt: AT + 3 },
    });
    expect(applyRestoration(deleted)).toEqual(session);
    const said = { startedAt: AT - 9, isStated: false };
    expect(applyDeletion(sessionOf({ said }), 0, AT)).toMatchObject({ said, corrected: { endedAt: AT } });
    expect(applyRestoration(applyDeletion(sessionOf({ said }), 0, AT))).toEqual(sessionOf({ said }));
  });

  test("is told by its parts: what was corrected and not taken back; a start that only went with it is none", () => {
    const all = { startedAt: AT - 9, endedAt: AT + 9, sensorId: "porch", pauses: [] };
    const none = { startedAt: null, endedAt: null, sensorId: null, pauses: null };
    for (const isStated of [true, false]) {
      const session = sessionOf({ isStated });
      expect(correctedPartsOf(session)).toEqual([]);
      expect(correctedPartsOf(applyCorrection(session, all))).toEqual(["START", "END", "SENSOR", "PAUSES"]);
      expect(correctedPartsOf(applyCorrection(applyCorrection(session, all), none))).toEqual([]);
      const parts = { endedAt: "END", sensorId: "SENSOR", pauses: "PAUSES", startedAt: "START" } as const;
      for (const [name, part] of Object.entries(parts)) {
        const one = { [name]: all[name as keyof typeof all] };
        expect(correctedPartsOf(applyCorrection(session, one))).toEqual([part]);
        const others = correctedPartsOf(applyCorrection(applyCorrection(session, all), { [name]: null }));
        expect(others).toEqual(["START", "END", "SENSOR", "PAUSES"].filter((other) => other !== part));
      }
    }
  });
});
