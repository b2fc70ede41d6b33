import { isDeepStrictEqual } from "node:util";
import { tables } from "../../api/resources.ts";
import { InvalidInputError } from "../../api/core/errors.ts";
import type { Reading, Session } from "../../api/sessions/model.ts";
import { pausedMsOf, pausesOf } from "../../api/sessions/pauses.ts";
import { durationOf, lastSignOf, statedEndOf } from "../../api/sessions/rules.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";
import { createRandom, type Random, shuffled } from "./random.ts";
import { hostOf } from "./sessions-hosts.ts";
import {
  type Act,
  historyOf,
  IDLE_MS,
  type Kind,
  MINUTE,
  type Sent,
  type SentBatch,
  START,
} from "./sessions-histories.ts";
import { resolve, rowsOf } from "./sessions-orders-aside.ts";
import { heldKeyOf, linkTo } from "./sessions-orders-world.ts";
import {
  familyOf,
  givenPauses,
  knownPauses,
  leadOf,
  movePauses,
  ofSession,
  pausesToldOf,
} from "./sessions-orders-pauses.ts";
import type { Stretch } from "./pauses-oracle.ts";
import { type Fact, motionEndOf, type Of, pausedSessionsOf, type Said, tieOf } from "./sessions-spec.ts";
import { saidOfMotion } from "./sessions-spec-acts.ts";

const HOUR = 60 * MINUTE;
/** So far ahead of its arrival a device's clock is believed: later than that it has measured nothing. */
const AHEAD_MS = 10 * MINUTE;
const NOW = START + 150 * MINUTE;
const S = "hall";
/** Where people say that something was. */
const SENSORS = [S, "attic"];

/** Of what people did, how often it was done and not refused. */
const ACTED = {
  merge: "merged",
  split: "split",
  correct: "corrected",
  delete: "deleted",
  restore: "restored",
  undo: "undone",
  "undo any": "undone",
  admit: "admitted",
  drop: "dropped",
} as const satisfies Record<Act["act"], string>;
type Acted = Record<(typeof ACTED)[keyof typeof ACTED] | "paused", number>;

export function noActs(): Acted {
  return { merged: 0, split: 0, corrected: 0, deleted: 0, restored: 0, undone: 0, admitted: 0, dropped: 0, paused: 0 };
}

/**
 * What a person did, with what that says besides (`by` the same act), the pauses that its sessions knew (`knew`), and when those of
 * them had begun that motion had opened (`began`).
 */
type Done = Said & { by?: number; knew?: ReadonlySet<string>; began?: ReadonlyMap<string, number> };

/** What was sent, each with what was said by that. */
export type Wrong = { expected: unknown; found: unknown; sent: readonly (readonly [Sent, unknown])[] };

/**
 * A random history of one sensor, said in several orders, each with repeats, over two processes, with sweeps in between:
 * each gives the sessions that the specification gives of the set. Undefined where all do.
 */
export async function sayInOrders(
  seed: string,
  orders: number,
  kind: Kind = {},
  counts: Acted = noActs(),
): Promise<Wrong | undefined> {
  const history = historyOf(createRandom(seed), kind);
  for (let order = 0; order < orders; order++) {
    const random = createRandom(`${seed}.${order}`);
    const repeats = history.filter((one) => !("act" in one) && random() < 0.25);
    const all = [...history, ...repeats];
    const sent = order === 0 ? all : shuffled(all, random);
    const wrong = await sayOnce(sent, random, kind, counts);
    if (wrong) return wrong;
  }
  return undefined;
}

/** The worlds that were: each is a tenant of which no process has heard. */
let worlds = 0;
let T = "";

/** The same in one order; `random` says who says what, where sweeps are, and what people choose. */
export async function sayOnce(sent: readonly Sent[], random: Random, { isPaused = false }: Kind, counts: Acted) {
  let now = NOW;
  T = `t${worlds++}`;
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const objects = new Map<string, Reading[]>();
  const hosts = [
    hostOf(0, linkTo(dynamo, objects, () => now, "a")),
    hostOf(1, linkTo(dynamo, objects, () => now, "b")),
  ] as const;
  const said: Done[] = [];
  const deleted = new Map<string, Said>();
  const log: [Sent, unknown][] = [];
  for (const one of sent) {
    const host = hosts[random() < 0.5 ? 0 : 1];
    if (random() < 0.1) {
      if (random() < 0.5) now += MINUTE / 2;
      await host.sweep();
    }
    const done = "act" in one
      ? await act(host, one, random, said, deleted, objects).catch((error: unknown) => unlessDeleted(error, deleted))
      : await say(host, one, now).catch((error: unknown) => unlessDeleted(error, deleted));
    log.push([one, done ?? "nothing"]);
    if ("act" in one && done) counts[ACTED[one.act]]++;
    if (done && done !== "undone") said.push(...done);
  }
  now += 24 * 60 * MINUTE;
  // What is read is what was said, whether or not a sweeper has looked.
  const unswept = await factsOf(hosts[1], isPaused);
  await hosts[0].sweep();
  const found = await factsOf(hosts[1], isPaused);
  counts.paused += found.filter(({ paused }) => paused > 0).length;
  if (!isDeepStrictEqual(unswept, found)) return { expected: found, found: unswept, sent: log };
  const expected = sorted(
    pausedSessionsOf(said, IDLE_MS).map(({ fact, pauses }) => ({ ...fact, pauses })).filter(({ id }) =>
      id === undefined || !deleted.has(id)
    ),
  );
  const named = found.map((fact) => (expected.some(({ id }) => id === fact.id) ? fact : { ...fact, id: undefined }));
  return isDeepStrictEqual(sorted(named), expected) ? undefined : { expected, found, sent: log };
}

/** Says it, and gives what was said by that: an end is of whatever session is there at that moment. */
async function say(host: Sessions, one: Exclude<Sent, Act>, now: number): Promise<Said[] | undefined> {
  const world = { host, tenantId: T };
  switch (one.kind) {
    case "motion": {
      const { kind: _, ...event } = one;
      const answer = await host.recordMotion(T, "u", { sensorId: S, ...event });
      return answer.__typename === "RecordMotionPayload" ? [one] : undefined;
    }
    case "cleared": {
      const cleared = { sensorId: S, at: one.at, seq: one.seq, boot: one.boot, state: "CLEARED" };
      const answer = await host.recordMotion(T, "u", cleared);
      return answer.__typename === "MotionClearedPayload" ? [one] : undefined;
    }
    case "batch": {
      const { pauses, ...batch } = { pauses: [], ...one } as SentBatch;
      const { id: sessionId, offset: batchOffset, readings, ...more } = batch;
      await host.ingestBatch(T, "u", {
        ...more,
        pauses,
        ...{ sessionId, sensorId: S, batchOffset },
        readings: readings.map((at) => ({ at, values: [1] })),
      });
      // No clock is believed that is so far ahead.
      const told = { ...batch, measuredBy: now + AHEAD_MS, readings: readings.filter((at) => at < now + HOUR) };
      if (!pauses?.length) return [told];
      return [told, ...pausesToldOf(await familyOf(world, (await leadOf(world, sessionId))!), pauses)];
    }
    case "create": {
      const answer = await host.create(T, "u", { sensorId: S, sessionId: one.id, startedAt: one.startedAt });
      return answer.__typename === "SessionPayload" ? [one] : undefined;
    }
    case "end": {
      const sessionId = await targetOf(host, one.of);
      if (sessionId === undefined) return undefined;
      const answer = await host.end(T, { sessionId, endedAt: one.at }).catch(unlessInvalid);
      // Said of a session before that was merged into this one, it is a repeat.
      const isSaid = answer?.__typename === "SessionPayload" &&
        answer.session.ends.some(({ at, of }) => at === one.at && of === undefined);
      return isSaid ? [{ ...one, of: ofSession(answer.session) }] : undefined;
    }
    case "pause": {
      const sessionId = await targetOf(host, one.of);
      const whole = sessionId === undefined ? undefined : await leadOf(world, sessionId);
      if (!whole) return undefined;
      const family = await familyOf(world, whole);
      const answer = await host.recordPause(T, { sessionId, from: one.from, to: one.to });
      return answer.__typename === "SessionPayload" ? pausesToldOf(family, [one]) : undefined;
    }
    case "told": {
      const sessionId = await targetOf(host, one.of);
      if (sessionId === undefined) return undefined;
      const before = await motionsOf(host);
      const answer = await host.update(T, { sessionId, updateId: `u${one.at}`, incrementMotionCount: true });
      if (answer.__typename !== "SessionPayload" || await motionsOf(host) === before) return undefined;
      return [{ kind: "told", at: now, of: ofSession(answer.session) }];
    }
    default:
      return undefined;
  }
}

/** What a person does to the sessions that are there at that moment, and what was said by that. */
async function act(
  host: Sessions,
  { act, place, part, n, more, shownAt }: Act,
  random: Random,
  said: Done[],
  deleted: Map<string, Said>,
  objects: ReadonlyMap<string, Reading[]>,
): Promise<Done[] | "undone" | undefined> {
  const world = { host, tenantId: T, sensorIds: SENSORS };
  if (act === "admit" || act === "drop") {
    return await resolve(world, { act, place, part, n }, (id, offset) => objects.get(heldKeyOf(id, offset)) ?? []);
  }
  if (act === "restore") {
    const sessionId = [...deleted.keys()].sort()[Math.floor(place * deleted.size)];
    if (sessionId === undefined) return undefined;
    const answer = await host.restore(T, { sessionId });
    if (answer.__typename !== "SessionPayload") return undefined;
    said.splice(said.indexOf(deleted.get(sessionId)!), 1);
    deleted.delete(sessionId);
    return "undone";
  }
  const ids = (await rowsOf(world)).map(({ sessionId }) => sessionId);
  const all = [...(await host.find(T, ids)).values()].sort((a, b) =>
    a.startedAt - b.startedAt || (tieOf(a.sessionId) < tieOf(b.sessionId) ? -1 : 1)
  );
  const first = all[Math.floor(place * all.length)];
  if (!first) return undefined;
  const seen = (one: Session) => ({ sessionId: one.sessionId, expectedVersion: one.version });
  if (act === "undo" || act === "undo any") {
    for (const one of act === "undo" ? [first] : [...all.slice(all.indexOf(first)), ...all]) {
      const last = said.findLast((act) =>
        (act.kind === "merge" && act.into === one.sessionId) || (act.kind === "split" && act.from === one.sessionId)
      );
      const ids = membersOf(last);
      const before = await host.find(T, [...ids, ...(last?.kind === "split" ? [last.id] : [])]);
      const answer = await host.undo(T, seen(one)).catch(unlessInvalid);
      if (answer?.__typename !== "SessionPayload") continue;
      const from = said.indexOf(last!);
      const since = said.slice(from).filter(({ by }) => by !== last!.by);
      const after = await host.find(T, ids);
      said.splice(
        from,
        said.length,
        ...movePauses(since, last!.knew!, [...before.values()], [...after.values()], last!.began!),
      );
      return "undone";
    }
    return undefined;
  }
  if (act === "delete") {
    const answer = await host.remove(T, seen(first)).catch(unlessInvalid);
    if (answer?.__typename !== "SessionPayload") return undefined;
    const { startedAt, until = -Infinity, endedAt } = answer.session.corrected!;
    const keptUntil = motionEndOf(said, IDLE_MS, first.sessionId, startedAt!);
    const done = { kind: "correct" as const, id: first.sessionId, startedAt, until, endedAt, keptUntil };
    deleted.set(first.sessionId, done);
    return [done];
  }
  if (act === "correct") {
    const { startedAt, lastMotionAt } = first;
    const span = Math.max(lastMotionAt - startedAt, MINUTE);
    const start = random() < 0.5 ? Math.floor(startedAt + (part - 0.5) * span) : random() < 0.2 ? null : undefined;
    const end = random() < 0.5 ? Math.floor(startedAt + (part + 0.5) * span) : random() < 0.2 ? null : undefined;
    const pauses = Array.isArray(more) ? more.map((ends) => stretchOf(ends, startedAt, span)) : more;
    const given = more === "no length"
      ? noLength(first, part)
      : { startedAt: start, endedAt: end, sensorId: shownAt, ...(pauses === undefined ? {} : { pauses }) };
    if (Object.values(given).every((value) => value === undefined)) return undefined;
    const answer = await host.correct(T, { ...seen(first), ...given }).catch(unlessInvalid);
    if (answer?.__typename !== "SessionPayload") return undefined;
    // Where it has no start of its own any more, it may be a part of another by now.
    const { corrected, sessionId: id, shownAt: at } = answer.session.sessionId === first.sessionId
      ? answer.session
      : { sessionId: first.sessionId };
    const { startedAt: stated, endedAt, until = -Infinity, pauses: paused } = corrected ?? {};
    const beneath = stated === undefined ? first.said : undefined;
    if (beneath?.isStated === false) said.splice(0, said.length, ...saidOfMotion(said, id, beneath.startedAt));
    return [{ kind: "correct" as const, id, startedAt: stated, until, endedAt, pauses: paused, shownAt: at }];
  }
  if (act === "merge") {
    const members = all.slice(all.indexOf(first), all.indexOf(first) + 2 + (n % 2));
    if (members.length < 2) return undefined;
    const answer = await host.merge(T, { sessions: shuffled(members.map(seen), random) }).catch(unlessInvalid);
    if (answer?.__typename !== "SessionPayload") return undefined;
    const extent = (one: Session) => statedEndOf(one)?.at ?? lastSignOf(one);
    const last = members.reduce((a, b) => (extent(b) >= extent(a) ? b : a));
    const isStated = members.some((one) => one.isStated);
    // Beneath what a person says of the start, which can be taken back.
    const start = Math.min(first.said?.startedAt ?? first.startedAt, ...members.slice(1).map((one) => one.startedAt));
    const isOwn = first.said ? members.some((one) => (one.said ?? one).isStated) : isStated;
    return [{
      ...{ by: n, knew: new Set(knownPauses(members)), began: begunBy(members) },
      ...{ kind: "merge" as const, members: members.map(({ sessionId }) => sessionId), into: first.sessionId },
      ...{ last: last.sessionId, until: extent(last), startedAt: isOwn ? start : undefined },
      of: ofSession({ ...first, isStated }),
      healed: healedBy(members),
    }, ...pausesCorrected([answer.session], n)];
  }
  const end = statedEndOf(first)?.at ?? first.lastMotionAt;
  const at = Math.ceil(first.startedAt + part * (end - first.startedAt));
  const id = `p${n}`;
  const answer = await host.split(T, { ...seen(first), at, newSessionId: id }).catch(unlessInvalid);
  if (answer?.__typename !== "SplitSessionPayload") return undefined;
  const anchors = [...first.ends, ...first.reported, ...first.bridges].flatMap(({ anchor }) => anchor ?? []);
  return [
    {
      ...{ kind: "split" as const, id, from: first.sessionId, of: ofSession(first), at, anchors, by: n },
      knew: new Set([...knownPauses([first]), ...givenPauses(answer.second)]),
      began: begunBy([first]),
    },
    ...pausesCorrected([answer.first, answer.second], n),
  ];
}

/** A stretch by parts of a session. */
function stretchOf([a, b]: readonly [number, number], startedAt: number, span: number): Stretch {
  return { from: Math.floor(startedAt + a * span), to: Math.floor(startedAt + b * span) };
}

/** A correction to no length, at one of the instants that a session has. */
function noLength({ startedAt, lastMotionAt, endedAt = lastMotionAt }: Session, part: number) {
  const at = part < 0.34 ? startedAt : part < 0.67 ? lastMotionAt : endedAt;
  return { startedAt: at, endedAt: at };
}

/** Pauses that a person had corrected go on to be so in what a merge or a split makes. */
function pausesCorrected(sessions: readonly Session[], by: number): Done[] {
  return sessions.flatMap(({ sessionId: id, corrected, shownAt }) => {
    const { startedAt, endedAt, until = -Infinity, pauses } = corrected ?? {};
    const done = { kind: "correct" as const, id, startedAt, until, endedAt, pauses, shownAt, by };
    return pauses === undefined ? [] : [done];
  });
}

/** When those of them began that motion opened. */
function begunBy(sessions: readonly Session[]): Map<string, number> {
  return new Map(
    sessions.filter(({ isStated }) => !isStated).map(({ sessionId, startedAt }) => [sessionId, startedAt]),
  );
}

/** The sessions that a merge or a split gives back when it is taken back. */
function membersOf(done: Said | undefined): string[] {
  return done?.kind === "merge" ? done.members : done?.kind === "split" ? [done.from] : [];
}

/** What was split off one of these, and is one of these. */
function healedBy(members: readonly Session[]): string[] {
  const ids = members.map(({ sessionId }) => sessionId);
  return members.flatMap(({ ends }) => ends).flatMap(({ into }) => (
    into !== undefined && ids.includes(into) ? into : []
  ));
}

async function motionsOf(host: Sessions): Promise<number> {
  const rows = await rowsOf({ host, tenantId: T, sensorIds: SENSORS });
  return rows.reduce((sum, { motionEventCount }) => sum + motionEventCount, 0);
}

/** What belongs to a session that a person deleted is refused, and so was not said. */
function unlessDeleted(error: unknown, deleted: ReadonlyMap<string, Said>): undefined {
  const isSo = error instanceof InvalidInputError && deleted.size > 0 && error.message.includes("a person deleted");
  if (!isSo) throw error;
}

function unlessInvalid(error: unknown): undefined {
  if (!(error instanceof InvalidInputError)) throw error;
}

async function targetOf(host: Sessions, of: Of): Promise<string | undefined> {
  if ("id" in of) return of.id;
  const rows = await rowsOf({ host, tenantId: T, sensorIds: SENSORS });
  const row = rows.find((session) => session.startedAt <= of.motionAt && session.motionEventCount > 0);
  return row?.sessionId;
}

async function factsOf(host: Sessions, isPaused: boolean): Promise<(Fact & { pauses: Stretch[] })[]> {
  const rows = await rowsOf({ host, tenantId: T, sensorIds: SENSORS });
  const whole = isPaused ? await host.find(T, rows.map(({ sessionId }) => sessionId)) : new Map<string, Session>();
  return rows.map((node) => ({
    id: node.sessionId as string | undefined,
    ...(node.shownAt === undefined ? {} : { shownAt: node.shownAt }),
    startedAt: node.startedAt,
    lastMotionAt: node.lastMotionAt,
    endedAt: node.endedAt!,
    by: node.endedBy as Fact["by"],
    duration: durationOf(node)!,
    motions: node.motionEventCount,
    samples: node.sampleCount,
    paused: pausedMsOf({ ...node, endedAt: node.endedAt! }),
    pauses: isPaused ? pausesOf({ ...whole.get(node.sessionId)!, endedAt: node.endedAt }) as Stretch[] : [],
  }));
}

function sorted<F extends Fact>(facts: readonly F[]): F[] {
  return [...facts].sort((a, b) => a.startedAt - b.startedAt || (a.id ?? "").localeCompare(b.id ?? ""));
}
