import { formatEntry } from "../../api/anki/schedule/entry.ts";
import { itemKey, PARTITIONS, spread } from "../../api/core/keys.ts";
import { createReviewLog } from "../../api/review/log.ts";
import type { Item } from "../../api/aws/dynamo.ts";
import type { Operation, View } from "./metrics-weather.ts";
import type { Services } from "./metrics-wiring.ts";
import type { Random } from "./random.ts";
import { operationsOf as sessionOperationsOf } from "./sessions-inputs.ts";

/** What a run holds beside sessions, records and journeys as they come. */
export type Plan = {
  /** People change and remove records. */
  corrections: boolean;
  /** Records without the instant that they should count by. */
  poison: boolean;
  /** All records of a tenant lie in one of its collections, which splits while it is written. */
  crowded: boolean;
  /** Decides the numbers and dimensions of records. */
  measures: Random;
};

/**
 * When every event that is sent happened, by journey, source and number. Some are sent with several times: then each has a
 * type of its own, so that a journey's types say which one it counted.
 */
export type EventTimes = Map<string, number[]>;

const MINUTE = 60_000;
const SOURCES = ["ITEMS", "SCORE_RESULTS", "TASKS", "EVALUATIONS"];
const TYPES = ["PAGE_VIEWED", "MESSAGE_SENT", "MESSAGE_RECEIVED", "FORM_COMPLETED", "CTA_CLICKED"];
const IDLE_MS = 5 * MINUTE;
/** Some cancel out, some are not exact in binary. */
const NUMBERS = [0.1, 0.2, 1e12, -1e12, 3, -3, 7.000001];

/** `given` are the answers that were not taken back: for this simulation alone. */
const NO_LEASE = { base: 0, journal: [] as string[], given: [] as number[], revision: 0 };

function answerOf(answerId: string, at: number): string {
  const how = { cardId: 1, rating: 3, offsetMinutes: 0, tookMs: 1, session: "s" } as const;
  return formatEntry({ kind: "answer", answerId, at, ...how });
}

/** The ids of one collection, in order. */
const CROWDED = Array.from({ length: 64 * PARTITIONS * 2 }, (_, i) => `r${i}`).filter((id) =>
  spread(id, PARTITIONS) === 0
);

/** Some 20 to 60 operations, in the order in which they are about to be sent. `name` makes their ids new. */
export function operationsOf(
  random: Random,
  tenants: readonly string[],
  startAt: number,
  plan: Plan,
  times: EventTimes,
): Operation[] {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const placed: { operation: Operation; place: number }[] = [];
  const send = (operation: Operation, place = random()) => placed.push({ operation, place });
  const copies = () => chance(0.3) ? 2 : 1;
  /** Mostly of the last minutes, some hours old. */
  const someTime = () => startAt - (chance(0.8) ? below(15 * MINUTE) : below(5 * 60 * MINUTE));

  const [first] = tenants as [string];
  for (const [i, own] of sessionOperationsOf(random, first, startAt, IDLE_MS).entries()) {
    const run = (services: Services, view: View) => own.run(services.sessions, view);
    send({ name: `session ${own.name}`, run }, i / 30);
  }

  const ids = many(4 + below(60), (i) => plan.crowded ? CROWDED[i]! : `r${i}`);
  const sources = SOURCES.slice(0, 1 + below(4));
  many(3 + below(8), (i) => {
    const tenantId = pick(tenants);
    const records = many(1 + below(chance(0.2) ? 40 : 8), () => (
      { source: pick(sources), recordId: pick(ids), at: someTime(), ...someMeasures() }
    ));
    const run = ({ metrics }: Services) => metrics.record(tenantId, { records });
    many(copies(), (copy) => send({ name: `records ${i}.${copy}`, run }));
  });
  if (plan.corrections) many(2 + below(8), (i) => sendCorrection(i));
  if (plan.poison) many(1 + below(4), (i) => sendPoison(i));
  many(1 + below(4), (i) => sendJourney(i));
  many(2 + below(10), (i) => sendReview(i));
  return placed.sort((a, b) => a.place - b.place).map(({ operation }) => operation);

  /** Two of three have a number, which comes again and again, and half a dimension or two. */
  function someMeasures() {
    const random = plan.measures;
    const one = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
    const value = one([undefined, undefined, ...NUMBERS]);
    const dimensions = one([[], [], [["k", "a"]], [["k", "b"]], [["k", "a"], ["l", "a"]]] as [string, string][][]);
    return {
      ...(value === undefined ? {} : { value }),
      dimensions: dimensions.map(([key, value]) => ({ key, value })),
    };
  }

  /** A correction mostly leaves what a record measures, and sometimes gives it another number, or none. */
  function corrected({ value }: Item): Item {
    const random = plan.measures;
    return random() < 0.6 ? { value } : { value: NUMBERS[Math.floor(random() * (NUMBERS.length + 1))] };
  }

  /** A record gets another time, or goes. One that could not be counted is mended where it was put aside, and not here too. */
  function sendCorrection(i: number): void {
    const key = itemKey(pick(tenants), pick(ids), pick(sources));
    const at = chance(0.6) ? someTime() : undefined;
    const isThere = { expression: "attribute_exists(pk) AND attribute_not_exists(meant)" };
    send({
      name: `correction ${i}`,
      run: async ({ dynamo }, { peek }) => {
        const known = peek("records", key);
        if (!known) return;
        if (at === undefined) await dynamo.removeIf("records", key, isThere);
        else await dynamo.putIf("records", { ...known, at, meant: undefined, ...corrected(known) }, isThere);
      },
    });
  }

  /** A record by other hands than the service's, with no time or one that is none; `meant` is what it should be. */
  function sendPoison(i: number): void {
    const key = itemKey(pick(tenants), chance(0.5) ? pick(ids) : `poison${i}`, pick(sources));
    const item = { ...key, ...pick<object>([{}, { at: 1.5 }, { at: -1 }]), meant: someTime() };
    send({ name: `poison ${i}`, run: ({ dynamo }) => dynamo.put("records", item) });
  }

  /** An answer, an answer taken back, or a save, as a person's lease shows it: its journal grows, and is cut when it is saved. */
  function sendReview(i: number): void {
    const [tenantId, userId] = [pick(tenants), pick(["ann", "ben"])];
    const key = itemKey(tenantId, userId, "LEASE");
    const [kind, at] = [below(5), someTime()];
    send({
      name: `review ${i}`,
      run: async ({ dynamo }, { peek }) => {
        const { base, journal, given, revision } = (peek("reviews", key) ?? NO_LEASE) as typeof NO_LEASE;
        const saved = kind === 0 ? journal.length : 0;
        const taken = kind === 1 ? given.at(-1) : undefined;
        const text = taken === undefined
          ? answerOf(`a${i}`, at)
          : formatEntry({ kind: "undo", answerId: "a", at: taken });
        if (saved > 0) await createReviewLog(dynamo, "reviews").note({ tenantId, userId, base, journal }, saved);
        await dynamo.putIf(
          "reviews",
          {
            ...key,
            base: base + saved,
            journal: saved > 0 ? [] : [...journal, text],
            given: saved > 0 ? given : taken === undefined ? [...given, at] : given.slice(0, -1),
            ...(saved > 0 ? {} : { checkShard: "1", checkAt: at }),
            revision: revision + 1,
          },
          revision === 0 ? { expression: "attribute_not_exists(pk)" } : {
            expression: "revision = :revision",
            values: { ":revision": revision },
          },
        );
      },
    });
  }

  /** Batches of a visit that overlap, come twice and out of order; some senders say another time each time. */
  function sendJourney(i: number): void {
    const tenantId = pick(tenants);
    const sessionId = `j${i}`;
    const from = someTime();
    const total = 1 + below(25);
    const isUnsteady = chance(0.5);
    const events = many(total, (n) => {
      const source = chance(0.8) ? "main" : "tab";
      const key = `${tenantId} ${sessionId} ${source} ${n + 1}`;
      // What is sent again, perhaps months later, says the same, or one of the same.
      const known = times.get(key) ??
        many(
          isUnsteady && chance(0.7) ? 2 + below(2) : 1,
          () => Math.min(startAt, from + n * below(2 * MINUTE) + (isUnsteady ? below(20 * MINUTE) : 0)),
        );
      times.set(key, known);
      return () => {
        const i = below(known.length);
        const type = known.length > 1 ? typeOfTime(source, n + 1, i) : TYPES[n % TYPES.length]!;
        return { sessionId, source, seq: n + 1, type, occurredAt: known[i]! };
      };
    });
    for (let start = 0; start < total;) {
      const length = 1 + below(8);
      const first = Math.max(0, start - (chance(isUnsteady ? 0.6 : 0.3) ? below(4) : 0));
      const place = random();
      many(copies() + (isUnsteady ? below(2) : 0), (copy) => {
        const batch = events.slice(first, start + length).map((event) => event());
        const run = ({ journeys }: Services) => journeys.record(tenantId, batch);
        // Mostly abreast, so that they meet.
        send({ name: `journey ${sessionId} ${start}.${copy}`, run }, isUnsteady && chance(0.7) ? place : random());
      });
      start += length;
    }
  }
}

/** The type of an event that is sent with several times, at one of them. */
export function typeOfTime(source: string, seq: number, i: number): string {
  return `AT_${source.toUpperCase()}_${seq}_${i}`;
}
