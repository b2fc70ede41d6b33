import { describe, expect, test } from "vitest";
import { isDevice, mergeSessions, splitSession } from "../../api/sessions/merging.ts";
import type { Report, Session } from "../../api/sessions/model.ts";
import { AT, MINUTE, sessionOf } from "../kit/session.ts";

const after = (minutes: number) => AT + minutes * MINUTE;
const paused = (from: number, to?: number): Report => ({
  at: to ?? from,
  count: 0,
  pause: to === undefined ? { from, until: from + 60 * MINUTE } : { from, to },
});

describe("a session that a person makes of several", () => {
  const member = (sessionId: string, from: number, own: Partial<Session> = {}) =>
    sessionOf({ sessionId, startedAt: after(from), lastMotionAt: after(from + 1), ...own });
  const merged = (...members: Session[]) => mergeSessions(members, []).shown[0]!;

  test("ends as a person said of the one that ends last, of several at one instant of the last", () => {
    const end = { at: after(9) };
    const one = merged(member("a", 0, { ends: [end] }), member("b", 3, { corrected: { endedAt: after(9) } }));
    expect(one.corrected).toEqual({ endedAt: after(9) });
    expect(merged(member("a", 0, { corrected: { endedAt: after(2) } }), member("b", 3)).corrected).toBeUndefined();
  });

  test("begins as a person said of the first, with what was known until then", () => {
    const corrected = { startedAt: after(-1), until: after(1) };
    expect(merged(member("a", 0, { corrected }), member("b", 3)).corrected).toEqual(corrected);
  });

  test("is paused as a person said of one and as was stated of the others; what lasts does until it ends", () => {
    const first = member("a", 0, { corrected: { pauses: [{ from: after(0.2), to: after(0.5) }] } });
    const pauses = merged(first, member("b", 3, { reported: [paused(after(4))] })).corrected!.pauses;
    expect(pauses).toEqual([{ from: after(0.2), to: after(0.5) }, { from: after(4), to: after(4) }]);
    const ended = member("b", 3, { ends: [{ at: after(9) }], reported: [paused(after(4))] });
    expect(merged(first, ended).corrected!.pauses![1]).toEqual({ from: after(4), to: after(9) });
  });

  test("knows once what both halves of a split know", () => {
    const reported = [paused(after(1), after(2))];
    expect(merged(member("a", 0, { reported }), member("b", 3, { reported })).reported).toEqual(reported);
  });

  test("has their ends under the names of those of which they were said, and no cut between them", () => {
    const cut = (into: string) => ({ at: after(3), isCut: true as const, into });
    const ends = [{ at: after(5), of: "c" }, { at: after(6) }, cut("z")];
    expect(merged(member("a", 0, { ends: [cut("b")] }), member("b", 3, { ends })).ends).toEqual([
      { at: after(5), of: "c" },
      { at: after(6), of: "b" },
      { ...cut("z"), of: "b" },
    ]);
  });

  test("is stated where one of them is, and newer than each of them", () => {
    const motion = member("a", 0, { isStated: false, version: 2 });
    expect(merged(motion, member("b", 3, { version: 7 }))).toMatchObject({ isStated: true, version: 8 });
    expect(merged(motion, member("b", 3, { isStated: false })).isStated).toBe(false);
  });
});

test("a device sent batches of a session where its first one came, or one ahead of that, and else not", () => {
  const batches = (hi: bigint, ahead: [bigint, bigint][] = []) => sessionOf({ batches: { hi, ahead } });
  expect([batches(0n), batches(-1n, [[3n, 3n]]), batches(-1n)].map(isDevice)).toEqual([true, true, false]);
});

describe("a session that a person makes two", () => {
  const split = (own: Partial<Session>) => {
    const whole = sessionOf({ sessionId: "a", lastMotionAt: after(20), ...own });
    const begun = sessionOf({ sessionId: "b", startedAt: after(10) });
    const [first, second] = splitSession(whole, after(10), begun, [], () => ({ samples: 0, lastAt: undefined })).shown;
    return { first: first!, second: second! };
  };
  const cut = { at: after(10), isCut: true as const, into: "b" };

  test("parts its ends at the instant, which is the second's; an older cut there is none any more", () => {
    const ends = [{ at: after(5) }, { at: after(10) }, { ...cut, into: "z" }, { at: after(15) }];
    const { first, second } = split({ ends });
    expect(first.ends).toEqual([{ at: after(5) }, cut]);
    expect(second.ends.map(({ at, into }) => [at, into])).toEqual([[after(10), undefined], [after(15), undefined]]);
  });

  test("parts what bridges a silence, which to the instant alone is the first's", () => {
    const { first, second } = split({ bridges: [{ until: after(10) }, { until: after(15) }] });
    expect(first.bridges).toEqual([{ until: after(10) }, { until: after(10) }]);
    expect(second.bridges.map(({ until }) => until)).toEqual([after(15)]);
  });

  test("gives the end that a person said to the second, and the pauses to both", () => {
    const pauses = [{ from: after(9), to: after(11) }];
    const { first, second } = split({ corrected: { endedAt: after(30), pauses } });
    expect(first.corrected).toEqual({ endedAt: undefined, pauses });
    expect(second.corrected).toEqual({ startedAt: after(10), endedAt: after(30), pauses });
  });

  test("gives what begins at the instant to the second as a whole", () => {
    const pieces = [{ into: "a", samples: 1, lastAt: after(1), to: after(10) }, {
      into: "a",
      samples: 4,
      from: after(10),
    }];
    const own = { startedAt: AT, isStated: true, sampleCount: 5 };
    expect(split({ pieces, own }).first.pieces).toEqual([pieces[0], { ...pieces[1], into: "b" }]);
  });
});
