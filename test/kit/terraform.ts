import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { killTree } from "./process.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const BIN = join(ROOT, "node_modules/.bin");
const PROVIDER = "registry.terraform.io/hashicorp/aws/5.100.0";
const { TF_PLUGIN_MIRROR: mirror, TF_CLI_CONFIG_FILE: configFile } = process.env;
const hasProgram =
  spawnSync("terraform", ["-version"], { env: { ...process.env, CHECKPOINT_DISABLE: "1" } }).status === 0;
const hasMirror = mirror !== undefined && existsSync(join(mirror, PROVIDER));

/** False where Terraform or its AWS provider are not at hand; what needs them is skipped then, and says so. */
export const hasTerraform = hasProgram && (hasMirror || (configFile !== undefined && existsSync(configFile)));
export const WITHOUT_TERRAFORM = hasProgram
  ? `skipped: TF_PLUGIN_MIRROR does not name a folder with ${PROVIDER}`
  : "skipped: no terraform on the PATH";

/** Terraform without questions and without the network, its AWS provider from TF_PLUGIN_MIRROR. `dir` is for its settings. */
export async function terraformEnv(dir: string): Promise<Record<string, string>> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, "terraform.rc");
  if (hasMirror) await writeFile(file, `provider_installation {\n  filesystem_mirror { path = "${mirror}" }\n}\n`);
  return {
    TF_CLI_CONFIG_FILE: hasMirror ? file : configFile!,
    TF_IN_AUTOMATION: "1",
    CHECKPOINT_DISABLE: "1",
    CI: "1",
    CDKTF_SKIP_PROVIDER_LOCK: "true",
    CDKTF_LOG_LEVEL: "error",
  };
}

export type Ran = { code: number | null; output: string; seconds: number };

/** Runs a program to its end; what it writes is given, and its code. After `timeoutMs` it is ended with what it started. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  { cwd, env, timeoutMs }: { cwd: string; env: Record<string, string>; timeoutMs: number },
): Promise<Ran> {
  const from = performance.now();
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const late = setTimeout(() => void killTree(child.pid!), timeoutMs);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  clearTimeout(late);
  return { code: code as number | null, output: out + err, seconds: (performance.now() - from) / 1_000 };
}

/** Runs Terraform in a stack's folder. Throws with what it wrote where it fails. */
export async function terraform(
  args: readonly string[],
  { cwd, env, timeoutMs = 300_000 }: { cwd: string; env: Record<string, string>; timeoutMs?: number },
): Promise<Ran> {
  const ran = await runToEnd("terraform", args, { cwd, env, timeoutMs });
  if (ran.code !== 0) {
    throw new Error(`terraform ${args.join(" ")} ended with ${ran.code}:\n${faultsIn(ran.output)}`);
  }
  return ran;
}

/** Runs cdktf as `npx cdktf` does, with what it makes in `dir`. Throws with what it says where it fails. */
export async function cdktf(
  args: readonly string[],
  { dir, env, timeoutMs = 300_000 }: { dir: string; env: Record<string, string>; timeoutMs?: number },
): Promise<Ran> {
  const ran = await runToEnd(join(BIN, "cdktf"), [...args, "--output", join(dir, "cdktf.out")], {
    cwd: ROOT,
    env: { ...env, PATH: `${BIN}:${process.env.PATH}` },
    timeoutMs,
  });
  if (ran.code !== 0) throw new Error(`cdktf ${args.join(" ")} ended with ${ran.code}:\n${faultsIn(ran.output)}`);
  console.log(`cdktf ${args.join(" ")}: ${ran.seconds.toFixed(0)} s`);
  return ran;
}

/** What it says from its first error on, or its end. */
function faultsIn(output: string): string {
  const first = output.search(/\bError:/);
  return first >= 0 ? output.slice(first, first + 4_000) : output.slice(-4_000);
}
