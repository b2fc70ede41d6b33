/**
 * Law: what holds here holds on AWS: an ephemeral stage is deployed, asked, loaded, killed, followed over both ways, redriven,
 * restored, and taken away again.
 *
 *     AWS_PROFILE=… npm run proof:aws            # prints what it costs first, and asks
 *     npm run proof:aws -- --local               # the same steps against the local system
 *     npm run proof:aws                          # without credentials: what can be checked offline
 *
 * On AWS it takes about an hour, half of it waiting for a restore. Offline: policies, quotas, times against each other, prices,
 * and the shapes of events as AWS's documentation has them; two minutes.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { runToEnd } from "../kit/terraform.ts";
import { deployed, estimate, removeRestored } from "./aws-stage.ts";
import { follow, load, redrive, restore, smoke, type World } from "./aws-steps.ts";
import { clientOf, freePort, startLocal } from "./service.ts";

const OFFLINE = ["quotas", "roles", "rules", "watching", "costs", "edge", "canary"].map((name) =>
  `test/infra/${name}.test.ts`
);
const OFFLINE_MS = 900_000;

const { values: flags } = parseArgs({
  options: { local: { type: "boolean", default: false }, yes: { type: "boolean", default: false } },
});

async function prove(world: World): Promise<void> {
  const to = `${world.prefix}-r`;
  const steps: Record<string, (world: World) => Promise<string>> = {
    smoke,
    load,
    follow,
    redrive,
    restore: (world) => restore(world, to),
  };
  try {
    for (const [name, step] of Object.entries(steps)) {
      const from = performance.now();
      const did = await step(world);
      console.log(`${name}: ${did} (${((performance.now() - from) / 1_000).toFixed(0)} s)`);
    }
  } finally {
    if (!flags.local) await removeRestored(world, to);
  }
}

async function locally(): Promise<void> {
  const dir = await makeTempDir();
  const port = await freePort();
  let service = await startLocal(dir.path, port);
  const ws = service.url.replace(/^http/, "ws");
  let restarting: Promise<void> | undefined;
  const env: Record<string, string> = { NAME_PREFIX: "sojourn", AWS_REGION: "eu-central-1", DATA_DIR: dir.path };
  /** The stores have other ports each time. */
  const readEndpoints = () => {
    for (const [name, url] of Object.entries(service.endpoints)) env[`AWS_ENDPOINT_URL_${name.toUpperCase()}`] = url;
  };
  readEndpoints();
  const restart = async () => {
    await killTree(service.running.pid);
    service = await startLocal(dir.path, port);
    readEndpoints();
  };
  try {
    await prove({
      ...{ graphql: service.url, stream: service.url, sockets: ws, prefix: "sojourn" },
      env,
      token: async () => (await clientOf(dir.path, service.url, "proof")).token,
      async kill() {
        restarting ??= restart();
        await restarting;
        restarting = undefined;
      },
    });
  } finally {
    await killTree(service.running.pid);
    await dir.remove();
  }
}

async function onAws(): Promise<void> {
  console.log(estimate());
  if (!flags.yes) {
    const asked = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await asked.question("Deploy it, and pay for it? (yes) ");
    asked.close();
    if (answer !== "yes") return console.log("Nothing was made.");
  }
  const prefix = `sojourn-proof-${randomBytes(3).toString("hex")}`;
  const stage = await deployed(prefix);
  try {
    await prove(stage.world);
  } finally {
    await stage.destroy();
  }
}

const hasCredentials = Boolean(process.env.AWS_ACCESS_KEY_ID ?? process.env.AWS_PROFILE ?? process.env.AWS_ROLE_ARN);
try {
  if (flags.local) await locally();
  else if (hasCredentials) await onAws();
  else {
    console.log("No credentials of AWS are given: what can be checked without is.");
    const args = ["run", "--maxWorkers=1", "--silent=passed-only", ...OFFLINE];
    const { code, output } = await runToEnd("vitest", args, { cwd: process.cwd(), env: {}, timeoutMs: OFFLINE_MS });
    console.log(output.split("\n").slice(-12).join("\n"));
    if (code !== 0) throw new Error("an offline check fails");
  }
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
}
