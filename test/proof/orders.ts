/**
 * Law: the sessions of a sensor are a function of the set of what was said about it. Random histories of motion, batches,
 * starts, ends, updates, and pauses, and what people merge, split, correct, delete, restore and take back, each said in five orders, with repeats, over
 * two processes, with sweeps in between: each gives what `sessions-spec.ts` gives of the set.
 *
 * Of a single history that comes out wrong it tells the least that still does.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/orders.ts [HISTORIES] [SEED] [THREADS]
 */
import process from "node:process";
import { runInterleavings } from "./interleavings.ts";
import { noActs, sayInOrders } from "./sessions-orders.ts";
import { shrunk } from "./sessions-orders-shrink.ts";
import { kindOf } from "./sessions-histories.ts";

const ORDERS = 5;

await runInterleavings("test/proof/orders.ts", {
  runs: 100_000,
  every: 1_000,
  counts: { histories: 0, orders: 0, ...noActs() },
  async runOnce(seed, counts) {
    const wrong = await sayInOrders(seed, ORDERS, kindOf(seed), counts);
    counts.histories++;
    counts.orders += ORDERS;
    if (!wrong) return undefined;
    const { found, expected, sent } = process.argv[2] === "1" ? await shrunk(wrong.sent, kindOf(seed)) ?? wrong : wrong;
    return {
      seed,
      violations: [JSON.stringify(found), JSON.stringify(expected)],
      trace: sent.map((one) => JSON.stringify(one)),
    };
  },
});
