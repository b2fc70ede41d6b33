/** As much of an event as tells whether it was counted, and when it happened. */
export type HeldEvent = { source: string; seq: number; occurredAt: number; receivedAt: number };

/** A chunk by its id, which says what events it holds and when they happened. */
export type HeldChunk<E extends HeldEvent = HeldEvent> = { id: string; events: readonly E[] };

/** Which events those are that a journey counts. Two writers may have stored an event at two times; one was counted. */
export type Picked<E> = {
  /** Each event as it was counted; as it arrived first where that cannot be known. */
  events: E[];
  /** Whether all of them are there, as they were counted. */
  isExact: boolean;
  /** Where a part has expired: all that is left, since each may be what another writer stored of it, at each of its times. */
  inDoubt: E[];
};

/** Digits of a chunk's id, in base 16. */
export const ID_CHARS = 12;
/** The mark of no chunks. */
export const NO_MARK = "0".repeat(ID_CHARS);

/** The mark with these chunks put in, or taken out: their ids, added up without carry. So their order does not matter. */
export function toggled(mark: string, ids: readonly string[]): string {
  const sum = ids.reduce((all, id) => all ^ BigInt(`0x${id}`), BigInt(`0x${mark}`));
  return sum.toString(16).padStart(ID_CHARS, "0");
}

/** What names an event within its journey. */
export function eventId({ source, seq }: { source: string; seq: number }): string {
  return `${seq}#${source}`;
}

/**
 * The `count` events that a journey counts, out of all chunks that lie in its partition. A chunk is counted whole or not at
 * all; one whose writer lost the race for META, or died before it, lies beside the others and is not counted. `mark` is the XOR
 * of the ids of the counted chunks: of chunks 0a, 0c and 11 with the mark 06, it is 0a and 0c that count, since 0a ^ 0c = 06.
 * Undefined for journeys that were written before there were marks.
 */
export function pickCounted<E extends HeldEvent>(
  chunks: readonly HeldChunk<E>[],
  isOwn: (event: E) => boolean,
  count: number,
  mark: string | undefined,
): Picked<E> {
  if (mark !== undefined) {
    const own = chunks.filter(({ events }) => events.every(isOwn));
    const events = solve(own, mark)?.flatMap((chunk) => chunk.events);
    if (events?.length === count && new Set(events.map(eventId)).size === count) {
      return { events, isExact: true, inDoubt: [] };
    }
  }
  const copies = Map.groupBy(chunks.flatMap(({ events }) => events.filter(isOwn)), eventId);
  const inDoubt = [...copies.values()].flatMap((same) => {
    const byTime = new Map(same.map((event) => [event.occurredAt, event]));
    return mark !== undefined || byTime.size > 1 ? [...byTime.values()] : [];
  });
  return {
    events: [...copies.values()].map((same) => same.reduce((a, b) => (arrivedBefore(b, a) ? b : a))),
    isExact: mark === undefined && copies.size === count && inDoubt.length === 0,
    inDoubt,
  };
}

function arrivedBefore(a: HeldEvent, b: HeldEvent): boolean {
  return a.receivedAt === b.receivedAt ? a.occurredAt < b.occurredAt : a.receivedAt < b.receivedAt;
}

/** The chunks that make the mark and hold each event once. Undefined where none do, or where several choices would. */
function solve<C extends HeldChunk>(chunks: readonly C[], mark: string): C[] | undefined {
  const held = chunks.flatMap((chunk) => chunk.events.map((event) => ({ id: eventId(event), chunk })));
  const holders = [...Map.groupBy(held, ({ id }) => id).values()].map((own) => own.map(({ chunk }) => chunk));
  const doubtful = [...new Set(holders.filter((own) => own.length > 1).flat())];
  const bits = new Map(doubtful.map((chunk, i) => [chunk, 1n << BigInt(i)]));
  const sure = chunks.filter((chunk) => !bits.has(chunk));
  const rest = toggled(mark, sure.map(({ id }) => id));
  // The usual case: no event is held twice, and all chunks are counted or the mark is of others.
  if (doubtful.length === 0) return /^0*$/.test(rest) ? [...chunks] : undefined;
  // Equations modulo 2. The unknowns are the doubtful chunks, a bit each: counted or not; the bit above is what they give.
  const odd = 1n << BigInt(doubtful.length);
  const sum = (some: readonly C[], gives: bigint) => some.reduce((row, chunk) => row | bits.get(chunk)!, gives);
  const once = holders.filter(([chunk]) => bits.has(chunk!)).map((own) => sum(own, odd));
  const marked = Array.from({ length: 4 * ID_CHARS }, (_, place) => {
    const isSet = (id: string) => ((BigInt(`0x${id}`) >> BigInt(place)) & 1n) === 1n;
    return sum(doubtful.filter(({ id }) => isSet(id)), isSet(rest) ? odd : 0n);
  });
  const counted = solveParity([...new Set(once), ...marked], doubtful.length);
  if (counted === undefined) return undefined;
  return chunks.filter((chunk) => !bits.has(chunk) || (counted & bits.get(chunk)!) !== 0n);
}

/** The unknowns that are 1, as bits; undefined where there is no solution, or not one only. Gauss-Jordan elimination. */
function solveParity(equations: readonly bigint[], unknowns: number): bigint | undefined {
  const odd = 1n << BigInt(unknowns);
  const solved = new Map<bigint, bigint>();
  for (const equation of equations) {
    let row = equation;
    for (const [pivot, known] of solved) if ((row & pivot) !== 0n) row ^= known;
    if (row === odd) return undefined;
    if (row === 0n) continue;
    const pivot = row & -row;
    for (const [other, known] of solved) if ((known & pivot) !== 0n) solved.set(other, known ^ row);
    solved.set(pivot, row);
  }
  if (solved.size < unknowns) return undefined;
  return [...solved].reduce((ones, [pivot, row]) => ((row & odd) === 0n ? ones : ones | pivot), 0n);
}
