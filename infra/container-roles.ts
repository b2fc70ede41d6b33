import type { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import { functions, type FunctionSpec, type Use } from "../api/functions.ts";
import { type Access, allow, type Statement, statementsFor } from "./roles.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

/** What a process that stays does: it answers requests, follows what is subscribed to, and runs the jobs. */
const DOES: readonly FunctionSpec[] = [functions.http, functions.stream, functions.schedule];
const USES: readonly Use[] = ["read", "write", "remove"];
const ECR_IMAGE = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/;

/** What the container may touch: exactly what the functions may that it stands for. */
export function containerAccess(): Access {
  return {
    tables: most(DOES.map((spec) => spec.tables)),
    buckets: most(DOES.map((spec) => spec.buckets)),
    queues: Object.assign({}, ...DOES.map((spec) => spec.queues)),
    deadLetters: [...new Set(DOES.flatMap((spec) => spec.deadLetters))],
    streams: DOES.some((spec) => spec.streams),
    publishes: DOES.some((spec) => spec.publishes),
  };
}

/** Every permission of the code in the container. */
export function taskStatements(stores: Stores, signingKey: SecretsmanagerSecret | undefined): Statement[] {
  return [
    ...statementsFor(containerAccess(), stores),
    ...(signingKey
      ? [allow("UseKeys", ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], [signingKey.arn])]
      : []),
  ];
}

/** What starts the container may write its log, and fetch its image where that lies in ECR. */
export function executionStatements({ image }: Pick<Stage, "image">, logArn: string): Statement[] {
  const [, account, region, repository] = ECR_IMAGE.exec(image ?? "") ?? [];
  const pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
  return [
    allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [`${logArn}:*`]),
    ...(repository
      ? [
        allow("PullImage", pull, [`arn:aws:ecr:${region}:${account}:repository/${repository}`]),
        allow("LogInToRegistry", ["ecr:GetAuthorizationToken"], ["*"]),
      ]
      : []),
  ];
}

/** Of each thing the use that holds the others. */
function most<T extends Partial<Record<string, Use>>>(all: readonly T[]): T {
  const found: Partial<Record<string, Use>> = {};
  for (const [name, use] of all.flatMap((uses) => Object.entries(uses) as [string, Use][])) {
    if (USES.indexOf(use) > USES.indexOf(found[name] as Use)) found[name] = use;
  }
  return found as T;
}
