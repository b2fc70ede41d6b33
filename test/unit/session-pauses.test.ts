import { describe, expect, test } from "vitest";
import { UnavailableError } from "../../api/core/errors.ts";
import { tables } from "../../api/resources.ts";
import type { Session } from "../../api/sessions/model.ts";
import {
  formatPause,
  heldByPause,
  parsePauseText,
  type PauseSaid,
  pausesOf,
  unitedPauses,
} from "../../api/sessions/pauses.ts";
import { activeDurationOf } from "../../api/sessions/rules.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { fc } from "../kit/property.ts";
import { hostOf } from "../proof/sessions-hosts.ts";

const T = "pauses";
const MIN = 60_000;
const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 8 * 60 * MIN;

const said = fc.oneof(
  fc.record({ from: fc.nat(12) }),
  fc.record({ to: fc.nat(12) }),
  fc.tuple(fc.nat(12), fc.nat(4)).map(([from, length]) => ({ from, to: from + length })),
);

/** Whether it is paused in the stretch after an instant, by walking: what a clock does that is stopped and started. */
function isPausedAfter(at: number, all: readonly PauseSaid[]): boolean {
  let isStopped = false;
  for (let t = 0; t <= at; t++) {
    const [stops, starts] = [all.some(({ from }) => from === t), all.some(({ to }) => to === t)];
    if (stops !== starts) isStopped = stops;
  }
  return isStopped || all.some(({ from = Infinity, to = -Infinity }) => from <= at && at < to);
}

describe("what a set of statements comes to", () => {
  test("is what a clock shows that is stopped and started, and what is said with both ends is paused as a whole", () => {
    fc.assert(fc.property(fc.array(said, { maxLength: 8 }), (all) => {
      const united = unitedPauses(all);
      for (let at = 0; at < 20; at++) {
        const isIn = united.some(({ from, to = Infinity }) => from <= at && at < to);
        expect([at, isIn]).toEqual([at, isPausedAfter(at, all)]);
      }
      // Pauses that meet are one, and none is empty.
      for (const [i, { from, to = Infinity }] of united.entries()) {
        expect(from).toBeLessThan(to);
        expect(united[i + 1]?.from ?? Infinity).toBeGreaterThan(to === Infinity ? -1 : to);
      }
    }));
  });

  test.each<[string, PauseSaid[], PauseSaid[]]>([
    ["a begin and an end that come as two", [{ from: 3 }, { to: 7 }], [{ from: 3, to: 7 }]],
    ["an end alone says of no pause", [{ to: 7 }], []],
    ["a begin alone lasts", [{ from: 3 }], [{ from: 3 }]],
    ["begun again while it lasts is one", [{ from: 3 }, { from: 5 }, { to: 7 }], [{ from: 3, to: 7 }]],
    ["two that overlap are one", [{ from: 0, to: 5 }, { from: 3, to: 9 }], [{ from: 0, to: 9 }]],
    ["two that touch are one", [{ from: 0, to: 5 }, { from: 5, to: 9 }], [{ from: 0, to: 9 }]],
    ["what lasted is closed by both ends said later", [{ from: 3 }, { from: 3, to: 7 }], [{ from: 3, to: 7 }]],
    ["begun and ended at one instant is none", [{ from: 3 }, { to: 3 }], []],
  ])("%s", (_, all, expected) => {
    expect(unitedPauses(all)).toEqual(expected);
    expect(unitedPauses(all.toReversed())).toEqual(expected);
    expect(unitedPauses([...all, ...all])).toEqual(expected);
  });

  test("is shown as far as it lies in the session, and active time and pauses are the whole of it", () => {
    const ends = fc.tuple(fc.nat(12), fc.nat(12));
    fc.assert(fc.property(fc.array(said, { maxLength: 8 }), ends, (all, [startedAt, length]) => {
      const reported = all.map((pause) => ({ at: 0, count: 0, pause }));
      const over = { reported, startedAt, endedAt: startedAt + length, endedBy: "EXPLICIT" } as unknown as Session;
      const shown = pausesOf(over);
      const paused = shown.reduce((sum, { from, to }) => sum + to! - from, 0);
      let expected = 0;
      for (let at = startedAt; at < startedAt + length; at++) expected += isPausedAfter(at, all) ? 1 : 0;
      expect([paused, activeDurationOf(over)]).toEqual([expected, length - expected]);
    }));
  });

  test("keeps a session going only while the last of them lasts, by the latest that was said of its begin", () => {
    const held = (...all: PauseSaid[]) =>
      heldByPause(all.map((pause) => ({
        ...{ at: 0, count: 0 },
        pause: pause.to === undefined ? { ...pause, until: pause.from! + 100 } : pause,
      })));
    expect([held({ from: 3 }), held({ from: 3 }, { from: 9 }), held({ from: 3 }, { to: 5 }, { from: 7 })])
      .toEqual([103, 109, 107]);
    expect([
      held(),
      held({ to: 3 }),
      held({ from: 3 }, { to: 3 }),
      held({ from: 3 }, { to: 4 }),
      held({ from: 1, to: 4 }),
    ])
      .toEqual(Array(5).fill(-Infinity));
  });

  test("is kept as a short text", () => {
    const at = fc.integer({ min: 631_152_000_000, max: NOW });
    const maybe = fc.option(at, { nil: undefined });
    fc.assert(fc.property(maybe, maybe, maybe, at, (from, to, until, anchor) => {
      fc.pre(from !== undefined || to !== undefined);
      const report = { at: Math.max(from ?? 0, to ?? 0), count: 0, pause: { from, to, until }, anchor };
      expect(parsePauseText(formatPause(report))).toEqual(report);
      expect(formatPause(report).length).toBeLessThan(40);
    }));
  });
});

type Step =
  | { kind: "create"; at: number }
  | { kind: "motion"; at: number }
  | { kind: "pause"; from?: number; to?: number }
  | { kind: "batch"; offset: number; at: number; pauses: PauseSaid[] }
  | { kind: "end"; at: number };

/** Motion lay in a pause while that lasted, and beyond the session once its end was said. */
const LASTED: Step[] = [
  { kind: "pause", from: 0 },
  { kind: "pause", from: 0, to: 1 },
  { kind: "motion", at: 7 },
  { kind: "pause", from: 0 },
];

/**
 * Steps in an order, each said once or twice, through two processes, of the session that the first of them opens; and the
 * sessions that they come to.
 */
async function run(steps: readonly Step[], doubled: readonly boolean[]) {
  const sessionId = steps[0]!.kind === "create" ? "film" : "m0";
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods: Record<string, (...args: unknown[]) => unknown> = {
    ...dynamo as unknown as Record<string, (...args: unknown[]) => unknown>,
    keep: () => "kept",
    read: () => [],
  };
  let [ids, n] = [0, 0];
  const link = { ask: async (name: string, args: readonly unknown[]) => await methods[name]!(...args) };
  const hosts = [0, 1].map((i) => hostOf(i, { ...link, now: () => NOW, id: () => `m${ids++}` }));
  const minute = (at: number) => START + at * MIN;
  const stretch = ({ from, to }: PauseSaid) => ({
    ...(from === undefined ? {} : { from: minute(from) }),
    ...(to === undefined ? {} : { to: minute(to) }),
  });
  const say = async (step: Step): Promise<unknown> => {
    const host = hosts[n++ % 2]!;
    const of = { sensorId: "s", sessionId };
    if (step.kind === "create") return await host.create(T, "u", { ...of, startedAt: minute(step.at) });
    if (step.kind === "motion") return await host.recordMotion(T, "u", { sensorId: "s", at: minute(step.at) });
    if (step.kind === "pause") return await host.recordPause(T, { sessionId, ...stretch(step) });
    if (step.kind === "end") return await host.end(T, { sessionId, endedAt: minute(step.at) });
    return await host.ingestBatch(T, "u", {
      ...{ ...of, batchOffset: step.offset, readings: [{ at: minute(step.at), values: [1] }] },
      pauses: step.pauses.map(stretch),
    });
  };
  for (const [i, step] of steps.entries()) {
    for (let times = doubled[i] ? 2 : 1; times > 0; times--) {
      expect(await say(step)).not.toMatchObject({ code: expect.any(String) });
    }
  }
  const { edges } = await hosts[0]!.list(T, { sensorId: "s" }, { first: 100 });
  const whole = await hosts[0]!.find(T, edges.map(({ node }) => node.sessionId));
  return edges.map(({ node }) => {
    const session = whole.get(node.sessionId)!;
    const { startedAt, endedAt, endedBy, lastMotionAt, motionEventCount, sampleCount, status } = session;
    const pauses = pausesOf(session).map(({ from, to }) => [from - START, to && to - START]);
    // What a list shows is what the session is.
    expect(activeDurationOf(node)).toBe(activeDurationOf(session));
    return { startedAt, endedAt, endedBy, lastMotionAt, motionEventCount, sampleCount, status, pauses };
  });
}

test("sessions with pauses are a function of what was said: any order, doubled, in two processes, by message or in batches", async () => {
  const at = fc.nat(240);
  const pause = fc.oneof(
    fc.record({ from: at }),
    fc.record({ to: at }),
    fc.tuple(at, fc.nat(90)).map(([from, length]) => ({ from, to: from + length })),
  );
  const others = fc.oneof(
    { weight: 3, arbitrary: at.map((one): Step => ({ kind: "motion", at: one })) },
    { weight: 4, arbitrary: pause.map((one): Step => ({ kind: "pause", ...one })) },
    { weight: 1, arbitrary: at.map((one): Step => ({ kind: "end", at: one })) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(5), at, fc.array(pause, { maxLength: 3 }))
        .map(([offset, one, pauses]): Step => ({ kind: "batch", offset, at: one, pauses })),
    },
  );
  const history = fc.uniqueArray(others, {
    maxLength: 9,
    selector: (step) => step.kind === "batch" ? `batch ${step.offset}` : JSON.stringify(step),
  });
  // Of what motion opened, only what moves no start: another session's readings are not its own, and an end must lie in it.
  const cases = fc.boolean().chain((isOfMotion) =>
    history.map((steps) => isOfMotion ? steps.filter(({ kind }) => kind === "motion" || kind === "pause") : steps)
      .chain((steps) =>
        fc.tuple(
          fc.constant(isOfMotion),
          fc.constant(steps),
          fc.shuffledSubarray(steps, { minLength: steps.length }),
          fc.array(fc.boolean(), { minLength: steps.length, maxLength: steps.length }),
        )
      )
  );
  await fc.assert(
    fc.asyncProperty(at, cases, async (created, [isOfMotion, steps, shuffled, doubled]) => {
      const first: Step = { kind: isOfMotion ? "motion" : "create", at: created };
      expect(await run([first, ...shuffled], [true, ...doubled])).toEqual(await run([first, ...steps], []));
    }),
    { numRuns: 150, examples: [[0, [true, LASTED, LASTED.toReversed(), [false]]]] },
  );
});

describe("whenever a person does it among what is said", () => {
  const statement = fc.oneof(
    fc.record({ from: fc.nat(220) }),
    fc.record({ to: fc.nat(220) }),
    fc.tuple(fc.nat(200), fc.nat(60)).map(([from, length]) => ({ from, to: from + length })),
  );
  const statements = fc.array(statement, { maxLength: 7 });
  const minute = (at: number) => START + at * MIN;
  const stretch = ({ from, to }: PauseSaid) => ({
    ...(from === undefined ? {} : { from: minute(from) }),
    ...(to === undefined ? {} : { to: minute(to) }),
  });
  const withEnds = (said: readonly PauseSaid[], startedAt: number, endedAt: number) =>
    pausesOf({ reported: said.map((pause) => ({ pause: stretch(pause) })), startedAt, endedAt });
  function process() {
    const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
    const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
    let ids = 0;
    const ask = async (name: string, args: readonly unknown[]) => await methods[name]!(...args);
    const host = hostOf(0, { ask, now: () => NOW, id: () => `m${ids++}` });
    const shown = async (...sessionIds: string[]) => {
      const found = await host.find(T, sessionIds);
      return sessionIds.map((id) => pausesOf(found.get(id)!));
    };
    const film = async (sessionId: string, from: number, to: number) => {
      await host.create(T, "u", { sensorId: "s", sessionId, startedAt: minute(from) });
      await host.end(T, { sessionId, endedAt: minute(to) });
    };
    return { host, dynamo, shown, film };
  }

  test("split, each half shows what lies in it, and undone it is as if nobody had", async () => {
    await fc.assert(
      fc.asyncProperty(statements, fc.nat(7), fc.integer({ min: 1, max: 199 }), async (said, when, cut) => {
        const { host, shown, film } = process();
        await film("film", 0, 200);
        for (const [i, one] of [...said, undefined].entries()) {
          if (i === Math.min(when, said.length)) {
            await host.split(T, { sessionId: "film", expectedVersion: 1, at: minute(cut), newSessionId: "rest" });
          }
          if (one) await host.recordPause(T, { sessionId: "film", ...stretch(one) });
        }
        expect(await shown("film", "rest")).toEqual([
          withEnds(said, minute(0), minute(cut)),
          withEnds(said, minute(cut), minute(200)),
        ]);
        await host.undo(T, { sessionId: "film", expectedVersion: 2 });
        expect(await shown("film")).toEqual([withEnds(said, minute(0), minute(200))]);
      }),
      { numRuns: 60 },
    );
  });

  test("split, merged, and that taken back, each half shows what lies in it, whenever that was said", async () => {
    const cases = [statements, fc.nat(7), fc.nat(7), fc.integer({ min: 1, max: 199 })] as const;
    await fc.assert(
      fc.asyncProperty(...cases, async (said, merged, undone, cut) => {
        const { host, shown, film } = process();
        await film("film", 0, 200);
        await host.split(T, { sessionId: "film", expectedVersion: 1, at: minute(cut), newSessionId: "rest" });
        const sessions = [{ sessionId: "film", expectedVersion: 2 }, { sessionId: "rest", expectedVersion: 1 }];
        for (const [i, one] of [...said, undefined].entries()) {
          if (i === Math.min(merged, said.length)) await host.merge(T, { sessions });
          if (i === Math.max(Math.min(merged, said.length), Math.min(undone, said.length))) {
            await host.undo(T, { sessionId: "film", expectedVersion: 3 });
          }
          if (one) await host.recordPause(T, { sessionId: "film", ...stretch(one) });
        }
        expect(await shown("film", "rest")).toEqual([
          withEnds(said, minute(0), minute(cut)),
          withEnds(said, minute(cut), minute(200)),
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test("of motion that another session has by now, it is known once where a merge is taken back", async () => {
    const { host, dynamo } = process();
    const motion = (at: number) => host.recordMotion(T, "u", { sensorId: "s", at: minute(at) });
    for (const at of [0, 40]) await motion(at);
    await host.recordPause(T, { sessionId: "m1", from: minute(41), to: minute(42) });
    await host.merge(T, { sessions: ["m0", "m1"].map((sessionId) => ({ sessionId, expectedVersion: 1 })) });
    // Another session has the motion from there on, and with it what is said of it.
    await host.create(T, "u", { sensorId: "s", sessionId: "walk", startedAt: minute(38) });
    await host.undo(T, { sessionId: "m0", expectedVersion: 2 });
    const known = dynamo.dump("sessions").flatMap(({ mergedInto, pauses }) => mergedInto ? [] : pauses ?? []);
    expect(known).toHaveLength(1);
  });

  test("merged, it shows what was said of either, by whichever id", async () => {
    const either = fc.array(fc.tuple(fc.constantFrom("one", "two"), statement), { maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(either, fc.nat(7), async (said, when) => {
        const { host, shown, film } = process();
        await film("one", 0, 90);
        await film("two", 100, 200);
        for (const [i, own] of [...said, undefined].entries()) {
          if (i === Math.min(when, said.length)) {
            const sessions = ["one", "two"].map((sessionId) => ({ sessionId, expectedVersion: 1 }));
            await host.merge(T, { sessions });
          }
          if (own) await host.recordPause(T, { sessionId: own[0], ...stretch(own[1]) });
        }
        expect(await shown("one")).toEqual([withEnds(said.map(([, one]) => one), minute(0), minute(200))]);
      }),
      { numRuns: 60 },
    );
  });

  test("split where motion opened it, its later half keeps once what was said of motion and of itself", async () => {
    const { host, dynamo } = process();
    for (const at of [0, 4]) await host.recordMotion(T, "u", { sensorId: "s", at: minute(at) });
    await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: minute(20) });
    for (const sessionId of ["m0", "film"]) {
      await host.recordPause(T, { sessionId, from: minute(1), to: minute(3) });
    }
    await host.merge(T, { sessions: ["m0", "film"].map((sessionId) => ({ sessionId, expectedVersion: 1 })) });
    await host.split(T, { sessionId: "m0", expectedVersion: 2, at: minute(2), newSessionId: "rest" });
    const item = dynamo.dump("sessions").find(({ sk }) => sk === "rest#SESSION")!;
    expect(item.pauses).toHaveLength(1);
  });

  test("corrected by a person to none, what is said of when it went on is still taken", async () => {
    const { host, shown } = process();
    for (const at of [0, 20]) {
      await host.recordMotion(T, "u", { sensorId: "s", at: minute(at) });
      if (at === 0) await host.recordPause(T, { sessionId: "m0", from: minute(1) });
    }
    await host.correct(T, { sessionId: "m0", expectedVersion: 1, pauses: [] });
    const said = { sessionId: "m0", to: minute(2) };
    expect(await host.recordPause(T, said)).toMatchObject({ __typename: "SessionPayload" });
    expect(await shown("m0")).toEqual([[]]);
  });

  test("split and merged again, it keeps each once", async () => {
    const { host, dynamo, shown, film } = process();
    await film("film", 0, 200);
    for (const from of [10, 150]) {
      await host.recordPause(T, { sessionId: "film", from: minute(from), to: minute(from + 5) });
    }
    await host.split(T, { sessionId: "film", expectedVersion: 1, at: minute(100), newSessionId: "rest" });
    const sessions = [{ sessionId: "film", expectedVersion: 2 }, { sessionId: "rest", expectedVersion: 1 }];
    await host.merge(T, { sessions });
    const said = [10, 150].map((from) => ({ from, to: from + 5 }));
    expect(await shown("film")).toEqual([withEnds(said, minute(0), minute(200))]);
    const items = dynamo.dump("sessions").filter(({ sk }) => sk === "film#SESSION");
    expect(items.map(({ pauses }) => (pauses as string[]).length)).toEqual([2]);
  });
});

test("a pause that another writer overtook reads nothing that nobody waits for", async () => {
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const methods = dynamo as unknown as Record<string, (...args: unknown[]) => unknown>;
  const since: string[] = [];
  let isOvertaken = false;
  const ask = async (name: string, args: readonly unknown[]) => {
    if (isOvertaken) since.push(name);
    // Refused from then on: a read beside the next try would be a failure that nobody takes.
    if (isOvertaken) throw new UnavailableError("DynamoDB");
    return await methods[name]!(...args);
  };
  const link = { now: () => NOW, id: () => "m0" };
  const host = hostOf(0, {
    ...link,
    ask: async (name, args) => {
      const isPause = name === "transact" && JSON.stringify(args).includes(":pauses");
      if (isPause) isOvertaken = true;
      return isPause ? false : await ask(name, args);
    },
  });
  await host.create(T, "u", { sensorId: "s", sessionId: "film", startedAt: START });
  await host.end(T, { sessionId: "film", endedAt: START + 9 * MIN });
  await host.split(T, { sessionId: "film", expectedVersion: 1, at: START + 5 * MIN, newSessionId: "rest" });
  await expect(host.recordPause(T, { sessionId: "film", from: START + MIN, to: START + 2 * MIN })).rejects.toThrow();
  expect(since).toHaveLength(1);
});
