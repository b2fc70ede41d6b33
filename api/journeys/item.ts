import type { Item } from "../aws/dynamo.ts";
import { idOf, itemKey } from "../core/keys.ts";
import { formatWatermark, parseWatermark } from "../core/watermark.ts";
import {
  type DecidingType,
  DEFAULT_KEEP_DAYS,
  type EventPosition,
  expiresAt,
  type Journey,
  OWN_OUTCOMES,
  type ReachedGoals,
} from "./model.ts";
import { winningGoal } from "./rules.ts";

export const META = "META";

type OwnStage = DecidingType | "ENGAGED" | "BROWSING";

/** How far a journey has come, for filters: a goal, its deciding type, or whether the visitor engaged at all. */
export type Stage = "GOAL_REACHED" | OwnStage;

export function keyOf(tenantId: string, sessionId: string) {
  return itemKey(tenantId, sessionId, META);
}

export function visitorKeyOf(tenantId: string, visitorId: string): string {
  return `${tenantId}#${visitorId}`;
}

/** The watermarks of all sources as one canonical text: what a writer's condition compares. */
export function formatWatermarks(watermarks: Journey["watermarks"]): string {
  return JSON.stringify(Object.fromEntries(Object.entries(watermarks).map(([s, wm]) => [s, formatWatermark(wm)])));
}

export function parseWatermarks(text: string): Journey["watermarks"] {
  const written = JSON.parse(text) as Record<string, string>;
  return Object.fromEntries(Object.entries(written).map(([source, wm]) => [source, parseWatermark(wm)]));
}

/** The META item. Equal journeys give equal items; what can be told from another attribute is left out. */
export function toItem(journey: Journey): Item {
  const { tenantId, sessionId, visitor, firstQuestion, decided, visits, lastPage, goals, keepDays } = journey;
  const own: OwnStage = decided?.type ?? (journey.engagedAt === undefined ? "BROWSING" : "ENGAGED");
  return {
    ...keyOf(tenantId, sessionId),
    tenant: tenantId,
    startedAt: journey.startedAt,
    endedAt: journey.endedAt,
    events: journey.eventCount,
    sent: journey.userMessageCount,
    received: journey.botMessageCount,
    ...(winningGoal(journey) ? { stage: "GOAL_REACHED" satisfies Stage, own } : { stage: own satisfies Stage }),
    types: `,${journey.types.join(",")},`,
    wm: formatWatermarks(journey.watermarks),
    chunks: journey.chunks.count,
    span: journey.chunks.maxSpanMs,
    ...(journey.chunks.mark === undefined ? {} : { mark: journey.chunks.mark }),
    arrivedAt: journey.lastArrivalAt,
    ttl: Math.ceil(expiresAt(journey) / 1_000),
    ...(keepDays === DEFAULT_KEEP_DAYS ? {} : { keep: keepDays }),
    ...(goals.version === 0 ? {} : { gv: goals.version }),
    ...(goals.reached.length === 0 ? {} : { goals: formatGoals(goals) }),
    ...(visitor ? { visitorKey: visitorKeyOf(tenantId, visitor.visitorId), visitor: place(visitor) } : {}),
    ...(journey.otherIds.length > 0 ? { ids: formatIds(journey.otherIds) } : {}),
    ...(firstQuestion ? { question: firstQuestion.text, questionAt: place(firstQuestion) } : {}),
    ...(decided ? { decidedAt: place(decided) } : {}),
    ...(journey.engagedAt === undefined ? {} : { engagedAt: journey.engagedAt }),
    ...(lastPage ? { page: lastPage.page, pageAt: place(lastPage) } : {}),
    ...(visits.length > 1 ? { visits: formatVisits(visits) } : {}),
  };
}

export function fromItem(item: Item): Journey {
  const tenantId = item.tenant as string;
  const startedAt = item.startedAt as number;
  const endedAt = item.endedAt as number;
  const visitorId = (item.visitorKey as string | undefined)?.slice(tenantId.length + 1);
  const stage = (item.own ?? item.stage) as OwnStage;
  return {
    tenantId,
    sessionId: idOf(item.sk),
    visitor: visitorId === undefined ? undefined : { ...position(item.visitor), visitorId },
    otherIds: parseIds(item.ids),
    startedAt,
    endedAt,
    eventCount: item.events as number,
    userMessageCount: item.sent as number,
    botMessageCount: item.received as number,
    firstQuestion: item.questionAt === undefined
      ? undefined
      : { ...position(item.questionAt), text: item.question as string | undefined },
    decided: stage === "ENGAGED" || stage === "BROWSING" ? undefined : { ...position(item.decidedAt), type: stage },
    engagedAt: item.engagedAt as number | undefined,
    lastPage: item.pageAt === undefined
      ? undefined
      : { ...position(item.pageAt), page: item.page as string | undefined },
    goals: { version: (item.gv as number | undefined) ?? 0, reached: parseGoals(item.goals) },
    visits: item.visits === undefined ? [[startedAt, endedAt]] : parseVisits(item.visits as string),
    types: (item.types as string).split(",").filter(Boolean),
    watermarks: parseWatermarks(item.wm as string),
    chunks: {
      count: item.chunks as number,
      maxSpanMs: item.span as number,
      mark: item.mark as string | undefined,
    },
    lastArrivalAt: item.arrivedAt as number,
    keepDays: (item.keep as number | undefined) ?? DEFAULT_KEEP_DAYS,
  };
}

/** The goals that were reached: `[["paid",0,1767000000000,"main",7]]`. */
function formatGoals({ reached }: ReachedGoals): string {
  return JSON.stringify(
    reached.map((
      { goalId, outranks, occurredAt, source, seq },
    ) => [goalId, OWN_OUTCOMES.indexOf(outranks), occurredAt, source, seq]),
  );
}

function parseGoals(written: unknown): ReachedGoals["reached"] {
  if (written === undefined) return [];
  type Reached = [goalId: string, outranks: number, occurredAt: number, source: string, seq: number];
  return (JSON.parse(written as string) as Reached[]).map(([goalId, outranks, occurredAt, source, seq]) => (
    { goalId, outranks: OWN_OUTCOMES[outranks]!, occurredAt, source, seq }
  ));
}

/** The further ids as one canonical text. */
export function formatIds(ids: Journey["otherIds"]): string {
  return JSON.stringify(ids);
}

export function parseIds(written: unknown): string[] {
  return written === undefined ? [] : JSON.parse(written as string) as string[];
}

/** Whether an item is what is left of an erased journey; `api/journeys/erasures.ts` writes it. */
export function isErased(item: Item): boolean {
  return item.erased !== undefined;
}

/** Ends and beginnings as differences to the one before, in base 36: a third of their digits. */
function formatVisits(visits: Journey["visits"]): string {
  return visits.flat().map((at, i, all) => (at - (all[i - 1] ?? 0)).toString(36)).join(" ");
}

function parseVisits(text: string): [number, number][] {
  let at = 0;
  const ends = text.split(" ").map((difference) => (at += parseInt(difference, 36)));
  return Array.from({ length: ends.length / 2 }, (_, i) => [ends[2 * i]!, ends[2 * i + 1]!]);
}

function place({ occurredAt, source, seq }: EventPosition): string {
  return JSON.stringify([occurredAt, source, seq]);
}

function position(written: unknown): EventPosition {
  const [occurredAt, source, seq] = JSON.parse(written as string) as [number, string, number];
  return { occurredAt, source, seq };
}
