import { spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDynamo } from "../../api/aws/dynamo.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { metricsOf } from "../kit/metrics.ts";
import { watch } from "../kit/process.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const RUN = process.versions["deno"] ? ["run", "--quiet", "--allow-all", "--unstable-no-legacy-abort"] : [];
const HOUR = 3_600_000;
const AT = Math.floor(Date.now() / HOUR) * HOUR - 3 * HOUR;
const iso = (at: number) => new Date(at).toISOString();
let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api.stop());

/** Runs `npm run audit`, while this process reads the streams. */
async function audit(...args: string[]): Promise<{ code: number | string; text: string }> {
  const { endpoints, dataDir, prefix } = api.system;
  const env = {
    ...process.env,
    DATA_DIR: dataDir,
    NAME_PREFIX: prefix,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
  };
  const running = watch(spawn(process.execPath, [...RUN, "api/entry/cli/audit.ts", ...args], { cwd: ROOT, env }));
  let code: number | string | undefined;
  void running.ended.then((ended) => code = ended);
  while (code === undefined) {
    await api.settle();
    await Promise.race([running.ended, pause(100)]);
  }
  return { code, text: running.output() };
}

test("npm run audit counts all again, changes nothing unless asked to, and says what it set right", async () => {
  await metricsOf(api, "shop").record([0, 1, 2].map((i) => ({ source: "TASKS", recordId: `${i}`, at: iso(AT + i) })));
  await api.settle();
  const range = ["--from", iso(AT), "--to", iso(AT + HOUR)];
  expect(await audit(...range)).toMatchObject({ code: 0, text: expect.stringContaining("All is right.") });

  const key = { pk: "shop#TASKS", sk: String(AT).padStart(13, "0") };
  const dynamo = createDynamo(api.system.clients.dynamodb);
  const buckets = `${api.system.prefix}-buckets`;
  await dynamo.update(buckets, key, { expression: "SET m0 = :n", values: { ":n": 9 } });
  const found = await audit(...range, "--tenant", "shop");
  expect(found.code).toBe(1);
  expect(found.text).toContain(`shop TASKS: 3 in 60 minutes, 1 differences\n  ${iso(AT)} has 9, not 3`);
  expect((await dynamo.get(buckets, key))!.m0).toBe(9);

  const mended = await audit(...range, "--repair");
  expect(mended).toMatchObject({ code: 0, text: expect.stringContaining("1 differences, 1 set right") });
  expect((await dynamo.get(buckets, key))!.m0).toBe(3);
});

test("what cannot be counted is refused, with how it is asked for", async () => {
  const { code, text } = await audit("--from", iso(AT), "--to", iso(AT));
  expect(code).toBe(2);
  expect(text).toContain("--from must be before --to\nusage: npm run audit");
});
