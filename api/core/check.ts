import * as v from "valibot";
import { MINUTE_MS } from "./clock.ts";
import { type InvalidField, InvalidInputError } from "./errors.ts";
import { parseInstant } from "./time.ts";

/** Least instant that is accepted as the time of anything: 1990. */
export const MIN_AT = Date.UTC(1990, 0, 1);
/** How far ahead of our clock a sender's may be. */
export const MAX_AHEAD_MS = 10 * MINUTE_MS;

/** For text that goes into JSON, keys and files: half of a pair of signs would become another sign there. */
export const wellFormed = v.check<string, string>(
  (s) => s.isWellFormed(),
  "must be well-formed Unicode; it holds a lone surrogate",
);

/** Text without control characters and lone surrogates: safe as part of a key and in every JSON reader. */
export function words(maxChars: number) {
  return v.pipe(
    v.string("must be text"),
    v.check(
      (s) => s.length >= 1 && s.length <= maxChars,
      (i) => `must be 1 to ${maxChars} characters, has ${i.input.length}`,
    ),
    wellFormed,
    v.check((s) => !/[\u0000-\u001f\u007f]/.test(s), "must not hold control characters"),
  );
}

/** Any well-formed text up to a length. */
export function prose(maxChars: number) {
  return v.pipe(
    v.string("must be text"),
    v.check((s) => s.length <= maxChars, (i) => `must be at most ${maxChars} characters, has ${i.input.length}`),
    wellFormed,
  );
}

/** Something that was sent, in a message: its first 40 characters. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

/** A field's name in a reason, `whole` where it is no field's; one that the sender made up can hold anything. */
export function fieldName(path: string | null, whole: string): string {
  const isPlain = path === null || (path.length <= 100 && path.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(path));
  return isPlain ? path ?? whole : quoted(path);
}

/** A whole number between two others. */
export function whole(min: number, max: number) {
  return v.pipe(
    v.number("must be a whole number"),
    v.check(
      (n) => Number.isInteger(n) && n >= min && n <= max,
      (i) => `must be a whole number from ${min} to ${max}, got ${i.input}`,
    ),
  );
}

/** Whether a number is 1990 or later in seconds; in milliseconds it is a day of early 1970. */
const isOfSeconds = (at: number) => at >= MIN_AT / 1_000 && at < 1e10;
const OF_MILLISECONDS = "must be 1990 or later; a number is of milliseconds since 1970";

/** An instant from 1990 on, as epoch milliseconds or RFC 3339 text; given as epoch milliseconds. */
export const instant = v.pipe(
  v.union(
    [v.pipe(v.number(), v.check((at) => !isOfSeconds(at), OF_MILLISECONDS)), v.string()],
    "must be an RFC 3339 instant",
  ),
  v.transform((at) => (typeof at === "number" ? at : parseInstant(at) ?? NaN)),
  v.check((at) => Number.isSafeInteger(at), "must be an RFC 3339 instant such as 2026-01-31T12:00:00.000Z"),
  v.check((at) => at >= MIN_AT, "must be 1990 or later"),
);

/** What is wrong with an instant that lies too far ahead of our clock; undefined where it does not. */
export function tooFarAhead(at: number, now: number): string | undefined {
  if (at <= now + MAX_AHEAD_MS) return undefined;
  return `must not be more than 10 minutes ahead of the service's clock, which says ${new Date(now).toISOString()}`;
}

/** What is wrong with an instant that a person or a client states, as a field. */
export function aheadOf(field: string, at: number | null | undefined, now: number): InvalidField[] {
  const message = typeof at === "number" ? tooFarAhead(at, now) : undefined;
  return message ? [{ path: [field], message }] : [];
}

/** Throws InvalidInputError where an argument cannot be an id: something may be watched that is not there yet. */
export function checkId(name: string, value: string, maxChars: number): void {
  parseInput(v.object({ [name]: words(maxChars) }), { [name]: value });
}

/** The typed input. Throws InvalidInputError with every wrong field, also those that `more` finds in it. */
export function parseInput<T>(
  schema: v.GenericSchema<unknown, T>,
  input: unknown,
  more: (parsed: T) => readonly InvalidField[] = () => [],
): T {
  const parsed = v.safeParse(schema, input, { abortPipeEarly: true });
  const fields = parsed.success ? more(parsed.output) : parsed.issues.map((issue) => ({
    path: issue.path?.map((item) => String(item.key)) ?? [],
    message: issue.message,
  }));
  if (fields.length > 0) throw new InvalidInputError(fields.slice(0, MAX_FIELDS));
  return (parsed as { output: T }).output;
}

const MAX_FIELDS = 20;
