/** Where something came from in a stream that is in order within a partition and no further. */
export type StreamPosition = {
  /** The partition of its tenant, 0 to 7. */
  partition: string;
  /** The stream's sequence number: digits. */
  sequence: string;
};

/** The places of the first and the last of some changes, by partition: what a write's condition and watermark name. */
export type SequenceSpans = ReadonlyMap<string, { first: string; last: string }>;

/**
 * Sequence numbers have up to 40 digits: as short text, with its length in front, they sort as numbers do. Eight of them
 * lie in each item that counts, which is to stay small.
 */
export function sortableSequence(sequence: string): string {
  const digits = BigInt(sequence).toString(36);
  return digits.length.toString(36) + digits;
}

export function sequenceSpansOf(changes: readonly StreamPosition[]): SequenceSpans {
  const spans = new Map<string, { first: string; last: string }>();
  for (const { partition, sequence } of changes) {
    const position = sortableSequence(sequence);
    const { first = position, last = position } = spans.get(partition) ?? {};
    spans.set(partition, { first: first < position ? first : position, last: last > position ? last : position });
  }
  return spans;
}

/** The changes that an item has not counted yet, by how far it has counted each partition. */
export function uncounted<C extends StreamPosition>(changes: readonly C[], counted: ReadonlyMap<string, string>): C[] {
  return changes.filter(({ partition, sequence }) => sortableSequence(sequence) > (counted.get(partition) ?? ""));
}
