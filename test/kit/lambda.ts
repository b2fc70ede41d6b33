import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { text } from "node:stream/consumers";

/** What a function gave: its answer, or the error that it ended with. */
export type Outcome = { payload: unknown } | { error: { errorType: string; errorMessage: string } };
/** What a function that streams gives: the head, and then its bytes as they come. */
export type Streamed = {
  head: { statusCode: number; headers: Record<string, string> };
  chunks: AsyncGenerator<string, undefined>;
};
export type TestFunction = Awaited<ReturnType<typeof startFunction>>;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const NODE = `${ROOT}node_modules/.bin/node`;
const CLIENT = `${ROOT}node_modules/aws-lambda-ric/index.mjs`;
/** The client's own transport, which its install script builds; without it our stand-in does the same in JavaScript. */
export const HAS_ADDON = existsSync(`${ROOT}node_modules/aws-lambda-ric/rapid-client.node`);
const STAND_IN = `${ROOT}test/kit/lambda-stand-in.ts`;

const PREFIX = "/2018-06-01/runtime/";
const HEAD_END = "\0".repeat(8);
/** Longer than Lambda gives any of ours: a machine that is busy ends none. */
const TIME_LIMIT_MS = 300_000;

type Invocation = {
  id: string;
  event: unknown;
  deadlineAt: number;
  settle: (result: Outcome | Streamed) => void;
};

/**
 * Runs the function in a folder as Lambda does: AWS's runtime client on Node 22, which asks us for one event after the
 * other. `env` is all of its environment.
 */
export async function startFunction(dir: string, env: Record<string, string>, { addon = HAS_ADDON } = {}) {
  const waiting: Invocation[] = [];
  const running = new Map<string, Invocation>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const asking = Promise.withResolvers<void>();
  let idle: ServerResponse | undefined;
  let output = "";
  let count = 0;

  function give(): void {
    if (!idle || waiting.length === 0) return;
    const invocation = waiting.shift()!;
    running.set(invocation.id, invocation);
    idle.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": invocation.id,
      "lambda-runtime-deadline-ms": String(invocation.deadlineAt),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-2:123456789012:function:test",
    });
    idle.end(JSON.stringify(invocation.event));
    idle = undefined;
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.slice(PREFIX.length);
    if (path === "invocation/next") {
      asking.resolve();
      idle = response;
      return give();
    }
    const [, id, kind] = path.split("/");
    if (path === "init/error") {
      failed.reject(new Error((JSON.parse(await text(request)) as Error & { errorMessage: string }).errorMessage));
    } else if (request.headers["lambda-runtime-function-response-mode"] === "streaming") {
      running.get(id!)!.settle(await readStream(request));
      // Answered when the stream is over, as Lambda does.
      request.on("end", () => response.writeHead(202).end("{}"));
      return;
    } else {
      const body: unknown = JSON.parse(await text(request));
      running.get(id!)!.settle(kind === "error" ? { error: body as never } : { payload: body });
    }
    response.writeHead(202).end("{}");
  }

  const server = createServer((request, response) => void take(request, response).catch(failed.reject));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const child = spawn(NODE, [...(addon ? [] : ["--import", STAND_IN]), CLIENT], {
    cwd: dir,
    env: {
      ...env,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
      AWS_LAMBDA_FUNCTION_NAME: "test",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/test",
      AWS_LAMBDA_LOG_STREAM_NAME: "test",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
      LAMBDA_TASK_ROOT: dir,
      _HANDLER: "index.handler",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => void (output += part));
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(() => failed.reject(new Error(`The function's process ended: ${output.slice(-2_000)}`)));

  function run(event: unknown, limitMs: number): Promise<Outcome | Streamed> {
    const { promise, resolve } = Promise.withResolvers<Outcome | Streamed>();
    waiting.push({ id: `request-${++count}`, event, deadlineAt: Date.now() + limitMs, settle: resolve });
    give();
    return Promise.race([promise, failed.promise]);
  }

  return {
    pid: child.pid!,
    /** Ends when the function asks for its first event. Throws where it cannot start. */
    ready: (): Promise<void> => Promise.race([asking.promise, failed.promise]),
    /** Gives what the function answers to an event within so many milliseconds. Throws where it cannot start. */
    invoke: (event: unknown, limitMs = TIME_LIMIT_MS) => run(event, limitMs) as Promise<Outcome>,
    /** The same of a function that streams. */
    stream: (event: unknown, limitMs = TIME_LIMIT_MS) => run(event, limitMs) as Promise<Streamed>,
    /** The lines of its log that are JSON. */
    log: () =>
      output.split("\n").filter((line) => line.startsWith("{")).map((line) =>
        JSON.parse(line) as Record<string, unknown>
      ),
    async stop() {
      child.kill("SIGKILL");
      await ended;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function readStream(request: IncomingMessage): Promise<Streamed> {
  const chunks = textOf(request);
  let head = "";
  while (!head.includes(HEAD_END)) {
    const { value, done } = await chunks.next();
    if (done) throw new Error(`The stream ended before its head did: ${head.slice(0, 500)}`);
    head += value;
  }
  const end = head.indexOf(HEAD_END);
  const rest = head.slice(end + HEAD_END.length);
  async function* body(): AsyncGenerator<string, undefined> {
    if (rest !== "") yield rest;
    yield* chunks;
    return undefined;
  }
  return { head: JSON.parse(head.slice(0, end)) as Streamed["head"], chunks: body() };
}

async function* textOf(request: IncomingMessage): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  for await (const chunk of request) yield decoder.decode(chunk as Uint8Array, { stream: true });
  return undefined;
}
