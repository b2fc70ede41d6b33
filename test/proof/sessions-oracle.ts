import { isDeepStrictEqual } from "node:util";
import type { Item } from "../../api/aws/dynamo.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import type { Act, Batch, Input, Operation, SentEdit } from "./sessions-inputs.ts";
import { createErasures, createTakenBack, heldIn, idOf, num, shownOf } from "./sessions-taken-back.ts";
import { motionEndOf, type Said } from "./sessions-spec.ts";
import { pausesIn } from "./sessions-pauses-said.ts";
import { saidOfMotion, withGuesses } from "./sessions-spec-acts.ts";
import type { Writer } from "./sessions-world.ts";

const DEFAULT_IDLE_MS = 5 * 60_000;
const PEOPLES = ["labels", "notes", "pinned", "version"];
const FIXED = ["createdAt", "idleMs", "keepMs", "user"];
const NAMES_PEOPLES = /\b(labels|notes|pinned|version)\b/;
const KEPT_FOR_EVER_SECONDS = 100_000_000_000;

type Kept = { startedAt?: number; endedAt?: number; until?: number; pauses?: { from: number; to: number }[] };

/** What has been counted of a session, from the inputs whose writes were done. */
export type Counted = { sessionId: string; sensorId: string; batches: Map<number, Batch>; edits: SentEdit[] };

export type Oracle = ReturnType<typeof createOracle>;

/**
 * Holds every single write against what its writer was told to do, and keeps what was said by it: what the sessions must be
 * in the end, `sessions-spec.ts` says of all that. It knows the inputs and the items, and shares nothing with the rules.
 */
export function createOracle() {
  const violations: string[] = [];
  const sessions = new Map<string, Counted>();
  const motions = new Set<string>();
  const updates = new Set<string>();
  const said = new Map<string, Said[]>();
  const mergedInto = new Map<string, string>();
  const guesses = new Map<string, number>();
  const back = createTakenBack(said, mergedInto);
  const erasures = createErasures();
  /** Operations that were refused in words. */
  const refused = new Set<Operation>();
  const hidden = new Set<string>();

  const must = (holds: boolean, law: string, detail: unknown) =>
    holds || void violations.push(`${law}: ${JSON.stringify(detail)}`);
  const say = (sensorId: string, what: Said) => void said.set(sensorId, [...said.get(sensorId) ?? [], what]);

  /** No expression that devices or the service send names a person's attribute, but where it joins two sessions. */
  function onCall({ input }: Operation, method: string, args: readonly unknown[]): void {
    if (input.kind === "edit" || isAct(input) || !["put", "update", "updateIf", "transact"].includes(method)) return;
    const parts = method === "transact" ? args[0] as Record<string, unknown>[] : [{ put: args[1], change: args[2] }];
    const texts = parts.map((part) => {
      const { expression, names } = (part.change ?? {}) as { expression?: string; names?: Record<string, string> };
      return [
        expression ?? Object.keys((part.put as object | undefined) ?? {}).join(" "),
        ...Object.values(names ?? {}),
      ]
        .join(" ");
    });
    const joins = parts.some((part) => {
      const { values } = (part.change ?? {}) as { values?: Item };
      return values?.[":mergedInto"] !== undefined;
    });
    for (const text of texts) must(joins || !NAMES_PEOPLES.test(text), "a device write names no person's field", text);
  }

  function onWrite(written: readonly Written[], { operation }: Writer): void {
    const { input } = operation;
    if (erasures.onWrite(written, input, must)) return;
    // Where the line still names what an erasure has removed, that is tidied (S2.486).
    if (written.every(({ after }) => !after)) return;
    const own = written.filter(({ after }) => typeof after?.sk === "string" && after.sk.endsWith("#SESSION"));
    const gone = own.filter(({ before, after }) => after!.mergedInto !== undefined && before?.mergedInto === undefined);
    for (const { before, after } of own) {
      const session = counted(after!);
      if (input.kind === "edit") edited(session, before, after!, operation);
      else device(session, before, after!, input, gone);
    }
    for (const { after } of gone) mergedInto.set(idOf(after!), after!.mergedInto as string);
    if (isAct(input)) acted(input, written, own, gone);
    if (input.kind === "cleared" && written.some(({ after }) => (after?.sk as string | undefined)?.includes("#C#"))) {
      say(input.sensorId, { kind: "cleared", at: input.at });
    }
    if (input.kind === "batch") {
      const moved = own.reduce((sum, { before, after }) => sum + num(after!.samples) - num(before?.samples), 0);
      const isCounted = own.some(({ before, after }) => (
        idOf(after!) === input.sessionId && isBatchCounted(before, after!)
      ));
      must(moved === (isCounted ? input.readings.length : 0), "a batch counts its samples", [moved, input]);
    }
    const samples = own.reduce(
      (sum, { before, after }) => sum + shownOf(after, "samples") - shownOf(before, "samples"),
      0,
    );
    must(samples === 0 || input.kind === "batch", "no reading is lost or doubled where sessions change", [
      input,
      samples,
    ]);
    const counts = input.kind === "motion" || (input.kind === "update" && input.incrementMotionCount);
    must(heldIn(own) === (counts && heldIn(own) !== 0 ? 1 : 0), "no motion is lost or doubled where sessions change", [
      input,
      heldIn(own),
    ]);
    const added = own.map(({ before, after }) => num(after!.motions) - num(before?.motions)).filter((n) => n !== 0);
    if (input.kind === "motion") countMotion(input, added);
    else if (input.kind === "update") countUpdate(added, written, input.incrementMotionCount);
    else must(added.length === 0, "only motion and updates count motion", [operation.name, added]);
  }

  function counted(after: Item): Counted {
    const sessionId = idOf(after);
    const place = (after.was ?? after) as { sensorKey: string; tenant: string };
    const sensorId = place.sensorKey.slice(place.tenant.length + 1);
    // The id of what was erased is free again.
    const old = sessions.get(sessionId);
    const isFree = old !== undefined && old.sensorId !== sensorId && erasures.erased.has(old.sensorId);
    // Nor does it lead where it led (M3.401), none of its updates was done (M4.739), nobody deleted it (P20.321).
    if (isFree) forgetId(sessionId);
    const known = old && !isFree ? old : { sessionId, sensorId, batches: new Map(), edits: [] };
    sessions.set(sessionId, known);
    must(known.sensorId === sensorId, "a session stays at its sensor", sessionId);
    return known;
  }

  function forgetId(sessionId: string): void {
    mergedInto.delete(sessionId);
    back.forgetId(sessionId);
    for (const update of updates) if (update.startsWith(`${sessionId}#U#`)) updates.delete(update);
  }

  function edited(session: Counted, before: Item | undefined, after: Item, { sent, name }: Operation): void {
    const version = num(before?.version) || 1;
    // Asked again, of what that became meanwhile, which has the same version by chance (EB.21733).
    const seen = sent.filter((edit) => edit.expectedVersion === version && leadsTo(edit.sessionId, session.sessionId));
    const own = seen.find(({ labels }) => isDeepStrictEqual(after.labels, labels)) ?? seen[0];
    if (!own || !before) {
      return void must(false, "an edit is written only over the version that it saw", [name, version]);
    }
    must(after.version === version + 1, "an edit moves the version by one", [name, after.version]);
    must(isDeepStrictEqual(after.labels, own.labels), "an edit writes the labels as typed", [name, after.labels]);
    must(after.notes === own.notes, "an edit writes the notes as typed", [name, after.notes]);
    must(after.pinned === (own.pinned ?? before.pinned ?? false), "an edit pins as told", [name, after.pinned]);
    const kept = ["ttl", "keepSeconds", "noted", ...PEOPLES];
    for (const field of Object.keys({ ...before, ...after }).filter((field) => !kept.includes(field))) {
      must(isDeepStrictEqual(before[field], after[field]), "an edit changes no other field", field);
    }
    session.edits.push(own);
    mustExpire(after, name);
  }

  function leadsTo(from: string, to: string): boolean {
    const next = mergedInto.get(from);
    return from === to || (next !== undefined && leadsTo(next, to));
  }

  function device(
    session: Counted,
    before: Item | undefined,
    after: Item,
    input: Input,
    gone: readonly Written[],
  ): void {
    const { sessionId, sensorId } = session;
    for (const field of before ? FIXED : []) {
      must(isDeepStrictEqual(before![field], after[field]), `${field} never changes`, [sessionId, input]);
    }
    must(after.revision === num(before?.revision) + 1, "each write moves the revision by one", sessionId);
    must(
      before?.mergedInto === undefined || input.kind === "undo" ||
        isDeepStrictEqual(before.mergedInto, after.mergedInto),
      "what is joined stays so",
      sessionId,
    );
    if (!isAct(input)) peoplesKept(sessionId, before, after, gone);
    const isCounted = isBatchCounted(before, after);
    const samples = num(after.samples) - num(before?.samples);
    if (input.kind === "batch" && input.sessionId === sessionId && isCounted) {
      must(!session.batches.has(input.batchOffset), "a batch counts once", input);
      must(input.sensorId === sensorId, "a batch of another sensor changes nothing", input);
      session.batches.set(input.batchOffset, input);
      const { batchOffset: offset, readings, ...more } = input;
      const kept = (after.own ?? after) as Item;
      const measuredBy = kept.durationOffset === offset ? { measuredBy: num(kept.durationBy) } : {};
      say(sensorId, { ...more, ...measuredBy, offset, readings: readings.map(({ at }) => at), id: sessionId });
    } else if (!isAct(input)) {
      const isBatch = input.kind === "batch";
      must((samples === 0 || isBatch) && !isCounted, "only a batch moves samples and batches", input);
    }
    const own = after.own as Item | undefined;
    const place = own ?? (after.was ?? after) as Item;
    if ((own ?? after).isStartGuessed === true) guesses.set(sessionId, num(place.startedAt));
    if (input.kind === "create" && input.sessionId === sessionId && before?.createdWith === undefined) {
      // Beneath a person's word of the start (U5.245).
      const { startedAt } = (own ?? after.said ?? after) as Item;
      say(sensorId, { kind: "create", id: sessionId, startedAt: input.startedAt ?? num(startedAt) });
    }
    if (input.kind === "end") endsSaid(session, before, after);
    if (input.kind === "update") reportsSaid(session, before, after);
    if (input.kind === "pause" || input.kind === "batch") back.pauses.told(sensorId, before, after);
    must(
      (after.checkAt !== undefined) ===
        ((after.status === "ACTIVE" || after.deletedAt !== undefined) && after.mergedInto === undefined),
      "the sweeper's index has the active, and what is deleted",
      after,
    );
    mustExpire(after, sessionId);
  }

  function mustExpire(after: Item, detail: unknown): void {
    const isFar = num(after.ttl) > KEPT_FOR_EVER_SECONDS;
    const isNeeded = ((after.pieces ?? []) as Item[]).some(({ into }) => into !== idOf(after));
    must(isFar === (after.pinned === true || isNeeded), "a pinned session never expires, another does", [
      detail,
      after.ttl,
    ]);
  }

  /** Only people change what people wrote; a session that takes in others takes what people wrote of them. */
  function peoplesKept(sessionId: string, before: Item | undefined, after: Item, gone: readonly Written[]): void {
    if (PEOPLES.every((field) => isDeepStrictEqual(before?.[field], after[field]))) return;
    const from = gone.filter((other) => other.after!.mergedInto === sessionId).map((other) => other.after!);
    must(from.length > 0, "only people change what people wrote", sessionId);
    for (const source of [...from, ...(before ? [before] : [])]) {
      const labels = (source.labels ?? []) as string[];
      must(labels.every((label) => (after.labels as string[]).includes(label)), "labels are joined", [
        sessionId,
        labels,
      ]);
      must(textOf(after.notes).includes(textOf(source.notes)), "notes are kept one below the other", sessionId);
      must(source.pinned !== true || after.pinned === true, "pins hold", sessionId);
    }
  }

  /** What a person made of sessions, as their items show it. */
  function acted(input: Act, written: readonly Written[], own: readonly Written[], gone: readonly Written[]): void {
    if (own.length === 0) return;
    // The id of what was erased may be another sensor's by the time that it is asked again (GB.5469).
    const sensorId = sessions.get(idOf(own[0]!.after!))?.sensorId ?? input.sensorId;
    if (input.kind === "undo") return back.undone(written, must);
    if (input.kind === "restore") return back.restored(own, must);
    const before = said.get(sensorId)?.length ?? 0;
    says(sensorId, input, own, gone);
    const added = (said.get(sensorId) ?? []).slice(before);
    if (input.kind === "delete") hidden.add(sensorId);
    if (input.kind === "delete") back.deleted(own, added, must);
    else if (input.kind !== "correct") back.corrected(sensorId, written, added);
  }

  function says(sensorId: string, input: Act, own: readonly Written[], gone: readonly Written[]): void {
    const byId = new Map(own.map((written) => [idOf(written.after!), written]));
    const corrected = ({ before, after }: Written) => {
      const isDeletion = after!.deletedAt !== undefined && before?.deletedAt === undefined;
      const { startedAt, endedAt, until = -Infinity, pauses } = (after!.corrected ?? {}) as Kept;
      say(sensorId, {
        kind: "correct",
        id: idOf(after!),
        startedAt,
        until,
        endedAt,
        pauses,
        keptUntil: isDeletion ? keptUntil(idOf(after!), startedAt!) : undefined,
      });
    };
    type Anchored = { anchor?: number; until: number };
    if (input.kind === "merge") {
      const bridgesOf = (item: Item | undefined) => (item?.bridges ?? []) as Anchored[];
      const into = own.find(({ before, after }) => (
        after!.mergedInto === undefined && before !== undefined &&
        gone.some((other) => other.after!.mergedInto === idOf(after!)) && bridgesOf(after).length > 0
      ));
      if (!into) return void must(false, "a merge has a session that the others went into", own);
      const id = idOf(into.after!);
      const others = gone.filter(({ after }) => after!.mergedInto === id);
      const members = [id, ...others.map(({ after }) => idOf(after!))];
      const known = own.flatMap(({ before }) => bridgesOf(before));
      const added = bridgesOf(into.after).find((one) => !known.some((other) => isDeepStrictEqual(one, other)));
      const { until, anchor } = added ?? bridgesOf(into.after).at(-1)!;
      // Beneath what a person says of the start, which can be taken back.
      const beneath = into.before!.said as { startedAt: number } | undefined;
      const isStated = beneath ? (into.after!.said as Item).isStated === true : into.after!.isStated === true;
      const begins = [beneath ?? into.before!, ...others.map(({ before }) => before!)] as Item[];
      const starts = begins.filter((start) => start.isStartGuessed !== true).map((start) => num(start.startedAt));
      const startedAt = isStated && starts.length > 0 ? Math.min(...starts) : undefined;
      const of = anchor === undefined ? { id } : { motionAt: anchor };
      const joined = own.filter(({ after }) => members.includes(idOf(after!)));
      const cuts = joined.flatMap(({ before }) =>
        ((before?.ends ?? []) as { into?: string }[]).map(({ into }) => into)
      );
      const healed = cuts.filter((one) => one !== undefined && members.includes(one)) as string[];
      say(sensorId, { kind: "merge", members, into: id, last: id, of, until, startedAt, healed });
      corrected(into);
    } else if (input.kind === "split") {
      const second = own.find(({ before, after }) => before === undefined && after!.said !== undefined);
      const first = second && own.find(({ before, after }) => (
        before !== undefined && after!.mergedInto === undefined && num(after!.version) > (num(before.version) || 1)
      ));
      if (!first) return void must(false, "a split has a first and a second session", own);
      const { before } = first;
      const [from, id] = [idOf(first.after!), idOf(second.after!)];
      const all = [before!.ends, before!.reported, before!.bridges].flatMap((list) => (list ?? []) as Anchored[]);
      const of = before!.isStated === true ? { id: from } : { motionAt: num(before!.startedAt) };
      const anchors = [...all, ...pausesIn(before)].flatMap(({ anchor }) => anchor ?? []);
      say(sensorId, { kind: "split", id, from, of, at: num(second.after!.startedAt), anchors });
      corrected(first);
      corrected(second);
    } else {
      for (const written of byId.values()) {
        if (isDeepStrictEqual(written.before?.corrected, written.after!.corrected)) continue;
        const said = written.before?.said as { startedAt: number; isStated: boolean } | undefined;
        const isMotions = said?.isStated === false && written.after!.said === undefined;
        if (isMotions) ofMotion(sensorId, idOf(written.after!), said.startedAt);
        corrected(written);
      }
    }
  }

  function ofMotion(sensorId: string, id: string, motionAt: number): void {
    said.set(sensorId, saidOfMotion(said.get(sensorId) ?? [], id, motionAt));
  }

  /** Where the motion of a session ends that is deleted. */
  function keptUntil(id: string, startedAt: number): number {
    const before = withGuesses(said.get(erasures.sensors.get(id)!) ?? [], guesses);
    return motionEndOf(before, DEFAULT_IDLE_MS, id, startedAt);
  }

  function endsSaid({ sessionId, sensorId }: Counted, before: Item | undefined, after: Item): void {
    type End = { at: number; anchor?: number; isCut?: boolean };
    const known = (before?.ends ?? []) as End[];
    for (const end of (after.ends ?? []) as End[]) {
      // A cut was said by a person, and comes along with the motion event that it was said of.
      if (end.isCut || known.some((other) => isDeepStrictEqual(other, end))) continue;
      say(sensorId, {
        kind: "end",
        of: end.anchor === undefined ? { id: sessionId } : { motionAt: end.anchor },
        at: end.at,
      });
    }
  }

  function reportsSaid({ sessionId, sensorId }: Counted, before: Item | undefined, after: Item): void {
    if (!before || num(after.motions) === num(before.motions)) return;
    const of = before.isStated === true ? { id: sessionId } : { motionAt: num(before.startedAt) };
    say(sensorId, { kind: "told", of, at: num(after.motionAt) });
  }

  function countMotion({ sensorId, seq, at }: Input & { kind: "motion" }, added: number[]): void {
    must(isDeepStrictEqual(added, [1]), "a motion event is counted in one session", [sensorId, seq, added]);
    must(!motions.has(`${sensorId} ${seq}`), "a motion event counts once", [sensorId, seq]);
    motions.add(`${sensorId} ${seq}`);
    say(sensorId, { kind: "motion", at, seq });
  }

  function countUpdate(added: number[], written: readonly Written[], counts: boolean): void {
    const marker = written.map(({ after }) => after?.sk as string).find((sk) => sk?.includes("#U#"));
    if (!marker) return void must(false, "an update leaves its marker", written);
    must(!updates.has(marker), "an update counts once", marker);
    must(isDeepStrictEqual(added, counts ? [1] : []), "an update counts what it says", [marker, added]);
    updates.add(marker);
  }

  /** Where an operation is, and where the session is that it names. */
  const sensorsOf = ({ input, sessionId = "sessionId" in input ? input.sessionId : "" }: Operation) => [
    ...("sensorId" in input ? [input.sensorId] : []),
    erasures.sensors.get(sessionId) ?? "",
  ];
  /** Whether it is of a sensor of which a session was deleted, or which was erased: it may be refused. */
  const isHidden = (operation: Operation) =>
    sensorsOf(operation).some((id) => hidden.has(id) || erasures.erased.has(id));
  const isErased = (operation: Operation) => sensorsOf(operation).some((id) => erasures.erased.has(id));

  return {
    sensorOf: (sessionId: string) => sessions.get(sessionId)!.sensorId,
    refused,
    isHidden,
    isErased,
    violations,
    sessions,
    motions,
    updates,
    said,
    guesses,
    mergedInto,
    back,
    erasures,
    onCall,
    onWrite,
  };
}

export function isAct(input: Input): input is Act {
  return ["merge", "split", "correct", "undo", "delete", "restore"].includes(input.kind);
}

function isBatchCounted(before: Item | undefined, after: Item): boolean {
  return after.bTop !== (before?.bTop ?? -1) || after.bGaps !== (before?.bGaps ?? "");
}

function textOf(notes: unknown): string {
  return typeof notes === "string" ? notes : "";
}
