import { tmpdir } from "node:os";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { createWorkers, type Workers } from "../../api/anki/work/pool.ts";
import type { Dynamo } from "../../api/aws/dynamo.ts";
import { createHub } from "../../api/live/hub.ts";
import { createReview } from "../../api/review/setup.ts";
import { objectsThrough } from "./reviews-store.ts";

/** What a process has of the world: its stores, a clock, and new ids. */
export type Link = {
  ask: (method: string, args: readonly unknown[]) => Promise<unknown>;
  now: () => number;
  id: () => string;
};
export type Review = ReturnType<typeof createReview>;

const METHODS: (keyof Dynamo)[] = ["get", "put", "putIf", "query", "remove"];
const KEPT_BYTES = 64 * 1024 * 1024;
let files: ReturnType<typeof createTempFiles> | undefined;
let workers: Workers | undefined;
const hosts: Review[] = [];

/**
 * One of the service's processes, linked to a world. It is a new one, and the n-th of the world before is closed: what a thread
 * still reads for that one would else be in this one's cache, under the same person. Every third keeps no more than it is
 * reading at the moment.
 */
export function hostOf(n: number, link: Link): Review {
  hosts[n]?.close();
  return (hosts[n] = createHost(n, link));
}

/** Closes every copy of a collection that any process keeps. */
export function closeHosts(): void {
  for (const review of hosts) review.close();
  workers?.close();
  files?.closeAll();
  workers = files = undefined;
}

/** The hosts' threads. Nobody waits for one: who waits makes no call, and the scheduler would wait for it. */
function workersOfAll(): Workers {
  files ??= createTempFiles({ dir: tmpdir() });
  return workers ??= createWorkers({ size: 100, perOwner: 100, folder: files.folder });
}

function createHost(n: number, link: Link): Review {
  const through = (method: string) => (...args: unknown[]) => link.ask(method, args);
  return createReview({
    dynamo: Object.fromEntries(METHODS.map((method) => [method, through(method)])) as unknown as Dynamo,
    table: "reviews",
    objects: objectsThrough((method, args) => link.ask(method, args)),
    cacheBytes: n % 3 === 2 ? 1 : KEPT_BYTES,
    hub: createHub(),
    sharedWorkers: workersOfAll(),
    clock: () => link.now(),
    ids: () => link.id(),
  });
}
