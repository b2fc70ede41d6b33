import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import type { TransactWrite } from "../aws/dynamo.ts";
import { instant, words } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type Page, parseFirst } from "../core/page.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { applyAdmitted, asideAt, resolveAside } from "./batches.ts";
import type { createClearing } from "./clearing.ts";
import { type createHearing, deletedByPerson } from "./hearing.ts";
import type { createLasting } from "./lasting.ts";
import type { Lines, Owner } from "./lines.ts";
import { type BatchInput, LIMITS, type MotionInput, type Reading, type SentBatch, type Session } from "./model.ts";
import { type ReadingReceipt, spoken } from "./plausible.ts";
import { type Held, isQuarantineId, type QuarantineStore } from "./quarantine.ts";
import type { Readings } from "./readings.ts";
import type { PauseSaid } from "./pauses.ts";
import type { Pausing } from "./pausing.ts";
import type { PayloadMismatch, Quarantined, Resolved } from "./results.ts";
import { measuredOf } from "./rules.ts";
import type { createSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";

/** Most that a page holds of what is kept aside. */
const MAX_ASIDE = 100;
const asidePosition = v.object({ heldAt: v.number(), sensorId: v.string(), quarantineId: v.string() });

/** What of a batch is not believed. */
type Doubted = {
  held: readonly Reading[];
  heldPauses: readonly PauseSaid[];
  receipts: readonly ReadingReceipt[];
  doubts: readonly string[];
};

export type Aside = ReturnType<typeof createAside>;

/** What is kept aside, because its time is not believed: motion, readings, statements of devices. */
export function createAside(
  { lines, sources, hearing, lasts, clear, pausing, readings, quarantine, settings, changed, clock }: {
    lines: Lines;
    sources: Sources;
    pausing: Pick<Pausing, "say">;
    hearing: ReturnType<typeof createHearing>;
    lasts: ReturnType<typeof createLasting>;
    clear: ReturnType<typeof createClearing>;
    readings: Readings;
    quarantine: QuarantineStore;
    settings: ReturnType<typeof createSettings>;
    /** Called with each session that changed. */
    changed: (session: Session) => void;
    clock: Clock;
  },
) {
  return {
    holdMotion,
    holdBatch,
    keepingApart,
    idOfApart: (batch: Pick<BatchInput, "sessionId">): string => quarantine.idOf(apartOf(batch)),
    /** What people do with it. */
    useCases: {
      /** What is kept aside at a sensor, by its id; at most a hundred. */
      listQuarantined: (tenantId: string, sensorId: string): Promise<Held[]> =>
        quarantine.list({ tenantId, sensorId }, 100),

      /** What is kept aside of a tenant, latest first. Throws InvalidInputError where `first` or `after` cannot be. */
      async pageQuarantined(tenantId: string, first: number, after: string | null | undefined): Promise<Page<Held>> {
        const cursors = createCursors("quarantined", tenantId, asidePosition);
        const limit = parseFirst(first, MAX_ASIDE);
        const from = cursors.decode(after);
        const { held, isFull } = await quarantine.page(tenantId, limit + 1, from);
        return {
          edges: held.slice(0, limit).map((node) => ({
            cursor: cursors.encode({ heldAt: node.heldAt, sensorId: node.sensorId, quarantineId: node.quarantineId }),
            node,
          })),
          hasNextPage: isFull,
          hasPreviousPage: from !== undefined,
        };
      },

      /**
       * Counts what was kept aside as it was sent, or drops it; undefined where nothing of that id is kept aside. What cannot
       * count stays aside, and the answer says why; what was dropped can be counted still, for as long as it would have been
       * kept. Throws InvalidInputError likewise.
       */
      async resolveQuarantined(
        tenantId: string,
        sensorId: string,
        quarantineId: string,
        admit: boolean,
      ): Promise<Resolved | PayloadMismatch | undefined> {
        const isPossible = isQuarantineId(quarantineId) && v.is(words(LIMITS.idChars), sensorId);
        const held = isPossible ? await quarantine.find({ tenantId, sensorId }, quarantineId) : undefined;
        if (!held) return undefined;
        const resolved: Resolved = { __typename: "ResolveQuarantinedPayload", admitted: admit };
        const decision = admit ? "ADMITTED" : "DROPPED";
        const { content } = held;
        if (admit && content.kind === "motion") {
          const motion: MotionInput = {
            sensorId,
            useServiceTime: false,
            ...content,
            state: content.state ?? "DETECTED",
          };
          const payload = motion.state === "CLEARED"
            ? await clear({ tenantId, sensorId }, motion)
            : await hearing.hear({ tenantId, sensorId }, motion);
          if (payload.__typename === "PayloadMismatchError") return payload;
          if (payload.session) changed(payload.session);
          if (payload.__typename === "RecordMotionPayload" && content.endedAt !== undefined) {
            await lasts(payload.session, content.at, content.endedAt);
          }
        }
        if (admit && content.kind === "batch") await admitBatch({ tenantId, sensorId }, content);
        if (content.kind === "apart") {
          // The session knows what was decided; what comes later is of the same id.
          await resolveApart({ tenantId, sensorId }, content.sessionId, admit);
          await quarantine.remove({ tenantId, sensorId }, quarantineId);
          return resolved;
        }
        // Somebody else may have admitted it meanwhile.
        return await quarantine.decide(held, decision, await settings.keepMsOf(tenantId)) ? resolved : undefined;
      },
    },
  };

  async function holdMotion(
    tenantId: string,
    { sensorId, at, seq, boot, endedAt, state }: MotionInput,
    reason: string,
  ): Promise<Quarantined> {
    const numbered = typeof seq === "number" ? { seq, ...(boot ? { boot } : {}) } : {};
    const lasting = typeof endedAt === "number" ? { endedAt } : {};
    const clearing = state === "CLEARED" ? { state } : {};
    const content = { kind: "motion" as const, at, ...numbered, ...lasting, ...clearing };
    const quarantineId = quarantine.idOf(content);
    const held = { tenantId, sensorId, quarantineId, heldAt: clock(), reason: `at: ${reason}`, count: 1, content };
    const decided = await quarantine.put(held, await settings.keepMsOf(tenantId));
    if (at < held.heldAt && await isErased({ tenantId, sensorId }, [at])) {
      await quarantine.remove(held, quarantineId);
    }
    const said = decided ? `; it came before, and a person ${decided.toLowerCase()} it` : "";
    return { __typename: "QuarantinedPayload", quarantineId, reason: `${held.reason}${said}` };
  }

  async function holdBatch(
    tenantId: string,
    { sessionId, sensorId, batchOffset, startedAt, durationMs }: SentBatch,
    { held, heldPauses, receipts, doubts }: Doubted,
  ): Promise<string> {
    if (held.length > 0) await readings.hold({ tenantId, sessionId, sensorId }, batchOffset, held);
    const stated = {
      ...(doubts.some((doubt) => doubt.startsWith("startedAt")) ? { startedAt: startedAt! } : {}),
      ...(doubts.some((doubt) => doubt.startsWith("durationMs")) ? { durationMs: durationMs! } : {}),
      ...(heldPauses.length > 0 ? { pauses: heldPauses } : {}),
    };
    const content = { kind: "batch" as const, sessionId, batchOffset, ...stated };
    const quarantineId = quarantine.idOf(content);
    const first = receipts.find(({ status }) => status === "QUARANTINED")?.reason;
    const reason = [...(first ? [first] : []), ...doubts].join("; ");
    const item = { tenantId, sensorId, quarantineId, heldAt: clock(), reason, count: held.length, content };
    await quarantine.put(item, await settings.keepMsOf(tenantId));
    const session = (await lines.find({ tenantId }, [sessionId])).get(sessionId);
    if (await isErased(item, [session?.startedAt ?? -Infinity, ...held.map(({ at }) => at)])) {
      await quarantine.remove(item, quarantineId);
      await readings.release({ tenantId, sessionId, sensorId }, batchOffset);
    }
    return quarantineId;
  }

  /** Whether any of that lies in a past that was erased since it was judged: an erasure may have looked for it already. */
  async function isErased(of: Owner, instants: readonly number[]): Promise<boolean> {
    const { erasedUntil = -Infinity } = (await lines.findSensorState(of)).sensor ?? {};
    return erasedUntil > -Infinity && instants.some((at) => at <= erasedUntil);
  }

  /** Takes what was kept aside of a batch among what it counts; a second try finds it there. */
  async function admitBatch(
    of: Owner,
    { sessionId, batchOffset, pauses = [], ...stated }: Held["content"] & { kind: "batch" },
  ) {
    const place = { ...of, sessionId };
    const held = (await readings.readHeld(place, batchOffset)).length > 0
      ? await readings.admit(place, batchOffset)
      : [];
    await retryLost(async () => {
      const known = (await lines.find(of, [sessionId])).get(sessionId);
      if (!known || known.admitted?.includes(batchOffset)) return true;
      const all = held.length > 0 ? await readings.read(place, batchOffset) : [];
      const apply = (session: Session) => applyAdmitted(session, batchOffset, all, held.length, stated, clock());
      if (sources.isShared(known)) return await sources.change(known, apply, held) ? true : LOST;
      const next = apply(known);
      const also = await keepingApart(next, known, Infinity);
      return await lines.state(of, next, known, undefined, also) ? true : LOST;
    });
    const session = (await lines.find(of, [sessionId])).get(sessionId);
    if (session && pauses.length > 0) await pausing.say(session, pauses, true);
    if (session) changed(session);
  }

  /**
   * What lies far from a session's other readings, as a part of the change that shows it: one entry a session, with how many
   * there are now, whichever batches they came in.
   */
  async function keepingApart(next: Session, known: Session | undefined, apartMs: number): Promise<TransactWrite[]> {
    if (isDeepStrictEqual(next.aside ?? [], known?.aside ?? [])) return [];
    const held = (next.aside ?? []).filter(({ isDropped, count }) => !isDropped && count > 0);
    const content = apartOf(next);
    const quarantineId = quarantine.idOf(content);
    const { tenantId, sensorId } = next;
    const [first] = held;
    if (!first) return [quarantine.removing({ tenantId, sensorId }, quarantineId)];
    const range = `${new Date(first.firstAt).toISOString()} to ${new Date(held.at(-1)!.lastAt).toISOString()}`;
    const reason = `at: readings from ${range} are ${farFrom(apartMs)}`;
    const count = held.reduce((sum, one) => sum + one.count, 0);
    const item = { tenantId, sensorId, quarantineId, heldAt: clock(), reason, count, content };
    return [quarantine.putting(item, await settings.keepMsOf(tenantId))];
  }

  /** Takes what lies far from a session's other readings among these, or lets it lie for good. */
  async function resolveApart(of: Owner, sessionId: string, isAdmitted: boolean): Promise<void> {
    const session = await retryLost(async () => {
      const known = (await lines.find(of, [sessionId])).get(sessionId);
      if (!known?.aside) return known;
      if (known.deletedAt !== undefined) throw deletedByPerson("quarantineId");
      if (sources.isShared(known)) throw shared();
      const next = { ...resolveAside(known, isAdmitted), updatedAt: clock() };
      return await lines.state(of, next, known) ? next : LOST;
    });
    if (session) changed(session);
  }
}

/** Of each reading of a batch that lies too far from the session's others, as it is now. */
export function farReceipts(
  session: Session,
  { readings }: SentBatch,
  { apartMs, readings: taken }: BatchInput,
): ReadingReceipt[] {
  if (!session.aside || !taken.some(({ at }) => asideAt(session, at))) return [];
  return readings.flatMap((one, index): ReadingReceipt[] => {
    const at = v.safeParse(instant, (one as { at?: unknown } | null)?.at);
    const own = at.success && taken.some((other) => other.at === at.output) ? asideAt(session, at.output) : undefined;
    return own ? [{ index, status: "QUARANTINED", reason: `at: is ${farFrom(apartMs)}` }] : [];
  });
}

/** What is said of a length that ends after its device can have measured it. */
export function longDoubt(session: Session, { batchOffset }: BatchInput): string[] {
  const { deviceDuration: measured } = session;
  if (measured?.offset !== batchOffset || measuredOf(session) !== undefined) return [];
  const by = new Date(measured.by!).toISOString();
  return [`durationMs: ends later than the device can have measured, ${by}; it is left out`];
}

function farFrom(apartMs: number): string {
  return `more than ${spoken(apartMs)} from the session's other readings`;
}

function apartOf({ sessionId }: Pick<Session, "sessionId">): Held["content"] {
  return { kind: "apart", sessionId };
}

function shared(): InvalidInputError {
  const message = "is of a session whose readings people gave to several; undo the merge or split first";
  return new InvalidInputError([{ path: ["quarantineId"], message }]);
}
