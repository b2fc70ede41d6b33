import { isDeepStrictEqual } from "node:util";
import { LRUCache } from "lru-cache";
import * as v from "valibot";
import type { TransactWrite } from "../aws/dynamo.ts";
import { instant, words } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type Page, parseFirst } from "../core/page.ts";
import { LOST, retryLost, type Written } from "../core/writes.ts";
import { heardOf } from "./heard.ts";
import { type createHearing, deletedByPerson } from "./hearing.ts";
import { sensorKeyOf } from "./item.ts";
import type { Lines, Owner } from "./lines.ts";
import {
  type BatchInput,
  LIMITS,
  type MotionInput,
  parseBatch,
  parseMotion,
  type SentBatch,
  type Session,
} from "./model.ts";
import { erasedSince, implausible, judgeReadings, judgeStatements, type ReadingReceipt, spoken } from "./plausible.ts";
import { type Held, isQuarantineId, type QuarantineStore } from "./quarantine.ts";
import { digestOf, type Readings } from "./readings.ts";
import {
  type BatchPayload,
  mismatch,
  type MotionPayload,
  type PayloadMismatch,
  type Quarantined,
  type Resolved,
} from "./results.ts";
import { applyAdmitted, applyLasting, asideAt, decideBatch, measuredOf, resolveAside, spanOf } from "./rules.ts";
import { asSource, asStated } from "./pieces.ts";
import type { createSettings } from "./settings.ts";
import type { Sources } from "./sources.ts";
import type { SessionStore } from "./store.ts";

/** Batches in a session's item; then they move to a sheet of the directory. */
const MAX_SPANS = 24;
const MAX_REMEMBERED = 50_000;
/** Wrong fields that are named at once. */
const MAX_FIELDS = 20;

/** Most that a page holds of what is kept aside. */
const MAX_ASIDE = 100;
const asidePosition = v.object({ heldAt: v.number(), sensorId: v.string(), quarantineId: v.string() });

/** What devices and sensors send: each message counts once. */
export function createDevices({ store, lines, sources, hearing, readings, quarantine, settings, changed, clock }: {
  store: SessionStore;
  lines: Lines;
  sources: Sources;
  hearing: ReturnType<typeof createHearing>;
  readings: Readings;
  quarantine: QuarantineStore;
  settings: ReturnType<typeof createSettings>;
  /** Called with each session that changed. */
  changed: (session: Session) => void;
  clock: Clock;
}) {
  /** Which session a sensor's motion was counted in last: a guess that a condition checks. */
  const believed = new LRUCache<string, string>({ max: MAX_REMEMBERED });

  return {
    /**
     * Counts a motion event once: by (sensor, boot, seq), or by (sensor, instant) where it has no number. Throws
     * InvalidInputError.
     */
    async recordMotion(
      tenantId: string,
      userId: string | undefined,
      input: unknown,
    ): Promise<MotionPayload | PayloadMismatch | Quarantined> {
      const motion = parseMotion(input, clock());
      const { sensorId, at, seq, boot } = motion;
      const erasedUntil = await settings.erasedUntil(tenantId, sensorId);
      if (erasedUntil !== undefined && at <= erasedUntil) {
        throw new InvalidInputError([{ path: ["at"], message: erasedSince(erasedUntil) }]);
      }
      const plausible = await settings.plausibleOf(tenantId, sensorId);
      const reason = implausible(at, clock(), plausible);
      const lasting = (motion.endedAt ?? at) - at > plausible.lengthMs ? "lasts longer than is believed" : undefined;
      const doubt = lasting ?? (motion.endedAt ? implausible(motion.endedAt, clock(), plausible) : undefined);
      if (reason === undefined && doubt !== undefined) {
        throw new InvalidInputError([{ path: ["endedAt"], message: `${doubt} (configureSessions)` }]);
      }
      if (reason !== undefined) return await holdMotion(tenantId, motion, reason);
      const sensorKey = sensorKeyOf(tenantId, sensorId);
      const guess = believed.get(sensorKey);
      const next = guess === undefined ? undefined : await store.addNextMotion(
        { tenantId, sessionId: guess, sensorId },
        heardOf(at, seq, boot),
        boot ?? undefined,
        clock(),
      );
      const payload = next?.ok ? counted(next.current) : await hearing.hear({ tenantId, sensorId, userId }, motion);
      if (payload.__typename !== "RecordMotionPayload") return payload;
      const { session, duplicate } = payload;
      if (!session.next) believed.set(sensorKey, session.sessionId);
      if (!duplicate) {
        changed(session);
        await hearing.turnSheet(session);
      }
      return motion.endedAt === at || typeof motion.endedAt !== "number"
        ? payload
        : { ...payload, session: await lasts(session, at, motion.endedAt) };
    },

    /** Counts a batch once, by (session, batchOffset); its readings are in the object store first. Throws InvalidInputError. */
    async ingestBatch(
      tenantId: string,
      userId: string | undefined,
      input: unknown,
    ): Promise<BatchPayload | PayloadMismatch> {
      const sent = parseBatch(input);
      const judged = await judge(tenantId, sent);
      const { batch, receipts, doubts } = judged;
      if (await readings.keep(tenantId, batch, digestOf(sent)) === "other") {
        return mismatch(
          `Batch ${batch.batchOffset} of this session came before with other content; nothing was changed. Give new readings the next offset.`,
        );
      }
      const quarantineId = judged.held.length + doubts.length > 0 ? await holdBatch(tenantId, sent, judged) : undefined;
      const span = spanOf(batch);
      const isOne = span !== undefined && span.lastAt - span.firstAt <= batch.apartMs;
      const next = isOne && !batch.final
        ? await store.addNextBatch({ ...batch, tenantId }, span, batch, clock())
        : undefined;
      const payload = next?.ok
        ? batchPayload(next.current, false)
        : await countBatch({ tenantId, userId, sensorId: batch.sensorId }, batch, next);
      if (payload.__typename !== "IngestSessionBatchPayload") return payload;
      if (!payload.duplicate) {
        changed(payload.session);
        if (payload.source.spans.length >= MAX_SPANS) await turnSheet(payload.source);
      }
      const apart = farReceipts(payload.source, sent, batch);
      const accepted = payload.duplicate ? 0 : batch.readings.length - apart.length;
      const long = longDoubt(payload.source, batch);
      return {
        ...{ ...payload, accepted, doubts: [...doubts, ...long] },
        receipts: [...receipts, ...apart].sort((a, b) => a.index - b.index),
        quarantineId: quarantineId ?? (apart.length > 0 ? quarantine.idOf(apartOf(batch)) : undefined),
      };
    },

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
     * count stays aside, and the answer says why. Throws InvalidInputError likewise.
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
      const { content } = held;
      if (admit && content.kind === "motion") {
        const payload = await hearing.hear({ tenantId, sensorId }, { sensorId, useServiceTime: false, ...content });
        if (payload.__typename !== "RecordMotionPayload") return payload;
        changed(payload.session);
        if (content.endedAt !== undefined) await lasts(payload.session, content.at, content.endedAt);
      }
      if (admit && content.kind === "batch") await admitBatch({ tenantId, sensorId }, content);
      if (content.kind === "apart") await resolveApart({ tenantId, sensorId }, content.sessionId, admit);
      await quarantine.remove({ tenantId, sensorId }, quarantineId);
      return { __typename: "ResolveQuarantinedPayload", admitted: admit };
    },
  };

  /** The session that holds a motion event, with how long that lasted; a second try of the same changes nothing. */
  async function lasts(holder: Session, at: number, endedAt: number): Promise<Session> {
    let known: Session | undefined = holder;
    return await retryLost(async () => {
      known = known && await sources.lead(known.tenantId, known.sessionId);
      const session = known && await holderOf(known, at);
      if (!session) return holder;
      const next = applyLasting(session, at, endedAt);
      if (!next) return session;
      if (!await lines.state(session, { ...next, updatedAt: clock() }, session)) return LOST;
      const written = await sources.lead(session.tenantId, session.sessionId);
      if (written) changed(written);
      return written ?? session;
    });
  }

  /** The session that holds a motion event now: another's motion may have moved it since it was counted. */
  async function holderOf(of: Session, at: number): Promise<Session | undefined> {
    const near = await lines.around(of, await lines.findSensorState(of), at);
    return near?.before;
  }

  /** What of a batch counts. Throws InvalidInputError where none of its readings can be taken or kept. */
  async function judge(tenantId: string, sent: SentBatch) {
    const now = clock();
    const plausible = await settings.plausibleOf(tenantId, sent.sensorId);
    const erasedUntil = await settings.erasedUntil(tenantId, sent.sensorId);
    const judged = judgeReadings(sent.readings, now, plausible, erasedUntil);
    if (sent.readings.length > 0 && judged.readings.length + judged.held.length === 0) {
      throw new InvalidInputError(
        judged.receipts.slice(0, MAX_FIELDS).map(({ index, reason }) => {
          const [, field, message] = /^(?:([\w.]+): )?([^]*)$/.exec(reason)!;
          return { path: ["readings", `${index}`, ...(field?.split(".") ?? [])], message: message! };
        }),
      );
    }
    const firstAt = judged.readings.reduce((least, { at }) => Math.min(least, at), Infinity);
    const { doubts, ...stated } = judgeStatements(sent, Number.isFinite(firstAt) ? firstAt : undefined, now, plausible);
    const believed = { apartMs: plausible.apartMs, measuredBy: now + plausible.aheadMs };
    const batch: BatchInput = { ...sent, ...stated, ...believed, readings: judged.readings };
    return { ...judged, doubts, batch };
  }

  async function holdMotion(
    tenantId: string,
    { sensorId, at, seq, boot, endedAt }: MotionInput,
    reason: string,
  ): Promise<Quarantined> {
    const numbered = typeof seq === "number" ? { seq, ...(boot ? { boot } : {}) } : {};
    const lasting = typeof endedAt === "number" ? { endedAt } : {};
    const content = { kind: "motion" as const, at, ...numbered, ...lasting };
    const quarantineId = quarantine.idOf(content);
    const held = { tenantId, sensorId, quarantineId, heldAt: clock(), reason: `at: ${reason}`, count: 1, content };
    await quarantine.put(held, await settings.keepMsOf(tenantId));
    return { __typename: "QuarantinedPayload", quarantineId, reason: held.reason };
  }

  async function holdBatch(
    tenantId: string,
    { sessionId, sensorId, batchOffset, startedAt, durationMs }: SentBatch,
    { held, receipts, doubts }: Awaited<ReturnType<typeof judge>>,
  ): Promise<string> {
    if (held.length > 0) await readings.hold({ tenantId, sessionId, sensorId }, batchOffset, held);
    const stated = {
      ...(doubts.some((doubt) => doubt.startsWith("startedAt")) ? { startedAt: startedAt! } : {}),
      ...(doubts.some((doubt) => doubt.startsWith("durationMs")) ? { durationMs: durationMs! } : {}),
    };
    const content = { kind: "batch" as const, sessionId, batchOffset, ...stated };
    const quarantineId = quarantine.idOf(content);
    const first = receipts.find(({ status }) => status === "QUARANTINED")?.reason;
    const reason = [...(first ? [first] : []), ...doubts].join("; ");
    const item = { tenantId, sensorId, quarantineId, heldAt: clock(), reason, count: held.length, content };
    await quarantine.put(item, await settings.keepMsOf(tenantId));
    return quarantineId;
  }

  /** Takes what was kept aside of a batch among what it counts; a second try finds it there. */
  async function admitBatch(of: Owner, { sessionId, batchOffset, ...stated }: Held["content"] & { kind: "batch" }) {
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
    if (session) changed(session);
  }

  async function countBatch(
    of: Owner,
    batch: BatchInput,
    tried: Written<Session> | undefined,
  ): Promise<BatchPayload | PayloadMismatch> {
    const find = async () => (await lines.find(of, [batch.sessionId])).get(batch.sessionId);
    let known = tried ? tried.current : await find();
    return await retryLost(async () => {
      if (known && known.sensorId !== batch.sensorId) {
        return mismatch(
          `The session ${JSON.stringify(batch.sessionId)} belongs to another sensor; nothing was changed.`,
        );
      }
      if (known?.deletedAt !== undefined) throw deletedByPerson("sessionId");
      if (known && sources.isShared(known)) {
        const shared = await countShared(known, batch);
        if (shared) return shared;
        known = await find();
        return LOST;
      }
      const counted = known && decide(known, batch);
      if (counted?.kind === "duplicate") return batchPayload(known!, true);
      const apart = counted ? await keepingApart(counted.session, known, batch.apartMs) : [];
      const own = counted && apart.length === 0 ? await lines.stateOwn(counted.session, known!) : undefined;
      if (own?.ok) return batchPayload(own.current, false);
      if (own) {
        known = own.current;
        return LOST;
      }
      const was = await lines.findSensorState(of);
      const next = counted?.session ?? await opened(of, batch, was);
      const also = counted ? apart : await keepingApart(next, undefined, batch.apartMs);
      if (await lines.state(of, next, known, was, also)) return batchPayload((await find())!, false);
      known = await find();
      return LOST;
    });
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

  /** A batch of a session of which others hold readings; undefined where something moved meanwhile. */
  async function countShared(known: Session, batch: BatchInput): Promise<BatchPayload | undefined> {
    const first = spanOf(batch)?.firstAt;
    const decision = decide(asStated(asSource(known)), batch);
    const isDuplicate = decision.kind === "duplicate";
    const state = (stated: Session) => {
      const counted = decide(stated, batch);
      return counted.kind === "counted" ? counted.session : stated;
    };
    if (!isDuplicate && !await sources.change(known, state, batch.readings)) return undefined;
    const source = (await lines.find(known, [known.sessionId])).get(known.sessionId)!;
    const whole = await sources.lead(known.tenantId, known.sessionId);
    const holder = whole && await sources.at(whole, first ?? clock());
    return { ...batchPayload(holder ?? source, isDuplicate), source };
  }

  /** A session that begins with a batch. What states no start is taken to begin now, until something does. */
  async function opened(
    of: Owner,
    batch: BatchInput,
    was: Awaited<ReturnType<Lines["findSensorState"]>>,
  ): Promise<Session> {
    const said = Math.min(batch.startedAt ?? Infinity, spanOf(batch)?.firstAt ?? Infinity);
    const isSaid = Number.isFinite(said);
    const startedAt = isSaid ? said : clock();
    // Its signs say when it began; until there is one the arrival does.
    const fresh = await lines.begin(of, batch.sessionId, was, { startedAt, isStated: true });
    const decision = decide({ ...fresh, isStartGuessed: true }, batch);
    return (decision as { session: Session }).session;
  }

  function decide(session: Session, batch: BatchInput) {
    const decision = decideBatch(session, batch, clock());
    if (decision.kind === "refused") throw new InvalidInputError([{ path: ["batchOffset"], message: decision.reason }]);
    return decision;
  }

  /** Moves the directory's batches to a sheet. Where another writer comes between, a later batch does it. */
  async function turnSheet(session: Session): Promise<void> {
    await store.putSheet(session, session.spans);
    await store.replace({ ...session, spans: [] }, session);
  }
}

/** Of each reading of a batch that lies too far from the session's others, as it is now. */
function farReceipts(
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
function longDoubt(session: Session, { batchOffset }: BatchInput): string[] {
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

function counted(session: Session): MotionPayload {
  return { __typename: "RecordMotionPayload", session, started: false, duplicate: false };
}

function batchPayload(session: Session, duplicate: boolean): BatchPayload {
  return {
    __typename: "IngestSessionBatchPayload",
    source: session,
    session,
    duplicate,
    accepted: 0,
    receipts: [],
    doubts: [],
  };
}
