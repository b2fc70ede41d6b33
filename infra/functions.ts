import { existsSync } from "node:fs";
import { join } from "node:path";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import type { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function/index.js";
import type { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import { AssetType, Fn, TerraformAsset, type TerraformStack } from "cdktf";
import { DEPLOYED_BATCHING } from "../api/config.ts";
import { functions, type FunctionSpec } from "../api/functions.ts";
import { addRole, allow, type Statement, statementsFor, streamArns, streamSourceStatements } from "./roles.ts";
import { type Stage, StageError } from "./stages.ts";
import type { Stores } from "./stores.ts";

export type FunctionName = keyof typeof functions;
export type DeployedFunction = { lambda: LambdaFunction; logs: CloudwatchLogGroup; role: IamRole };
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
    role: role.arn,
    environment: {
      variables: {
        ...environmentOf(stage, spec.tokens ? signingKey : undefined),
        // Who counts tells that there is something to send.
        ...(sockets && (spec.pushes || name === "rollup") ? { SOCKETS_URL: sockets.callbackUrl } : {}),
        ...QUIET,
      },
    },
    ...(reserved === undefined ? {} : { reservedConcurrentExecutions: reserved }),
    dependsOn: [policy],
  });
  return { lambda, logs, role };
}

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
