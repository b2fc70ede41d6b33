import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import type { StreamRecord } from "../aws/streams.ts";
import { MIN_AT } from "../core/check.ts";
import { type Clock, HOUR_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import type { StreamedTable } from "../resources.ts";
import { OWN_SOURCES, RECORDED_SOURCES } from "../resources.ts";

/** No tenant's key begins so. */
const BEAT = "#";
/** A table has a beat in so many places, and the table of records for each source that a reader may take alone. */
const PLACES = ["0", "1", "2", "3"] as const;
/** A beat goes out where somebody asks and the newest that arrived is so old. */
const FRESH_MS = 15 * SECOND_MS;
/** What was read of the store holds for so long. */
const CACHE_MS = 2 * SECOND_MS;
/** Whoever asks first, after nobody did for a while, waits so long for an answer of now. */
const FIRST_WAIT_MS = 2 * SECOND_MS;
const POLL_MS = 200;
/** A shard that failed is tried again all the time: what it said that long ago holds no more. */
const NOTE_HOLDS_MS = 10 * MINUTE_MS;
/** What waited for so long is worth a word, in the order of batches that wait for more. */
const LATE_MS = 30 * SECOND_MS;

/** How far one place of a table's stream is handled: its `n`th beat, which lay in this shard, and when the table got it. */
type Handled = { key: string; n: number; at: number; shard: string };
type Note = { shard: string; since: number };
type State = { handled: Handled[]; notes: Note[]; readAt: number };

/** Whether a record of a stream is a beat: it counts nothing, and says that what lay before it is handled. */
export function isBeat({ keys }: Pick<StreamRecord, "keys">): boolean {
  return String(keys.pk).startsWith(BEAT);
}

/**
 * How far the streams are handled, for processes that read none: beats are written into the tables like anything else, their
 * streams bring them after all that was written before, and whoever handles them says so in the table `buckets` (pk =
 * progress#TABLE). Where a part fails or is late, its reader notes since when. Nothing is written while nobody asks.
 *
 * An item's changes come in order, those of a shard too; shards without a place of ours are known by their notes alone.
 */
export function createBeats({ dynamo, tables, buckets, clock, firstWaitMs = FIRST_WAIT_MS }: {
  dynamo: Pick<Dynamo, "update" | "putIf" | "put" | "query">;
  /** Full names by short ones. */
  tables: Readonly<Record<StreamedTable, string>>;
  buckets: string;
  clock: Clock;
  firstWaitMs?: number | undefined;
}) {
  const states = new Map<StreamedTable, State>();
  const sending = new Map<StreamedTable, { at: number; sent: Promise<ReadonlyMap<string, number>> }>();
  const noted = new Set<string>();

  /** Writes a beat in each place; gives their numbers. */
  async function write(table: StreamedTable): Promise<ReadonlyMap<string, number>> {
    const numbers = await pMap(keysOf(table), async ({ pk, sk, name }) => {
      const item = await dynamo.update(tables[table], { pk, sk }, {
        expression: "ADD #n :one",
        names: { "#n": "n" },
        values: { ":one": 1 },
      });
      return [name, item.n as number] as const;
    }, { concurrency: 8 });
    return new Map(numbers);
  }

  /** The beats that are under way, or new ones where the last went out before `since`. */
  function send(table: StreamedTable, since: number): Promise<ReadonlyMap<string, number>> {
    const last = sending.get(table);
    if (last && last.at >= since) return last.sent;
    const sent = write(table);
    sending.set(table, { at: clock(), sent });
    sent.catch(() => sending.delete(table));
    return sent;
  }

  async function read(table: StreamedTable, maxAgeMs = CACHE_MS): Promise<State> {
    const known = states.get(table);
    const now = clock();
    // A clock that went back makes nothing young.
    if (known && now >= known.readAt && now - known.readAt < maxAgeMs) return known;
    const key = { expression: "pk = :pk", values: { ":pk": `progress#${table}` } };
    const { items } = await dynamo.query(buckets, { key });
    const state = { ...stateOf(items, now), readAt: now };
    states.set(table, state);
    return state;
  }

  /** Whether all beats of these numbers are handled, within so long. */
  async function arrives(table: StreamedTable, numbers: ReadonlyMap<string, number>, maxMs: number): Promise<boolean> {
    for (let left = maxMs;; left -= POLL_MS) {
      const { handled } = await read(table, 0);
      const known = new Map(handled.map(({ key, n }) => [key, n]));
      if ([...numbers].every(([key, n]) => (known.get(key) ?? 0) >= n)) return true;
      if (left <= 0) return false;
      await pause(POLL_MS);
    }
  }

  return {
    /** Called with the beats that a reader of a stream came to, all before them being handled. */
    async handled(table: StreamedTable, beats: readonly StreamRecord[]): Promise<void> {
      const newest = new Map(beats.map((beat) => [`${String(beat.keys.sk)}${String(beat.keys.pk)}`, beat]));
      await pMap(newest.entries(), async ([key, { after, arrivedAt, shard }]) => {
        const n = after?.n as number | undefined;
        if (n === undefined) return;
        await dynamo.putIf(buckets, { pk: `progress#${table}`, sk: key, n, at: arrivedAt, shard }, {
          expression: "attribute_not_exists(pk) OR #n < :n",
          names: { "#n": "n" },
          values: { ":n": n },
        });
      }, { concurrency: 4 });
    },

    /** Called with a part that failed (`isDone` false) or is handled: a note says since when its shard is behind. */
    async note(table: StreamedTable, records: readonly StreamRecord[], isDone: boolean): Promise<void> {
      const [first, last] = [records[0]!, records.at(-1)!];
      const key = { pk: `progress#${table}`, sk: `!${first.shard}` };
      const now = clock();
      const isBehind = !isDone || now - last.arrivedAt > LATE_MS;
      // Whoever noted it takes it back; another's note ends by itself, or by a beat behind it.
      if (!isBehind && !noted.delete(key.sk)) return;
      if (isBehind) noted.add(key.sk);
      await dynamo.put(buckets, {
        ...key,
        shard: first.shard,
        since: isBehind ? first.arrivedAt : Number.MAX_SAFE_INTEGER,
        at: now,
        ttl: Math.ceil((now + HOUR_MS) / SECOND_MS),
      });
    },

    /**
     * Until when, by the table's clock, everything written to it is handled that a source counts; where no beat ever came back,
     * only what lies before all records. Sends new beats where the newest that came back are old.
     */
    async caughtUpAt(table: StreamedTable, source: string): Promise<number> {
      let state = await read(table);
      const oldest = () => Math.min(Infinity, ...ofSource(table, source, state).map(({ at }) => at));
      const isStale = () => state.handled.length === 0 || clock() - oldest() > FRESH_MS;
      if (isStale()) {
        const isLong = state.handled.length === 0 || clock() - oldest() > 2 * MINUTE_MS;
        const sent = send(table, clock() - FRESH_MS);
        if (isLong && await arrives(table, await sent, firstWaitMs)) state = await read(table);
        else await sent.catch(() => {});
      }
      const at = Math.min(oldest(), ...state.notes.map(({ since }) => since));
      return at === Infinity ? MIN_AT : at;
    },

    /** Whether all that was written to a table by now is handled, or becomes so within a time. */
    async pass(table: StreamedTable, maxMs: number): Promise<boolean> {
      return await arrives(table, await send(table, clock()), maxMs);
    },
  };
}

export type Beats = ReturnType<typeof createBeats>;

/** Where a table's beats lie: readers of the table of records may take what ends in some sources alone. */
function keysOf(table: StreamedTable): { pk: string; sk: string; name: string }[] {
  const suffixes = table === "records"
    ? [...RECORDED_SOURCES, OWN_SOURCES].map((source) => `beat#${source}`)
    : ["beat#"];
  return suffixes.flatMap((sk) => PLACES.map((place) => ({ pk: `${BEAT}${place}`, sk, name: `${sk}${BEAT}${place}` })));
}

/** The beats that speak for a source; all of the table where it has none of its own. */
function ofSource(table: StreamedTable, source: string, { handled }: State): Handled[] {
  const own = table === "records" ? handled.filter(({ key }) => key.startsWith(`beat#${source}${BEAT}`)) : [];
  return own.length > 0 ? own : handled;
}

function stateOf(items: readonly Item[], now: number): Omit<State, "readAt"> {
  const handled = items.filter(({ n }) => n !== undefined).map(({ sk, n, at, shard }) => (
    { key: sk as string, n: n as number, at: at as number, shard: shard as string }
  ));
  const notes = items.filter(({ since, at }) => since !== undefined && (at as number) > now - NOTE_HOLDS_MS)
    .map(({ shard, since }) => ({ shard: shard as string, since: since as number }))
    .filter(({ shard, since }) => !handled.some((beat) => beat.shard === shard && beat.at > since));
  return { handled, notes };
}
