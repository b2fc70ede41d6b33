import { setTimeout as pause } from "node:timers/promises";
import { type Clock, MINUTE_MS } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { createBackground } from "../background.ts";
import type { Target } from "../load/ask.ts";
import type { LoadedEvent } from "../load/events.ts";
import { sendEvents } from "../load/send.ts";
import { sendRecords } from "../load/send-metrics.ts";
import { sendMotion } from "../load/send-motion.ts";
import { SENSORS } from "./house.ts";
import { type Notebook, openNotebook } from "./notebook.ts";
import { COUNTED, loadPast } from "./past.ts";
import { type Random, visitOf } from "./visits.ts";

const TICK_MS = 2_000;
const VISITS_AT_ONCE = 4;
/** A token is good for longer. */
const RENEW_MS = 10 * MINUTE_MS;

export type SampleLife = {
  dataDir: string;
  url: string;
  token: () => Promise<string>;
  clock: Clock;
  random: Random;
  log: Log;
};

/**
 * The sample's tenant as if it were alive: loads its past once, then goes on, at most three small requests in two seconds.
 * Visitors come and ask, somebody walks through the house, things are counted.
 */
export function createSampleLife({ dataDir, url, token, clock, random, log }: SampleLife) {
  return createBackground(async (stopped) => {
    const notebook = await openNotebook(dataDir);
    let target = { url: `${url}/graphql`, token: await token(), patienceMs: 10_000, signal: stopped };
    let signedAt = clock();
    const step = createSteps(notebook, random, signedAt);
    const live = async () => {
      while (!stopped.aborted) {
        if (clock() - signedAt > RENEW_MS) [target, signedAt] = [{ ...target, token: await token() }, clock()];
        await step(target, clock());
        await pause(TICK_MS, undefined, { signal: stopped }).catch(() => {});
      }
    };
    await Promise.all([loadPast(target, notebook, random, signedAt), live()]);
  }, log);
}

/** What happens in a tick. `run` parts this start's visits and records from those of others. */
export function createSteps(notebook: Notebook, random: Random, startedAt: number) {
  const run = startedAt.toString(36);
  let made = 0;
  let coming: LoadedEvent[] = [];

  return async function step(target: Target, now: number): Promise<void> {
    const sending = { ...target, concurrency: 1 };
    const visits = new Set(coming.map(({ sessionId }) => sessionId));
    if (visits.size < VISITS_AT_ONCE && random() < 0.3) {
      coming = [...coming, ...visitOf(random, `sample-${run}-live-${++made}`, now)];
    }
    const happened = coming.filter(({ occurredAt }) => Date.parse(occurredAt) <= now);
    coming = coming.filter((event) => !happened.includes(event));
    if (happened.length > 0) await sendEvents({ ...sending, events: happened, batchSize: 100 });

    const sensorId = SENSORS[Math.floor(random() * SENSORS.length * 6)];
    if (sensorId) {
      const motion = { sensorId, seq: notebook.numberOf(sensorId), at: new Date(now).toISOString() };
      await notebook.save();
      await sendMotion([motion], sending);
    }

    const at = new Date(now).toISOString();
    const records = Array.from({ length: Math.floor(random() * 4) }, () => ({
      source: COUNTED[Math.floor(random() * COUNTED.length)]!,
      recordId: `sample-${run}-live-${++made}`,
      at,
    }));
    if (records.length > 0) await sendRecords(records, records.length, sending);
  };
}
