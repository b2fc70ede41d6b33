/** A consumer of the tables' streams as a process of its own, to be killed. Its position is kept in the file that it is given. */
import process from "node:process";
import { createApp } from "../../api/app.ts";
import { createClients } from "../../api/aws/clients.ts";
import { createStreams } from "../../api/aws/streams.ts";
import { parseConfig } from "../../api/config.ts";
import { createStreamPump } from "../../api/local/stream-pump.ts";
import { consumersOf } from "../../api/ingest/consumers.ts";
import { silentLog } from "../kit/local.ts";

const config = parseConfig(process.env);
const app = await createApp(config, { log: silentLog });
const clients = createClients(config);
createStreamPump({
  streams: createStreams(clients.dynamodb, clients.streams),
  consumers: consumersOf(config.prefix, config.metricsBatching, config.attachedTables),
  handle: app.ingestStream,
  onProgress: app.caughtUp,
  positionFile: process.argv[2]!,
  log: silentLog,
}).start();
console.log("reads");
