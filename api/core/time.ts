const INSTANT = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

const FIRST_AT = Date.parse("0000-01-01T00:00:00.000Z");
const LAST_AT = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * Epoch milliseconds of an RFC 3339 instant, or undefined where the text is none (also for 30 February and a
 * leap second). Digits after the third of a fraction are dropped.
 */
export function parseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text);
  if (!match) return undefined;
  const [, date, time, fraction = "", offset] = match;
  const local = `${date}T${time}.${fraction.slice(0, 3).padEnd(3, "0")}Z`;
  const localMs = Date.parse(local);
  if (Number.isNaN(localMs) || new Date(localMs).toISOString() !== local) return undefined;
  const at = localMs - offsetMs(offset!);
  // An offset can lead out of the years that have four digits.
  return at >= FIRST_AT && at <= LAST_AT ? at : undefined;
}

/** RFC 3339 with milliseconds, in UTC. */
export function formatInstant(at: number): string {
  return new Date(at).toISOString();
}

function offsetMs(offset: string): number {
  if (/^z$/i.test(offset)) return 0;
  const [hours, minutes] = offset.slice(1).split(":").map(Number);
  return (offset.startsWith("-") ? -1 : 1) * (hours! * 60 + minutes!) * 60_000;
}
