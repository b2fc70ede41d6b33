import { isDeepStrictEqual } from "node:util";
import { InvalidInputError, UnavailableError } from "../../api/core/errors.ts";
import { isCounted } from "../../api/core/watermark.ts";
import type { Session } from "../../api/sessions/model.ts";
import { durationOf, endOf } from "../../api/sessions/rules.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { type Operation, operationsOf } from "./sessions-inputs.ts";
import { createOracle, type Oracle } from "./sessions-oracle.ts";
import { createRandom } from "./random.ts";
import { deviceDurationOf, finalEndOf, lastOf, startOf, type Told } from "./sessions-told.ts";
import { type Counts, createWorld, START_AT, type Weather, type World } from "./sessions-world.ts";

export type Failure = { seed: string; violations: string[]; trace: string[] };

const IDLE_MS = 5 * 60_000;
const SETTLED_MS = 3 * 60 * 60_000;

export function noCounts(): Counts {
  return { runs: 0, calls: 0, writes: 0, conflicts: 0, lost: 0, refused: 0, died: 0, abandoned: 0 };
}

/** One interleaving, the same for the same seed; gives what was wrong, undefined where nothing was. */
export async function runOnce(seed: string, counts: Counts): Promise<Failure | undefined> {
  const random = createRandom(seed);
  const chance = (p: number) => random() < p;
  const weather: Weather = {
    faults: chance(0.25) ? 0 : random() * 0.12,
    maxFaults: 12,
    lag: chance(0.6) ? 0 : random() * 0.5,
    skewMs: chance(0.5) ? 0 : 60_000,
    processes: 2 + Math.floor(random() * 3),
  };
  const oracle = createOracle({ idleMs: IDLE_MS, placesExactly: weather.lag === 0 });
  const { violations } = oracle;
  const world: World = createWorld({
    random,
    weather,
    counts,
    onWrite: oracle.onWrite,
    onCall: oracle.onCall,
    onAnswer: (operation, outcome) => judge(operation, outcome, oracle, world),
  });
  const isOver = () => violations.length > 0;
  const operations = operationsOf(random, seed, START_AT, IDLE_MS);
  counts.runs++;
  try {
    await world.run(operations, isOver);
    world.calm(SETTLED_MS);
    const again = chance(0.2) ? operations.filter(({ input }) => !["edit", "sweep", "end"].includes(input.kind)) : [];
    const finish: Operation = {
      name: "at the end",
      input: { kind: "sweep" },
      sent: [],
      run: (sessions) => atTheEnd(seed, sessions, oracle, operations, world),
    };
    if (!isOver()) await world.run(again, isOver);
    world.calm(SETTLED_MS);
    if (!isOver()) await world.run([finish], isOver);
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
    const isRefused = input.kind === "end" && outcome.error instanceof InvalidInputError;
    return must(isRefused, `a request is answered, and does not fail with ${(outcome.error as Error).stack}`);
  }
  const answer = outcome.answer as { __typename?: string; session: Session; duplicate?: boolean } | undefined;
  const type = answer?.__typename;
  const told = answer?.session && oracle.sessions.get(answer.session.sessionId);
  switch (input.kind) {
    case "motion":
      return must(oracle.motions.has(`${input.sensorId} ${input.seq}`), "a motion that is answered is counted");
    case "batch": {
      if (type !== "PayloadMismatchError") {
        return must(told?.batches.has(input.batchOffset) ?? false, "a batch that is answered is counted");
      }
      const known = world.objects.get(`${input.sessionId} ${input.sensorId} ${input.batchOffset}`);
      const isOther = !isDeepStrictEqual(known?.batch.readings, input.readings);
      const isStrange = oracle.sessions.get(input.sessionId)?.sensorId !== input.sensorId;
      return must(isOther || isStrange, "only other content or another sensor is a mismatch");
    }
    case "update":
      if (type === undefined || type === "NotFoundError") return true;
      return must(
        (type === "SessionPayload") === oracle.updates.has(`${operation.sessionId} ${input.updateId}`),
        "an update is counted as answered",
      );
    case "end":
      return must(type !== "SessionPayload" || answer!.session.status === "COMPLETED", "what was ended is over");
    case "edit": {
      const edits = oracle.sessions.get(operation.sessionId ?? "")?.edits ?? [];
      if (type === "SessionPayload") {
        return must(edits.some(({ sent }) => operation.sent.includes(sent)), "an edit that is answered is written");
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
): Promise<void> {
  const { violations } = oracle;
  const must = (law: string, found: unknown, expected: unknown, of: unknown) => {
    if (!isDeepStrictEqual(found, expected)) {
      violations.push(`${law}: ${shown(of)} has ${shown(found)}, not ${shown(expected)}`);
    }
  };
  for (const { input, name } of operations) {
    if (input.kind === "motion") {
      must("every motion is counted", oracle.motions.has(`${input.sensorId} ${input.seq}`), true, name);
    }
  }
  await sessions.sweep();
  const ids = [...oracle.sessions.keys()];
  const found = await sessions.find(tenantId, ids);
  const rows = (await sessions.list(tenantId, {}, { first: 100 })).edges.map((edge) => edge.node);
  must("the list has every session once", rows.map((row) => row.sessionId).sort(), [...ids].sort(), "it");
  for (const told of oracle.sessions.values()) {
    const session = found.get(told.sessionId)!;
    const end = told.end?.by === "EXPLICIT" ? told.end.at : finals(told) ? finalEndOf(told) : lastOf(told);
    const measured = told.end?.by === "EXPLICIT" ? undefined : deviceDurationOf(told);
    const expected = {
      status: "COMPLETED",
      endedBy: told.end?.by === "EXPLICIT" ? "EXPLICIT" : finals(told) ? "FINAL" : "IDLE",
      motionEventCount: told.motions.length + told.updates.length,
      sampleCount: [...told.batches.values()].reduce((sum, { readings }) => sum + readings.length, 0),
      missing: missingOf(told),
      startedAt: startOf(told),
      lastMotionAt: lastOf(told),
      endedAt: end,
      duration: measured ?? Math.max(0, end! - startOf(told)),
    };
    must("a session is what was told of it", factsOf(session, told), expected, [told, session]);
    const row = rows.find(({ sessionId }) => sessionId === told.sessionId);
    must("a list shows what the session is", row && factsOf(row, told), expected, told.sessionId);
    const last = told.edits.at(-1)?.after;
    must("what people wrote last stands", peopleOf(session), {
      labels: last?.labels ?? [],
      notes: last?.notes ?? null,
      pinned: last?.pinned ?? false,
      version: 1 + told.edits.length,
    }, told.sessionId);
    const readings = (await sessions.listReadings(session, { first: 200 })).edges.map((edge) => edge.node);
    const sent = [...told.batches.values()].sort((a, b) => a.batchOffset - b.batchOffset).flatMap((batch) =>
      batch.readings
    );
    must("readings are all there in the order of time", readings, sent.sort((a, b) => a.at - b.at), told.sessionId);
  }
  for (const [sensor, id] of oracle.latest) {
    must(
      "the pointer names the session that opened last",
      world.dynamo.peek("sensors", { pk: sensor })?.latest,
      id,
      sensor,
    );
  }
}

function factsOf(session: Session, told: Told) {
  const { status, endedBy, motionEventCount, sampleCount, batches, startedAt, lastMotionAt } = session;
  const top = Math.max(-1, ...told.batches.keys());
  const missing = Array.from({ length: top + 1 }, (_, n) => n).filter((n) => !isCounted(batches, BigInt(n)));
  const beyond = isCounted(batches, BigInt(top + 1)) ? [top + 1] : [];
  return {
    ...{ status, endedBy, motionEventCount, sampleCount, missing: [...missing, ...beyond], startedAt, lastMotionAt },
    endedAt: endOf(session),
    duration: durationOf(session),
  };
}

function peopleOf({ labels, notes, pinned, version }: Session) {
  return { labels, notes, pinned, version };
}

function missingOf({ batches }: Told): number[] {
  return Array.from({ length: Math.max(0, ...batches.keys()) }, (_, n) => n).filter((n) => !batches.has(n));
}

function finals({ batches }: Told): boolean {
  return [...batches.values()].some((batch) => batch.final === true);
}

function shown(value: unknown): string {
  const replacer = (_key: string, part: unknown) =>
    typeof part === "bigint" ? Number(part) : part instanceof Map ? [...part] : part;
  return JSON.stringify(value, replacer);
}
