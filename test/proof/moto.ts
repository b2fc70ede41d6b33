/**
 * Law: the whole stack can be made and taken away again: with functions, and with containers beside them. Every resource
 * that the stack names is there afterwards, a second plan changes nothing but what moto does not keep, and in the end
 * nothing is left.
 *
 *     TF_PLUGIN_MIRROR=… [MOTO_SERVER=…] npm run proof:moto [-- --only functions|both]
 *
 * moto stands for AWS as far as it goes. What it has not is left out by the stage's settings where an endpoint is given:
 * ElastiCache Serverless, IoT rules' tags, redrive-allow policies, autoscaling, Athena's named queries, budgets. It starts no
 * function and no container. Takes about four minutes.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { createClients } from "../../api/aws/clients.ts";
import { functions } from "../../api/functions.ts";
import * as specs from "../../api/resources.ts";
import { describeRunning } from "../kit/describe.ts";
import { makeTempDir } from "../kit/local.ts";
import { killTree, watch } from "../kit/process.ts";
import { cdktf, hasTerraform, runToEnd, terraform, terraformEnv, WITHOUT_TERRAFORM } from "../kit/terraform.ts";
import { freePort } from "./service.ts";

const DEPLOY_TIMEOUT_MS = 600_000;
const PLAN_TIMEOUT_MS = 120_000;
const PREFIX = "sojourn";
const WAYS = {
  functions: { SOJOURN_RUN: "functions", CORS_ORIGINS: "https://shop.example", ALARM_EMAIL: "ops@example.com" },
  both: { SOJOURN_RUN: "both", SOJOURN_IMAGE: "registry.example/sojourn:1" },
};
/** What moto gives back in another form than it got it, or does not keep, and so would be changed again. */
const REFORMED = /^aws_(ecs_service|sqs_queue|vpc_security_group_(in|e)gress_rule)\./;

async function prove(name: keyof typeof WAYS, dir: string, endpoint: string): Promise<void> {
  const env = {
    ...await terraformEnv(dir),
    ...WAYS[name],
    SOJOURN_STAGE: "dev",
    NAME_PREFIX: PREFIX,
    AWS_ENDPOINT_URL: endpoint,
  };
  await cdktf(["deploy", "--auto-approve"], { dir, env, timeoutMs: DEPLOY_TIMEOUT_MS });
  const stack = join(dir, "cdktf.out/stacks", PREFIX);
  const listed = async () => {
    const { output } = await terraform(["state", "list"], { cwd: stack, env });
    return output.split("\n").filter((line) => line.startsWith("aws_")).length;
  };
  console.log(`${name}: ${await listed()} resources are there`);

  const clients = createClients({
    region: "eu-central-1",
    endpoints: { dynamodb: endpoint, s3: endpoint, sqs: endpoint },
  });
  try {
    const { tables, buckets, queues } = await describeRunning(clients);
    deepStrictEqual([tables, queues].map((all) => Object.keys(all).length), [
      Object.keys(specs.tables).length,
      2 * Object.keys(specs.queues).length,
    ]);
    ok(buckets.length >= 3);
    const { output: plan } = await runToEnd("terraform", ["plan", "-no-color", "-detailed-exitcode"], {
      cwd: stack,
      env,
      timeoutMs: PLAN_TIMEOUT_MS,
    });
    const changed = [...plan.matchAll(/^ {2}# (\S+) (?:will|must) be/gm)].map((match) => match[1]!);
    const isReformed = changed.every((id) => REFORMED.test(id));
    ok(isReformed && /No changes\.|Plan: 0 to add, \d+ to change, 0 to destroy/.test(plan), plan.slice(-6_000));
    console.log(
      `${name}: a second plan changes nothing but what moto gives back in another form (${changed.join(", ")})`,
    );

    await cdktf(["destroy", "--auto-approve"], { dir, env, timeoutMs: DEPLOY_TIMEOUT_MS });
    strictEqual(await listed(), 0);
    deepStrictEqual(await describeRunning(clients), { tables: {}, buckets: [], queues: {} });
    deepStrictEqual(await remainingFunctions(endpoint), []);
    console.log(`${name}: nothing is left`);
  } finally {
    clients.destroy();
  }
}

/** Functions and roles are asked for without a client of their own: moto checks no signature. */
async function remainingFunctions(endpoint: string): Promise<string[]> {
  const headers = { authorization: "AWS4-HMAC-SHA256 Credential=x/20260101/eu-central-1/lambda/aws4_request" };
  const answer = await fetch(`${endpoint}/2015-03-31/functions/`, { headers });
  const { Functions: found } = await answer.json() as { Functions: { FunctionName: string }[] };
  const own = new Set(Object.values(functions).map((spec) => specs.fullName(PREFIX, spec)));
  return found.map(({ FunctionName: name }) => name).filter((name) => own.has(name));
}

const program = process.env.MOTO_SERVER ?? "moto_server";
const hasMoto = spawnSync(program, ["--help"]).status === 0;
if (!hasTerraform || !hasMoto) {
  console.log(hasTerraform ? "skipped: no moto_server on the PATH, and MOTO_SERVER names none" : WITHOUT_TERRAFORM);
  process.exit(0);
}
const { values: flags } = parseArgs({ options: { only: { type: "string" } } });
const port = await freePort();
const moto = watch(spawn(program, ["-H", "127.0.0.1", "-p", `${port}`], { stdio: ["ignore", "pipe", "pipe"] }));
try {
  await moto.says(/Running on/);
  for (const name of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
    if (flags.only !== undefined && flags.only !== name) continue;
    const dir = await makeTempDir();
    try {
      await prove(name, dir.path, `http://127.0.0.1:${port}`);
    } finally {
      await dir.remove();
    }
  }
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await killTree(moto.pid);
}
