import type { StreamRecord } from "../../api/aws/streams.ts";
import type { Item } from "../../api/aws/dynamo.ts";
import type { Lease, MappingCounts } from "./metrics-mapping.ts";
import type { Random } from "./random.ts";
import type { Services } from "./metrics-wiring.ts";

/** How a run is disturbed: each is the chance of it at a call or step, or how much of it there is. */
export type Weather = {
  faults: number;
  maxFaults: number;
  /** Of shards, leases, pauses, kills, and clients that give up. */
  disturbances: number;
  maxDisturbances: number;
  lag: number;
  /** Of reads that do not ask to be consistent. */
  stale: number;
  /** Of partitions that split where they are written. */
  heat: number;
  /** Of other transactions at the same items, and of pages and batches that end early; drawn by `cuts`. */
  conflicts: number;
  early: number;
  cuts: Random;
  skewMs: number;
  processes: number;
  functions: number;
  /** Mappings that read each stream at the same time. */
  mappings: number;
  /** Whether what fails often goes to the failure destination. */
  givesUp: boolean;
  /** Whether that keeps the whole of it. */
  keepsFailures: boolean;
  /** A fault that is planted, so that the laws must find it. */
  planted?: Planted | undefined;
};

/** How records could be told apart wrongly: by their partition key, as it was before, or not at all. */
export const PLANTED = { key: ({ keys }: StreamRecord) => keys.pk as string, nothing: () => "-" } as const;
export type Planted = keyof typeof PLANTED;

export type Counts =
  & MappingCounts
  & Record<
    | "runs"
    | "calls"
    | "writes"
    | "streamed"
    | "counted"
    | "conflicts"
    | "lost"
    | "repeated"
    | "refused"
    | "held"
    | "died"
    | "abandoned"
    | "reshards"
    | "expired"
    | "quarantined"
    | "late",
    number
  >;

export type View = { now: () => number; peek: (table: string, key: Item) => Item | undefined };
export type Operation = { name: string; run: (services: Services, view: View) => Promise<unknown> };

export type Process = { name: string; services: Services; skewMs: number; dead: boolean; pausedUntil: number };
export type Waiting = {
  owner: Process | Lease;
  label: string;
  heldUntil: number;
  /** A call to the store; without one it is a reader's turn. */
  perform?: () => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
};
export type Attempt = { operation: Operation; process: Process };
export type Invocation = { process: Process; fail: () => void };

/** What the store does of itself: `random` decides as it always did, so that seeds show what they showed, and `cuts` the rest. */
export function faultsOf(
  now: () => Pick<Weather, "lag" | "stale" | "conflicts" | "early">,
  random: Random,
  cuts: Random,
) {
  const isNow = (p: number, by: Random) => p > 0 && by() < p;
  return {
    lag: () => isNow(now().lag, random) ? 1 + Math.floor(random() * 4) : 0,
    stale: () => isNow(now().stale, random) ? 1 + Math.floor(random() * 4) : 0,
    conflicts: () => isNow(now().conflicts, cuts),
    pageOf: () => isNow(now().early, cuts) ? 1 + Math.floor(cuts() * 5) : Infinity,
    /** Whether a key or item of a batch is done with the first part of it. */
    inTime: () => !isNow(now().early, cuts),
  };
}

export function drawing(random: Random) {
  const below = (n: number) => Math.floor(random() * n);
  return {
    below,
    chance: (p: number) => random() < p,
    pick: <T>(values: readonly T[]): T => values[below(values.length)]!,
  };
}
