/**
 * Law: a journey is a function of the set of its events. 100,000 random sessions, each in five orders and cuts, with repeats
 * and with numbers that come again with other content, give one item, byte for byte; a replay by arrival gives it again.
 *
 *     npm run proof:journey-orders [-- SESSIONS [SEED]]
 */
import { strictEqual } from "node:assert/strict";
import process from "node:process";
import { fromItem, toItem } from "../../api/journeys/item.ts";
import type { ArrivedEvent, Journey } from "../../api/journeys/model.ts";
import { decideEvents, outcomeOf } from "../../api/journeys/rules.ts";
import { createRandom } from "./random.ts";

const SESSIONS = Number(process.argv[2] ?? 100_000);
const ORDERS = 5;
const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 1);
const TYPES = [
  "PAGE_VIEWED",
  "PAGE_VIEWED",
  "MESSAGE_SENT",
  "MESSAGE_RECEIVED",
  "FORM_STARTED",
  "FORM_COMPLETED",
  "LINK_CLICKED",
];

const seed = process.argv[3] ?? String(Date.now());
const random = createRandom(seed);
const below = (n: number) => Math.floor(random() * n);
const one = <T>(of: readonly T[]) => of[below(of.length)]!;

/** Distinct numbers of up to three sources, with pauses of some minutes to some hours between. */
function session(): ArrivedEvent[] {
  let at = T0;
  const next = new Map<string, number>();
  return Array.from({ length: 1 + below(40) }, () => {
    at += below(50) * MINUTE;
    const source = one(["a", "b", "c"]);
    const seq = (next.get(source) ?? 0) + 1;
    next.set(source, seq);
    const type = one(TYPES);
    return {
      ...{ sessionId: "s", source, seq, type, receivedAt: T0 },
      // Clocks of tabs differ.
      occurredAt: at + below(3) * 20 * MINUTE,
      ...(below(5) === 0 ? { visitorId: one(["anon", "user", "other"]) } : {}),
      ...(type.startsWith("MESSAGE") ? { text: one(["", " ", "hello", "why?"]) } : {}),
    };
  });
}

function shuffled<T>(values: readonly T[]): T[] {
  const all = [...values];
  for (let i = all.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

/** Some order, cut into batches, some of which come twice, or come again later with other content. */
function batchesOf(events: readonly ArrivedEvent[]): ArrivedEvent[][] {
  const order = shuffled(events);
  const batches: ArrivedEvent[][] = [];
  for (let from = 0; from < order.length;) {
    const to = from + 1 + below(12);
    batches.push(order.slice(from, to));
    if (below(4) === 0) batches.push(shuffled(order.slice(0, to)).slice(0, 5));
    if (below(4) === 0) batches.push(order.slice(0, to).slice(-3).map((event) => ({ ...event, page: "/other" })));
    from = to;
  }
  return batches;
}

/** The item after these batches, read back after each; `repeats` counts what was told apart. */
function count(batches: readonly ArrivedEvent[][], told: { repeats: number; collisions: number }): Journey {
  const recorded = new Map<string, ArrivedEvent>();
  let journey: Journey | undefined;
  for (const batch of batches) {
    const decision = decideEvents("t", journey, batch, recorded);
    for (const event of decision.added) recorded.set(`${event.seq}#${event.source}`, event);
    for (const verdict of decision.verdicts) {
      if (verdict.status === "DUPLICATE") told.repeats++;
      if (verdict.status === "REJECTED") told.collisions++;
    }
    journey = fromItem(toItem(decision.journey!));
  }
  return journey!;
}

/** The outcome by its definition, from all events at once. */
function outcomeByDefinition(events: readonly ArrivedEvent[], now: number): string {
  for (const type of ["FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED"]) {
    if (events.some((e) => e.type === type)) return type;
  }
  const engaged = events.filter(({ type }) => type === "FORM_STARTED" || type === "MESSAGE_SENT");
  if (engaged.length === 0) return "BROWSING";
  const from = Math.min(...engaged.map(({ occurredAt }) => occurredAt));
  const times = [...events.map(({ occurredAt }) => occurredAt).filter((at) => at >= from).sort((a, b) => a - b), now];
  return times.some((at, i) => i > 0 && at - times[i - 1]! > 30 * MINUTE) ? "ABANDONED" : "BROWSING";
}

const startedAt = performance.now();
const told = { repeats: 0, collisions: 0 };
let total = 0;
for (let s = 0; s < SESSIONS; s++) {
  const events = session();
  total += events.length;
  const expected = JSON.stringify(toItem(count([events], told)));
  for (let o = 0; o < ORDERS; o++) {
    const batches = batchesOf(events);
    const journey = count(batches, told);
    strictEqual(JSON.stringify(toItem(journey)), expected, `session ${s}, order ${o} (seed ${seed})`);
    // A rebuild replays what was stored, by arrival.
    if (o === 0) strictEqual(JSON.stringify(toItem(count(batches, { repeats: 0, collisions: 0 }))), expected);
    const now = journey.endedAt + below(60) * MINUTE;
    strictEqual(outcomeOf(journey, now), outcomeByDefinition(events, now), `outcome of session ${s} (seed ${seed})`);
  }
}
console.log(
  `seed ${seed}: ${SESSIONS} sessions, ${total} events, ${ORDERS} orders each: one journey, byte for byte; ` +
    `${told.repeats} repeats and ${told.collisions} collisions told apart (${
      Math.round((performance.now() - startedAt) / 1_000)
    } s)`,
);
console.log("holds");
