/** The forms that an answer can have, by the media type that asks for it. */
export type Form = "graphql" | "json" | "events" | "multipart" | "html";

const FORMS: ReadonlyMap<string, readonly Form[]> = new Map(Object.entries({
  "application/graphql-response+json": ["graphql"],
  "application/json": ["json"],
  "text/event-stream": ["events"],
  "multipart/mixed": ["multipart"],
  "text/html": ["html"],
  // Who takes anything gets what every client can read.
  "*/*": ["json", "events"],
  "application/*": ["json", "graphql"],
  "text/*": ["events"],
  "multipart/*": ["multipart"],
}));
const MAX_KEPT = 200;
const MAX_CHARACTERS = 1_000;

const kept = new Map<string, readonly Form[]>();

/** The forms that a client accepts, the most wanted first (RFC 9110, 12.5.1). No header accepts anything. */
export function parseAccept(header: string | undefined): readonly Form[] {
  if (header === undefined) return FORMS.get("*/*")!;
  const known = kept.get(header);
  if (known) return known;
  const forms = header.slice(0, MAX_CHARACTERS).split(",").map(parseRange)
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .flatMap(({ type }) => FORMS.get(type) ?? []);
  if (kept.size < MAX_KEPT && header.length <= MAX_CHARACTERS) kept.set(header, forms);
  return forms;
}

/** A part of a header such as `accept` or `accept-encoding`: what it names, in small letters, and how much that is wanted (0: not). */
export function parseRange(text: string): { type: string; quality: number } {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="));
  return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 };
}
