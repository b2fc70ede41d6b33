import { type Batching, streamedTables } from "../resources.ts";

/** What takes a part of a table's stream: which, and how much it waits for. */
export type ConsumerSpec = {
  name: string;
  /** The table's short name; the full one of a table of others. */
  table: string;
  tableName: string;
  /** Of the table of records: the sources that it takes. All where absent. */
  sources?: readonly string[];
  /** So many records are enough to go on. */
  maxRecords: number;
  /** So long it waits for them. */
  maxWaitSeconds: number;
};

/** What is taken of a stream at once, at most. */
export const MAX_BATCH_RECORDS = 500;
/** On AWS a shard is worth some ten calls a second: what waits for fewer records than this waits for its time instead. */
const MIN_WAITING_RECORDS = 100;

/**
 * What is done with the streams. With `batching` each of its sources is counted on its own, and waits; without, nothing
 * waits. `attached` are tables of others, by their full names.
 */
export function consumersOf(
  prefix: string,
  batching: Batching,
  attached: readonly { table: string }[],
): ConsumerSpec[] {
  return consumers(
    prefix,
    attached,
    (records) =>
      Object.entries(batching).map(([source, { records: maxRecords, seconds: maxWaitSeconds }]) => ({
        ...records,
        name: `${records.name}-${source.toLowerCase().replaceAll("_", "-")}`,
        sources: [source],
        maxRecords,
        maxWaitSeconds,
      })),
  );
}

/**
 * The same as event sources of Lambda: at most two of a stream, since AWS throttles the third reader of a shard. One takes
 * what does not wait, as much as there is; the other what waits, no longer than any of its sources says.
 */
export function readersOf(
  prefix: string,
  batching: Batching,
  attached: readonly { table: string }[],
): ConsumerSpec[] {
  return consumers(prefix, attached, (records) => {
    const [prompt = [], waiting = []] = [0, 1].map((waits) =>
      Object.entries(batching).filter(([, { seconds }]) => (seconds > 0 ? 1 : 0) === waits)
    );
    if (waiting.length === 0) return [];
    const named = (suffix: string, part: typeof waiting) => ({
      ...records,
      ...(part.length < prompt.length + waiting.length
        ? { name: `${records.name}-${suffix}`, sources: part.map(([source]) => source) }
        : {}),
    });
    const least = Math.min(...waiting.map(([, { records: count }]) => count));
    return [
      ...(prompt.length > 0 ? [named("prompt", prompt)] : []),
      {
        ...named("waiting", waiting),
        maxRecords: Math.max(MIN_WAITING_RECORDS, least),
        maxWaitSeconds: Math.min(...waiting.map(([, { seconds }]) => seconds)),
      },
    ];
  });
}

function consumers(
  prefix: string,
  attached: readonly { table: string }[],
  cut: (records: ConsumerSpec) => ConsumerSpec[],
): ConsumerSpec[] {
  const whole = (name: string, table: string, tableName: string): ConsumerSpec => (
    { name, table, tableName, maxRecords: MAX_BATCH_RECORDS, maxWaitSeconds: 0 }
  );
  const own = Object.entries(streamedTables(prefix)).flatMap(([table, tableName]) => {
    const one = whole(table, table, tableName);
    const parts = table === "records" ? cut(one) : [];
    return parts.length > 0 ? parts : [one];
  });
  return [...own, ...attached.map(({ table }) => whole(`attached-${table}`, table, table))];
}

/** Whether a consumer takes the record of an item with these keys: a record's sort key ends in its source. */
export function takes({ sources }: ConsumerSpec, keys: Readonly<Record<string, unknown>>): boolean {
  return sources === undefined || sources.some((source) => String(keys.sk).endsWith(`#${source}`));
}
