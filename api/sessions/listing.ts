import * as v from "valibot";
import { MAX_AHEAD_MS, MIN_AT, prose } from "../core/check.ts";
import { type Clock, DAY_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type PageArgs, type PageRequest, pages, parsePage, toPage } from "../core/page.ts";
import { parseRange, type RangeInput } from "../core/range.ts";
import { folded } from "../core/text.ts";
import type { SessionLists, SessionPosition, SessionQuery } from "./lists.ts";
import { LIMITS, type Sensor, type SensorPage, type Session, type SessionPage, type SessionStatus } from "./model.ts";
import { asOf, reachOf } from "./rules.ts";
import type { SessionStore } from "./store.ts";

export type SessionFilter = {
  sensorId?: string | null | undefined;
  range?: RangeInput | null | undefined;
  overlaps?: { from: number; to: number } | null | undefined;
  status?: SessionStatus | null | undefined;
  label?: string | null | undefined;
  text?: string | null | undefined;
};

export type SensorFilter = { prefix?: string | null | undefined; search?: string | null | undefined };

/** The UTC days on which sessions began that are open at an instant, latest first, counted from 1970. */
export type DaysOpenAt = (tenantId: string, sensorId: string | undefined, at: number) => Promise<number[]>;

export type ListingOptions = {
  lists: SessionLists;
  store: Pick<SessionStore, "find">;
  daysOpenAt: DaysOpenAt;
  clock: Clock;
};

const MAX_PAGE = 100;
/** Rows read at a time where most of them may not match. */
const FILTERED_ROWS = 250;
const SEARCHED_SENSORS = 1_000;
/** Words that are looked for in notes. */
const MAX_WORDS = 10;
const EMPTY_PAGE: SessionPage = { edges: [], hasNextPage: false, hasPreviousPage: false };

const id = v.pipe(v.string(), v.maxLength(LIMITS.idChars));
const instant = v.pipe(v.number(), v.safeInteger());
/** Where a page ended, and where a range of the last hours began for the first one: hours that go by leave nothing out. */
const listPosition = v.pipe(
  v.tuple([instant, id, v.optional(instant)]),
  v.transform(([startedAt, sessionId, fromAt]) => ({ startedAt, sessionId, fromAt })),
);

/** Lists of sessions and sensors. */
export function createListing({ lists, store, daysOpenAt, clock }: ListingOptions) {
  return {
    /** One page of sessions, latest start first. Full unless it is the last. */
    async list(tenantId: string, filter: SessionFilter, page: PageArgs): Promise<SessionPage> {
      const cursors = createCursors("sessions", [tenantId, canonical(filter)], listPosition);
      const request = parsePage(page, MAX_PAGE, cursors);
      const query = toQuery(tenantId, filter, clock(), request.from?.fromAt);
      // No session has them, and the store would not take them as values.
      if ([query.sensorId, query.label].some((text) => text !== undefined && !isId(text))) return EMPTY_PAGE;
      const rows = await read(filter.overlaps ? await stretchesOf(query, filter.overlaps) : [query], request);
      const begun = filter.range?.last ? [query.fromAt] : [];
      return toPage(rows, request, ({ startedAt, sessionId }) => cursors.encode([startedAt, sessionId, ...begun]));
    },

    /** One page of the tenant's sensors, by id. */
    async listSensors(tenantId: string, filter: SensorFilter, page: PageArgs): Promise<SensorPage> {
      const prefix = parseText("prefix", filter.prefix, LIMITS.idChars);
      const search = folded(parseText("search", filter.search, LIMITS.idChars) ?? "");
      const cursors = createCursors("sensors", [tenantId, prefix ?? null, search], id);
      const request = parsePage(page, MAX_PAGE, cursors);
      const { wanted, isBackward, from } = request;
      const found: Sensor[] = [];
      const next = (after?: string) => {
        const limit = search === "" ? wanted + 1 - found.length : SEARCHED_SENSORS;
        return lists.sensors(tenantId, { limit, after, descending: isBackward, prefix });
      };
      for await (const { sensors } of pages(next, from)) {
        found.push(...sensors.filter((sensor) => isFound(sensor, search)));
        if (found.length > wanted) break;
      }
      return toPage(found, request, ({ sensorId }) => cursors.encode(sensorId));
    },
  };

  /** The matching sessions of stretches of starts, which come latest first: one more than wanted where there are so many. */
  async function read(stretches: readonly SessionQuery[], request: PageRequest<SessionPosition>): Promise<Session[]> {
    const { wanted, isBackward, from } = request;
    const rows: Session[] = [];
    for (const query of isBackward ? stretches.toReversed() : stretches) {
      if (from && (isBackward ? query.toAt <= from.startedAt : query.fromAt > from.startedAt)) continue;
      const isInside = from && query.fromAt <= from.startedAt && from.startedAt < query.toAt;
      const next = (position?: SessionPosition) =>
        lists.page(query, isFiltered(query) ? FILTERED_ROWS : wanted + 1 - rows.length, position, isBackward);
      for await (const { sessions } of pages(next, isInside ? from : undefined)) {
        const now = clock();
        const seen = sessions.map((session) => asOf(session, now)).filter((session) => matches(session, query));
        rows.push(...await kept(query.tenantId, seen, now));
        if (rows.length > wanted) return rows;
      }
    }
    return rows;
  }

  /** Those whose time is not over. A row does not say when a person wrote: where one did, what seems over is looked at itself. */
  async function kept(tenantId: string, rows: readonly Session[], now: number): Promise<Session[]> {
    const written = rows.filter((row) => row.version > 1 && isExpired(row, now)).map(({ sessionId }) => sessionId);
    const whole = written.length > 0 ? await store.find(tenantId, written) : undefined;
    return rows.filter((row) => !isExpired(whole?.get(row.sessionId) ?? row, now));
  }

  /**
   * The stretches of starts that hold all sessions which overlap a range: the range itself, and the days before it on which
   * sessions began that last until it. The numbers of analytics say which days these are, so no others are read.
   */
  async function stretchesOf(query: SessionQuery, { from, to }: { from: number; to: number }): Promise<SessionQuery[]> {
    const days = await daysOpenAt(query.tenantId, query.sensorId, from);
    const earlier = days.map((day) => (
      { fromAt: day * DAY_MS, toAt: Math.min((day + 1) * DAY_MS, from), openAt: from }
    ));
    return [{ fromAt: from, toAt: to }, ...earlier]
      .map((own) => (
        { ...query, ...own, fromAt: Math.max(own.fromAt, query.fromAt), toAt: Math.min(own.toAt, query.toAt) }
      ))
      .filter(({ fromAt, toAt }) => fromAt < toAt);
  }
}

export function isId(text: string): boolean {
  return text.length >= 1 && text.length <= LIMITS.idChars && text.isWellFormed();
}

/** When a session is deleted: so long after the last write, a person's too; undefined where it is pinned. */
export function expiryOf({ pinned, updatedAt, annotatedAt = updatedAt, keepMs }: Session): number | undefined {
  return pinned ? undefined : Math.max(updatedAt, annotatedAt) + keepMs;
}

export function isExpired(session: Session, now: number): boolean {
  const expiry = expiryOf(session);
  return expiry !== undefined && expiry < now;
}

/** Whether most rows may be read in vain. */
function isFiltered({ status, label, openAt, words = [] }: SessionQuery): boolean {
  return status !== undefined || label !== undefined || openAt !== undefined || words.length > 0;
}

function matches(session: Session, { status, label, openAt, words = [] }: SessionQuery): boolean {
  const notes = words.length > 0 ? folded(session.notes ?? "") : "";
  return words.every((word) => notes.includes(word)) && (status === undefined || session.status === status) &&
    (label === undefined || session.labels.includes(label)) &&
    (openAt === undefined || (session.endedAt ?? reachOf(session)) > openAt);
}

function isFound({ sensorId, name = "" }: Sensor, search: string): boolean {
  return folded(sensorId).includes(search) || folded(name).includes(search);
}

/** `begunAt`: where a range of the last hours began for the first page. */
function toQuery(tenantId: string, filter: SessionFilter, now: number, begunAt: number | undefined): SessionQuery {
  const { sensorId, range, overlaps, status, label, text } = filter;
  if (overlaps && overlaps.to <= overlaps.from) {
    throw new InvalidInputError([{ path: ["filter", "overlaps", "to"], message: "must be later than `from`" }]);
  }
  const { fromAt, toAt } = range ? parseRange(range, now) : { fromAt: MIN_AT, toAt: now + MAX_AHEAD_MS + 1 };
  return {
    tenantId,
    sensorId: sensorId ?? undefined,
    fromAt: range?.last && begunAt !== undefined ? Math.max(MIN_AT, Math.min(begunAt, fromAt)) : fromAt,
    toAt,
    status: status ?? undefined,
    label: label ?? undefined,
    words: parseWords(text),
  };
}

/** The words that notes must hold, each once, as they are kept. Throws InvalidInputError. */
function parseWords(text: string | null | undefined): string[] {
  const words = [...new Set(folded(parseText("text", text, LIMITS.notesChars) ?? "").split(/\s+/).filter(Boolean))];
  if (words.length <= MAX_WORDS) return words;
  const message = `must hold at most ${MAX_WORDS} words, has ${words.length}`;
  throw new InvalidInputError([{ path: ["filter", "text"], message }]);
}

function parseText(name: string, text: string | null | undefined, maxChars: number): string | undefined {
  if (text === null || text === undefined || text === "") return undefined;
  const parsed = v.safeParse(prose(maxChars), text);
  if (parsed.success) return text;
  throw new InvalidInputError([{ path: ["filter", name], message: parsed.issues[0].message }]);
}

/** A filter's parts in a fixed order, so that equal filters have equal cursors. */
function canonical({ sensorId, range, overlaps, status, label, text }: SessionFilter) {
  const { last, between } = range ?? {};
  return [
    ...[sensorId ?? null, last ?? null, between?.from ?? null, between?.to ?? null, status ?? null, label ?? null],
    ...(overlaps || text ? [overlaps?.from ?? null, overlaps?.to ?? null, text ?? null] : []),
  ];
}
