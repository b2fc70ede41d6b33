import { createHash } from "node:crypto";

/** Numbers from 0 (included) to 1 (excluded), the same for the same seed. */
export type Random = () => number;

export function createRandom(seed: string | number): Random {
  let block = Buffer.alloc(0);
  let offset = 0;
  let count = 0;
  return () => {
    if (offset === block.length) {
      block = createHash("sha256").update(`${seed} ${count++}`).digest();
      offset = 0;
    }
    const value = block.readUInt32BE(offset) / 2 ** 32;
    offset += 4;
    return value;
  };
}

/** The values in an order that the random numbers give. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  return values.map((value) => ({ value, place: random() })).sort((a, b) => a.place - b.place).map(({ value }) =>
    value
  );
}
