import { tmpdir } from "node:os";
import { createTempFiles } from "../../api/anki/file/temp.ts";
import { type Ask, createWorkers, type Workers } from "../../api/anki/work/pool.ts";
import type { Dynamo } from "../../api/aws/dynamo.ts";
import { createHub } from "../../api/live/hub.ts";
import { createReview } from "../../api/review/setup.ts";
import { objectsThrough } from "./reviews-store.ts";

/** What a process has of the world: its stores, a clock, and new ids. */
export type Link = {
  ask: (method: string, args: readonly unknown[]) => Promise<unknown>;
  now: () => number;
  id: () => string;
  /** Does in a thread what the process asks of one. */
  inThread: <T>(task: string, run: () => Promise<T>) => Promise<T>;
};
export type Review = ReturnType<typeof createReview>;

const METHODS: (keyof Dynamo)[] = ["get", "put", "putIf", "query", "remove"];
const KEPT_BYTES = 64 * 1024 * 1024;
let files: ReturnType<typeof createTempFiles> | undefined;
let workers: Workers | undefined;

/** Ends what all processes share. */
export function closeHosts(): void {
  workers?.close();
  files?.closeAll();
  workers = files = undefined;
}

/** The hosts' threads. Nobody waits for one: who waits makes no call, and the scheduler would wait for it. */
function workersOfAll(): Workers {
  files ??= createTempFiles({ dir: tmpdir() });
  return workers ??= createWorkers({ size: 100, perOwner: 100, folder: files.folder });
}

/**
 * One of the service's processes, linked to a world: always a new one, since what a run does must be a function of its seed.
 * Every third keeps no more than it is reading at the moment.
 */
export function createHost(n: number, link: Link): Review {
  const through = (method: string) => (...args: unknown[]) => link.ask(method, args);
  const shared = workersOfAll();
  const run: Workers["run"] = (owner, limitMs, use) => shared.run(owner, limitMs, (ask) => use(watched(ask, link)));
  return createReview({
    dynamo: Object.fromEntries(METHODS.map((method) => [method, through(method)])) as unknown as Dynamo,
    table: "reviews",
    objects: objectsThrough((method, args) => link.ask(method, args)),
    cacheBytes: n % 3 === 2 ? 1 : KEPT_BYTES,
    hub: createHub(),
    sharedWorkers: { ...shared, run },
    clock: () => link.now(),
    ids: () => link.id(),
  });
}

/** A thread whose tasks are known to the world, which stands still meanwhile. */
function watched(ask: Ask, { inThread }: Link): Ask {
  const tasks = ask as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return new Proxy({}, {
    get: (_, task: string) => (...args: unknown[]) => inThread(task, () => tasks[task]!(...args)),
  }) as Ask;
}
