import { parentPort, workerData } from "node:worker_threads";
import { createTempFiles } from "../file/temp.ts";
import { packed, type Question, type Reply, tellError, unpacked } from "./protocol.ts";
import { createTasks } from "./tasks.ts";

/** Where a worker begins: it does what it is asked, one thing after another, with files in the folder that it was given. */
const { folder } = workerData as { folder: string };
const tasks = createTasks(
  createTempFiles({ dir: folder, own: { path: () => folder, remove: () => {} } }),
) as unknown as Record<string, (...args: readonly unknown[]) => unknown>;

parentPort!.on("message", ({ id, name, args }: Question) => {
  void answer(id, () => tasks[name]!(...unpacked(args) as unknown[]));
});

parentPort!.postMessage({ id: 0 } satisfies Reply);

async function answer(id: number, perform: () => unknown): Promise<void> {
  try {
    const { value, memory } = packed(await perform());
    parentPort!.postMessage({ id, value } satisfies Reply, memory);
  } catch (error) {
    parentPort!.postMessage({ id, error: tellError(error) } satisfies Reply);
  }
}
