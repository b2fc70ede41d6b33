import { readFile } from "node:fs/promises";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../core/clock.ts";
import { askUntilAnswered, type Target } from "../load/ask.ts";
import { sendEvents } from "../load/send.ts";
import { sendRecords } from "../load/send-metrics.ts";
import { sendBatches, sendMotion } from "../load/send-motion.ts";
import { pastMotion, walkRecording } from "./house.ts";
import type { Notebook } from "./notebook.ts";
import { type Random, visitOf } from "./visits.ts";

const IMPORT = `mutation ($file: String!) { importCollection(input: { file: $file }) {
  __typename
  ... on UserError { message }
} }`;

export const COUNTED = ["TASKS", "ITEMS", "SCORE_RESULTS", "EVALUATIONS"] as const;

/** What the sample's tenant did before `now`: visits of two days, a week in a house, a walk, two hours of counts, a deck. */
export async function loadPast(target: Target, notebook: Notebook, random: Random, now: number): Promise<void> {
  const sending = { ...target, concurrency: 2 };
  const run = now.toString(36);
  await notebook.once("records", () => {
    const records = Array.from({ length: 240 }, (_, i) => ({
      source: COUNTED[i % COUNTED.length]!,
      recordId: `sample-${run}-${i}`,
      at: new Date(now - Math.floor(random() ** 2 * 2 * HOUR_MS)).toISOString(),
    }));
    return sendRecords(records, 240, sending);
  });
  await notebook.once("visits", () => {
    const events = Array.from({ length: 40 }, (_, i) => {
      const startedAt = now - 5 * MINUTE_MS - Math.floor(random() ** 2 * 2 * DAY_MS);
      return visitOf(random, `sample-${run}-${i}`, startedAt);
    });
    return sendEvents({ ...sending, events: events.flat(), batchSize: 100 });
  });
  await notebook.once("walk", () => sendBatches(walkRecording(random, now - 3 * HOUR_MS), sending));
  await notebook.once("deck", async () => {
    const file = await readFile(new URL("./deck.apkg", import.meta.url), "base64");
    await askUntilAnswered(target, IMPORT, { file });
  });
  await notebook.once("house", async () => {
    await sendMotion(pastMotion(random, now, 7, (sensorId) => notebook.numberOf(sensorId)), sending);
  });
}
