import { describe, expect, test } from "vitest";
import { emptyWatermark } from "../../api/core/watermark.ts";
import type { EndSaid, Report, Session } from "../../api/sessions/model.ts";
import { noNumbers } from "../../api/sessions/numbers.ts";
import {
  aliveUntil,
  applyCleared,
  applyLasting,
  applyMotion,
  asOf,
  decideSweep,
  durationOf,
  lastSignOf,
  measuredOf,
  reachOf,
  splitOff,
  stand,
  startOf,
  statedEndOf,
} from "../../api/sessions/rules.ts";
import { applyReport, cutReport } from "../../api/sessions/reports.ts";
import { AT, IDLE, MINUTE, sessionOf } from "../kit/session.ts";

const opened = (own: Partial<Session> = {}) => sessionOf({ isStated: false, ...own });
const said = (at: number, own: Partial<EndSaid> = {}): EndSaid => ({ at: AT + at, ...own });
const told = (at: number, own: Partial<Report> = {}): Report => ({ at: AT + at, count: 1, ...own });
const bridge = (until: number, anchor?: number) => ({
  until: AT + until,
  ...(anchor === undefined ? {} : { anchor: AT + anchor }),
});

test("a session begins with nothing but its start: no sign, no end, nothing counted", () => {
  const numbers = { ...noNumbers("b"), vague: 3 };
  const { ends, bridges, reported, heard, spans, batches, ...begun } = startOf(AT, false, numbers, AT + 9);
  expect([ends, bridges, reported, heard, spans, batches]).toEqual([[], [], [], [], [], emptyWatermark(0n)]);
  expect(begun).toEqual({
    ...{ status: "ACTIVE", startedAt: AT, isStated: false, lastMotionAt: AT, numbers, updatedAt: AT + 9 },
    ...{ motionEventCount: 0, arrivedCount: 0, sampleCount: 0 },
  });
});

describe("a session's length", () => {
  const ended = (own: Partial<Session>) =>
    durationOf(sessionOf({ status: "COMPLETED", endedAt: AT + 50, endedBy: "IDLE", ...own }));
  const measured = { offset: 0, ms: 70 };

  test("is none while it is active, else what the device measured where nobody said the end, else by the clock", () => {
    expect(durationOf(sessionOf({ deviceDuration: measured }))).toBeUndefined();
    expect(ended({})).toBe(50);
    for (const endedBy of ["IDLE", "FINAL"] as const) expect(ended({ endedBy, deviceDuration: measured })).toBe(70);
    for (const endedBy of ["EXPLICIT", "CORRECTED"] as const) {
      expect(ended({ endedBy, deviceDuration: measured })).toBe(50);
    }
    expect(ended({ endedAt: AT - 1 })).toBe(0);
  });

  test("is no measure that ends after the device's clock was believed, and one that ends just then", () => {
    expect(measuredOf(sessionOf())).toBeUndefined();
    expect(measuredOf(sessionOf({ deviceDuration: { ...measured, by: AT + 70 } }))).toBe(70);
    expect(measuredOf(sessionOf({ deviceDuration: { ...measured, by: AT + 69 } }))).toBeUndefined();
    expect(ended({ deviceDuration: { ...measured, by: AT + 69 } })).toBe(50);
  });
});

test("the latest sign of life is the latest of all kinds", () => {
  expect(lastSignOf(sessionOf())).toBe(AT);
  const signs: Partial<Session>[] = [
    { corrected: { until: AT + 9 } },
    { lastReadingAt: AT + 9 },
    { lastHeardAt: AT + 9 },
    { reported: [told(3), told(9), told(4)] },
  ];
  const all = Object.assign({ reported: [] }, ...signs) as Partial<Session>;
  for (const own of signs) {
    expect(lastSignOf(sessionOf(own))).toBe(AT + 9);
    const [name] = Object.keys(own) as (keyof Session)[];
    const later = { corrected: { until: AT + 20 }, reported: [told(20)] }[name as string] ?? AT + 20;
    expect(lastSignOf(sessionOf({ ...all, [name!]: later }))).toBe(AT + 20);
  }
  const before = { corrected: {}, lastReadingAt: AT - 9, lastHeardAt: AT - 9, reported: [told(-9)] };
  expect(lastSignOf(sessionOf(before))).toBe(AT);
});

describe("a stated end", () => {
  const endOf = (own: Partial<Session>) => {
    const end = statedEndOf(sessionOf(own));
    return end && [end.by, end.at - AT];
  };
  test.each<[string, Partial<Session>, [string, number] | undefined]>([
    ["is none where nothing says one", { lastReadingAt: AT + 5 }, undefined],
    ["is a person's above all", { corrected: { endedAt: AT + 9 }, ends: [said(5)], isFinal: true }, ["CORRECTED", 9]],
    ["is the earliest of several", { ends: [said(9), said(5), said(7)] }, ["EXPLICIT", 5]],
    ["is at the start at the earliest", { ends: [said(-1), said(9)] }, ["EXPLICIT", 9]],
    ["may be at the start", { ends: [said(0), said(9)] }, ["EXPLICIT", 0]],
    ["waits for an earlier start where it lies before", { ends: [said(-1)] }, undefined],
    ["is none within silence that was bridged", { ends: [said(5)], bridges: [bridge(6)] }, undefined],
    ["is one where that silence ends", { ends: [said(6)], bridges: [bridge(6)] }, ["EXPLICIT", 6]],
    ["is one before the motion that a bridge is of", { ends: [said(4)], bridges: [bridge(9, 5)] }, ["EXPLICIT", 4]],
    ["is none from that motion on", { ends: [said(5)], bridges: [bridge(9, 5)] }, undefined],
    ["is one beside a bridge that holds of another", { ends: [said(5), said(7)], bridges: [bridge(6)] }, [
      "EXPLICIT",
      7,
    ]],
    ["is a person's where they split it, and nothing else is said", { ends: [said(8, { isCut: true })] }, [
      "CORRECTED",
      8,
    ]],
    ["is the first of several splits", { ends: [said(8, { isCut: true }), said(6, { isCut: true })] }, [
      "CORRECTED",
      6,
    ]],
    ["is a split's against what is said later and of nothing", { ends: [said(5), said(8, { isCut: true })] }, [
      "CORRECTED",
      8,
    ]],
    [
      "is what is said before the motion that a split is of",
      { ends: [said(5), said(8, { isCut: true, anchor: AT + 6 })] },
      ["EXPLICIT", 5],
    ],
    [
      "is a split's from that motion on",
      { ends: [said(6), said(8, { isCut: true, anchor: AT + 6 })] },
      ["CORRECTED", 8],
    ],
    ["is the last batch's at the last sign", { isFinal: true, lastReadingAt: AT + 7 }, ["FINAL", 7]],
    ["is the last batch's at the start where there is no sign", { isFinal: true }, ["FINAL", 0]],
    [
      "is the last batch's by what the device measured",
      { isFinal: true, lastReadingAt: AT + 7, deviceDuration: { offset: 0, ms: 9 } },
      ["FINAL", 9],
    ],
    [
      "is never before the last reading by what it measured",
      { isFinal: true, lastReadingAt: AT + 7, deviceDuration: { offset: 0, ms: 5 } },
      ["FINAL", 7],
    ],
    [
      "is where the measures of several devices end, where people merged them",
      { isFinal: true, finalAt: AT + 20, deviceDuration: { offset: 0, ms: 30 } },
      ["FINAL", 20],
    ],
    ["is not moved by motion of its sensor", { isFinal: true, lastHeardAt: AT + 9 }, ["FINAL", 0]],
    ["is moved by what updates told of it", { isFinal: true, reported: [told(9)] }, ["FINAL", 9]],
    ["is not moved by what is told of motion", { isFinal: true, reported: [told(9, { anchor: AT })] }, ["FINAL", 0]],
    ["is not moved by until when motion lasted", { isFinal: true, reported: [told(9, { isCleared: true })] }, [
      "FINAL",
      0,
    ]],
    ["of a last batch is none within silence that was bridged", { isFinal: true, bridges: [bridge(1)] }, undefined],
  ])("%s", (_, own, end) => expect(endOf(own)).toEqual(end));
});

describe("what a split took off", () => {
  const cut = (at: number, into?: string) => said(at, { isCut: true, into });
  test.each<[string, Partial<Session>, number, string | undefined]>([
    ["is from its instant on the later half's", { ends: [cut(5, "later")] }, 5, "later"],
    ["is before it the session's own", { ends: [cut(5, "later")] }, 4, undefined],
    ["is of several that of the latest before it", { ends: [cut(3, "a"), cut(7, "b"), cut(5, "c")] }, 6, "c"],
    ["is of all of them the last one's", { ends: [cut(3, "a"), cut(7, "b"), cut(5, "c")] }, 7, "b"],
    ["is nobody's where no split says so", { ends: [cut(5), said(5)] }, 9, undefined],
    ["is the session's again where it was bridged", { ends: [cut(5, "later")], bridges: [bridge(6)] }, 9, undefined],
  ])("%s", (_, own, at, into) => expect(splitOff(sessionOf(own), AT + at)).toBe(into));
});

describe("a session reaches", () => {
  test.each<[string, Partial<Session>, number]>([
    ["its idle time beyond the last sign", { lastHeardAt: AT + 5 }, 5 + IDLE],
    ["its stated end and no further", { lastHeardAt: AT + 5, ends: [said(3)] }, 3],
    ["as far as silence was bridged", { bridges: [bridge(IDLE + 9), bridge(IDLE + 7)] }, IDLE + 9],
    ["beyond a bridge by its last sign", { bridges: [bridge(9)], lastHeardAt: AT + 5 }, 5 + IDLE],
  ])("%s", (_, own, reach) => expect(reachOf(sessionOf(own)) - AT).toBe(reach));
});

test("a session is awaited while its device uploads, but for what comes after its last batch", () => {
  const alive = (own: Partial<Session>) => aliveUntil(sessionOf(own)) - AT;
  expect(alive({})).toBe(IDLE);
  expect(alive({ arrivingUntil: AT + IDLE + 9 })).toBe(IDLE + 9);
  expect(alive({ arrivingUntil: AT + IDLE - 9 })).toBe(IDLE);
  expect(alive({ arrivingUntil: AT + IDLE + 9, isFinal: true })).toBe(IDLE);
});

describe("a session as it stands", () => {
  const shown = ({ status, endedBy, endedAt, checkAt, lastMotionAt }: Session) => ({
    ...{ status, by: endedBy, at: endedAt && endedAt - AT, check: checkAt && checkAt - AT, last: lastMotionAt - AT },
  });
  const of = (now: number, own: Partial<Session>) => shown(stand(sessionOf(own), AT + now));
  const active = (check = IDLE, last = 0) => ({ status: "ACTIVE", by: undefined, at: undefined, check, last });
  const over = (by: string, at: number, last = 0) => ({ status: "COMPLETED", by, at, check: undefined, last });
  const next = (at: number, by: "MOTION" | "CREATION" | "BATCH" = "MOTION") => ({ next: { at: AT + at, by } });

  test.each<[string, number, Partial<Session>, ReturnType<typeof active> | ReturnType<typeof over>]>([
    ["goes on where nothing ends it", 0, {}, active()],
    ["goes on with its last sign", 9, { lastHeardAt: AT + 9 }, active(IDLE + 9, 9)],
    ["is looked at when it was to be", 0, { checkAt: AT + 4 }, active(4)],
    ["is looked at when it is over, where it was to be looked at later", 0, { checkAt: AT + IDLE + 4 }, active()],
    ["is the sensor's latest until somebody looks, however late", IDLE + 1, {}, active()],
    ["ends by what is said", 0, { ends: [said(3)], checkAt: AT }, over("EXPLICIT", 3)],
    ["goes on where it had ended and a sign came", 0, { status: "COMPLETED", endedBy: "IDLE", endedAt: AT }, active()],
    ["is over by silence where another follows", IDLE + 1, next(IDLE + 1), over("IDLE", 0)],
    ["is not over in the last instant of its idle time", IDLE, next(IDLE + 1), active()],
    ["is over by silence where it was", IDLE + 1, { status: "COMPLETED" }, over("IDLE", 0)],
    ["is ended by who creates the next", 0, next(5, "CREATION"), over("EXPLICIT", 5)],
    ["is ended so in its last idle instant", 0, next(IDLE, "CREATION"), over("EXPLICIT", IDLE)],
    ["is not ended so after that", 0, next(IDLE + 1, "CREATION"), active()],
    [
      "is not ended so before its last sign",
      0,
      { ...next(5, "CREATION"), lastHeardAt: AT + 7 },
      over("EXPLICIT", 7, 7),
    ],
    ["is not ended by the next that a device uploads", 0, next(5, "BATCH"), active()],
    [
      "is not ended by who creates one while a device uploads it",
      0,
      { ...next(5, "CREATION"), sampleCount: 1 },
      active(),
    ],
  ])("%s", (_, now, own, stands) => expect(of(now, own)).toEqual(stands));

  test("is over for whoever looks once its idle time is over, and the sweeper writes that down, not earlier", () => {
    const at = (now: number, own: Partial<Session> = {}) => shown(asOf(sessionOf(own), AT + now));
    expect(at(IDLE)).toMatchObject({ status: "ACTIVE" });
    const latest = sessionOf();
    expect(asOf(latest, AT + IDLE)).toBe(latest);
    expect(at(IDLE + 1)).toEqual(over("IDLE", 0));
    const ended = sessionOf({ status: "COMPLETED", endedBy: "EXPLICIT", endedAt: AT + 1 });
    expect(asOf(ended, AT + IDLE + 1)).toBe(ended);
    const sweep = (now: number, own: Partial<Session> = {}) => decideSweep(sessionOf(own), AT + now);
    expect(sweep(IDLE, { checkAt: AT })).toEqual(sessionOf({ checkAt: AT + IDLE }));
    const swept = sweep(IDLE + 1)!;
    expect([shown(swept), swept.updatedAt]).toEqual([over("IDLE", 0), AT + IDLE + 1]);
    expect(sweep(IDLE + 1, { status: "COMPLETED" })).toBeUndefined();
  });
});

describe("motion", () => {
  test("is counted, and is the last that came; it moves the start where motion opened it, and only back", () => {
    const first = opened({ motionEventCount: 3, arrivedCount: 2, heard: [{ at: AT }] });
    const heard = { at: AT - 5, seq: 7 };
    expect(applyMotion(first, heard, AT + 99)).toEqual({
      ...first,
      ...{ startedAt: AT - 5, lastHeardAt: AT - 5, motionEventCount: 4, arrivedCount: 3, motionAt: AT - 5 },
      ...{ heard: [{ at: AT }, heard], updatedAt: AT + 99 },
    });
    expect(applyMotion(opened(), { at: AT + 5 }, AT)).toMatchObject({ startedAt: AT, lastHeardAt: AT + 5 });
    expect(applyMotion(sessionOf(), { at: AT - 5 }, AT)).toMatchObject({ startedAt: AT });
    expect(applyMotion(sessionOf({ lastHeardAt: AT + 9 }), { at: AT + 5 }, AT)).toMatchObject({ lastHeardAt: AT + 9 });
  });

  test("that lasted is kept with its event, as long as was said at most, and counts nothing", () => {
    const seen = sessionOf({ reported: [told(7, { anchor: AT }), told(5, { anchor: AT + 1, count: 0 })] });
    const lasting = applyLasting(seen, AT, AT + 9)!;
    expect(lasting.reported).toEqual([...seen.reported, { at: AT + 9, count: 0, anchor: AT }]);
    expect(applyLasting(lasting, AT, AT + 9)).toBeUndefined();
    expect(applyLasting(lasting, AT, AT + 8)).toBeUndefined();
    expect(applyLasting(lasting, AT, AT + 10)!.reported).toEqual([
      ...seen.reported,
      { at: AT + 10, count: 0, anchor: AT },
    ]);
  });

  test("that ceased is known once, and not any more where nothing says so", () => {
    const cleared = applyCleared(sessionOf({ reported: [told(3)] }), AT + 9);
    expect(cleared.reported).toEqual([told(3), { at: AT + 9, count: 0, isCleared: true }]);
    expect(applyCleared(cleared, AT + 5).reported).toEqual([told(3), { at: AT + 5, count: 0, isCleared: true }]);
    expect(applyCleared(cleared, undefined).reported).toEqual([told(3)]);
  });

  test("that updates tell of is counted by its minute, with what it is said of", () => {
    const minute = AT / MINUTE;
    const once = applyReport(sessionOf({ motionEventCount: 1, arrivedCount: 1 }), AT + 5);
    expect(once).toEqual({
      ...sessionOf(),
      ...{ motionEventCount: 2, arrivedCount: 2, motionAt: AT + 5, updatedAt: AT + 5 },
      reported: [{ at: AT + 5, count: 1, minutes: { [minute]: 1 } }],
    });
    const thrice = applyReport(applyReport(once, AT + MINUTE), AT + MINUTE - 1);
    const latest = [AT + 5, AT + MINUTE - 1, AT + MINUTE];
    expect(thrice.reported).toEqual([{ at: AT + MINUTE, count: 3, minutes: { [minute]: 2, [minute + 1]: 1 }, latest }]);
    // Of what motion opened it is said of its first event; of another start and of how long motion lasted nothing is added to.
    const others = [told(3, { anchor: AT - 1 }), told(4, { anchor: AT, count: 0 })];
    expect(applyReport(opened({ reported: others }), AT + 5).reported).toEqual([
      ...others,
      { at: AT + 5, count: 1, minutes: { [minute]: 1 }, anchor: AT },
    ]);
    // What was told before minutes were kept is added to as well.
    expect(applyReport(sessionOf({ reported: [told(9)] }), AT + 5).reported).toEqual([
      { at: AT + 9, count: 2, minutes: { [minute]: 1 }, latest: [AT + 5, AT + 9] },
    ]);
  });

  test("that updates tell of is parted by a split, each to the half where it lies, the latest sixteen to the millisecond", () => {
    const minute = AT / MINUTE;
    const instants = [0, 5, 6, 7, MINUTE, MINUTE + 1, MINUTE + 2, 3 * MINUTE].map((at) => AT + at);
    const reportOf = (all: readonly number[]) => all.reduce(applyReport, sessionOf()).reported[0]!;
    for (const at of [...instants, AT + 4, AT + 2 * MINUTE, AT + 9 * MINUTE]) {
      const { before, after } = cutReport(reportOf(instants), at);
      const halves = [instants.filter((one) => one < at), instants.filter((one) => one >= at)];
      expect([before, after]).toEqual(halves.map((half) => (half.length > 0 ? reportOf(half) : undefined)));
    }
    // Twenty a second apart: the first four are known by their minute, which lies before a cut within it.
    const many = reportOf(Array.from({ length: 20 }, (_, i) => AT + 1_000 + i * 1_000));
    expect(many).toMatchObject({ count: 20, at: AT + 20_000, minutes: { [minute]: 20 } });
    expect(many.latest).toHaveLength(16);
    expect(cutReport(many, AT + 2_000)).toMatchObject({
      before: { count: 4, at: AT },
      after: { count: 16, at: AT + 20_000 },
    });
    expect(cutReport(many, AT + 11_000)).toMatchObject({
      before: { count: 10, at: AT + 10_000 },
      after: { count: 10 },
    });
    expect(cutReport(many, AT)).toMatchObject({ before: undefined, after: { count: 20 } });
    // How long motion lasted, and what was told before minutes were kept, stays whole where its end is.
    for (
      const whole of [
        told(9, { count: 0, anchor: AT }),
        told(9, { count: 2 }),
        told(9, { count: 2, minutes: { [minute]: 1 } }),
      ]
    ) {
      expect(cutReport(whole, AT + 10)).toEqual({ before: whole, after: undefined });
      expect(cutReport(whole, AT + 9)).toEqual({ before: undefined, after: whole });
    }
  });
});
