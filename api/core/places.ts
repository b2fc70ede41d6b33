/** Where something came from in a stream that is in order within a partition and no further. */
export type Placed = {
  /** The partition of its tenant, 0 to 7. */
  partition: string;
  /** The stream's sequence number: digits. */
  sequence: string;
};

/** The places of the first and the last of some changes, by partition: what a write's condition and watermark name. */
export type Span = ReadonlyMap<string, { first: string; last: string }>;

/**
 * Sequence numbers have up to 40 digits: as short text, with its length in front, they sort as numbers do. Eight of them
 * lie in each item that counts, which is to stay small.
 */
export function placeOf(sequence: string): string {
  const digits = BigInt(sequence).toString(36);
  return digits.length.toString(36) + digits;
}

export function spanOf(changes: readonly Placed[]): Span {
  const span = new Map<string, { first: string; last: string }>();
  for (const { partition, sequence } of changes) {
    const place = placeOf(sequence);
    const { first = place, last = place } = span.get(partition) ?? {};
    span.set(partition, { first: first < place ? first : place, last: last > place ? last : place });
  }
  return span;
}

/** The changes that an item has not counted yet, by how far it has counted each partition. */
export function uncounted<C extends Placed>(changes: readonly C[], counted: ReadonlyMap<string, string>): C[] {
  return changes.filter(({ partition, sequence }) => placeOf(sequence) > (counted.get(partition) ?? ""));
}
