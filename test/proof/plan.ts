/**
 * Law: each way to run is a stack that Terraform finds valid and can plan without an account, and that stands by itself: a
 * second plan over what mocks applied changes nothing.
 *
 *     TF_PLUGIN_MIRROR=… npm run proof:plan [-- functions]
 *
 * Prints the number of resources of each and the times. Takes about two minutes.
 */
import { strictEqual } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { tables } from "../../api/resources.ts";
import { countOf, createSynthKit, SWITCHES, type Synthesised } from "../kit/synth.ts";
import { hasTerraform, terraform, terraformEnv, WITHOUT_TERRAFORM } from "../kit/terraform.ts";

/** Minutes on a busy machine. */
const TIMEOUT_MS = 600_000;
/** In the place of an account: nothing is asked of it. */
const NOBODY = {
  access_key: "none",
  secret_key: "none",
  skip_credentials_validation: true,
  skip_metadata_api_check: "true",
  skip_requesting_account_id: true,
};
const offline = ({ provider }: Synthesised) => ({
  provider: { aws: provider.aws.map(({ alias }) => (alias === undefined ? NOBODY : { alias, ...NOBODY })) },
});
/** What mocks give where the provider looks at the shape: an ARN. */
const MOCKED: Record<string, readonly string[]> = {
  arn: [
    ...["cloudwatch_event_rule", "cloudwatch_log_group", "ecs_cluster", "ecs_task_definition", "iam_role", "lb"],
    ...["lambda_function", "lb_listener", "lb_target_group", "s3_bucket", "secretsmanager_secret", "sns_topic"],
    ...["sqs_queue", "dynamodb_table", "wafv2_web_acl", "cloudfront_distribution"],
    ...["cloudfront_function", "iam_policy", "iam_openid_connect_provider", "lambda_alias"],
  ],
  stream_arn: ["dynamodb_table"],
  invoke_arn: ["lambda_function"],
  execution_arn: ["api_gateway_rest_api", "apigatewayv2_api"],
  certificate_arn: ["acm_certificate_validation"],
};

async function prove(name: keyof typeof SWITCHES): Promise<void> {
  const from = performance.now();
  const stack = kit.synth(SWITCHES[name]);
  const count = countOf(stack);
  const cwd = kit.write(SWITCHES[name]);
  const synthMs = performance.now() - from;
  const run = (...args: string[]) => terraform([...args, "-no-color"], { cwd, env, timeoutMs: TIMEOUT_MS });

  // A state in S3 would be asked for.
  await writeFile(join(cwd, "state_override.tf.json"), JSON.stringify({ terraform: { backend: { local: {} } } }));
  const init = await run("init", "-input=false");
  const validate = await run("validate");
  await writeFile(join(cwd, "offline_override.tf.json"), JSON.stringify(offline(stack)));
  const plan = await run("plan", "-input=false", "-lock=false");
  const planned = /Plan: (\d+) to add, 0 to change, 0 to destroy/.exec(plan.output)?.[1];
  strictEqual(Number(planned), count);
  console.log(`${name}: valid, and a plan of ${count} resources`);

  await writeFile(join(cwd, "stack.tftest.hcl"), mockedTest(stack));
  await writeFile(join(cwd, "unprotected_override.tf.json"), JSON.stringify(unprotected(stack)));
  const test = await run("test");
  strictEqual(/Success! (\d+) passed, 0 failed/.exec(test.output)?.[1], "2");
  console.log(
    `${name}: ${count} resources; synth ${(synthMs / 1_000).toFixed(1)} s, init ${init.seconds.toFixed(1)} s, ` +
      `validate ${validate.seconds.toFixed(1)} s, plan ${plan.seconds.toFixed(1)} s, test ${test.seconds.toFixed(1)} s`,
  );
}

/** A test takes away what it made; what prod protects it could not. */
function unprotected({ resource }: Synthesised) {
  const types = ["aws_dynamodb_table", "aws_s3_bucket"];
  const open = (ids: string[]) => Object.fromEntries(ids.map((id) => [id, { lifecycle: { prevent_destroy: false } }]));
  return { resource: Object.fromEntries(types.map((type) => [type, open(Object.keys(resource[type]!))])) };
}

/** Applies the stack to mocks, and plans it again over what they gave. */
function mockedTest({ provider }: Synthesised): string {
  const types = new Set(Object.values(MOCKED).flat());
  const mocks = [...types].map((type) => {
    const names = Object.keys(MOCKED).filter((name) => MOCKED[name]!.includes(type));
    const defaults = names.map((name) => `${name} = "arn:aws:service:eu-central-1:111122223333:${type}/mock"`);
    return `  mock_resource "aws_${type}" {\n    defaults = { ${defaults.join(", ")} }\n  }`;
  });
  const all = `${mocks.join("\n")}
  mock_resource "aws_elasticache_serverless_cache" {
    defaults = { endpoint = [{ address = "cache.example", port = 6379 }] }
  }
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:us-east-1:111122223333:certificate/mock"
      domain_validation_options = [{ domain_name = "x", resource_record_name = "_x", resource_record_type = "CNAME", resource_record_value = "_y" }]
    }
  }`;
  const aliases = provider.aws.map(({ alias }) => (alias === undefined ? "" : `  alias = "${alias}"\n`));
  return `${aliases.map((alias) => `mock_provider "aws" {\n${alias}${all}\n}`).join("\n")}
run "apply" {
  command = apply
  assert {
    condition     = length(output.tables) == ${Object.keys(tables).length} && length(output.buckets) == 3
    error_message = "The outputs do not name what there is."
  }
}
run "again" {
  command = plan
  assert {
    condition     = output.queues == run.apply.queues
    error_message = "A second plan changes something."
  }
}
`;
}

if (!hasTerraform) {
  console.log(WITHOUT_TERRAFORM);
  process.exit(0);
}
const kit = createSynthKit();
const env = await terraformEnv(kit.dir);
try {
  const only = process.argv[2];
  for (const name of Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]) {
    if (only === undefined || only === name) await prove(name);
  }
  console.log("holds");
} catch (error) {
  console.error(`DOES NOT HOLD: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  kit.remove();
}
