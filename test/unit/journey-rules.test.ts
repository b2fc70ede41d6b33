import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { fromChunk, toChunks } from "../../api/journeys/chunk.ts";
import { fromItem, toItem } from "../../api/journeys/item.ts";
import { type ArrivedEvent, DECIDING_TYPES, type Journey, OUTCOMES } from "../../api/journeys/model.ts";
import { compareEvents, decideEvents, IDLE_MS, isVisible, outcomeOf } from "../../api/journeys/rules.ts";

const T0 = Date.UTC(2026, 0, 1, 12);
const MIN = 60_000;

const type = fc.constantFrom(
  "PAGE_VIEWED",
  "MESSAGE_SENT",
  "MESSAGE_RECEIVED",
  "FORM_STARTED",
  "FORM_COMPLETED",
  "LINK_CLICKED",
  "CTA_CLICKED",
  "OTHER",
);
/** A session's events as distinct (source, seq), at any times. */
const session: fc.Arbitrary<ArrivedEvent[]> = fc.uniqueArray(
  fc.record({
    sessionId: fc.constant("s"),
    source: fc.constantFrom("main", "tab2", "__proto__"),
    seq: fc.integer({ min: 1, max: 30 }),
    type,
    occurredAt: fc.integer({ min: 0, max: 300 }).map((minutes) => T0 + minutes * MIN),
    receivedAt: fc.constant(T0 + 1_000 * MIN),
    visitorId: fc.option(fc.constantFrom("v1", "v2"), { nil: undefined }),
    text: fc.option(fc.constantFrom("hello", "grüße 🙂"), { nil: undefined }),
  }),
  { selector: (e) => `${e.source}#${e.seq}`, minLength: 1, maxLength: 40 },
);

/** The events in some order, cut into batches that overlap and repeat. */
function batchesOf(events: ArrivedEvent[]): fc.Arbitrary<ArrivedEvent[][]> {
  const all = fc.shuffledSubarray(events, { minLength: events.length });
  const some = fc.array(fc.shuffledSubarray(events, { minLength: 1 }), { maxLength: 4 });
  return fc.tuple(all, some, fc.integer({ min: 1, max: 7 })).chain(([order, repeats, size]) => {
    const cuts = Array.from(
      { length: Math.ceil(order.length / size) },
      (_, i) => order.slice(i * size, (i + 1) * size),
    );
    return fc.shuffledSubarray([...cuts, ...repeats], { minLength: cuts.length + repeats.length });
  });
}

function countBatches(batches: readonly ArrivedEvent[][]): Journey {
  return batches.reduce<Journey | undefined>((known, batch) => decideEvents("t", known, batch).journey, undefined)!;
}

/** The outcome by its definition, from all events at once. */
function outcomeByDefinition(events: readonly ArrivedEvent[], now: number) {
  const has = (type: string) => events.some((event) => event.type === type);
  for (const deciding of DECIDING_TYPES) if (has(deciding)) return deciding;
  const engagements = events.filter((e) => e.type === "FORM_STARTED" || e.type === "MESSAGE_SENT");
  if (engagements.length === 0) return "BROWSING";
  const engagedAt = Math.min(...engagements.map((e) => e.occurredAt));
  const times = [...events.map((e) => e.occurredAt).filter((at) => at >= engagedAt).sort((a, b) => a - b), now];
  return times.some((at, i) => i > 0 && at - times[i - 1]! > IDLE_MS) ? "ABANDONED" : "BROWSING";
}

describe("a journey", () => {
  test("is the same whatever the order, the batches and the repeats of its events", () => {
    fc.assert(
      fc.property(session.chain((events) => fc.tuple(fc.constant(events), batchesOf(events))), ([events, batches]) => {
        expect(toItem(countBatches(batches))).toEqual(toItem(countBatches([events])));
      }),
      { numRuns: 1_500 },
    );
  });

  test("counts each event once", () => {
    fc.assert(
      fc.property(session.chain((events) => fc.tuple(fc.constant(events), batchesOf(events))), ([events, batches]) => {
        const journey = countBatches(batches);
        const of = (type: string) => events.filter((event) => event.type === type).length;
        expect(journey.eventCount).toBe(events.length);
        expect(journey.userMessageCount).toBe(of("MESSAGE_SENT"));
        expect(journey.botMessageCount).toBe(of("MESSAGE_RECEIVED"));
        expect(events.every((event) => isVisible(journey.watermarks, event))).toBe(true);
        expect(isVisible(journey.watermarks, { source: "main", seq: 999 })).toBe(false);
        expect(isVisible(journey.watermarks, { source: "toString", seq: 1 })).toBe(false);
      }),
    );
  });

  test("has the outcome of its definition, in whatever order the events arrive", () => {
    const now = fc.integer({ min: 300, max: 400 }).map((minutes) => T0 + minutes * MIN);
    fc.assert(
      fc.property(
        session.chain((events) => fc.tuple(fc.constant(events), batchesOf(events))),
        now,
        ([events, batches], at) => {
          expect(outcomeOf(countBatches(batches), at)).toBe(outcomeByDefinition(events, at));
        },
      ),
      { numRuns: 1_500 },
    );
  });

  test("never goes from a decided outcome to a weaker one", () => {
    fc.assert(fc.property(session.chain(batchesOf), (batches) => {
      let known: Journey | undefined;
      let strongest: number = OUTCOMES.length;
      for (const batch of batches) {
        known = decideEvents("t", known, batch).journey!;
        const rank = OUTCOMES.indexOf(outcomeOf(known, known.endedAt));
        if (known.decided) expect(rank).toBeLessThanOrEqual(strongest);
        strongest = Math.min(strongest, known.decided ? rank : OUTCOMES.length);
      }
    }));
  });

  test("stays abandoned when the visitor comes back only to look", () => {
    const at = (minutes: number, type: string, seq: number): ArrivedEvent => ({
      sessionId: "s",
      source: "main",
      seq,
      type,
      occurredAt: T0 + minutes * MIN,
      receivedAt: T0,
    });
    const asked = countBatches([[at(0, "MESSAGE_SENT", 1)]]);
    expect(outcomeOf(asked, T0 + 30 * MIN)).toBe("BROWSING");
    expect(outcomeOf(asked, T0 + 30 * MIN + 1)).toBe("ABANDONED");
    const back = countBatches([[at(0, "MESSAGE_SENT", 1)], [at(40, "PAGE_VIEWED", 2)]]);
    expect(outcomeOf(back, T0 + 41 * MIN)).toBe("ABANDONED");
    const clicked = countBatches([[at(41, "LINK_CLICKED", 3)], [at(0, "MESSAGE_SENT", 1)], [at(40, "PAGE_VIEWED", 2)]]);
    expect(outcomeOf(clicked, T0 + 500 * MIN)).toBe("LINK_CLICKED");
  });

  test("is decided by the first event of the strongest type", () => {
    fc.assert(fc.property(session, (events) => {
      const { decided } = countBatches([events]);
      const strongest = DECIDING_TYPES.find((type) => events.some((event) => event.type === type));
      const first = events.filter((event) => event.type === strongest).sort(compareEvents)[0];
      expect(decided && [decided.occurredAt, decided.source, decided.seq]).toEqual(
        first && [first.occurredAt, first.source, first.seq],
      );
    }));
  });

  test("reads back from its item as it was", () => {
    fc.assert(fc.property(session, (events) => {
      const journey = countBatches([events]);
      expect(fromItem(toItem(journey))).toEqual(journey);
    }));
  });

  test("gives a verdict for each event in the order sent; the first of two equal ones is accepted", () => {
    const event = (seq: number): ArrivedEvent => ({
      sessionId: "s",
      source: "main",
      seq,
      type: "A",
      occurredAt: T0,
      receivedAt: T0,
    });
    const { verdicts } = decideEvents("t", undefined, [event(3), event(1), event(3), event(2)]);
    expect(verdicts.map((verdict) => verdict.status)).toEqual(["ACCEPTED", "ACCEPTED", "DUPLICATE", "ACCEPTED"]);
  });

  test("takes 500 events in any order in one batch, and refuses a batch that would open over 1,000 gaps", () => {
    const event = (seq: number): ArrivedEvent => ({
      sessionId: "s",
      source: "main",
      seq,
      type: "A",
      occurredAt: T0,
      receivedAt: T0,
    });
    // Of a session that has 900 gaps: the odd ones first, which would open 250 more.
    const known = decideEvents("t", undefined, Array.from({ length: 900 }, (_, i) => event(2 * i + 2))).journey;
    const shuffled = Array.from({ length: 500 }, (_, i) => event(5_001 + (2 * i) % 500 + Math.floor(i / 250)));
    expect(new Set(shuffled.map(({ seq }) => seq)).size).toBe(500);
    expect(decideEvents("t", known, shuffled).verdicts).toEqual(shuffled.map(() => ({ status: "ACCEPTED" })));
    const sparse = Array.from({ length: 1_100 }, (_, i) => event(2 * i + 2));
    const refused = decideEvents("t", undefined, sparse).verdicts.filter((verdict) => verdict.status === "REJECTED");
    expect(refused).toHaveLength(100);
    expect(refused[0]).toMatchObject({ reason: expect.stringContaining("seq: more than 1000 gaps") });
  });

  test("has five thousand open gaps over all sources, and an item with all that it may have at once stays below 400 KB", () => {
    const of = (source: number, seq: number): ArrivedEvent => ({
      ...{ sessionId: "\u0939".repeat(128), source: String(source).padStart(64, "\u0939"), seq, type: "PAGE_VIEWED" },
      ...{ occurredAt: T0 + source * 31 * MIN, receivedAt: T0, page: "\u0939".repeat(128) },
      visitorId: String(source % 32).padStart(128, "\u0939"),
    });
    const LAST = 2 ** 31 - 1;
    let known: Journey | undefined;
    const statuses: string[] = [];
    const give = (events: ArrivedEvent[]) => {
      const { journey, verdicts } = decideEvents("t", known, events);
      known = journey;
      statuses.push(...verdicts.map(({ status }) => status));
      return verdicts;
    };
    give(Array.from({ length: 1_024 }, (_, i) => of(i, 1)));
    give(Array.from({ length: 64 }, (_, i) => ({ ...of(i, 2), type: `T${i}`.padEnd(64, "X") })));
    for (let source = 0; source < 20; source++) {
      for (const [first, count] of [[0, 500], [500, 500]] as const) {
        give(Array.from({ length: count }, (_, i) => of(source, LAST - 3 * (first + i) - 1)));
        give(Array.from({ length: count }, (_, i) => of(source, LAST - 3 * (first + i))));
      }
    }
    const [full] = give([of(1_000, 1_000)]);
    expect(full).toMatchObject({
      code: "SESSION_FULL",
      reason: expect.stringContaining("more than 5000 gaps are open in all"),
    });
    expect(Object.values(known!.watermarks).reduce((sum, { ahead }) => sum + ahead.length, 0)).toBe(5_000);
    expect(statuses.filter((status) => status === "ACCEPTED").length).toBeGreaterThan(10_000);
    const bytes = Buffer.byteLength(Object.values(toItem(known!)).join(""));
    expect(bytes).toBeGreaterThan(300_000);
    expect(bytes).toBeLessThan(390_000);
    // What closes a gap, or goes on in order, is taken all the same.
    expect(give([of(0, LAST - 2), of(1_000, 2)])).toEqual([{ status: "ACCEPTED" }, { status: "ACCEPTED" }]);
  });

  test.each<[string, number, (n: number) => Partial<ArrivedEvent>]>([
    ["sources", 1_024, (n) => ({ source: `tab${n}`, seq: 1 })],
    ["types", 64, (n) => ({ type: `TYPE_${n}` })],
    ["visitors", 32, (n) => ({ visitorId: `v${n}` })],
  ])("has so many %s, to the last one, and not one more: %i", (_, most, own) => {
    const all = Array.from({ length: most + 1 }, (_, i): ArrivedEvent => ({
      ...{ sessionId: "s", source: "main", seq: i + 1, type: "A", occurredAt: T0, receivedAt: T0 },
      ...own(i),
    }));
    const { journey, verdicts } = decideEvents("t", undefined, all);
    expect(verdicts.filter(({ status }) => status === "ACCEPTED")).toHaveLength(most);
    expect(verdicts.at(-1)).toMatchObject({ status: "REJECTED", code: "SESSION_FULL" });
    // What it has already is no more.
    const again = { ...all[0]!, seq: most + 2 };
    expect(decideEvents("t", journey, [again]).verdicts).toEqual([{ status: "ACCEPTED" }]);
  });
});

describe("a chunk", () => {
  test("gives back the events that were put in", () => {
    fc.assert(fc.property(session, fc.json(), (events, json) => {
      const rich = events.map((
        e,
        i,
      ) => (i % 3 === 0 ? { ...e, page: "/x", properties: JSON.parse(json) as unknown } : e));
      const defined = JSON.parse(JSON.stringify(rich)) as ArrivedEvent[];
      expect(toChunks(rich).flatMap((chunk) => fromChunk("s", chunk.bytes))).toEqual(defined);
    }));
  });

  test("is the same for the same events, and stays below DynamoDB's limit where nothing compresses", () => {
    const noise = Array.from({ length: 500 }, (_, i): ArrivedEvent => ({
      sessionId: "s",
      source: "main",
      seq: i + 1,
      type: "A",
      occurredAt: T0 + i,
      receivedAt: T0,
      properties: {
        noise: Array.from(
          { length: 4_000 },
          (_, j) => String.fromCharCode(33 + ((i * 7919 + j * 104_729 + ((i * j) % 97)) % 90)),
        ).join(""),
      },
    }));
    const chunks = toChunks(noise);
    expect(chunks.length).toBeGreaterThan(5);
    for (const chunk of chunks) expect(chunk.bytes.length).toBeLessThan(400_000);
    expect(toChunks(noise)).toEqual(chunks);
  });
});
