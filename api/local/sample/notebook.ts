import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

type Kept = { done: string[]; numbers: Record<string, number> };

/** What the sample has done in a data folder: each part once, each sensor's motion numbered without a break over restarts. */
export async function openNotebook(dataDir: string) {
  const file = join(dataDir, "sample.json");
  // Notes that are missing or damaged are begun anew: what was done is then done again, and repeats count once.
  const kept: Kept = await readFile(file, "utf8")
    .then((text) => JSON.parse(text) as Kept)
    .catch(() => ({ done: [], numbers: {} }));

  let saved = Promise.resolve();

  /** One after the other, so that no write meets another. */
  function save(): Promise<void> {
    return saved = saved.catch(() => {}).then(async () => {
      await writeFile(`${file}.new`, JSON.stringify(kept));
      await rename(`${file}.new`, file);
    });
  }

  return {
    numberOf(sensorId: string): number {
      return (kept.numbers[sensorId] = (kept.numbers[sensorId] ?? 0) + 1);
    },
    /** Does a part that was not done yet. One that fails is done again at the next start. */
    async once(part: string, work: () => Promise<unknown>): Promise<void> {
      if (kept.done.includes(part)) return;
      await work();
      kept.done.push(part);
      await save();
    },
    save,
  };
}

export type Notebook = Awaited<ReturnType<typeof openNotebook>>;
