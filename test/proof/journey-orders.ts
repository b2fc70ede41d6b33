/**
 * Law: a journey is a function of the set of its events. 100,000 random sessions, each in five orders and cuts, with repeats and
 * with numbers that come again with other content, under a tenant's goals, give one item, byte for byte; a replay by arrival
 * gives it again, and all that is shown of it is what its definition says.
 *
 *     npm run proof:journey-orders [-- SESSIONS [SEED]]
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { availableParallelism } from "node:os";
import process from "node:process";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { fromItem, toItem } from "../../api/journeys/item.ts";
import type { ArrivedEvent, Journey } from "../../api/journeys/model.ts";
import { decideEvents, DEFAULT_POLICY, outcomeOf } from "../../api/journeys/rules.ts";
import { defined, GOALS, randomBatches, randomSession, shownOf } from "../kit/journey-oracle.ts";
import { createRandom } from "./random.ts";

const ORDERS = 5;
const MINUTE = 60_000;
const POLICY = { ...DEFAULT_POLICY, goals: GOALS };
type Told = { events: number; repeats: number; collisions: number };

/** The item after these batches, read back after each; `told` counts what was told apart. */
function count(batches: readonly ArrivedEvent[][], told: Told): Journey {
  const recorded = new Map<string, ArrivedEvent>();
  let journey: Journey | undefined;
  for (const batch of batches) {
    const decision = decideEvents("t", journey, batch, recorded, POLICY);
    for (const event of decision.added) recorded.set(`${event.seq}#${event.source}`, event);
    for (const verdict of decision.verdicts) {
      if (verdict.status === "DUPLICATE") told.repeats++;
      if (verdict.status === "REJECTED") told.collisions++;
    }
    journey = fromItem(toItem(decision.journey!));
  }
  return journey!;
}

/** Every `step`th session from `first` on; each has random numbers of its own. */
function prove(seed: string, first: number, step: number, sessions: number): Told {
  const told: Told = { events: 0, repeats: 0, collisions: 0 };
  const unseen: Told = { ...told };
  for (let s = first; s < sessions; s += step) {
    const random = createRandom(`${seed} ${s}`);
    const events = randomSession(random);
    told.events += events.length;
    const expected = JSON.stringify(toItem(count([events], unseen)));
    for (let o = 0; o < ORDERS; o++) {
      const batches = randomBatches(random, events);
      const journey = count(batches, told);
      strictEqual(JSON.stringify(toItem(journey)), expected, `session ${s}, order ${o} (seed ${seed})`);
      // A rebuild replays what was stored, by arrival.
      if (o === 0) strictEqual(JSON.stringify(toItem(count(batches, unseen))), expected, `rebuild of session ${s}`);
      const now = journey.endedAt + Math.floor(random() * 60) * MINUTE;
      deepStrictEqual(shownOf(journey, outcomeOf(journey, now)), defined(events, now), `session ${s} (seed ${seed})`);
    }
  }
  return told;
}

async function main(): Promise<void> {
  const sessions = Number(process.argv[2] ?? 100_000);
  const seed = process.argv[3] ?? String(Date.now());
  const startedAt = performance.now();
  const threads = Math.max(1, Math.min(4, availableParallelism()));
  const parts = await Promise.all(Array.from({ length: threads }, (_, first) =>
    new Promise<Told>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { seed, first, step: threads, sessions } });
      worker.once("message", resolve);
      worker.once("error", reject);
    })));
  const sum = (name: keyof Told) => parts.reduce((all, part) => all + part[name], 0);
  console.log(
    `seed ${seed}: ${sessions} sessions, ${
      sum("events")
    } events, ${ORDERS} orders each, ${GOALS.list.length} goals: one ` +
      `journey, byte for byte; ${sum("repeats")} repeats and ${sum("collisions")} collisions told apart (${
        Math.round((performance.now() - startedAt) / 1_000)
      } s)`,
  );
  console.log("holds");
}

if (isMainThread) await main();
else {
  const { parentPort } = await import("node:worker_threads");
  const { seed, first, step, sessions } = workerData as { seed: string; first: number; step: number; sessions: number };
  parentPort!.postMessage(prove(seed, first, step, sessions));
}
