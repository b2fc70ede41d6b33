import { isDeepStrictEqual } from "node:util";
import { InvalidInputError, UnavailableError } from "../../api/core/errors.ts";
import { isCounted } from "../../api/core/watermark.ts";
import type { Session } from "../../api/sessions/model.ts";
import { pausedMsOf } from "../../api/sessions/pauses.ts";
import { durationOf } from "../../api/sessions/rules.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { type Act, HARD, type Input, type Operation, operationsOf } from "./sessions-inputs.ts";
import { type Counted, createOracle, isAct, type Oracle } from "./sessions-oracle.ts";
import { createRandom } from "./random.ts";
import { idOf } from "./sessions-taken-back.ts";
import { createRollups, recounted } from "./sessions-rollups.ts";
import { type Fact, pausedSessionsOf } from "./sessions-spec.ts";
import { actsOf, holderOf, withGuesses } from "./sessions-spec-acts.ts";
import { type Counts, createWorld, type Planted, START_AT, type Weather, type World } from "./sessions-world.ts";

export type Failure = { seed: string; violations: string[]; trace: string[] };

type Rollups = ReturnType<typeof createRollups> | undefined;

const IDLE_MS = 5 * 60_000;
const SETTLED_MS = 3 * 60 * 60_000;

export function noCounts(): Counts {
  return { runs: 0, calls: 0, writes: 0, conflicts: 0, lost: 0, refused: 0, died: 0, abandoned: 0 };
}

/** The tenants that were: processes remember them, so a seed that comes again has another. */
const tenants = new Map<string, number>();

/** One interleaving, the same for the same seed; gives what was wrong, undefined where nothing was. */
export async function runOnce(seed: string, counts: Counts, planted?: Planted): Promise<Failure | undefined> {
  const random = createRandom(seed);
  const before = tenants.get(seed) ?? 0;
  tenants.set(seed, before + 1);
  const tenantId = before === 0 ? seed : `${seed}~${before}`;
  const chance = (p: number) => random() < p;
  const weather: Weather = {
    faults: chance(0.25) ? 0 : random() * 0.12,
    maxFaults: 12,
    lag: chance(0.6) ? 0 : random() * 0.5,
    skewMs: chance(0.5) ? 0 : 60_000,
    processes: 2 + Math.floor(random() * 3),
  };
  // Half of the runs say something of pauses, and are rolled up.
  const pauses = createRandom(`${seed} pauses`);
  const isPausing = pauses() < 0.5;
  const rollups = isPausing ? createRollups() : undefined;
  const oracle = createOracle();
  const { violations } = oracle;
  const world: World = createWorld({
    random,
    weather,
    counts,
    onWrite: (written, writer) => {
      rollups?.onWrite(written);
      oracle.onWrite(written, writer);
    },
    onCall: oracle.onCall,
    onAnswer: (operation, outcome) => judge(operation, outcome, oracle, world),
    planted,
  });
  const isOver = () => violations.length > 0;
  const operations = operationsOf(random, tenantId, START_AT, IDLE_MS, {
    takesBack: true,
    pausing: isPausing ? pauses : undefined,
    mix: seed.startsWith("hard") ? HARD : undefined,
  });
  counts.runs++;
  try {
    await world.run(operations, isOver);
    world.calm(SETTLED_MS);
    const once = ["edit", "sweep", "end", "restore"];
    const again = chance(0.2) ? operations.filter(({ input }) => !once.includes(input.kind)) : [];
    const later = (name: string, input: Input, run: Operation["run"]): Operation => ({ name, input, sent: [], run });
    const finish = () =>
      later(
        "at the end",
        { kind: "sweep" },
        (sessions) => atTheEnd(tenantId, sessions, oracle, operations, world, rollups),
      );
    if (!isOver()) await world.run(again, isOver);
    world.calm(SETTLED_MS);
    // Erased once more, when nothing is under way: what came between is gone too.
    const erased = [...oracle.erasures.erased.keys()].map((sensorId) => (
      later(`erase ${sensorId}`, { kind: "erase", sensorId }, (sessions) => sessions.eraseSensor(tenantId, sensorId))
    ));
    if (!isOver()) await world.run(erased, isOver);
    if (!isOver()) await world.run([finish()], isOver);
    const restored = [...oracle.back.deletions.keys()].map((sessionId) => {
      const act: Act = { kind: "restore", sensorId: oracle.sensorOf(sessionId), place: 0, part: 0, id: "" };
      return later(`restore ${sessionId}`, act, (sessions) => sessions.restore(tenantId, { sessionId }));
    }).filter((one) => !oracle.isErased(one));
    if (!isOver()) await world.run(restored, isOver);
    if (!isOver() && restored.length > 0) await world.run([finish()], isOver);
  } catch (error) {
    violations.push(String(error));
  }
  return isOver() ? { seed, violations, trace: world.trace } : undefined;
}

/** Whether the client is content with its answer; a wrong one is a violation. */
function judge(operation: Operation, outcome: { answer: unknown } | { error: unknown }, oracle: Oracle, world: World) {
  const { input } = operation;
  const must = (holds: boolean, law: string) => {
    if (!holds) oracle.violations.push(`${law}: ${operation.name} ${shown(outcome)}`);
    return true;
  };
  if ("error" in outcome) {
    if (outcome.error instanceof UnavailableError) return input.kind === "sweep" && operation.name !== "at the end";
    const mayBe = input.kind === "end" || isAct(input) || oracle.isHidden(operation);
    const isRefused = mayBe && outcome.error instanceof InvalidInputError;
    if (isRefused) oracle.refused.add(operation);
    return must(isRefused, `a request is answered, and does not fail with ${(outcome.error as Error).stack}`);
  }
  if (oracle.isErased(operation)) return true;
  const answer = outcome.answer as
    | { __typename?: string; session: Session; source?: Session; duplicate?: boolean }
    | undefined;
  const type = answer?.__typename;
  const told = answer?.source && oracle.sessions.get(answer.source.sessionId);
  switch (input.kind) {
    case "motion": {
      const isCounted = oracle.motions.has(`${input.sensorId} ${input.seq}`);
      return must(isCounted && type === "RecordMotionPayload", "a motion that is answered is counted");
    }
    case "cleared":
      return must(type === "MotionClearedPayload", "that motion ceased is kept");
    case "batch": {
      if (type !== "PayloadMismatchError") {
        const isKept = (input.pauses ?? []).every((pause) => oracle.back.pauses.isSaid(input.sensorId, pause));
        must(isKept, "the pauses of a batch that is answered are kept");
        return must(told?.batches.has(input.batchOffset) ?? false, "a batch that is answered is counted");
      }
      const known = world.objects.get(`${input.sessionId} ${input.sensorId} ${input.batchOffset}`);
      const isOther = !isDeepStrictEqual(known?.batch.readings, input.readings);
      const isStrange = oracle.sessions.get(input.sessionId)?.sensorId !== input.sensorId;
      return must(isOther || isStrange, "only other content or another sensor is a mismatch");
    }
    case "update":
      if (type === undefined || type === "NotFoundError") return true;
      if (type === "PayloadMismatchError") {
        return must(
          oracle.updates.has(`${operation.sessionId}#U#${input.updateId}`),
          "only what was done is a mismatch",
        );
      }
      return must(
        (type === "SessionPayload") === oracle.updates.has(`${operation.sessionId}#U#${input.updateId}`),
        "an update is counted as answered",
      );
    case "pause":
      // Refused where it is there no more; also where one said of it before is known, it is kept once.
      return must(
        type !== "SessionPayload" || oracle.back.pauses.isSaid(answer!.session.sensorId, input),
        "a pause that is answered is kept",
      );
    case "create":
      return must(
        type !== "SessionPayload" || oracle.sessions.has(input.sessionId),
        "a session that is answered is there",
      );
    case "end":
      // A person may have bridged it; one that lies before the start waits until an earlier start is known.
      return must(
        type !== "SessionPayload" || answer!.session.status === "COMPLETED" || answer!.session.bridges.length > 0 ||
          answer!.session.ends.every(({ at }) => at < answer!.session.startedAt),
        "what was ended is over",
      );
    case "edit": {
      if (type === "SessionPayload") {
        const edits = [...oracle.sessions.values()].flatMap((session) => session.edits);
        return must(edits.some((sent) => operation.sent.includes(sent)), "an edit that is answered is written");
      }
      return type !== "VersionConflictError" || input.isStale;
    }
    default:
      return true;
  }
}

/** What is true when every client was answered, and the sweeper has come. */
async function atTheEnd(
  tenantId: string,
  sessions: Sessions,
  oracle: Oracle,
  operations: readonly Operation[],
  world: World,
  rollups: Rollups,
): Promise<void> {
  const { violations } = oracle;
  const must = (law: string, found: unknown, expected: unknown, of: unknown) => {
    if (!isDeepStrictEqual(found, expected)) {
      violations.push(`${law}: ${shown(of)} has ${shown(found)}, not ${shown(expected)}`);
    }
  };
  for (const operation of operations) {
    const { input, name } = operation;
    if (input.kind === "motion" && !oracle.refused.has(operation) && !oracle.isErased(operation)) {
      must("every motion is counted", oracle.motions.has(`${input.sensorId} ${input.seq}`), true, name);
    }
  }
  const sensors = new Map([...oracle.sessions.values()].map(({ sessionId, sensorId }) => [sessionId, sensorId]));
  oracle.erasures.check(world.dynamo.dump("sessions"), [...world.objects.keys()], sensors, (holds, law, detail) => {
    if (!holds) violations.push(`${law}: ${shown(detail)}`);
  });
  await sessions.sweep();
  const isErased = (sensorId: string) => oracle.erasures.erased.has(sensorId);
  oracle.back.pauses.check(world.dynamo.dump("sessions"), isErased, (holds, law, detail) => {
    if (!holds) violations.push(`${law}: ${shown(detail)}`);
  });
  await checkAll(tenantId, sessions, oracle, world, rollups, must);
}

/** Sessions that are there are what was said, those that are deleted show nowhere. */
async function checkAll(
  tenantId: string,
  sessions: Sessions,
  oracle: Oracle,
  world: World,
  rollups: Rollups,
  must: Must,
): Promise<void> {
  const isErased = ({ sensorId }: { sensorId: string }) => oracle.erasures.erased.has(sensorId);
  const live = [...oracle.sessions.values()].filter((own) => !oracle.mergedInto.has(own.sessionId) && !isErased(own));
  const found = await sessions.find(tenantId, live.map(({ sessionId }) => sessionId));
  const all = (await sessions.list(tenantId, {}, { first: 100 })).edges.map((edge) => edge.node);
  const rows = all.filter((row) => !isErased(row));
  const isDeleted = (id: string) => oracle.back.deletions.has(id);
  const ids = [...found.keys()].filter((id) => !isDeleted(id));
  const items = world.dynamo.dump("sessions");
  must("the list has every session once", rows.map((row) => row.sessionId).sort(), ids.sort(), "it");
  for (const sensorId of new Set(live.map((session) => session.sensorId))) {
    const there = live.filter((session) => session.sensorId === sensorId).map(({ sessionId }) => found.get(sessionId)!);
    const own = there.filter(({ sessionId }) => !isDeleted(sessionId));
    const said = oracle.said.get(sensorId) ?? [];
    const everything = pausedSessionsOf(withGuesses(said, oracle.guesses), IDLE_MS);
    const whole = everything.filter(({ fact: { id } }) => id === undefined || !isDeleted(id));
    const expected = whole.map(({ fact }) => fact);
    const named = new Set(expected.map(({ id }) => id));
    const facts = own.map((session) => factOf(session, named.has(session.sessionId)));
    must("sessions are what was said of their sensor", inOrder(facts), inOrder(expected), { sensorId, said });
    must("what ended is over", own.every(({ status }) => status === "COMPLETED"), true, sensorId);
    const listed = rows.filter((row) => row.sensorId === sensorId).map((row) => factOf(row, named.has(row.sessionId)));
    must("a list shows what the sessions are", inOrder(listed), inOrder(facts), sensorId);
    const hidden = there.filter(({ sessionId }) => isDeleted(sessionId));
    must(
      "what is deleted takes out of the counts what it holds",
      items.filter((item) => idOf(item) === sensorId).flatMap(({ takenOut }) => takenOut ?? []).length,
      hidden.reduce((sum, { motionEventCount }) => sum + motionEventCount, 0),
      sensorId,
    );
    const rolledUp = rollups?.of(tenantId, sensorId);
    if (rolledUp) must("rollups are what a recount gives", rolledUp, recounted(whole), { sensorId, said });
    const latest = there.sort((a, b) => a.startedAt - b.startedAt).at(-1);
    const pointer = world.dynamo.peek("sensors", { pk: `${tenantId}#${sensorId}` })?.latest;
    must(
      "the pointer names a session that begins last",
      found.get(pointer as string)?.startedAt,
      latest?.startedAt,
      sensorId,
    );
  }
  for (const counted of oracle.sessions.values()) {
    if (!isErased(counted)) await checkOne(counted, oracle, sessions, tenantId, must);
  }
}

type Must = (law: string, found: unknown, expected: unknown, of: unknown) => void;

/** Batches, readings and what people wrote of one session, wherever it is now. */
async function checkOne(
  { sessionId, batches, edits }: Counted,
  { mergedInto, said, sessions: all }: Oracle,
  sessions: Sessions,
  tenantId: string,
  must: Must,
): Promise<void> {
  let holder = sessionId;
  while (mergedInto.has(holder)) holder = mergedInto.get(holder)!;
  const session = (await sessions.find(tenantId, [holder])).get(holder)!;
  for (const { labels, notes } of edits) {
    must("no edit is lost", labels.filter((label) => !session.labels.includes(label)), [], sessionId);
    const typed = notes.split(".").filter((part) => !`${session.notes}`.includes(`${part}`));
    must("no note is lost", typed, [], sessionId);
  }
  must("versions count the edits", session.version >= 1 + edits.length, true, [
    sessionId,
    holder,
    session.version,
    edits,
  ]);
  if (holder !== sessionId) return;
  const top = Math.max(0, ...batches.keys());
  const missing = Array.from({ length: top }, (_, n) => n).filter((n) => !batches.has(n));
  const uncounted = Array.from({ length: top }, (_, n) => n).filter((n) => !isCounted(session.batches, BigInt(n)));
  must("missing batches are those that did not come", uncounted, missing, sessionId);
  const readings = (await sessions.listReadings(session, { first: 200 })).edges.map((edge) => edge.node);
  const acts = actsOf(said.get(session.sensorId) ?? []);
  const sent = [...all.values()].filter(({ sensorId }) => sensorId === session.sensorId).flatMap((one) => (
    [...one.batches.values()].flatMap((batch) => batch.readings).filter(({ at }) => (
      holderOf(acts, one.sessionId, at) === sessionId
    ))
  ));
  const inTime = (list: typeof readings) =>
    [...list].sort((a, b) => a.at - b.at || a.values.join().localeCompare(b.values.join()));
  must(
    "readings come in the order of time",
    readings.map(({ at }) => at),
    sent.map(({ at }) => at).sort((a, b) => a - b),
    sessionId,
  );
  must("readings are all there", inTime(readings), inTime(sent), sessionId);
}

function factOf(session: Session, isNamed: boolean): Fact {
  const { startedAt, lastMotionAt, endedBy, motionEventCount, sampleCount } = session;
  return {
    id: isNamed ? session.sessionId : undefined,
    ...{ startedAt, lastMotionAt, by: endedBy as Fact["by"], motions: motionEventCount, samples: sampleCount },
    endedAt: session.endedAt!,
    duration: durationOf(session)!,
    paused: pausedMsOf({ ...session, endedAt: session.endedAt! }),
  };
}

function inOrder(facts: readonly Fact[]): Fact[] {
  return [...facts].sort((a, b) => a.startedAt - b.startedAt || ((a.id ?? "") < (b.id ?? "") ? -1 : 1));
}

function shown(value: unknown): string {
  const replacer = (_key: string, part: unknown) =>
    typeof part === "bigint" ? Number(part) : part instanceof Map ? [...part] : part;
  return JSON.stringify(value, replacer);
}
