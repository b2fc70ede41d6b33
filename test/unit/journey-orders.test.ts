import { describe, expect, test } from "vitest";
import { fromItem, toItem } from "../../api/journeys/item.ts";
import type { ArrivedEvent, Journey } from "../../api/journeys/model.ts";
import { decideEvents, DEFAULT_POLICY, outcomeOf } from "../../api/journeys/rules.ts";
import { defined, GOALS, randomBatches, randomSession, shownOf } from "../kit/journey-oracle.ts";
import { fc } from "../kit/property.ts";
import { createRandom, shuffled } from "../proof/random.ts";

const POLICY = { ...DEFAULT_POLICY, goals: GOALS };

/** The journey after these batches, written and read back after each. */
function count(batches: readonly (readonly ArrivedEvent[])[], policy = POLICY): Journey {
  const held = new Map<string, ArrivedEvent>();
  let journey: Journey | undefined;
  for (const batch of batches) {
    const decision = decideEvents("t", journey, batch, held, policy);
    for (const event of decision.added) held.set(`${event.seq}#${event.source}`, event);
    journey = fromItem(toItem(decision.journey!));
  }
  return journey!;
}

describe("all that is derived of a journey is what its definition says, whatever the order, cuts, repeats and collisions", () => {
  test("of events of several tabs and types, at the limits of pauses and lengths", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed);
        const events = randomSession(random);
        const first = toItem(count([events]));
        for (let i = 0; i < 3; i++) {
          const journey = count(randomBatches(random, events));
          expect(toItem(journey)).toEqual(first);
          for (const now of [0, 30 * 60_000, 30 * 60_000 + 1].map((ms) => journey.endedAt + ms)) {
            expect(shownOf(journey, outcomeOf(journey, now))).toEqual(defined(events, now));
          }
        }
      }),
      { numRuns: 120 },
    );
  });

  test("of long sessions of hundreds of visits", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = createRandom(seed);
        const events = randomSession(random, 900);
        const journey = count(randomBatches(random, events));
        expect(shownOf(journey, outcomeOf(journey, journey.endedAt))).toEqual(defined(events, journey.endedAt));
        expect(toItem(count([shuffled(events, random)]))).toEqual(toItem(journey));
      }),
      { numRuns: 8 },
    );
  });
});

describe("at a limit of a session as many are taken in every order, and one more is refused", () => {
  const at = (i: number, own: Partial<ArrivedEvent>): ArrivedEvent => ({
    ...{ sessionId: "s", source: "main", seq: i + 1, type: "A", occurredAt: i, receivedAt: 0 },
    ...own,
  });
  test.each<[string, number, (i: number) => ArrivedEvent, RegExp]>([
    ["sources", 1_024, (i) => at(0, { source: `s${i}`, occurredAt: i }), /^source: .* at most 1024 sources/],
    ["types", 64, (i) => at(i, { type: `T${i}` }), /^type: .* at most 64 types/],
    ["visitors", 32, (i) => at(i, { visitorId: `v${i}` }), /^visitorId: .* at most 32 visitors/],
    ["visits", 1_500, (i) => at(i, { occurredAt: i * 1_800_001 }), /^occurredAt: .* at most 1500 visits/],
  ])("%s", (_, most, eventOf, reason) => {
    const events = Array.from({ length: most + 1 }, (_, i) => eventOf(i));
    const whole = events.slice(0, most);
    const taken = toItem(decideEvents("t", undefined, whole).journey!);
    for (const order of [whole.toReversed(), shuffled(whole, createRandom(3))]) {
      const halves = [order.slice(0, most >> 1), order.slice(most >> 1)];
      expect(toItem(count(halves, DEFAULT_POLICY))).toEqual(taken);
    }
    for (const order of [events, events.toReversed(), shuffled(events, createRandom(5))]) {
      const refused = decideEvents("t", undefined, order).verdicts.filter(({ status }) => status !== "ACCEPTED");
      expect(refused).toMatchObject([{
        status: "REJECTED",
        code: "SESSION_FULL",
        reason: expect.stringMatching(reason),
      }]);
    }
  });

  test("gaps in the numbering: 1,000 may be open, and what closes them is taken", () => {
    const odd = Array.from({ length: 1_001 }, (_, i) => at(2 * i + 1, { occurredAt: i }));
    const known = decideEvents("t", undefined, odd.slice(0, 1_000)).journey!;
    const [verdict] = decideEvents("t", known, [odd[1_000]!]).verdicts;
    expect(verdict).toMatchObject({ code: "SESSION_FULL", reason: expect.stringContaining("more than 1000 gaps") });
    // Of one batch the order does not matter: by number, it closes a gap before it opens one.
    const both = decideEvents("t", known, [odd[1_000]!, at(0, { occurredAt: 5 })]).verdicts;
    expect(both).toEqual([{ status: "ACCEPTED" }, { status: "ACCEPTED" }]);
    const closing = decideEvents("t", known, [at(0, { occurredAt: 5 })]);
    expect(closing.verdicts).toEqual([{ status: "ACCEPTED" }]);
    expect(decideEvents("t", closing.journey, [odd[1_000]!]).verdicts).toEqual([{ status: "ACCEPTED" }]);
  });

  test("with all of them full at once the item is far below DynamoDB's 400 KB", () => {
    const events = [
      ...Array.from({ length: 1_023 }, (_, i) => at(0, { source: `${i}`.padEnd(64, "s"), occurredAt: i * 1_800_001 })),
      ...Array.from({ length: 32 }, (_, i) => at(2 * i + 1, { visitorId: `${i}`.padEnd(128, "v"), occurredAt: i })),
      ...Array.from({ length: 62 }, (_, i) => at(100 + 2 * i, { type: `T${i}`.padEnd(64, "T"), occurredAt: i })),
      ...Array.from({ length: 400 }, (_, i) => at(300 + 2 * i, { occurredAt: (2_000 + i) * 1_800_001 })),
      at(50_000, { type: "MESSAGE_SENT", text: "q".repeat(256), page: "p".repeat(128) }),
    ];
    const { verdicts, journey } = decideEvents("t", undefined, events, undefined, POLICY);
    expect(verdicts.filter(({ status }) => status !== "ACCEPTED")).toEqual([]);
    expect(JSON.stringify(toItem(journey!)).length).toBeLessThan(200_000);
  });
});
