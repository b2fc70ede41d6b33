import { tables } from "../../api/resources.ts";
import type { BatchInput, Reading } from "../../api/sessions/model.ts";
import { hostOf } from "../proof/sessions-hosts.ts";
import { createMemoryDynamo } from "./memory-dynamo.ts";

export const NOW = Date.UTC(2026, 5, 1, 12);

/** So many requests of one message: more is a process that asks for ever. */
const MOST_REQUESTS = 200;

/** Processes over one store: settings of up to a minute ago lie in each. */
export function createWorld() {
  const state = { now: NOW, ids: 0, requests: 0, losing: 0, meanwhile: new Map<number, () => Promise<unknown>>() };
  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors });
  const objects = new Map<string, readonly Reading[]>();
  const methods: Record<string, (...args: never[]) => unknown> = {
    ...dynamo,
    keep: (_: string, { sessionId, batchOffset, readings }: BatchInput) => {
      const key = `${sessionId} ${batchOffset}`;
      if (objects.has(key)) return "same";
      objects.set(key, readings);
      return "created";
    },
    hold: ({ sessionId }: { sessionId: string }, offset: number, held: readonly Reading[]) =>
      void objects.set(`${sessionId} held ${offset}`, held),
    release: ({ sessionId }: { sessionId: string }, offset: number) =>
      void objects.delete(`${sessionId} held ${offset}`),
    read: ({ sessionId }: { sessionId: string }, offset: number) => objects.get(`${sessionId} ${offset}`) ?? [],
    drop: ({ sessionId }: { sessionId: string }, offset: number) => void objects.delete(`${sessionId} ${offset}`),
    removeAll: ({ sessionId }: { sessionId: string }) => {
      const own = [...objects.keys()].filter((key) => key.startsWith(`${sessionId} `));
      return own.filter((key) => objects.delete(key)).length;
    },
  };
  const ask = async (method: string, args: readonly unknown[]) => {
    if (++state.requests > MOST_REQUESTS) throw new Error("asks for ever");
    const meanwhile = state.meanwhile.get(state.requests);
    state.meanwhile.delete(state.requests);
    await meanwhile?.();
    // Another transaction was at the same items.
    if (method === "transact" && --state.losing === 0) return false;
    return await methods[method]!(...args as never[]);
  };
  const hosts = [0, 1].map((n) => hostOf(n, { ask, now: () => state.now, id: () => `i${state.ids++}` }));
  return { state, dynamo, objects, eraser: hosts[0]!, other: hosts[1]! };
}
