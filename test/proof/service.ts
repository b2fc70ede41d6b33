import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { signLocalToken } from "../../api/auth/setup.ts";
import { SCOPES } from "../../api/auth/viewer.ts";
import { createClients } from "../../api/aws/clients.ts";
import { parseConfig } from "../../api/config.ts";
import type { Program } from "../../api/entry/cli/permissions.ts";
import { dumpTable } from "../kit/dump.ts";
import type { TestSystem } from "../kit/local.ts";
import { killTree, type Running, runProgram } from "../kit/process.ts";
import type { Client } from "./journeys.ts";

export type Endpoints = { dynamodb: string; s3: string; sqs: string };
export type Service = { url: string; endpoints: Endpoints; running: Running };

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

/** Starts a program over a data folder, under exactly its permissions. */
function launch(program: Program, dataDir: string, env: Record<string, string>, args: readonly string[] = []): Running {
  const own = { DATA_DIR: dataDir, HOME: dataDir, TMPDIR: tmpdir(), ...env };
  const paths = { app: ROOT, data: dataDir, temp: own.TMPDIR, secrets: dataDir, home: dataDir };
  return runProgram(program, { paths, env: own, args });
}

/** What `npm start -- --empty` runs, under its permissions. It logs at debug level, which tells its endpoints. */
export function launchLocal(dataDir: string, port: number, env: Record<string, string> = {}): Running {
  return launch("local", dataDir, { PORT: String(port), LOG_LEVEL: "debug", ...env }, ["--empty"]);
}

/** Starts it, and waits until it answers. Leaves nothing behind where it does not. */
export async function startLocal(dataDir: string, port: number, env: Record<string, string> = {}): Promise<Service> {
  const running = launchLocal(dataDir, port, env);
  try {
    const [, dynamodb, s3, sqs] = await running.says(
      /"message":"local system started".*"dynamodb":"([^"]+)","s3":"([^"]+)","sqs":"([^"]+)"/,
    );
    const [, url] = await running.says(/GraphQL +(\S+)/);
    return { url: url!, endpoints: { dynamodb: dynamodb!, s3: s3!, sqs: sqs! }, running };
  } catch (error) {
    await killTree(running.pid);
    throw error;
  }
}

/** Starts an API process over stores that run already, with the keys of the data folder. */
export async function startServe(
  dataDir: string,
  endpoints: Endpoints,
  prefix: string,
  env: Record<string, string> = {},
): Promise<Omit<Service, "endpoints">> {
  const running = launch("serve", dataDir, {
    PORT: "0",
    NAME_PREFIX: prefix,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    ...env,
  });
  try {
    const [, url] = await running.says(/listens on (\S+)/);
    return { url: url!, running };
  } catch (error) {
    await killTree(running.pid);
    throw error;
  }
}

/** A client of a tenant, with a token that the keys of the data folder sign. */
export async function clientOf(dataDir: string, url: string, tenantId: string): Promise<Client> {
  const config = parseConfig({ DATA_DIR: dataDir });
  return {
    url,
    token: await signLocalToken(config, { tenantId, scopes: SCOPES }),
  };
}

/** Every item of the journeys table as text. */
export async function dumpJourneys(endpoints: Endpoints, prefix = "sojourn"): Promise<string[]> {
  const clients = createClients({ region: "eu-central-1", endpoints });
  try {
    return await dumpTable({ clients, prefix } as TestSystem, "journeys");
  } finally {
    clients.destroy();
  }
}

/** A loopback port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
