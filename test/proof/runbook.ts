/**
 * Law: each command of infra/RUNBOOK.md works as it stands there, against what `npm start` runs.
 *
 *     npm run proof:runbook
 *
 * Blocks that are marked as AWS's are left out, and counted. Takes about two minutes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { makeTempDir } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { clientOf, freePort, startLocal } from "./service.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const TIMEOUT_MS = 120_000;

type Block = { heading: string; kind: string; commands: string[] };

/** The blocks of shell commands, each with the heading that it stands under. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let heading = "";
  for (const part of markdown.split(/^(?=## )/m)) {
    heading = /^## (.+)$/m.exec(part)?.[1] ?? heading;
    for (const [, kind, body] of part.matchAll(/^```sh( aws)?\n([\s\S]*?)^```$/gm)) {
      blocks.push({ heading, kind: kind?.trim() ?? "local", commands: body!.trim().split("\n") });
    }
  }
  return blocks;
}

async function run(command: string, env: Record<string, string>): Promise<{ code: number; output: string }> {
  const child = spawn("bash", ["-o", "pipefail", "-c", command], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const late = setTimeout(() => void killTree(child.pid!), TIMEOUT_MS);
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  clearTimeout(late);
  return { code: code as number, output: `${out}${error}`.trim() };
}

const dir = await makeTempDir();
const service = await startLocal(dir.path, await freePort());
try {
  const { url, token } = await clientOf(dir.path, service.url, "demo");
  const env = {
    URL: url,
    TOKEN: token,
    DATA_DIR: dir.path,
    NAME_PREFIX: "sojourn",
    AWS_REGION: "eu-central-1",
    AWS_ENDPOINT_URL_DYNAMODB: service.endpoints.dynamodb,
    AWS_ENDPOINT_URL_S3: service.endpoints.s3,
    AWS_ENDPOINT_URL_SQS: service.endpoints.sqs,
    PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}`,
  };
  const events = [1, 2].map((seq) => (
    { sessionId: "s", seq, type: "PAGE_VIEWED", occurredAt: new Date().toISOString(), page: "/", visitorId: "v-1" }
  ));
  await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      query: "mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }",
      variables: { events },
    }),
  });
  const blocks = blocksOf(readFileSync(join(ROOT, "infra/RUNBOOK.md"), "utf8"));
  let [ran, failed] = [0, 0];
  for (const { heading, kind, commands } of blocks) {
    console.log(`\n## ${heading}${kind === "aws" ? " (AWS's: not run)" : ""}`);
    if (kind === "aws") continue;
    for (const command of commands) {
      const { code, output } = await run(command, env);
      const isWrong = code !== 0 || /"errors":|"code":/.test(output);
      ran += 1;
      if (isWrong) failed += 1;
      console.log(`${isWrong ? "FAILED" : "ok"}  ${command.slice(0, 110)}`);
      console.log(
        output.split("\n").slice(0, isWrong ? 20 : 3).map((line) => `      ${line.slice(0, 160)}`).join("\n"),
      );
    }
  }
  const left = blocks.filter(({ kind }) => kind === "aws").flatMap(({ commands }) => commands).length;
  console.log(`\n${ran} commands run, ${failed} failed; ${left} are for AWS alone.`);
  console.log(failed === 0 ? "holds" : "DOES NOT HOLD");
  if (failed > 0) process.exitCode = 1;
} finally {
  await killTree(service.running.pid);
  await dir.remove();
}
