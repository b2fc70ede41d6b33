import type { StreamRecord } from "../../api/aws/streams.ts";
import type { Shard, StreamModel } from "./metrics-stream.ts";
import type { Random } from "./random.ts";

/** Who reads a shard at the moment. */
export type Lease = {
  name: string;
  shard: Shard;
  /** The index in the shard from which on it has not delivered. */
  next: number;
  dead: boolean;
  /** Another has the shard now, and this one does not know it yet. */
  isZombie: boolean;
  /** Reads on at this time of the world. */
  pausedUntil: number;
};

export type MappingCounts = Record<
  "batches" | "failed" | "bisected" | "handovers" | "restarts" | "pauses" | "givenUp",
  number
>;

export type MappingOptions = {
  name: string;
  stream: StreamModel;
  random: Random;
  counts: MappingCounts;
  /** Resolves when the scheduler lets the reader go on; never where the lease is dead. */
  turn: (lease: Lease) => Promise<void>;
  /** Gives whether the function answered without an error. */
  invoke: (records: readonly StreamRecord[]) => Promise<boolean>;
  /** Takes what failed too often; false where that is not done today. */
  giveUp: (records: readonly StreamRecord[]) => boolean;
};

export type Mapping = ReturnType<typeof createMapping>;

/**
 * Reads a stream as an event source mapping of Lambda does: children after their parents, siblings each at its own speed,
 * batches of any size, a failed batch again (halved, or cut anew) until it is given up, and after a handover or a restart
 * from a checkpoint that is older than what was delivered.
 */
export function createMapping({ name, stream, random, counts, turn, invoke, giveUp }: MappingOptions) {
  const saved = new Map<Shard, number>();
  const done = new Set<Shard>();
  const leases = new Map<Shard, Lease>();
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const maxBatch = chance(0.3) ? 1 + below(3) : 1 + below(60);
  const bisects = chance(0.5);

  function take(shard: Shard): void {
    const next = Math.max(saved.get(shard) ?? 0, shard.trimmed);
    const lease = { name: `${name} ${shard.name}`, shard, next, dead: false, isZombie: false, pausedUntil: 0 };
    leases.set(shard, lease);
    void read(lease);
  }

  /** Takes the shards that can be read and that nobody reads. */
  function takeNew(): void {
    for (const shard of stream.shards) {
      if (!leases.has(shard) && !done.has(shard) && (!shard.parent || done.has(shard.parent))) take(shard);
    }
  }

  async function read(lease: Lease): Promise<void> {
    const { shard } = lease;
    while (true) {
      await turn(lease);
      if (lease.isZombie) return;
      const records = shard.records.slice(lease.next, lease.next + 1 + below(maxBatch));
      if (records.length > 0) {
        if (!await deliver(lease, records)) continue;
        lease.next += records.length;
        if (chance(0.4) && leases.get(shard) === lease) saved.set(shard, lease.next);
        continue;
      }
      if (shard.closed) break;
      await stream.more(shard);
    }
    if (leases.get(shard) !== lease) return;
    leases.delete(shard);
    done.add(shard);
    takeNew();
  }

  /** True once all is delivered; false: to be cut anew from where the reader stands. */
  async function deliver(lease: Lease, records: readonly StreamRecord[]): Promise<boolean> {
    counts.batches++;
    if (await invoke(records)) return true;
    counts.failed++;
    await turn(lease);
    if (chance(0.2) && giveUp(records)) {
      counts.givenUp++;
      return true;
    }
    if (!bisects || records.length < 2 || (lease.isZombie && chance(0.3))) return false;
    counts.bisected++;
    const half = records.length >> 1;
    return await deliver(lease, records.slice(0, half)) && await deliver(lease, records.slice(half));
  }

  const some = () => [...leases.values()][below(leases.size)];

  return {
    takeNew,

    /** When the oldest record that was not delivered was written; undefined where all was. */
    behindSince(): number | undefined {
      const oldest = stream.shards.flatMap((shard) => {
        if (done.has(shard)) return [];
        const next = leases.get(shard)?.next ?? Math.max(saved.get(shard) ?? 0, shard.trimmed);
        const record = shard.records[next];
        return record ? [record.arrivedAt] : [];
      });
      return oldest.length > 0 ? Math.min(...oldest) : undefined;
    },

    /** Another reads one of the shards now, from the checkpoint; who had it may go on with its batch. */
    handOver(): string {
      const lease = some();
      if (!lease) return "nobody to hand over";
      counts.handovers++;
      if (chance(0.7)) lease.isZombie = true;
      else lease.dead = true;
      take(lease.shard);
      return `${lease.name} is handed over from ${saved.get(lease.shard) ?? 0}`;
    },

    /** All begin again from their checkpoints, or from the oldest record of all. */
    restart(forgets = chance(0.3)): string {
      counts.restarts++;
      for (const lease of leases.values()) lease.dead = true;
      leases.clear();
      if (forgets) {
        saved.clear();
        done.clear();
      }
      takeNew();
      return `${name} restarts${forgets ? " from the beginning" : ""}`;
    },

    pause(until: number): string {
      const lease = some();
      if (!lease) return "nobody to pause";
      counts.pauses++;
      lease.pausedUntil = until;
      return `${lease.name} pauses`;
    },
  };
}
