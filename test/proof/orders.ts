/**
 * Law: the sessions of a sensor are a function of the set of what was said about it. Random histories of motion, batches,
 * starts, ends, updates, and pauses, and what people merge, split, correct, delete, restore and take back, each said in five orders, with repeats, over
 * two processes, with sweeps in between: each gives what `sessions-spec.ts` gives of the set.
 *
 *     deno run -A --unstable-no-legacy-abort test/proof/orders.ts [HISTORIES] [SEED] [THREADS]
 */
import { runInterleavings } from "./interleavings.ts";
import { noActs, sayInOrders } from "./sessions-orders.ts";
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
    return wrong &&
      {
        seed,
        violations: [JSON.stringify(wrong.found), JSON.stringify(wrong.expected)],
        trace: [JSON.stringify(wrong.sent)],
      };
  },
});
