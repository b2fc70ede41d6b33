import type { BatchInput, Reading } from "../../api/sessions/model.ts";
import type { MemoryDynamo } from "../kit/memory-dynamo.ts";
import type { Link } from "./sessions-hosts.ts";

/** Where readings lie that are kept aside. */
export function heldKeyOf(sessionId: string, offset: number): string {
  return `held ${sessionId} ${offset}`;
}

/** A process over a world of its own: the calls go straight there. */
export function linkTo(dynamo: MemoryDynamo, objects: Map<string, Reading[]>, now: () => number, name: string): Link {
  let ids = 0;
  const keyOf = (of: { sessionId: string }, offset: number) => `${of.sessionId} ${offset}`;
  const methods: Record<string, (...args: never[]) => unknown> = {
    ...dynamo,
    keep: (_: string, batch: BatchInput) => {
      const key = keyOf(batch, batch.batchOffset);
      // What is there stays, with what was admitted since.
      if (objects.has(key)) return "same";
      objects.set(key, [...batch.readings]);
      return "created";
    },
    drop: (of: { sessionId: string }, offset: number) => void objects.delete(keyOf(of, offset)),
    read: (of: { sessionId: string }, offset: number) => objects.get(keyOf(of, offset)) ?? [],
    hold: ({ sessionId }: { sessionId: string }, offset: number, held: readonly Reading[]) =>
      objects.set(heldKeyOf(sessionId, offset), [...held]),
    readHeld: ({ sessionId }: { sessionId: string }, offset: number) => objects.get(heldKeyOf(sessionId, offset)) ?? [],
    admit: (of: { sessionId: string }, offset: number) => {
      const held = objects.get(heldKeyOf(of.sessionId, offset)) ?? [];
      const known = objects.get(keyOf(of, offset)) ?? [];
      objects.set(keyOf(of, offset), [...known, ...held.filter(({ at }) => !known.some((one) => one.at === at))]);
      return held;
    },
  };
  return { ask: async (method, args) => await methods[method]!(...args as never[]), now, id: () => `${name}${ids++}` };
}
