import { count, emptyWatermark, isCounted, type Watermark } from "../core/watermark.ts";

/** Numbers of a sensor's motion events, since its device started last. */
export type Numbers = {
  /** Says which start of the device they are of; empty where it does not say. */
  boot: string;
  counted: Watermark;
  /** Up to this number too many gaps were open: there an instant alone says whether an event was counted. */
  vague: number;
  /** When the sensor said last that motion ceased. */
  clearedAt?: number | undefined;
  /** How far its clock is behind the arrival's (ms, of whole minutes): no motion of its latest session came sooner. It places nothing. */
  lagMs?: number | undefined;
};

/** Numbers of earlier starts of a device, by their `boot`. */
export type Boots = Readonly<Record<string, Pick<Numbers, "counted" | "vague">>>;

/** Numbers of motion events and of batches begin at 0. */
export const FIRST = 0n;

/** Gaps that are remembered exactly. */
const MAX_GAPS = 100;
/** Starts of a device whose numbers a sensor remembers beside the present ones. */
const MAX_BOOTS = 16;

export function noNumbers(boot = ""): Numbers {
  return { boot, counted: emptyWatermark(FIRST), vague: -1 };
}

/**
 * Whether a number was counted for sure. Where too many gaps were open it is not known any more: then it counts as unknown,
 * and the instant of the event says whether it was counted.
 */
export function isNumberKnown({ counted, vague }: Numbers, seq: number): boolean {
  return seq > vague && isCounted(counted, BigInt(seq));
}

/** The numbers with one more. Beyond a hundred gaps the oldest becomes vague, and nothing in it is called known or missing. */
export function addNumber(numbers: Numbers, seq: number): Numbers {
  const counted = count(numbers.counted, BigInt(seq));
  if (counted.ahead.length <= MAX_GAPS) return { ...numbers, counted };
  const [from] = counted.ahead[0]!;
  return {
    ...numbers,
    counted: count(counted, counted.hi + 1n, from),
    vague: Math.max(numbers.vague, Number(from) - 1),
  };
}

/** The numbers once motion came by so much late (undefined: it is past), which its clock may be behind if none came sooner. */
export function withLag(numbers: Numbers, lagMs: number | undefined, isFirst: boolean): Numbers {
  const { lagMs: known = 0 } = numbers;
  const least = isFirst ? lagMs ?? 0 : Math.min(known, lagMs ?? known);
  return least === known ? numbers : { ...numbers, lagMs: least };
}

/**
 * The numbers of the start that `boot` names, and the starts of the device that are remembered beside it. The start that
 * was present until now is put aside, and one that was put aside comes back.
 */
export function turnTo(
  boot: string,
  present: Numbers,
  boots: Boots,
): { numbers: Numbers; boots: Boots } {
  if (present.boot === boot) return { numbers: present, boots };
  const { clearedAt, lagMs } = present;
  const sensed = {
    ...(clearedAt === undefined ? {} : { clearedAt }),
    ...(lagMs === undefined ? {} : { lagMs }),
  };
  const known = Object.hasOwn(boots, boot) ? boots[boot] : undefined;
  const kept = Object.entries(boots).filter(([name]) => name !== boot && name !== present.boot);
  const { counted, vague } = present;
  const isUsed = counted.hi >= FIRST || counted.ahead.length > 0;
  const all = isUsed ? [...kept, [present.boot, { counted, vague }] as const] : kept;
  return {
    numbers: { ...(known ? { boot, ...known } : noNumbers(boot)), ...sensed },
    boots: Object.fromEntries(all.slice(-MAX_BOOTS)),
  };
}
