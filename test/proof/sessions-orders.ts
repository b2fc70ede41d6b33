import { isDeepStrictEqual } from "node:util";
import type { Dynamo } from "../../api/aws/dynamo.ts";
import { tables } from "../../api/resources.ts";
import { createHub } from "../../api/live/hub.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import type { Readings } from "../../api/sessions/readings.ts";
import { createSessions, type Sessions } from "../../api/sessions/service.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createRandom, type Random, shuffled } from "./random.ts";
import { type Fact, type Said, sessionsOf } from "./sessions-spec.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const IDLE_MS = 5 * MINUTE;
const START = Date.UTC(2026, 5, 1, 12);
const NOW = START + 150 * MINUTE;
const NAMES = { sessions: "sessions", sensors: "sensors" };
const T = "t";
const S = "hall";

export type Wrong = { seed: string; order: number; expected: unknown; found: unknown; sent: unknown };

/**
 * A random history of one sensor, said in several orders, each with repeats, over two processes, with sweeps in between:
 * each gives the sessions that the specification gives of the set. Undefined where all do.
 */
export async function sayInOrders(seed: string, orders: number): Promise<Wrong | undefined> {
  const history = historyOf(createRandom(seed));
  for (let order = 0; order < orders; order++) {
    const random = createRandom(`${seed}.${order}`);
    const repeats = history.filter(() => random() < 0.25);
    const all = [...history, ...repeats];
    const sent = order === 0 ? all : shuffled(all, random);
    const wrong = await sayOnce(sent, random);
    if (wrong) return { seed, order, ...wrong };
  }
  return undefined;
}

async function sayOnce(sent: readonly Said[], random: Random) {
  let now = NOW;
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const hosts = [hostOf(dynamo, () => now, "a"), hostOf(dynamo, () => now, "b")] as const;
  const said: Said[] = [];
  const log: unknown[] = [];
  for (const one of sent) {
    const host = hosts[random() < 0.5 ? 0 : 1];
    if (random() < 0.1) {
      if (random() < 0.5) now += 30 * SECOND;
      await host.sweep();
    }
    const done = await say(host, one, now);
    log.push([one, done && "said"]);
    if (done) said.push(done);
  }
  now += 24 * 60 * MINUTE;
  await hosts[0].sweep();
  const found = await factsOf(hosts[1]);
  const expected = sorted(sessionsOf(said, IDLE_MS));
  const named = found.map((fact) => (expected.some(({ id }) => id === fact.id) ? fact : { ...fact, id: undefined }));
  return isDeepStrictEqual(sorted(named), expected) ? undefined : { expected, found, sent: log };
}

/** Says it, and gives what was said by that: an end is of whatever session is there at that moment. */
async function say(host: Sessions, one: Said, now: number): Promise<Said | undefined> {
  switch (one.kind) {
    case "motion":
      await host.recordMotion(T, "u", { sensorId: S, at: one.at, seq: one.seq, boot: one.boot });
      return one;
    case "batch": {
      const { id: sessionId, offset: batchOffset, readings, ...more } = one;
      await host.ingestBatch(T, "u", {
        ...more,
        ...{ sessionId, sensorId: S, batchOffset },
        readings: readings.map((at) => ({ at, values: [1] })),
      });
      return one;
    }
    case "create":
      await host.create(T, "u", { sensorId: S, sessionId: one.id, startedAt: one.startedAt });
      return one;
    case "end": {
      const session = await targetOf(host, one.of);
      if (!session || one.at < session.startedAt) return undefined;
      await host.end(T, { sessionId: session.sessionId, endedAt: one.at });
      return { ...one, of: session.isStated ? { id: session.sessionId } : { motionAt: session.startedAt } };
    }
    case "told": {
      const session = await targetOf(host, one.of);
      if (!session) return undefined;
      const update = { sessionId: session.sessionId, updateId: `u${one.at}`, incrementMotionCount: true };
      const before = session.motionEventCount;
      const answer = await host.update(T, update);
      if (answer.__typename !== "SessionPayload" || answer.session.motionEventCount === before) return undefined;
      return {
        kind: "told",
        at: now,
        of: session.isStated ? { id: session.sessionId } : { motionAt: session.startedAt },
      };
    }
  }
}

async function targetOf(host: Sessions, of: { id: string } | { motionAt: number }) {
  if ("id" in of) return (await host.find(T, [of.id])).get(of.id);
  const { edges } = await host.list(T, { sensorId: S }, { first: 100 });
  const row = edges.map(({ node }) => node).find((session) => (
    session.startedAt <= of.motionAt && session.motionEventCount > 0
  ));
  return row && (await host.find(T, [row.sessionId])).get(row.sessionId);
}

async function factsOf(host: Sessions): Promise<Fact[]> {
  const { edges } = await host.list(T, { sensorId: S }, { first: 100 });
  const { durationOf } = await import("../../api/sessions/rules.ts");
  return edges.map(({ node }) => ({
    id: node.sessionId as string | undefined,
    startedAt: node.startedAt,
    lastMotionAt: node.lastMotionAt,
    endedAt: node.endedAt!,
    by: node.endedBy as Fact["by"],
    duration: durationOf(node)!,
    motions: node.motionEventCount,
    samples: node.sampleCount,
  }));
}

function sorted(facts: readonly Fact[]): Fact[] {
  return [...facts].sort((a, b) => a.startedAt - b.startedAt || (a.id ?? "").localeCompare(b.id ?? ""));
}

function hostOf(dynamo: Dynamo, clock: () => number, name: string): Sessions {
  let ids = 0;
  const readings = { keep: () => Promise.resolve("created"), read: () => Promise.resolve([]) };
  return createSessions({
    store: createSessionStore(dynamo, NAMES),
    lineStore: createLineStore(dynamo, NAMES),
    quarantine: createQuarantineStore(dynamo, NAMES),
    lists: createSessionLists(dynamo, NAMES),
    daysOpenAt: () => Promise.resolve([]),
    readings: readings as unknown as Readings,
    hub: createHub(),
    clock,
    ids: () => `${name}${ids++}`,
  });
}

/** 3 to some 20 things said about one sensor within half an hour. No two named sessions begin at the same instant. */
function historyOf(random: Random): Said[] {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const pick = <V>(values: readonly V[]): V => values[below(values.length)]!;
  const said: Said[] = [];
  const instants: number[] = [];
  const isNumbered = chance(0.4);
  let at = START + below(10) * MINUTE;
  for (let i = 0; i < 2 + below(9); i++) {
    instants.push(at);
    said.push({
      kind: "motion",
      at,
      ...(isNumbered ? { seq: i, ...(chance(0.3) ? { boot: pick(["x", "y"]) } : {}) } : {}),
    });
    at += pick([SECOND, 30 * SECOND, 2 * MINUTE, 4 * MINUTE, IDLE_MS, IDLE_MS + 1, 6 * MINUTE]);
  }
  const ids: string[] = [];
  for (let i = 0; i < below(3); i++) {
    const id = `n${i}`;
    ids.push(id);
    const from = START + below(1_800) * SECOND + 100 + i;
    if (chance(0.5)) said.push({ kind: "create", id, startedAt: from + below(3) * MINUTE });
    if (chance(0.3) && said.at(-1)?.kind === "create") continue;
    const isFinal = chance(0.5);
    for (let offset = 0; offset < 1 + below(3); offset++) {
      const readings = Array.from(
        { length: 1 + below(3) },
        (_, n) => from + (offset * 3 + n) * pick([SECOND, MINUTE, 7 * MINUTE]),
      );
      said.push({
        ...{ kind: "batch", id, offset, readings },
        ...(chance(0.2) ? { startedAt: from - below(120) * SECOND } : {}),
        ...(chance(0.3) ? { durationMs: below(20) * MINUTE } : {}),
        ...(isFinal && offset === 0 ? { final: true } : {}),
      });
    }
  }
  for (let i = 0; i < below(3); i++) {
    const of = ids.length > 0 && chance(0.5) ? { id: pick(ids) } : { motionAt: pick(instants) };
    said.push({ kind: "end", of, at: START + below(2_400) * SECOND });
  }
  if (chance(0.3)) said.push({ kind: "told", of: { motionAt: pick(instants) }, at: below(1_000) });
  return said;
}
