/** 16 MB, as one bit for each of 134 million hashes. */
const HASH_BITS = 27;

/**
 * Numbers the equal ones among texts that are gone through twice, in memory that grows with those that repeat only: a
 * bit remembers each of the others.
 */
export function createRepeats() {
  const seen = new Uint8Array(2 ** HASH_BITS / 8);
  const candidates = new Map<string, number>();

  return {
    /** To be told of each text, before any is numbered. */
    note(text: string): void {
      const hash = hashOf(text);
      const [place, bit] = [hash >>> 3, 1 << (hash & 7)];
      // Texts of one hash are taken for repeats here, which does no harm: they are counted by their whole.
      if (seen[place]! & bit) candidates.set(text, 0);
      seen[place]! |= bit;
    },
    /** Which of its equals it is in the second run, from 1. */
    number(text: string): number {
      const before = candidates.get(text);
      if (before === undefined) return 1;
      candidates.set(text, before + 1);
      return before + 1;
    },
  };
}

/** FNV-1a, folded to so many bits as there are places. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> HASH_BITS)) & (2 ** HASH_BITS - 1);
}
