/**
 * Serves what `npm start` serves, and notes of each record when the stream gave it and when it was counted. Prints its
 * URL; at SIGTERM it prints the notes as one line of JSON.
 */
import process from "node:process";
import { createApp } from "../../api/app.ts";
import { createClients } from "../../api/aws/clients.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { parseConfig } from "../../api/config.ts";
import { idOf } from "../../api/core/keys.ts";
import { listen } from "../../api/entry/http/listen.ts";
import { createStreamPump } from "../../api/local/stream-pump.ts";
import { startLocalSystem } from "../../api/local/system.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { silentLog } from "../kit/local.ts";

const now = () => performance.timeOrigin + performance.now();

const config = parseConfig(process.env);
const system = await startLocalSystem({ ...config, log: silentLog });
const app = await createApp({ ...config, endpoints: system.endpoints }, { log: silentLog });
const clients = createClients({ region: config.region, endpoints: system.endpoints });
type Note = [recordId: string, seenAt: number, countedAt: number];
const notes: Note[] = [];
const pump = createStreamPump({
  streams: createStreams(clients.dynamodb, clients.streams),
  consumers: consumersOf(config.prefix, config.metricsBatching, config.attachedTables),
  async handle(table, records) {
    const seenAt = now();
    await app.ingestStream(table, records);
    const countedAt = now();
    if (table === "records") notes.push(...records.map(({ keys }) => [idOf(keys.sk), seenAt, countedAt] as Note));
  },
  onProgress: app.caughtUp,
  log: silentLog,
});
pump.start();
const server = await listen(app);
process.once("SIGTERM", () => void stop());
console.log(`listens on ${server.url} `);

async function stop(): Promise<void> {
  console.log(JSON.stringify({ notes }));
  await pump.stop();
  await server.stop();
  await system.stop();
  process.exit(0);
}
