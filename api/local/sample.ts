import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { lastOttoEventAt, readOtto } from "./load/otto.ts";
import { sendEvents, type Totals } from "./load/send.ts";

/** The tenant that the sample is loaded into. */
export const SAMPLE_TENANT = "demo";

/**
 * Loads a small real sample through the API once per data folder, moved in time so that its last event happens now.
 * Gives undefined where it is there already. A start that is cut short in the middle loads it at the next one: what
 * was recorded counts as repeated.
 */
export async function loadSample(
  options: { dataDir: string; url: string; token: string; now: number },
): Promise<Totals | undefined> {
  const marker = join(options.dataDir, "sample-loaded");
  const wasLoaded = await readFile(marker).then(() => true, () => false);
  if (wasLoaded) return undefined;
  const file = new URL("./sample/otto-sessions.jsonl", import.meta.url);
  const lines = (await readFile(file, "utf8")).split("\n");
  const events = readOtto(lines, options.now - lastOttoEventAt(lines));
  const { url, token } = options;
  const totals = await sendEvents({ url, token, events, batchSize: 100, concurrency: 2, patienceMs: 10_000 });
  await writeFile(marker, new Date(options.now).toISOString());
  return totals;
}
