/** The ephemeral stage of `npm run proof:aws`: made, asked for its addresses, and taken away with all that was restored beside it. */
import { DeleteTableCommand, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { join } from "node:path";
import process from "node:process";
import { signLocalToken } from "../../api/auth/setup.ts";
import { SCOPES } from "../../api/auth/viewer.ts";
import { createClients } from "../../api/aws/clients.ts";
import { parseConfig } from "../../api/config.ts";
import { ASSUMED, HOURS, of } from "../../infra/costs.ts";
import { makeTempDir } from "../kit/local.ts";
import { cdktf, terraform } from "../kit/terraform.ts";
import type { World } from "./aws-steps.ts";

const DEPLOY_MS = 3_600_000;
/** Until all is taken away again; and what a run makes of requests, at most. */
const RUN = { hours: 2, writes: 100_000, reads: 100_000, puts: 5_000, calls: 20_000, gbSeconds: 20_000, gb: 0.1 };

/** What a run costs, in a line. */
export function estimate(): string {
  const share = RUN.hours / HOURS;
  const usd = of("alarm", ASSUMED.alarmMetrics.functions * share) + of("dashboard", share) + of("secret", share) +
    of("dynamodbWrite", RUN.writes) + of("dynamodbRead", RUN.reads) + of("s3Put", RUN.puts) +
    of("lambdaRequest", RUN.calls) + of("lambdaTime", RUN.gbSeconds) + of("httpApi", RUN.calls) +
    // A table that is restored is paid by its size.
    of("dynamodbRecovery", RUN.gb);
  return `About ${usd.toFixed(2)} dollars: ${RUN.hours} hours of the stage dev by functions, and at most ` +
    `${RUN.writes.toLocaleString("en-US")} writes. Alarms are rung for by the hour.`;
}

export async function deployed(prefix: string): Promise<{ world: World; destroy: () => Promise<void> }> {
  const dir = await makeTempDir();
  const env = { ...given(), SOJOURN_STAGE: "dev", SOJOURN_RUN: "functions", NAME_PREFIX: prefix };
  const destroy = async () => {
    await cdktf(["destroy", "--auto-approve"], { dir: dir.path, env, timeoutMs: DEPLOY_MS });
    await dir.remove();
  };
  try {
    await cdktf(["deploy", "--auto-approve"], { dir: dir.path, env, timeoutMs: DEPLOY_MS });
    const cwd = join(dir.path, "cdktf.out/stacks", prefix);
    const { output } = await terraform(["output", "-json", "-no-color"], { cwd, env });
    return { world: worldOf(prefix, JSON.parse(output) as Outputs, env), destroy };
  } catch (error) {
    await destroy();
    throw error;
  }
}

type Outputs = Record<"graphql_url" | "subscriptions_url" | "sockets_url" | "signing_key_secret", { value: string }>;

function worldOf(prefix: string, outputs: Outputs, env: Record<string, string>): World {
  const own = { ...env, SIGNING_KEY_SECRET: outputs.signing_key_secret.value };
  const config = parseConfig(own);
  const lambda = new LambdaClient({ region: config.region });
  let kills = 0;
  return {
    graphql: outputs.graphql_url.value,
    stream: outputs.subscriptions_url.value,
    sockets: outputs.sockets_url.value,
    prefix,
    env: own,
    token: async () => await signLocalToken(config, { tenantId: "proof", scopes: SCOPES }),
    /** Another variable ends all environments of a function; those that work are ended with their event. */
    async kill() {
      for (const name of ["http", "rollup"]) {
        const FunctionName = `${prefix}-${name}`;
        const { Environment: now } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
        const Variables = { ...now?.Variables, KILLED: String(++kills) };
        await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }))
          // Two at once: the other one does it.
          .catch((error: Error) => {
            if (error.name !== "ResourceConflictException") throw error;
          });
      }
    },
  };
}

/** Terraform knows nothing of what was restored: all that begins so is removed, whatever is in it. */
export async function removeRestored({ env }: World, prefix: string): Promise<void> {
  const clients = createClients(parseConfig(env));
  try {
    const { TableNames: names = [] } = await clients.dynamodb.send(
      new ListTablesCommand({ ExclusiveStartTableName: prefix }),
    );
    for (const TableName of names.filter((name) => name.startsWith(`${prefix}-`))) {
      await clients.dynamodb.send(new DeleteTableCommand({ TableName }));
    }
    const { Buckets: buckets = [] } = await clients.s3.send(new ListBucketsCommand({ Prefix: `${prefix}-` }));
    for (const { Name: Bucket } of buckets) {
      for (;;) {
        // What is removed is not listed again.
        const page = await clients.s3.send(new ListObjectVersionsCommand({ Bucket }));
        const all = [...page.Versions ?? [], ...page.DeleteMarkers ?? []];
        if (all.length === 0) break;
        const Objects = all.map(({ Key, VersionId }) => ({ Key, VersionId }));
        await clients.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      }
      await clients.s3.send(new DeleteBucketCommand({ Bucket }));
    }
  } finally {
    clients.destroy();
  }
}

function given(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] =>
      entry[1] !== undefined && entry[0].startsWith("AWS_")
    ),
  );
}
