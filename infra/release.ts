/**
 * `npm run release`: brings what `cdktf deploy` published to callers, a tenth of them first (SOJOURN_CANARY=on). It waits, and
 * ends with 1 where an alarm took the new version back.
 *
 *     npm run release                       # all functions, and the containers, that have a newer version than callers get
 *     npm run release -- --back http        # the version before, at once; a release that is under way is stopped
 *     npm run release -- --back container
 */
import {
  CodeDeployClient,
  CreateDeploymentCommand,
  type DeploymentStatus,
  GetDeploymentCommand,
  ListDeploymentsCommand,
  StopDeploymentCommand,
} from "@aws-sdk/client-codedeploy";
import { DescribeServicesCommand, ECSClient, paginateListTaskDefinitions } from "@aws-sdk/client-ecs";
import { GetAliasCommand, LambdaClient, paginateListVersionsByFunction } from "@aws-sdk/client-lambda";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ALIAS, CANARIES, CONTAINER, CONTAINERS } from "./callers.ts";
import { type Stage, StageError, stagesFrom } from "./stages.ts";

export type Clients = {
  lambda: Pick<LambdaClient, "send">;
  ecs: Pick<ECSClient, "send">;
  codedeploy: Pick<CodeDeployClient, "send">;
};
/** Of a function its versions, of the containers the ARNs of their definitions. */
export type Move = { kind: "function" | "containers"; name: string; from: string; to: string };

const ENDS: readonly DeploymentStatus[] = ["Succeeded", "Failed", "Stopped"];
const UNDER_WAY: DeploymentStatus[] = ["Created", "Queued", "InProgress", "Ready"];
const LOOK_MS = 10_000;
/** What a version is released by where it is to be back at once. */
const AT_ONCE = {
  function: "CodeDeployDefault.LambdaAllAtOnce",
  containers: "CodeDeployDefault.ECSAllAtOnce",
} as const;

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
  const to = next(versions, Number(from), isBack);
  return to === undefined ? undefined : { kind: "function", name: fullName, from, to: String(to) };
}

/** The newest version, or the one before this; undefined where there is none. */
function next(versions: readonly number[], from: number, isBack: boolean): number | undefined {
  const to = Math.max(...versions.filter((version) => !isBack || version < from));
  return Number.isFinite(to) && to !== from ? to : undefined;
}

/** What would move: the definition of the containers that answer, and the newest that is registered, or the one before. */
export async function findContainersMove({ ecs }: Clients, prefix: string, isBack: boolean): Promise<Move | undefined> {
  const { services: [service] = [] } = await ecs.send(
    new DescribeServicesCommand({ cluster: prefix, services: [prefix] }),
  );
  const primary = service?.taskSets?.find(({ status }) => status === "PRIMARY");
  const from = primary?.taskDefinition ?? service?.taskDefinition;
  if (from === undefined) throw new StageError(`There is no service ${prefix}: deploy it first.`);
  const revisionOf = (arn: string) => Number(/:(\d+)$/.exec(arn)?.[1]);
  const registered = new Map<number, string>();
  const asked = { familyPrefix: prefix, status: "ACTIVE" } as const;
  for await (
    const { taskDefinitionArns: page = [] } of paginateListTaskDefinitions({ client: ecs as ECSClient }, asked)
  ) {
    for (const arn of page) registered.set(revisionOf(arn), arn);
  }
  const to = next([...registered.keys()], revisionOf(from), isBack);
  return to === undefined
    ? undefined
    : { kind: "containers", name: `${prefix}-${CONTAINERS}`, from, to: registered.get(to)! };
}

/** What CodeDeploy is told: the alias goes from one version to another, or the service to another definition. */
export function appSpecOf({ kind, name, from, to }: Move): string {
  if (kind === "containers") {
    const properties = {
      TaskDefinition: to,
      LoadBalancerInfo: { ContainerName: CONTAINER.name, ContainerPort: CONTAINER.port },
    };
    return JSON.stringify({
      version: 0.0,
      Resources: [{ TargetService: { Type: "AWS::ECS::Service", Properties: properties } }],
    });
  }
  const properties = { Name: name, Alias: ALIAS, CurrentVersion: from, TargetVersion: to };
  return JSON.stringify({
    version: 0.0,
    Resources: [{ [name]: { Type: "AWS::Lambda::Function", Properties: properties } }],
  });
}

export async function begin({ codedeploy }: Clients, stage: Stage, move: Move, isBack: boolean): Promise<string> {
  const { deploymentId = "" } = await codedeploy.send(
    new CreateDeploymentCommand({
      ...groupOf(stage, move.name),
      revision: { revisionType: "AppSpecContent", appSpecContent: { content: appSpecOf(move) } },
      ...(isBack ? { deploymentConfigName: AT_ONCE[move.kind] } : {}),
    }),
  );
  return deploymentId;
}

/** Functions share an application; an application is of one platform. */
function groupOf({ prefix }: Stage, name: string) {
  const containers = `${prefix}-${CONTAINERS}`;
  return { applicationName: name === containers ? containers : prefix, deploymentGroupName: name };
}

/** Stops releases that are under way: callers get the version before. Gives how many there were. */
export async function stopReleases({ codedeploy }: Clients, stage: Stage, name: string): Promise<number> {
  const { deployments = [] } = await codedeploy.send(
    new ListDeploymentsCommand({ ...groupOf(stage, name), includeOnlyStatuses: UNDER_WAY }),
  );
  for (const deploymentId of deployments) {
    await codedeploy.send(new StopDeploymentCommand({ deploymentId, autoRollbackEnabled: true }));
  }
  return deployments.length;
}

/** What the installation has that releases move. */
export const releasedOf = ({ runs }: Pick<Stage, "runs">): string[] => [
  ...(runs.functions ? CANARIES : []),
  ...(runs.container ? [CONTAINERS] : []),
];

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
  const released = releasedOf(stage);
  const strange = positionals.filter((name) => !released.includes(name));
  if (strange.length > 0) throw new StageError(`${strange.join(", ")}: name some of ${released.join(", ")}.`);
  const at = { region: stage.region, ...(stage.endpoint ? { endpoint: stage.endpoint } : {}) };
  const clients = { lambda: new LambdaClient(at), ecs: new ECSClient(at), codedeploy: new CodeDeployClient(at) };
  const names = positionals.length > 0 ? positionals : released;
  const begun: { move: Move; id: string }[] = [];
  for (const name of names) {
    const fullName = `${stage.prefix}-${name}`;
    if (back && await stopReleases(clients, stage, fullName) > 0) {
      console.log(`${fullName}: what was under way is stopped; callers get the version before`);
      continue;
    }
    const move = name === CONTAINERS
      ? await findContainersMove(clients, stage.prefix, back)
      : await findMove(clients, fullName, back);
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
