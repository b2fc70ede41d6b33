import { existsSync } from "node:fs";
import { join } from "node:path";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias/index.js";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function/index.js";
import type { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import { AssetType, Fn, TerraformAsset, type TerraformStack } from "cdktf";
import { DEPLOYED_BATCHING } from "../api/config.ts";
import { functions, type FunctionSpec } from "../api/functions.ts";
import { ALIAS, CANARIES } from "./callers.ts";
import { addRole, allow, type Statement, statementsFor, streamArns, streamSourceStatements } from "./roles.ts";
import { type Stage, StageError } from "./stages.ts";
import type { Stores } from "./stores.ts";

export type FunctionName = keyof typeof functions;
export type DeployedFunction = {
  lambda: LambdaFunction;
  logs: CloudwatchLogGroup;
  role: IamRole;
  /** By which callers reach it, where a release moves them from version to version. */
  alias?: LambdaAlias;
};
export type Functions = Record<FunctionName, DeployedFunction>;
export type ApiFunctions = Pick<Functions, (typeof API_FUNCTIONS)[number]>;
export type Consumers = Pick<Functions, (typeof CONSUMERS)[number]>;

export type FunctionOptions = {
  stores: Stores;
  signingKey: SecretsmanagerSecret | undefined;
  /** Streams of tables of others, which `rollup` and `late` read too. */
  attachedStreamArns: readonly string[];
  /** Where API Gateway holds sockets for functions; undefined where containers hold them. */
  sockets: { callbackUrl: string; statement: Statement } | undefined;
  /** Where `npm run bundle` put NAME.zip. */
  codeDir: string;
};

/** The newest that the provider knows. */
const RUNTIME = "nodejs22.x";

/** Or each cold start logs that node:sqlite is experimental, as an error. */
const QUIET = { NODE_OPTIONS: "--disable-warning=ExperimentalWarning" };

/** Serve the API where functions do. */
export const API_FUNCTIONS = ["http", "stream", "sockets", "push"] as const;
/** Take what comes by queues, streams and schedules: they are there whatever serves the API. */
export const CONSUMERS = ["ingest", "rollup", "late", "schedule"] as const;

/** Adds these functions of `api/functions.ts`, each with a role, a log group and its own code. */
export function addFunctions<N extends FunctionName>(
  stack: TerraformStack,
  stage: Stage,
  names: readonly N[],
  options: FunctionOptions,
): Pick<Functions, N> {
  const added = names.map((name) => [name, addFunction(stack, stage, functions[name], options)]);
  return Object.fromEntries(added) as Pick<Functions, N>;
}

/** The variables that deployed code is started with, as a function or in a container. */
export function environmentOf(stage: Stage, signingKey: SecretsmanagerSecret | undefined): Record<string, string> {
  return {
    NAME_PREFIX: stage.prefix,
    METRICS_BATCHING: DEPLOYED_BATCHING,
    ...stage.service,
    ...(signingKey ? { SIGNING_KEY_SECRET: signingKey.arn } : {}),
  };
}

/** Of who publishes: the topics that webhooks may name, the installation's own among them. */
export function topicsOf({ service }: Stage, { topicArns: [own] }: Stores): Record<string, string> {
  return { WEBHOOK_TOPICS: [own, service.WEBHOOK_TOPICS].filter(Boolean).join(",") };
}

/** CloudFront. API Gateway names as its peer whom it saw itself. */
const PROXIES = 1;
const isFronted = ({ name }: FunctionSpec) => (CANARIES as readonly string[]).includes(name);

/** What code knows of what stands in front of it, `proxies` deep, where there is something. */
export function frontOf({ domain }: Stage, proxies: number): Record<string, string> {
  return domain ? { TRUST_PROXY: String(proxies), ORIGIN_SECRET: domain.secret } : {};
}

function addFunction(
  stack: TerraformStack,
  stage: Stage,
  spec: FunctionSpec,
  options: FunctionOptions,
): DeployedFunction {
  const { name } = spec;
  const { signingKey, sockets } = options;
  const id = `function-${name}`;
  const fullName = `${stage.prefix}-${name}`;
  const logs = new CloudwatchLogGroup(stack, `${id}-logs`, {
    name: `/aws/lambda/${fullName}`,
    retentionInDays: stage.logRetentionDays,
  });
  const statements = functionStatements(spec, { ...options, logArn: logs.arn });
  const { role, policy } = addRole(stack, stage, { name, service: "lambda.amazonaws.com", statements });
  const code = new TerraformAsset(stack, `${id}-code`, { path: codeOf(options.codeDir, name), type: AssetType.FILE });
  const reserved = stage.reservedConcurrency[name];
  const lambda = new LambdaFunction(stack, id, {
    functionName: fullName,
    description: spec.about,
    runtime: RUNTIME,
    // No native code is in the bundles; this architecture costs a fifth less.
    architectures: ["arm64"],
    handler: "index.handler",
    filename: code.path,
    sourceCodeHash: Fn.filebase64sha256(code.path),
    memorySize: spec.memoryMb,
    timeout: spec.timeoutSeconds,
    ...(stage.canary && isFronted(spec) ? { publish: true } : {}),
    role: role.arn,
    environment: {
      variables: {
        ...environmentOf(stage, spec.tokens ? signingKey : undefined),
        ...(isFronted(spec) ? frontOf(stage, PROXIES) : {}),
        ...(spec.publishes ? topicsOf(stage, options.stores) : {}),
        // Who counts tells that there is something to send, who answers requests which logins are over.
        ...(sockets && (spec.pushes || spec.queues.wakes === "send") ? { SOCKETS_URL: sockets.callbackUrl } : {}),
        ...QUIET,
      },
    },
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    dependsOn: [policy],
  });
  if (!stage.canary || !isFronted(spec)) return { lambda, logs, role };
  const alias = new LambdaAlias(stack, `${id}-${ALIAS}`, {
    name: ALIAS,
    functionName: lambda.functionName,
    functionVersion: lambda.version,
    // From the first deployment on it is a release's to move.
    lifecycle: { ignoreChanges: ["function_version", "routing_config"] },
  });
  return { lambda, logs, role, alias };
}

/** What starts a function: its alias where it has one. */
export const startedBy = ({ lambda, alias }: DeployedFunction) => ({
  arn: alias?.arn ?? lambda.arn,
  invokeArn: alias?.invokeArn ?? lambda.invokeArn,
});

/** Of a permission to start a function: which, and by which name. */
export const startable = ({ lambda, alias }: DeployedFunction) => ({
  functionName: lambda.functionName,
  ...(alias ? { qualifier: alias.name } : {}),
});

/** Every permission of a function: what its specification says, its logs, and what Lambda does in its name. */
export function functionStatements(
  spec: FunctionSpec,
  { stores, signingKey, attachedStreamArns, sockets, logArn }:
    & Omit<FunctionOptions, "codeDir">
    & { logArn: string },
): Statement[] {
  const attached = spec.streams && attachedStreamArns.length > 0
    ? [allow("ReadAttachedStreams", ["dynamodb:GetRecords", "dynamodb:GetShardIterator"], [...attachedStreamArns])]
    : [];
  return [
    ...statementsFor(spec, stores),
    ...attached,
    ...(spec.name === "rollup" ? streamSourceStatements([...streamArns(stores), ...attachedStreamArns]) : []),
    ...(spec.tokens && signingKey
      ? [allow("UseKeys", ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"], [signingKey.arn])]
      : []),
    ...(spec.pushes && sockets ? [sockets.statement] : []),
    allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [`${logArn}:*`]),
  ];
}

function codeOf(codeDir: string, name: string): string {
  const zip = join(codeDir, `${name}.zip`);
  if (!existsSync(zip)) {
    throw new StageError(`The code of the functions is not built (${name}.zip): run npm run bundle.`);
  }
  return zip;
}
