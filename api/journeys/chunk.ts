import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { MINUTE_MS } from "../core/clock.ts";
import { ID_CHARS } from "./counted.ts";
import type { ArrivedEvent } from "./model.ts";
import { withoutNames } from "./raw.ts";

/** Uncompressed bytes of events in one chunk. Even where nothing compresses, a chunk stays below DynamoDB's 400 KB. */
const MAX_CHUNK_BYTES = 262_144;

/** Events of one batch and session, as one item keeps them. */
export type Chunk = {
  /** The same for events of the same numbers, times and types, whoever writes them: for all that counting looks at. */
  id: string;
  firstAt: number;
  lastAt: number;
  receivedAt: number;
  bytes: Uint8Array;
};

/** Cuts events into chunks; most batches give one. Equal events give equal chunks. `events` share their arrival. */
export function toChunks(events: readonly ArrivedEvent[]): Chunk[] {
  const parts: ArrivedEvent[][] = [];
  let room = 0;
  for (const event of events) {
    const bytes = Buffer.byteLength(JSON.stringify(event));
    if (parts.length === 0 || bytes > room) {
      parts.push([]);
      room = MAX_CHUNK_BYTES;
    }
    parts.at(-1)!.push(event);
    room -= bytes;
  }
  return parts.map((part) => {
    const times = part.map((event) => event.occurredAt);
    return {
      id: idOf(part),
      firstAt: Math.min(...times),
      lastAt: Math.max(...times),
      receivedAt: part[0]!.receivedAt,
      bytes: encode(part),
    };
  });
}

function idOf(events: readonly ArrivedEvent[]): string {
  const counted = JSON.stringify(events.map((e) => [e.source, e.seq, e.occurredAt, e.type]));
  return createHash("sha256").update(counted).digest("hex").slice(0, ID_CHARS);
}

/** The position of an empty text, which is not the same as none. */
const EMPTY = -1;

/**
 * Columns instead of rows: numbers as differences, repeated texts as positions in a list. Half the size of
 * compressed rows, and size is what DynamoDB charges.
 */
type Columns = {
  /** `receivedAt` of all. */
  r: number;
  /** Distinct texts, in order of first use. */
  d: string[];
  /** Positions in `d`; 0 is no text, and -1 the empty one. */
  source: number[];
  type: number[];
  page: number[];
  text: number[];
  visitor: number[];
  /** Differences to the event before. */
  seq: number[];
  at: number[];
  /** By index; left out where no event has any. */
  properties?: Record<number, unknown>;
  alias?: Record<number, string>;
  unnamed?: Record<number, true>;
  /** How far the sender's clock was ahead of the time that the event has. */
  ahead?: Record<number, number>;
};

function encode(events: readonly ArrivedEvent[]): Uint8Array {
  const dictionary = new Map<string, number>([["", 0]]);
  const position = (text?: string) => {
    if (text === undefined) return 0;
    if (text === "") return EMPTY;
    if (!dictionary.has(text)) dictionary.set(text, dictionary.size);
    return dictionary.get(text)!;
  };
  const differences = (values: number[]) => values.map((value, i) => value - (values[i - 1] ?? 0));
  const sparse = <T>(name: string, valueOf: (event: ArrivedEvent) => T | undefined) => {
    const entries = events.flatMap((e, i) => valueOf(e) === undefined ? [] : [[i, valueOf(e)!] as const]);
    return entries.length > 0 ? { [name]: Object.fromEntries(entries) } : {};
  };
  const columns: Columns = {
    r: events[0]!.receivedAt,
    d: [],
    source: events.map((e) => position(e.source)),
    type: events.map((e) => position(e.type)),
    page: events.map((e) => position(e.page)),
    text: events.map((e) => position(e.text)),
    visitor: events.map((e) => position(e.visitorId)),
    seq: differences(events.map((e) => e.seq)),
    at: differences(events.map((e) => e.occurredAt)),
    ...sparse("properties", (e) => e.properties),
    ...sparse("alias", (e) => e.aliasOf),
    ...sparse("unnamed", (e) => e.unnamed),
    ...sparse("ahead", (e) => e.clientAt === undefined ? undefined : e.clientAt - e.occurredAt),
  };
  columns.d = [...dictionary.keys()];
  const json = Buffer.from(JSON.stringify(columns));
  return brotliCompressSync(json, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 6,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: json.length,
    },
  });
}

/** The events of a chunk, as they were put in. */
export function fromChunk(sessionId: string, bytes: Uint8Array): ArrivedEvent[] {
  const columns = JSON.parse(brotliDecompressSync(bytes).toString("utf8")) as Columns;
  const text = (position: number) => position === EMPTY ? "" : columns.d[position]!;
  const { properties, alias, unnamed, ahead } = columns;
  let seq = 0;
  let occurredAt = 0;
  return columns.source.map((source, i) => {
    seq += columns.seq[i]!;
    occurredAt += columns.at[i]!;
    return {
      sessionId,
      source: text(source),
      seq,
      type: text(columns.type[i]!),
      occurredAt,
      receivedAt: columns.r,
      ...(ahead && i in ahead ? { clientAt: occurredAt + ahead[i]! } : {}),
      ...(columns.visitor[i] ? { visitorId: text(columns.visitor[i]) } : {}),
      ...(alias && i in alias ? { aliasOf: alias[i]! } : {}),
      ...(unnamed && i in unnamed ? { unnamed: true } : {}),
      ...(columns.page[i] ? { page: text(columns.page[i]) } : {}),
      ...(columns.text[i] ? { text: text(columns.text[i]) } : {}),
      ...(properties && i in properties ? { properties: properties[i] } : {}),
    };
  });
}

/** The chunk with nothing in it of what somebody did: which events there were, and in which minutes. */
export function hollowed(sessionId: string, bytes: Uint8Array): Uint8Array {
  return encode(
    fromChunk(sessionId, bytes).map(({ source, seq, occurredAt, receivedAt }) => ({
      ...{ sessionId, source, seq, type: "", receivedAt },
      occurredAt: Math.floor(occurredAt / MINUTE_MS) * MINUTE_MS,
    })),
  );
}

/** The chunk with a visitor's ids taken out; undefined where it does not hold them. */
export function withoutIds(sessionId: string, bytes: Uint8Array, ids: ReadonlySet<string>): Uint8Array | undefined {
  const events = fromChunk(sessionId, bytes);
  const changed = events.map((event) => withoutNames(event, ids));
  return changed.every((event, i) => event === events[i]) ? undefined : encode(changed);
}
