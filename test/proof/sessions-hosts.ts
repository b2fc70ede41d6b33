import type { Dynamo } from "../../api/aws/dynamo.ts";
import { createHub } from "../../api/live/hub.ts";
import { createSensorErasures } from "../../api/sessions/erasures.ts";
import { createLineStore } from "../../api/sessions/line-store.ts";
import { createQuarantineStore } from "../../api/sessions/quarantine.ts";
import { createSessionLists } from "../../api/sessions/lists.ts";
import type { Readings } from "../../api/sessions/readings.ts";
import { createSessions, type Sessions } from "../../api/sessions/service.ts";
import { createSessionStore } from "../../api/sessions/store.ts";
import { DYNAMO_METHODS } from "../kit/memory-dynamo.ts";

/** What a process has of the world: its store, a clock, and new ids. */
export type Link = {
  ask: (method: string, args: readonly unknown[]) => Promise<unknown>;
  now: () => number;
  id: () => string;
};

const READINGS = ["keep", "read", "removeAll", "drop", "hold", "release", "readHeld", "admit"];
const NAMES = { sessions: "sessions", sensors: "sensors" };
const hosts: { sessions: Sessions; link: Link }[] = [];

/**
 * One of the service's processes, linked to a world. The n-th of every world is the same object, since making one takes
 * longer than a run; each run has a tenant of its own, of which no process has heard.
 */
export function hostOf(n: number, link: Link): Sessions {
  const host = hosts[n] ??= { sessions: createHost(() => hosts[n]!.link), link };
  host.link = link;
  return host.sessions;
}

function createHost(link: () => Link): Sessions {
  const through = (method: string) => (...args: unknown[]) => link().ask(method, args);
  const dynamo = Object.fromEntries(DYNAMO_METHODS.map((method) => [method, through(method)])) as unknown as Dynamo;
  const readings = Object.fromEntries(READINGS.map((method) => [method, through(method)]));
  return createSessions({
    store: createSessionStore(dynamo, NAMES),
    lineStore: createLineStore(dynamo, NAMES),
    erasures: createSensorErasures(dynamo, NAMES),
    quarantine: createQuarantineStore(dynamo, NAMES),
    lists: createSessionLists(dynamo, NAMES),
    daysOpenAt: () => Promise.resolve([]),
    readings: readings as unknown as Readings,
    hub: createHub(),
    clock: () => link().now(),
    ids: () => link().id(),
  });
}
