import { expect, test } from "vitest";
import type { TransactWrite } from "../../api/aws/dynamo.ts";
import { noCounts, runOnce } from "../proof/sessions-run.ts";
import type { Planted } from "../proof/sessions-world.ts";

/** Faults of what takes back, deletes, erases and pauses: the simulation of races and crashes finds each, in one of some runs; each begins near the first that does. */
const RUNS = 300;

/** Leaves parts of a transaction out, or changes what they set. */
function inParts(kind: string, becomes: (part: TransactWrite) => TransactWrite | undefined): Planted {
  return ({ input }, method, args) => {
    if (input.kind !== kind || method !== "transact") return args;
    return [(args[0] as TransactWrite[]).flatMap((part) => becomes(part) ?? [])];
  };
}

/** Sets something else instead of what a change sets. */
function setting(part: TransactWrite, name: string, become: (value: unknown) => unknown): TransactWrite {
  if (!("change" in part)) return part;
  const { values = {} } = part.change;
  if (values[name] === undefined) return part;
  return { ...part, change: { ...part.change, values: { ...values, [name]: become(values[name]) } } };
}

const without = (kind: string, isGone: (part: TransactWrite) => boolean): Planted =>
  inParts(kind, (part) => (isGone(part) ? undefined : part));
const put = (part: TransactWrite) => ("put" in part ? part.put : {});

test.each<[string, number, Planted]>([
  [
    "an undo forgets a motion event",
    16,
    inParts("undo", (part) => setting(part, ":moved", (moved) => (moved as number) - 1)),
  ],
  ["an undo forgets what people wrote", 38, inParts("undo", (part) => setting(part, ":labels", () => []))],
  [
    "a deletion forgets to leave the lists",
    2,
    inParts("delete", (part) => setting(part, ":deletedAt", () => undefined)),
  ],
  ["a restoration forgets readings", 20, inParts("restore", (part) => setting(part, ":samples", () => 0))],
  ["an erasure forgets to take motion out of its counts", 12, without("erase", (part) => "erasedMotions" in put(part))],
  ["an erasure forgets readings", 56, ({ input }, method, args) => (
    input.kind === "erase" && method === "removeAll" ? undefined : args
  )],
  ["an erasure forgets what lies beside the sensor", 12, ({ input }, method, args) => (
    input.kind === "erase" && method === "remove" ? undefined : args
  )],
  ["a split forgets pauses", 4, inParts("split", (part) => setting(part, ":pauses", () => []))],
  ["an undo forgets pauses", 29, inParts("undo", (part) => setting(part, ":pauses", () => []))],
  ["a pause is kept twice", 3, ({ input }, method, args) => {
    if (input.kind !== "pause" || method !== "updateIf") return args;
    const [table, key, change, condition] = args as [string, unknown, { values: Record<string, unknown> }, unknown];
    const pauses = change.values[":pauses"] as string[] | undefined;
    const values = { ...change.values, ...(pauses ? { ":pauses": [...pauses, pauses.at(-1)] } : {}) };
    return [table, key, { ...change, values }, condition];
  }],
  ["the pauses of a batch are forgotten", 0, ({ input }, method, args) => {
    const values = (args[2] as { values?: Record<string, unknown> } | undefined)?.values;
    const isPause = input.kind === "batch" && method === "updateIf" && values?.[":pauses"] !== undefined;
    return isPause ? [args[0], args[1], { ...args[2] as object, values: { ...values, ":pauses": [] } }, args[3]] : args;
  }],
])("%s: found", async (_fault, from, planted) => {
  let found: unknown;
  for (let i = from; i < RUNS && !found; i++) found = await runOnce(`planted.${i}`, noCounts(), planted);
  expect(found).toBeDefined();
});
