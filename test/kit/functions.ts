import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { join } from "node:path";
import process from "node:process";
import { createKeySet, createSigner, loadSecretSigningKeys } from "../../api/auth/keys.ts";
import { SCOPES } from "../../api/auth/viewer.ts";
import { functions } from "../../api/functions.ts";
import { bundleFunctions } from "../../infra/bundle.ts";
import { startGateway } from "./gateway.ts";
import { startFunction, type TestFunction } from "./lambda.ts";
import { httpEvent, receivedOf } from "./lambda-events.ts";
import { makeTempDir, startTestSystem } from "./local.ts";
import { startRecorder } from "./recorder.ts";
import { startSecrets } from "./secrets.ts";
import { unzip } from "./unzip.ts";

/** Pages from here may read what functions answer. */
export const CORS_ORIGIN = "https://shop.example";
export type FunctionName = keyof typeof functions;

// oxlint-disable-next-line no-explicit-any
export type Answered = { statusCode: number; headers: Record<string, string>; data: any; errors?: unknown };

type Recorder = Awaited<ReturnType<typeof startRecorder>>;

const names = Object.keys(functions) as FunctionName[];
const SECRET = "test/signing-keys";

/** The bundles of all functions, unpacked, over a local system of their own; each is started when it is first needed. */
export async function startFunctions() {
  const folder = await makeTempDir();
  const bundles = await bundleFunctions(folder.path);
  for (const [name, { zip }] of Object.entries(bundles)) await unzip(zip, join(folder.path, name));
  const system = await startTestSystem();
  // Each environment takes one event at a time: so do these.
  const gateway = await startGateway({ invoke: (event) => answerOf("sockets", event) });
  const secrets = await startSecrets({ [SECRET]: await createKeySet() });
  const started = new Map<FunctionName, Promise<TestFunction>>();
  const recorders = new Map<FunctionName, Record<"dynamodb" | "s3" | "sqs" | "sns", Recorder>>();
  const keys = await loadSecretSigningKeys("test", {
    find: () => Promise.resolve(secrets.texts[SECRET]),
    putFirst: () => Promise.reject(new Error("there is a key")),
  });
  const signer = createSigner({
    keys,
    issuer: "sojourn",
    audience: "sojourn",
    ttlSeconds: 600,
    clock: Date.now,
    ids: () => "t",
  });

  async function recordersOf(name: FunctionName) {
    const { dynamodb, s3, sqs, sns } = system.endpoints;
    const own = recorders.get(name) ?? {
      dynamodb: await startRecorder(dynamodb),
      s3: await startRecorder(s3),
      sqs: await startRecorder(sqs),
      sns: await startRecorder(sns!),
    };
    recorders.set(name, own);
    return own;
  }

  /** A fresh environment of a function, with these variables in place of ours. What it asks of AWS is noted. */
  async function start(name: FunctionName, more: Record<string, string> = {}) {
    const { dynamodb, s3, sqs, sns } = await recordersOf(name);
    return await startFunction(join(folder.path, name), {
      PATH: process.env.PATH!,
      AWS_REGION: system.region,
      NAME_PREFIX: system.prefix,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
      AWS_ENDPOINT_URL_SNS: sns.url,
      WEBHOOK_TOPICS: system.topic!,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
      SIGNING_KEY_SECRET: SECRET,
      SOCKETS_URL: gateway.callbackUrl,
      CORS_ORIGINS: CORS_ORIGIN,
      ...more,
    });
  }

  /** The one that stays warm. */
  function functionOf(name: FunctionName): Promise<TestFunction> {
    if (!started.has(name)) started.set(name, start(name));
    return started.get(name)!;
  }

  async function stop(name: FunctionName): Promise<void> {
    const own = await started.get(name);
    started.delete(name);
    await own?.stop();
  }

  /** What a client of the tenant sends: headers and body. */
  async function requestOf(tenantId: string, query: string, variables: object = {}, accept = "text/event-stream") {
    const { token } = await signer.sign({ userId: "u", tenantId, scopes: SCOPES });
    return { headers: { authorization: `Bearer ${token}`, accept }, body: { query, variables } };
  }

  async function answerOf(name: FunctionName, event: unknown): Promise<{ statusCode: number }> {
    const outcome = await (await functionOf(name)).invoke(event);
    if ("error" in outcome) throw new Error(outcome.error.errorMessage);
    return outcome.payload as { statusCode: number };
  }

  /** What `http` answers to an event. */
  async function call(event: unknown): Promise<Answered> {
    const outcome = await (await functionOf("http")).invoke(event);
    if ("error" in outcome) throw new Error(outcome.error.errorMessage);
    const result = outcome.payload as APIGatewayProxyStructuredResultV2;
    return {
      statusCode: result.statusCode!,
      headers: result.headers as Record<string, string>,
      ...JSON.parse(receivedOf(result).toString()) as { data: unknown },
    };
  }

  return {
    bundles,
    gateway,
    folder: folder.path,
    system,
    start,
    functionOf,
    requestOf,
    call,
    /** What each function that was started has asked of AWS. */
    asked: new Map(
      names.map((name) => [name, () => Object.values(recorders.get(name)!).flatMap(({ asked }) => asked)]),
    ),
    invoke: async (name: FunctionName, event: unknown) => await (await functionOf(name)).invoke(event),
    /** Asks `http` as a client of the tenant would. */
    async ask(
      tenant: string,
      query: string,
      variables: object = {},
      more: { base64?: boolean; headers?: object } = {},
    ) {
      const request = await requestOf(tenant, query, variables, "application/json");
      return await call(httpEvent({ ...request, ...more, headers: { ...request.headers, ...more.headers } }));
    },
    /** Opens a stream of `stream`. */
    follow: async (event: unknown, limitMs?: number) => await (await functionOf("stream")).stream(event, limitMs),
    /** Ends a function's environment; the next event gets a new one. */
    stopOne: stop,
    async stop() {
      await gateway.stop();
      for (const name of started.keys()) await stop(name);
      for (const own of recorders.values()) await Promise.all(Object.values(own).map((recorder) => recorder.stop()));
      await system.stop();
      await secrets.stop();
      await folder.remove();
    },
  };
}
