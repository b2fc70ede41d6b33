import { tmpdir } from "node:os";
import { createWorkers, type Workers } from "../../api/anki/work/pool.ts";
import type { Dynamo } from "../../api/aws/dynamo.ts";
import type { Objects } from "../../api/aws/objects.ts";
import { createHub } from "../../api/live/hub.ts";
import { tables } from "../../api/resources.ts";
import { createReview } from "../../api/review/setup.ts";
import { createLeaseStore } from "../../api/review/store.ts";
import { createStoredBodies } from "../proof/reviews-store.ts";
import { createMemoryDynamo } from "./memory-dynamo.ts";

export const PERSON = { tenantId: "t", userId: "u" };
/** What is to be closed after each test. */
export const closing: (() => void)[] = [];

/** Two processes over one table and one bucket. `before` is called before each file is written, `find` before each is read. */
export function world() {
  const dynamo = createMemoryDynamo({ reviews: tables.reviews }) as unknown as Dynamo;
  const bodies = createStoredBodies({ onRemove: () => {} });
  const hooks = { before: async () => {}, list: async () => {}, find: async () => {} };
  let [now, ids] = [Date.UTC(2026, 0, 1, 12), 0];
  const objects = {
    ...Object.fromEntries(
      Object.entries(bodies.methods).map(([name, act]) => [
        name,
        (...args: never[]) => Promise.resolve().then(() => act(...args as [never, never])),
      ]),
    ),
    create: async (key: string, body: Uint8Array) => {
      if (key.endsWith(".sqlite")) await hooks.before();
      return bodies.methods.create(key, body);
    },
    find: async (key: string) => {
      await hooks.find();
      return bodies.methods.find(key);
    },
    async *list(prefix: string) {
      await hooks.list();
      for (
        let page = bodies.methods.page(prefix);
        page.length > 0;
        page = bodies.methods.page(prefix, page.at(-1)!.key)
      ) {
        yield page;
      }
    },
  } as unknown as Objects;
  const workers: Workers = createWorkers({ size: 1, folder: () => tmpdir() });
  const process = () => {
    const review = createReview({
      dynamo,
      table: "reviews",
      objects,
      cacheBytes: 10_000_000,
      hub: createHub(),
      sharedWorkers: workers,
      pollMs: 86_400_000,
      clock: () => (now += 1_000),
      ids: () => `id-${ids++}`,
    });
    closing.push(() => review.close());
    return review;
  };
  closing.push(() => workers.close());
  const store = createLeaseStore(dynamo, "reviews");
  return { process, hooks, bodies, later: (ms: number) => (now += ms), lease: async () => (await store.find(PERSON))! };
}
