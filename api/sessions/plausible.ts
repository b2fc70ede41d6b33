import * as v from "valibot";
import { instant, parseInput, whole } from "../core/check.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { LIMITS, type Reading, type Sensor } from "./model.ts";
import { type PauseInput, type PauseSaid, saidOf } from "./pauses.ts";

/** What of a device's clock is believed. What falls out is kept aside, told in the receipt, and counts once it is admitted. */
export type Plausible = {
  /** How far ahead of the service's clock. */
  aheadMs: number;
  /** How far behind it: years of history are loaded, and clocks that lost their time say 1970, 1980 or 2000. */
  behindMs: number;
  /** How far readings of a session may be from each other, and a stated start from the first reading of its batch. */
  apartMs: number;
  /** How long a session may be, as a device measures it. */
  lengthMs: number;
  /** How long a pause keeps a session going of which nobody says that it ended. */
  pauseMs: number;
};

export const DEFAULT_PLAUSIBLE: Plausible = {
  aheadMs: 10 * MINUTE_MS,
  behindMs: 7_300 * DAY_MS,
  apartMs: DAY_MS,
  lengthMs: 30 * DAY_MS,
  pauseMs: HOUR_MS,
};

const orNot = <S extends v.GenericSchema<unknown, number>>(schema: S) => v.nullish(schema);
const span = whole(MINUTE_MS, 3_650 * DAY_MS);
const limits = v.object({
  maxAhead: orNot(whole(0, DAY_MS)),
  maxBehindDays: orNot(whole(1, 36_500)),
  maxApart: orNot(span),
  maxLength: orNot(span),
  maxPause: orNot(span),
});
export type PlausibleInput = v.InferInput<typeof limits>;

/** The limits that are given. Throws InvalidInputError. */
export function parsePlausible(input: unknown): Partial<Plausible> {
  const { maxAhead, maxBehindDays, maxApart, maxLength, maxPause } = parseInput(limits, input);
  const given = {
    aheadMs: maxAhead,
    behindMs: typeof maxBehindDays === "number" ? maxBehindDays * DAY_MS : undefined,
    apartMs: maxApart,
    lengthMs: maxLength,
    pauseMs: maxPause,
  };
  return Object.fromEntries(Object.entries(given).filter(([, ms]) => typeof ms === "number"));
}

/** What became of one reading that was not taken: refused for good, or kept aside. */
export type ReadingReceipt = { index: number; status: "REJECTED" | "QUARANTINED"; reason: string };

/** `erased`: how many lie in a past that was erased. */
export type Judged = { readings: Reading[]; receipts: ReadingReceipt[]; held: Reading[]; erased: number };

const number = v.nullable(v.pipe(v.number("must be a number"), v.finite("must be a finite number")));
const reading = v.strictObject({
  at: instant,
  values: v.pipe(
    v.array(number, "must be a list of numbers"),
    v.minLength(1, "must hold at least one value"),
    v.maxLength(
      LIMITS.valuesPerReading,
      (i) => `must hold at most ${LIMITS.valuesPerReading} values, has ${i.input.length}`,
    ),
  ),
}, (issue) => (issue.expected === "never" ? "is no field of a reading" : "must be an object of at and values"));

/** Why an instant is not believed; undefined where it is. */
export function implausible(at: number, now: number, { aheadMs, behindMs }: Plausible): string | undefined {
  const clock = `the service's clock, which says ${new Date(now).toISOString()}`;
  if (at > now + aheadMs) return `is more than ${spoken(aheadMs)} ahead of ${clock}`;
  return at < now - behindMs ? `is more than ${spoken(behindMs)} behind ${clock}` : undefined;
}

/**
 * By how much an instant is told late (ms, of whole minutes); undefined where it is past, since clocks are believed to be off by as
 * much either way.
 */
export function lagOf(at: number, now: number, { aheadMs }: Plausible): number | undefined {
  const late = Math.max(0, Math.floor((now - at) / MINUTE_MS) * MINUTE_MS);
  return late <= aheadMs ? late : undefined;
}

/**
 * Each reading by itself: one that is wrong, or that no clock can have said, leaves the others as they are. What lies far from
 * the session's other readings is judged with these (`applySigns`).
 */
export function judgeReadings(
  sent: readonly unknown[],
  now: number,
  plausible: Plausible,
  erasedUntil = -Infinity,
): Judged {
  const judged: Judged = { readings: [], receipts: [], held: [], erased: 0 };
  const parsed = sent.map((one) => v.safeParse(reading, one, { abortPipeEarly: true }));
  const good = parsed.flatMap((one) => (one.success ? [one.output] : []));
  const width = commonest(good.map(({ values }) => values.length));
  for (const [index, one] of parsed.entries()) {
    if (!one.success) {
      const [issue] = one.issues;
      const path = issue.path?.map((item) => String(item.key)).join(".");
      judged.receipts.push({ index, status: "REJECTED", reason: `${path ? `${path}: ` : ""}${issue.message}` });
      continue;
    }
    const { at, values } = one.output;
    if (values.length !== width) {
      const reason = `values: must hold as many values as the other readings: ${width}, has ${values.length}`;
      judged.receipts.push({ index, status: "REJECTED", reason });
      continue;
    }
    if (at <= erasedUntil) {
      judged.erased++;
      judged.receipts.push({ index, status: "REJECTED", reason: `at: ${erasedSince(erasedUntil)}` });
      continue;
    }
    const reason = implausible(at, now, plausible);
    if (reason === undefined) judged.readings.push({ at, values });
    else {
      judged.held.push({ at, values });
      judged.receipts.push({ index, status: "QUARANTINED", reason: `at: ${reason}` });
    }
  }
  return judged;
}

export function erasedSince(until: number): string {
  return `lies in the past of this sensor that was erased (until ${new Date(until).toISOString()})`;
}

/** Refuses what happened in the past of a sensor that was erased. */
export function mustBeSince({ erasedUntil }: Pick<Sensor, "erasedUntil"> = {}, field: string, at: number): void {
  if (erasedUntil === undefined || at > erasedUntil) return;
  throw new InvalidInputError([{ path: [field], message: erasedSince(erasedUntil) }]);
}

/** What a batch states beside its readings, and what of that is not believed. */
export function judgeStatements(
  stated: { startedAt?: number | null | undefined; durationMs?: number | null | undefined },
  firstAt: number | undefined,
  now: number,
  plausible: Plausible,
): { startedAt: number | undefined; durationMs: number | undefined; doubts: string[] } {
  const { startedAt, durationMs } = stated;
  const doubts: string[] = [];
  const doubt = (field: string, reason: string | undefined) =>
    reason !== undefined && doubts.push(`${field}: ${reason}`);
  if (typeof startedAt === "number") {
    const isFar = firstAt !== undefined && firstAt - startedAt > plausible.apartMs;
    const far = isFar ? `is more than ${spoken(plausible.apartMs)} before the first reading` : undefined;
    doubt("startedAt", implausible(startedAt, now, plausible) ?? far);
  }
  const isBelieved = doubts.length === 0;
  const isLong = typeof durationMs === "number" && durationMs > plausible.lengthMs;
  doubt("durationMs", isLong ? `is more than ${spoken(plausible.lengthMs)}` : undefined);
  return {
    startedAt: isBelieved ? startedAt ?? undefined : undefined,
    durationMs: isLong ? undefined : durationMs ?? undefined,
    doubts,
  };
}

/** Of the pauses that a batch states, those that are believed, those that are kept aside, and why. */
export function judgePauses(
  stated: readonly PauseInput[],
  now: number,
  plausible: Plausible,
  erasedUntil = -Infinity,
): { pauses: { index: number; said: PauseSaid }[]; heldPauses: PauseSaid[]; pauseDoubts: string[] } {
  const judged: ReturnType<typeof judgePauses> = { pauses: [], heldPauses: [], pauseDoubts: [] };
  for (const [index, one] of stated.entries()) {
    const said = saidOf(one);
    const named = Object.entries(said) as ["from" | "to", number][];
    const past = named.find(([, at]) => at <= erasedUntil);
    const far = named.flatMap(([field, at]) => {
      const reason = implausible(at, now, plausible);
      return reason === undefined ? [] : [`pauses.${index}.${field}: ${reason}`];
    });
    if (past) judged.pauseDoubts.push(`pauses.${index}.${past[0]}: ${erasedSince(erasedUntil)}; it is left out`);
    else if (far.length > 0) {
      judged.heldPauses.push(said);
      judged.pauseDoubts.push(...far);
    } else judged.pauses.push({ index, said });
  }
  return judged;
}

function commonest(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const n of numbers) counts.set(n, (counts.get(n) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0]?.[0];
}

const UNITS = [["day", DAY_MS], ["hour", HOUR_MS], ["minute", MINUTE_MS], ["second", SECOND_MS]] as const;

/** A length of time to the millisecond, in the largest unit that it is whole in; a day is 24 hours. */
export function spoken(ms: number): string {
  const [name, unit] = UNITS.find(([name, unit]) => ms % unit === 0 && ms >= (name === "day" ? 2 * unit : unit)) ??
    (ms === 0 ? ["second", SECOND_MS] : ["millisecond", 1]);
  return `${ms / unit} ${name}${ms === unit ? "" : "s"}`;
}
