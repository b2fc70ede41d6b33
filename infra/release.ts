/**
 * `npm run release`: brings what `cdktf deploy` published to callers, a tenth of them first (SOJOURN_CANARY=on). It waits, and
 * ends with 1 where an alarm took the new version back.
 *
 *     npm run release                  # all functions that have a newer version than callers get
 *     npm run release -- --back http   # the version before, at once
 */
import {
  CodeDeployClient,
  CreateDeploymentCommand,
  type DeploymentStatus,
  GetDeploymentCommand,
} from "@aws-sdk/client-codedeploy";
import { GetAliasCommand, LambdaClient, paginateListVersionsByFunction } from "@aws-sdk/client-lambda";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ALIAS, CANARIES } from "./callers.ts";
import { type Stage, StageError, stagesFrom } from "./stages.ts";

export type Clients = { lambda: Pick<LambdaClient, "send">; codedeploy: Pick<CodeDeployClient, "send"> };
export type Move = { name: string; from: string; to: string };

const ENDS: readonly DeploymentStatus[] = ["Succeeded", "Failed", "Stopped"];
const LOOK_MS = 10_000;

/** What would move: the alias' version and the newest, or the one before. */
export async function findMove(
  { lambda }: Clients,
  fullName: string,
  isBack: boolean,
): Promise<Move | undefined> {
  const { FunctionVersion: from = "" } = await lambda.send(
    new GetAliasCommand({ FunctionName: fullName, Name: ALIAS }),
  );
  const versions: number[] = [];
  const pages = paginateListVersionsByFunction({ client: lambda as LambdaClient }, { FunctionName: fullName });
  for await (const { Versions: page = [] } of pages) {
    versions.push(...page.map(({ Version: version }) => Number(version)).filter(Number.isInteger));
  }
  const to = isBack ? Math.max(...versions.filter((version) => version < Number(from))) : Math.max(...versions);
  return Number.isFinite(to) && to !== Number(from) ? { name: fullName, from, to: String(to) } : undefined;
}

/** What CodeDeploy is told: the alias goes from one version to another. */
export function appSpecOf({ name, from, to }: Move): string {
  const properties = { Name: name, Alias: ALIAS, CurrentVersion: from, TargetVersion: to };
  return JSON.stringify({
    version: 0.0,
    Resources: [{ [name]: { Type: "AWS::Lambda::Function", Properties: properties } }],
  });
}

export async function begin({ codedeploy }: Clients, stage: Stage, move: Move, isBack: boolean): Promise<string> {
  const { deploymentId = "" } = await codedeploy.send(
    new CreateDeploymentCommand({
      applicationName: stage.prefix,
      deploymentGroupName: move.name,
      revision: { revisionType: "AppSpecContent", appSpecContent: { content: appSpecOf(move) } },
      ...(isBack ? { deploymentConfigName: "CodeDeployDefault.LambdaAllAtOnce" } : {}),
    }),
  );
  return deploymentId;
}

async function ended({ codedeploy }: Clients, deploymentId: string): Promise<{ status: string; why: string }> {
  for (;;) {
    const { deploymentInfo: info } = await codedeploy.send(new GetDeploymentCommand({ deploymentId }));
    const status = info?.status;
    if (status && ENDS.includes(status)) return { status, why: info.errorInformation?.message ?? "" };
    await pause(LOOK_MS);
  }
}

async function main(): Promise<void> {
  const { values: { back }, positionals } = parseArgs({
    options: { back: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const stage = stagesFrom(process.env);
  if (!stage.canary) throw new StageError("Nothing to release by: without SOJOURN_CANARY=on a deployment is one.");
  const strange = positionals.filter((name) => !(CANARIES as readonly string[]).includes(name));
  if (strange.length > 0) throw new StageError(`${strange.join(", ")}: name some of ${CANARIES.join(", ")}.`);
  const at = { region: stage.region, ...(stage.endpoint ? { endpoint: stage.endpoint } : {}) };
  const clients = { lambda: new LambdaClient(at), codedeploy: new CodeDeployClient(at) };
  const names = positionals.length > 0 ? positionals : CANARIES;
  const begun: { move: Move; id: string }[] = [];
  for (const name of names) {
    const move = await findMove(clients, `${stage.prefix}-${name}`, back);
    console.log(move ? `${move.name}: ${move.from} to ${move.to}` : `${name}: nothing to move`);
    if (move) begun.push({ move, id: await begin(clients, stage, move, back) });
  }
  for (const { move, id } of begun) {
    const { status, why } = await ended(clients, id);
    console.log(`${move.name}: ${status} ${why}`);
    if (status !== "Succeeded") process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await main().catch((error: unknown) => {
    if (!(error instanceof StageError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  });
}
