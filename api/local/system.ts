import { resolve } from "node:path";
import { createClients } from "../aws/clients.ts";
import { ensureTopic } from "../aws/provision.ts";
import type { Log } from "../core/log.ts";
import { startDynamodb } from "./dynamodb.ts";
import type { LocalError } from "./errors.ts";
import { takeLock } from "./lock.ts";
import { startObjectsAndQueues } from "./objects-and-queues.ts";
import { fullName, topics } from "../resources.ts";
import { provision } from "./provision.ts";

export type LocalSystemOptions = {
  /** Made where it is not there. One running system to a folder. */
  dataDir: string;
  prefix: string;
  log: Log;
  dynoxideBin?: string | undefined;
  /** Called once where a part ends by itself. The system is of no use then: stop it, and the process. */
  onDeath?: (error: LocalError) => void;
  /** What is given here is used instead of being started. */
  endpoints?: Partial<Record<"dynamodb" | "s3" | "sqs" | "sns", string | undefined>>;
  /** Matters only to an endpoint that is given. */
  region?: string;
};

export type LocalSystem = {
  endpoints: { dynamodb: string; s3: string; sqs: string; sns: string | undefined };
  /** ARN of the embedded topic for webhooks; undefined where SNS is another's. */
  topic: string | undefined;
  /** The embedded DynamoDB's process; undefined where an endpoint was given. */
  dynamodbPid: number | undefined;
  /** Ends all of it; the data stays. May be called again. */
  stop: () => Promise<void>;
};

/**
 * Starts DynamoDB, S3 and SQS on loopback ports over one data folder, with all that `api/resources.ts` names.
 * What they acknowledged is there at the next start, however this one ended. Throws LocalError, and leaves nothing running.
 */
export async function startLocalSystem(options: LocalSystemOptions): Promise<LocalSystem> {
  const { prefix, log, endpoints: given = {}, region = "eu-central-1" } = options;
  const dataDir = resolve(options.dataDir);
  const stops: (() => void | Promise<void>)[] = [takeLock(dataDir)];
  let stopping: Promise<void> | undefined;
  const stop = () => stopping ??= runAll(stops.toReversed());

  try {
    const dynamodb = given.dynamodb ? undefined : await startDynamodb({ dataDir, bin: options.dynoxideBin });
    if (dynamodb) {
      stops.push(dynamodb.stop);
      void dynamodb.died.then((error) => options.onDeath?.(error));
    }
    const others = given.s3 && given.sqs ? undefined : await startObjectsAndQueues({ dataDir });
    if (others) stops.push(others.stop);

    const endpoints = {
      dynamodb: given.dynamodb ?? dynamodb!.endpoint,
      s3: given.s3 ?? others!.endpoint,
      sqs: given.sqs ?? others!.endpoint,
      sns: given.sns ?? others?.endpoint,
    };
    const clients = createClients({ region, endpoints });
    stops.push(clients.destroy);
    await provision(clients, prefix);
    const topic = given.sns || !others
      ? undefined
      : await ensureTopic({ region, endpoint: others.endpoint }, fullName(prefix, topics.webhooks));
    log.debug("local system started", { dataDir, ...endpoints });
    return { endpoints, topic, dynamodbPid: dynamodb?.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Runs every one of them, also where one fails; then throws the first failure. */
async function runAll(steps: (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
