import { isDeepStrictEqual } from "node:util";
import type { Item } from "../../api/aws/dynamo.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import type { Input, Operation } from "./sessions-inputs.ts";
import { finalEndOf, isPlain, lastOf, sign, startOf, type Told } from "./sessions-told.ts";
import type { Writer } from "./sessions-world.ts";

const PEOPLES = ["labels", "notes", "pinned", "version"];
const FIXED = ["tenant", "sensorKey", "createdAt", "idleMs", "keepMs", "user"];
const NAMES_PEOPLES = /\b(labels|notes|pinned|version)\b/;
const KEPT_FOR_EVER_SECONDS = 100_000_000_000;

export type Oracle = ReturnType<typeof createOracle>;

/**
 * Holds every single write against what its writer was told to do. It knows the inputs and the items, and shares nothing
 * with the rules: what counts is a set of (sensor, seq), (session, offset) and (session, updateId).
 *
 * All laws hold where indexes lag, but one: where a motion event between sessions belongs (`placesExactly`). There a
 * late motion may find no neighbour and open a session of its own; it is counted once all the same.
 */
export function createOracle({ idleMs, placesExactly }: { idleMs: number; placesExactly: boolean }) {
  const violations: string[] = [];
  const sessions = new Map<string, Told>();
  const motions = new Set<string>();
  const updates = new Set<string>();
  const active = new Map<string, Set<string>>();
  const latest = new Map<string, string>();
  const expressions = new Set<unknown>();

  const wrong = (law: string, detail: unknown) => void violations.push(`${law}: ${JSON.stringify(detail)}`);
  const must = (holds: boolean, law: string, detail: unknown) => holds || wrong(law, detail);

  /** No expression that devices or the service send names a person's attribute. */
  function onCall({ input }: Operation, method: string, args: readonly unknown[]): void {
    if (input.kind === "edit" || !/^(put|update|transact)/.test(method)) return;
    const parts = method === "transact" ? args[0] as Record<string, unknown>[] : [{ put: args[1], change: args[2] }];
    for (const part of parts) {
      const { expression, names } = (part.change ?? {}) as { expression?: string; names?: Record<string, string> };
      if (expression !== undefined && expressions.has(expression)) continue;
      const said = [expression ?? Object.keys(part.put as object).join(" "), ...Object.values(names ?? {})].join(" ");
      must(!NAMES_PEOPLES.test(said), "a device write names no person's field", said);
      if (expression !== undefined) expressions.add(expression);
    }
  }

  function onWrite(written: readonly Written[], { operation, now }: Writer): void {
    const { input } = operation;
    const own = written.filter(({ after }) => typeof after?.sk === "string" && after.sk.endsWith("#SESSION"));
    for (const { before, after } of own) {
      if (!before) opened(after!, input, now);
      const told = sessions.get(idOf(after!))!;
      people(told, before, after!, operation);
      if (input.kind !== "edit") device(told, before, after!, input, now, written);
    }
    const added = own.map(({ before, after }) => [after!, num(after!.motions) - num(before?.motions)] as const)
      .filter(([, more]) => more !== 0);
    if (input.kind === "motion") countMotion(input, added, own);
    else if (input.kind === "update") countUpdate(input.updateId, added, now, own[0]!, input.incrementMotionCount);
    else must(added.length === 0, "only motion and updates move the motion count", [operation.name, added]);
    for (const { before, after } of own) ends(sessions.get(idOf(after!))!, before, after!, input, now, own);
    for (const { table, before, after } of written) if (table === "sensors") pointer(before, after!, own);
    for (const [sensor, ids] of active) {
      must(ids.size <= 1, "at most one active session at a sensor", [sensor, ...ids]);
      for (const id of ids) must(latest.get(sensor) === id, "the active session is the sensor's latest", [sensor, id]);
    }
  }

  function opened(after: Item, input: Input, now: number): void {
    const sessionId = idOf(after);
    const start = input.kind === "motion" ? input.at : "startedAt" in input ? input.startedAt : undefined;
    const isTimeless = input.kind === "create" || (input.kind === "batch" && input.readings.length === 0);
    sessions.set(sessionId, {
      sessionId,
      sensorId: "sensorId" in input ? input.sensorId : wrong("only motion, batches and creators open", input) ?? "",
      openedBy: input.kind,
      motions: [],
      updates: [],
      batches: new Map(),
      starts: start !== undefined ? [start] : isTimeless ? [num(after.createdAt)] : [],
      beganAt: undefined,
      openByBatchUntil: 0,
      end: undefined,
      edits: [],
    });
    must(num(after.createdAt) <= now, "a session is created by its writer's clock", sessionId);
    must(PEOPLES.every((name) => !(name in after)), "a new session holds nothing of people", after);
  }

  function people(told: Told, before: Item | undefined, after: Item, { input, sent, name }: Operation): void {
    if (input.kind === "edit") {
      const version = num(before?.version) || 1;
      const own = sent.find((edit) => edit.expectedVersion === version);
      if (!own || !before) return wrong("an edit is written only over the version that it saw", [name, version]);
      must(after.version === version + 1, "an edit moves the version by one", [name, after.version]);
      must(isDeepStrictEqual(after.labels, own.labels), "an edit writes the labels as typed", [name, after.labels]);
      must(after.notes === own.notes, "an edit writes the notes as typed", [name, after.notes]);
      must(after.pinned === (own.pinned ?? before.pinned ?? false), "an edit pins as told", [name, after.pinned]);
      const kept = ["ttl", "keepSeconds", ...PEOPLES];
      for (const field of Object.keys({ ...before, ...after })) {
        if (!kept.includes(field)) {
          must(isDeepStrictEqual(before[field], after[field]), "an edit changes no other field", field);
        }
      }
      told.edits.push({ sent: own, after });
    } else {
      for (const field of PEOPLES) {
        must(isDeepStrictEqual(before?.[field], after[field]), "only people change what people wrote", [name, field]);
      }
    }
    const isFar = num(after.ttl) > KEPT_FOR_EVER_SECONDS;
    must(isFar === (after.pinned === true), "a pinned session never expires, another does", [name, after.ttl]);
  }

  function device(
    told: Told,
    before: Item | undefined,
    after: Item,
    input: Input,
    now: number,
    written: readonly Written[],
  ) {
    for (const field of before ? FIXED : []) {
      must(isDeepStrictEqual(before![field], after[field]), `${field} never changes`, [told.sessionId, input]);
    }
    must(after.revision === num(before?.revision) + 1, "each write moves the revision by one", told.sessionId);
    must(
      num(after.startedAt) <= (before ? num(before.startedAt) : Infinity),
      "a start is only corrected to earlier",
      input,
    );
    const samples = num(after.samples) - num(before?.samples);
    const isCounted = after.bTop !== (before?.bTop ?? -1) || after.bGaps !== (before?.bGaps ?? "");
    if (input.kind === "batch" && input.sessionId === told.sessionId && isCounted) {
      must(!told.batches.has(input.batchOffset), "a batch counts once", input);
      must(input.sensorId === told.sensorId, "a batch of another sensor changes nothing", input);
      must(samples === input.readings.length, "a batch counts its samples", [samples, input]);
      told.batches.set(input.batchOffset, input);
      must(num(after.updatedAt) <= now, "a batch arrives by its writer's clock", input);
      const until = num(after.updatedAt) + idleMs;
      const hasMotion = told.motions.length + told.updates.length > 0;
      told.openByBatchUntil = hasMotion ? Math.max(told.openByBatchUntil, until) : until;
      if (input.startedAt !== undefined) told.starts.push(input.startedAt);
    } else must(samples === 0 && !isCounted, "only a batch moves samples and batches", [input, written.length]);
    if (input.kind === "create" && input.sessionId === told.sessionId && input.startedAt !== undefined) {
      told.starts.push(input.startedAt);
    }
    const sensor = after.sensorKey as string;
    const ids = active.get(sensor) ?? new Set();
    active.set(sensor, ids);
    if (after.status === "ACTIVE") {
      must(!before || before.status === "ACTIVE", "what is over stays over", told.sessionId);
      ids.add(told.sessionId);
    } else ids.delete(told.sessionId);
    must((after.checkAt !== undefined) === (after.status === "ACTIVE"), "the sweeper's index has the active", after);
    must((after.done !== undefined) === (after.status !== "ACTIVE"), "lists have the numbers of what is over", after);
  }

  function countMotion(
    { sensorId, seq, at }: Input & { kind: "motion" },
    added: (readonly [Item, number])[],
    own: readonly Written[],
  ) {
    must(added.length === 1 && added[0]![1] === 1, "a motion event is counted in one session", [sensorId, seq, added]);
    must(!motions.has(`${sensorId} ${seq}`), "a motion event counts once", [sensorId, seq]);
    motions.add(`${sensorId} ${seq}`);
    const told = added[0] && sessions.get(idOf(added[0][0]));
    if (!told) return;
    must(told.sensorId === sensorId, "a motion event counts at its sensor", [sensorId, seq, told.sensorId]);
    const { before } = own.find(({ after }) => after === added[0]![0])!;
    if (before) {
      const [from, to] = [num(before.startedAt) - idleMs, reachOf(told, before)];
      must(from <= at && at <= to, "a motion event lies in its session or within the timeout of it", [
        sensorId,
        seq,
        from,
        at,
        to,
      ]);
    } else if (placesExactly) {
      // Only where all that is known of the sensor's sessions is motion, a place is one and no other.
      const others = [...sessions.values()].filter((other) => other.sensorId === sensorId && other !== told);
      if (others.every(isPlain)) {
        const inside = others.filter((other) => startOf(other) <= at && at <= lastOf(other) + idleMs);
        must(inside.length === 0, "no session opens inside another", [sensorId, seq, inside]);
      }
    }
    sign(told);
    told.motions.push(at);
  }

  function countUpdate(
    updateId: string,
    added: (readonly [Item, number])[],
    now: number,
    { after }: Written,
    counts: boolean,
  ) {
    const told = sessions.get(idOf(after!))!;
    const key = `${told.sessionId} ${updateId}`;
    must(!updates.has(key), "an update counts once", key);
    must(added.reduce((sum, [, more]) => sum + more, 0) === (counts ? 1 : 0), "an update counts what it says", key);
    updates.add(key);
    if (!counts) return;
    sign(told);
    told.updates.push(now);
  }

  function ends(
    told: Told,
    before: Item | undefined,
    after: Item,
    input: Input,
    now: number,
    own: readonly Written[],
  ): void {
    const was = told.end;
    if (after.status === "ACTIVE") return void must(!was, "what is over stays over", told.sessionId);
    const by = after.endedBy as "EXPLICIT" | "FINAL" | "IDLE";
    const at = after.explicitEnd as number | undefined;
    if (was?.by === by) return void must(was.at === at, "an end that was given stays", [told.sessionId, was, at]);
    const detail = [told.sessionId, by, at, input];
    const isOwn = "sessionId" in input && input.sessionId === told.sessionId;
    told.end = { by, at };
    const isDevicesLast = by === "FINAL" && input.kind === "batch" && isOwn && input.final === true;
    if (was) return void must(was.by === "IDLE" && isDevicesLast, "only a device's last word corrects silence", detail);
    if (input.kind === "batch" && isOwn && before) return void must(isDevicesLast, "a batch ends by saying so", detail);
    if (input.kind === "sweep") {
      must(by === "IDLE" && now > reachOf(told, before!), "a sweep ends what is idle", [...detail, now, before]);
    } else if (input.kind === "end") {
      const expected = input.endedAt ?? Math.max(now, lastOf(told));
      must(by === "EXPLICIT" && at === expected, "a given end is kept", [...detail, expected]);
    } else if (before) {
      const next = own.find((other) => !other.before)?.after;
      if (!next) return wrong("a session ends for a reason", detail);
      const isIdle = num(next.startedAt) > reachOf(told, before);
      must(by === (isIdle ? "IDLE" : "EXPLICIT"), "the next session ends the one before", [...detail, before]);
      if (!isIdle) must(at === Math.max(lastOf(told), num(next.startedAt)), "it ends where the next begins", detail);
    } else must(isDevicesLast || by === "IDLE", "a session of the past is over", detail);
  }

  function pointer(before: Item | undefined, after: Item, own: readonly Written[]): void {
    if (before?.latest === after.latest) return;
    const sensor = after.pk as string;
    const next = own.find((session) => !session.before && idOf(session.after!) === after.latest);
    const last = own.find((session) => session.before && idOf(session.before) === before?.latest);
    must(next !== undefined, "a pointer moves to the session that opens with it", after);
    must(!before?.latest || last !== undefined, "the session before is written with the next", after);
    if (last) {
      must(num(next?.after?.startedAt) >= num(last.before!.startedAt), "a pointer moves on to a later start", after);
    }
    latest.set(sensor, after.latest as string);
  }

  /** Until when motion goes on with the session, by what it was told. */
  function reachOf(told: Told, before: Item): number {
    // A session that was opened at an instant reaches at least a timeout beyond it.
    const signs = [lastOf(told), ...told.starts.slice(0, 1)];
    if (before.status === "ACTIVE") return Math.max(...signs.map((at) => at + idleMs), told.openByBatchUntil);
    const end = told.end!;
    if (end.by === "EXPLICIT") return end.at!;
    return end.by === "FINAL" ? finalEndOf(told) : lastOf(told) + idleMs;
  }

  return { violations, sessions, motions, updates, latest, onCall, onWrite };
}

function idOf(item: Item): string {
  return (item.sk as string).split("#")[0]!;
}

function num(value: unknown): number {
  return (value as number | undefined) ?? 0;
}
