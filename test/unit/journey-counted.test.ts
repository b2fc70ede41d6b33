import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { fromChunk, toChunks } from "../../api/journeys/chunk.ts";
import { eventId, type HeldChunk, NO_MARK, pickCounted, toggled } from "../../api/journeys/counted.ts";
import type { ArrivedEvent } from "../../api/journeys/model.ts";

const T0 = Date.UTC(2026, 0, 1, 12);
const MIN = 60_000;

const event = (seq: number, minute: number, receivedAt = T0): ArrivedEvent => (
  { sessionId: "s", source: "main", seq, type: "A", occurredAt: T0 + minute * MIN, receivedAt }
);
const chunksOf = (events: readonly ArrivedEvent[]): HeldChunk<ArrivedEvent>[] =>
  toChunks(events).map(({ id, bytes }) => ({ id, events: fromChunk("s", bytes) }));
const markOf = (chunks: readonly HeldChunk[]) => toggled(NO_MARK, chunks.map(({ id }) => id));
const pick = (
  chunks: readonly HeldChunk<ArrivedEvent>[],
  counted: readonly ArrivedEvent[],
  mark: string | undefined,
) => {
  const ids = new Set(counted.map(eventId));
  return pickCounted(chunks, (e) => ids.has(eventId(e)), ids.size, mark);
};
const inOrder = (events: readonly ArrivedEvent[]) => [...events].sort((a, b) => a.seq - b.seq);

/** What one writer does: it looks at the journey, stores what is new to it, and counts that unless it dies or another did. */
const attempt = fc.record({
  batch: fc.uniqueArray(fc.record({ seq: fc.integer({ min: 1, max: 30 }), minute: fc.integer({ min: 0, max: 90 }) }), {
    selector: ({ seq }) => seq,
    minLength: 1,
    maxLength: 8,
  }),
  /** How many turns ago it looked. */
  late: fc.integer({ min: 0, max: 3 }),
  dies: fc.boolean(),
});

/** A journey as these writers leave it. */
function play(attempts: readonly { batch: { seq: number; minute: number }[]; late: number; dies: boolean }[]) {
  const stored = new Map<string, HeldChunk<ArrivedEvent>>();
  const states: { events: ArrivedEvent[]; mark: string }[] = [{ events: [], mark: NO_MARK }];
  attempts.forEach(({ batch, late, dies }, i) => {
    const seen = states.at(Math.max(-states.length, -1 - late))!;
    const known = new Set(seen.events.map(eventId));
    const added = batch.map(({ seq, minute }) => event(seq, minute, T0 - i)).filter((e) => !known.has(eventId(e)));
    if (added.length === 0) return;
    const chunks = chunksOf(inOrder(added)).map((chunk) => stored.get(chunk.id) ?? chunk);
    for (const chunk of chunks) stored.set(chunk.id, chunk);
    if (dies || seen !== states.at(-1)) return;
    const own = chunks.flatMap(({ events }) => events);
    states.push({ events: [...seen.events, ...own], mark: toggled(seen.mark, chunks.map(({ id }) => id)) });
  });
  return { chunks: [...stored.values()], states };
}

describe("the mark of a journey", () => {
  test("finds each event as it was counted, whatever other writers stored besides", () => {
    let [played, doubled] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(attempt, { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.nat()),
        (attempts, order) => {
          const { chunks, states } = play(attempts);
          played++;
          const shuffled = chunks.map((chunk) => ({ chunk, place: order.next().value as number }))
            .sort((a, b) => a.place - b.place).map(({ chunk }) => chunk);
          for (const { events, mark } of states) {
            const picked = pick(shuffled, events, mark);
            expect(picked.isExact).toBe(true);
            expect(inOrder(picked.events)).toEqual(inOrder(events));
          }
          const copies = chunks.flatMap(({ events }) => events);
          if (new Set(copies.map(eventId)).size < copies.length) doubled++;
        },
      ),
      { numRuns: 200 },
    );
    expect(doubled).toBeGreaterThan(played / 4);
  });

  test("finds what one write added, from the marks before and after it", () => {
    fc.assert(fc.property(fc.array(attempt, { minLength: 1, maxLength: 40 }), (attempts) => {
      const { chunks, states } = play(attempts);
      states.slice(1).forEach(({ events, mark }, i) => {
        const before = states[i]!;
        const picked = pick(chunks, events.slice(before.events.length), toggled(mark, [before.mark]));
        expect(picked).toMatchObject({ isExact: true, events: events.slice(before.events.length) });
      });
    }));
  });

  test("knows when a chunk that was counted is not there, also where another holds its events", () => {
    const [counted, other] = [[event(1, 0), event(2, 1)], [event(1, 0), event(2, 50)]];
    const mark = markOf(chunksOf(counted));
    expect(pick(chunksOf(other), counted, mark)).toEqual({ events: other, isExact: false, inDoubt: other });
    expect(pick([], counted, mark)).toEqual({ events: [], isExact: false, inDoubt: [] });
  });

  test("leaves an event in doubt at each of its times where a part of the journey has expired", () => {
    const [gone, late, early] = [[event(1, 0)], [event(2, 5, T0 + 9)], [event(2, 50, T0 + 3)]];
    const mark = markOf([...chunksOf(gone), ...chunksOf(late)]);
    const picked = pick([...chunksOf(late), ...chunksOf(early)], [...gone, ...late], mark);
    expect(picked.isExact).toBe(false);
    expect(picked.events).toEqual(early);
    expect(picked.inDoubt).toEqual([...late, ...early]);
  });

  test("that a journey of before does not have is not asked: what arrived first is taken", () => {
    const [late, early] = [[event(1, 5, T0 + 9)], [event(1, 50, T0 + 3)]];
    expect(pick(chunksOf(late), late, undefined)).toEqual({ events: late, isExact: true, inDoubt: [] });
    expect(pick([...chunksOf(late), ...chunksOf(early)], late, undefined)).toMatchObject({
      events: early,
      isExact: false,
    });
  });

  test("does not depend on the order of chunks, and tells apart what differs in a time or a type", () => {
    const chunks = [1, 2, 3].flatMap((seq) => chunksOf([event(seq, seq)]));
    expect(markOf(chunks)).toBe(markOf(chunks.toReversed()));
    expect(toggled(markOf(chunks), chunks.map(({ id }) => id))).toBe(NO_MARK);
    const ids = [event(1, 1), event(1, 2), { ...event(1, 1), type: "B" }].map((one) => chunksOf([one])[0]!.id);
    expect(new Set(ids).size).toBe(3);
    expect(chunksOf([{ ...event(1, 1, T0 + 5), text: "hello" }])[0]!.id).toBe(ids[0]);
  });
});
