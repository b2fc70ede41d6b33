import { join } from "node:path";
import { App } from "cdktf";
import { afterAll, describe, expect, test } from "vitest";
import { DEPLOYED_BATCHING, variables } from "../../api/config.ts";
import { readersOf, takes } from "../../api/ingest/consumers.ts";
import { functions, type FunctionSpec } from "../../api/functions.ts";
import { buckets, ruleSeconds, schedules, type ScheduleSpec, tables } from "../../api/resources.ts";
import { rateOf } from "../../infra/schedules.ts";
import { patternOf } from "../../infra/sources.ts";
import { synthStack } from "../../infra/stack.ts";
import { stagesFrom } from "../../infra/stages.ts";
import { createSynthKit, SWITCHES } from "../kit/synth.ts";
import { synthStage } from "../kit/synth-stage.ts";

const kit = createSynthKit();
afterAll(kit.remove);
const dev = kit.synth(SWITCHES.functions).resource;
const prodStack = kit.synth(SWITCHES.both);
const prod = prodStack.resource;
const specs = Object.values<FunctionSpec>(functions);

describe("each function", () => {
  test.each(specs)("$name is as api/resources.ts says", ({ name, memoryMb, timeoutSeconds, about }) => {
    expect(dev["aws_lambda_function"]![`function-${name}`]).toMatchObject({
      function_name: `sojourn-${name}`,
      runtime: "nodejs22.x",
      memory_size: memoryMb,
      timeout: timeoutSeconds,
      description: about,
      handler: "index.handler",
      role: `\${aws_iam_role.role-${name}.arn}`,
    });
  });

  test.each(specs)("$name has logs that end", ({ name }) => {
    expect(dev["aws_cloudwatch_log_group"]![`function-${name}-logs`]).toEqual({
      name: `/aws/lambda/sojourn-${name}`,
      retention_in_days: 14,
    });
    expect(prod["aws_cloudwatch_log_group"]![`function-${name}-logs`]!["retention_in_days"]).toBe(90);
  });

  test("takes what it is given of the account's concurrency", () => {
    const reserved = (resource: typeof dev) =>
      specs.map(({ name }) => resource["aws_lambda_function"]![`function-${name}`]!["reserved_concurrent_executions"]);
    expect(reserved(dev).filter((number) => number !== undefined)).toEqual([]);
    expect(reserved(prod)).toEqual([200, 20, 50, 50, 50, 100, 2, 22]);
  });

  test("is told names and where the keys are, and no secret", () => {
    const variablesOf = (name: string) => prod["aws_lambda_function"]![`function-${name}`]!["environment"].variables;
    expect(variablesOf("http")).toEqual({
      NAME_PREFIX: "sojourn",
      METRICS_BATCHING: DEPLOYED_BATCHING,
      CORS_ORIGINS: "https://shop.example,https://app.example",
      SIGNING_KEY_SECRET: "${aws_secretsmanager_secret.signing-key.arn}",
      NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
      SOCKETS_URL: expect.stringContaining("socket-api.api_endpoint"),
      WEBHOOK_TOPICS: "${aws_sns_topic.webhooks.arn}",
    });
    expect(variablesOf("schedule")).toHaveProperty("WEBHOOK_TOPICS");
    expect(variablesOf("rollup")).not.toHaveProperty("WEBHOOK_TOPICS");
    expect(variablesOf("rollup")).not.toHaveProperty("SIGNING_KEY_SECRET");
    expect(prod["aws_secretsmanager_secret_version"]).toBeUndefined();
  });

  test("is not there where nothing runs", () => {
    expect(kit.synth(SWITCHES.none).resource["aws_lambda_function"]).toBeUndefined();
  });

  test("without its code is refused with what to do", () => {
    const synth = () =>
      synthStack(new App({ outdir: join(kit.dir, "none") }), stagesFrom(SWITCHES.functions), { codeDir: "/nowhere" });
    expect(synth).toThrow(/is not built \(ingest\.zip\): run npm run bundle/);
  });
});

describe("what comes to functions", () => {
  const sources = dev["aws_lambda_event_source_mapping"]!;
  const consumers = readersOf("sojourn", variables.METRICS_BATCHING.parse(DEPLOYED_BATCHING), []);

  test("is at most two sources for each stream, and one for each queue", () => {
    for (const own of Map.groupBy(consumers, ({ tableName }) => tableName).values()) {
      expect(own.length).toBeLessThanOrEqual(2);
    }
    expect(consumers.filter(({ maxRecords }) => maxRecords < 100)).toEqual([]);
    const names = [...consumers.map(({ name }) => name), "ingest", "late", "wakes"].map((name) => `source-${name}`);
    expect(Object.keys(sources).sort()).toEqual(names.sort());
  });

  test.each(consumers)(
    "$name names its shard, halves, and puts aside what fails for most of a day",
    ({ name, table, maxRecords, maxWaitSeconds }) => {
      expect(sources[`source-${name}`]).toMatchObject({
        event_source_arn: `\${aws_dynamodb_table.table-${table}.stream_arn}`,
        function_name: "${aws_lambda_function.function-rollup.arn}",
        starting_position: "TRIM_HORIZON",
        batch_size: maxRecords,
        maximum_batching_window_in_seconds: maxWaitSeconds,
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: -1,
        maximum_record_age_in_seconds: 72_000,
        // Events name their shard in a window only, and what counts goes by the order within a shard.
        tumbling_window_in_seconds: 900,
        parallelization_factor: 1,
        destination_config: { on_failure: { destination_arn: "${aws_s3_bucket.bucket-events.arn}" } },
      });
    },
  );

  test("that was given up lies in a bucket, whole, and the queue late is told of it by that bucket alone", () => {
    const failures = "${aws_s3_bucket.bucket-events.arn}";
    expect(dev["aws_s3_bucket_notification"]!["failures"]).toMatchObject({
      bucket: "${aws_s3_bucket.bucket-events.id}",
      queue: [{
        queue_arn: "${aws_sqs_queue.queue-late.arn}",
        events: ["s3:ObjectCreated:*"],
        filter_prefix: "aws/lambda/",
      }],
      depends_on: ["aws_sqs_queue_policy.failures-policy"],
    });
    expect(JSON.parse(dev["aws_sqs_queue_policy"]!["failures-policy"]!["policy"]).Statement).toEqual([{
      Sid: "TellOfFailures",
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: "${aws_sqs_queue.queue-late.arn}",
      Condition: { ArnEquals: { "aws:SourceArn": failures } },
    }]);
    // Lambda writes it with the rights of the function.
    const role = dev["aws_iam_role_policy"]!["role-rollup-policy"]!["policy"] as string;
    const allowed = (JSON.parse(role) as { Statement: { Action: string[]; Resource: string[] }[] }).Statement;
    for (const [action, resource] of [["s3:PutObject", `${failures}/*`], ["s3:ListBucket", failures]]) {
      expect(allowed.some(({ Action, Resource }) => Action.includes(action!) && Resource.includes(resource!))).toBe(
        true,
      );
    }
  });

  test.each(["ingest", "late"])("of the queue %s fails message by message", (name) => {
    expect(sources[`source-${name}`]).toMatchObject({
      event_source_arn: `\${aws_sqs_queue.queue-${name}.arn}`,
      function_response_types: ["ReportBatchItemFailures"],
    });
  });

  test("of queues is taken by as many at once as the function may be, so that none is refused and counted as tried", () => {
    const most = (env: Record<string, string>, name: string) =>
      kit.synth(env).resource["aws_lambda_event_source_mapping"]![`source-${name}`]!["scaling_config"];
    expect(["ingest", "late", "wakes"].map((name) => most(SWITCHES.both, name))).toEqual(
      [50, 2, 50].map((count) => ({ maximum_concurrency: count })),
    );
    // Lambda knows no less than two of a queue, and no more than a thousand.
    const odd = { ...SWITCHES.functions, RESERVED_CONCURRENCY: "ingest=1 late=5000" };
    expect([most(odd, "ingest"), most(odd, "late"), most(odd, "wakes")]).toEqual([
      { maximum_concurrency: 2 },
      { maximum_concurrency: 1_000 },
      undefined,
    ]);
  });

  test("of a schedule is not started once the next is due", () => {
    const targets = Object.values(dev["aws_cloudwatch_event_target"]!);
    const seconds = Object.fromEntries(
      targets.map(({ input, retry_policy: retry }) => [JSON.parse(input).job, retry.maximum_event_age_in_seconds]),
    );
    const due = Object.values<ScheduleSpec>(schedules).map((spec) => [spec.name, ruleSeconds(spec)]);
    expect(seconds).toEqual(Object.fromEntries(due));
  });

  test("a filter lets through what the consumer takes, and nothing else", () => {
    for (const consumer of consumers.filter(({ sources }) => sources !== undefined)) {
      const pattern = sources[`source-${consumer.name}`]!["filter_criteria"].filter[0].pattern;
      expect(pattern).toBe(patternOf(consumer.sources!));
      const suffixes: string[] = JSON.parse(pattern).dynamodb.Keys.sk.S.map(({ suffix }: { suffix: string }) => suffix);
      for (const sk of ["1#ITEMS", "1#TASKS", "1#SCORE_RESULTS", "1#EVALUATIONS", "ITEMS#1"]) {
        expect(suffixes.some((suffix) => sk.endsWith(suffix))).toBe(takes(consumer, { sk }));
      }
    }
  });

  test("of tables of others is read and waited for like our own", () => {
    const attached = JSON.stringify([{ table: "orders", source: "ITEMS", tenant: "customer", at: "createdAt" }]);
    const { resource } = kit.synth({ ...SWITCHES.functions, ATTACHED_TABLES: attached });
    const stream = "${data.aws_dynamodb_table.attached-orders.stream_arn}";
    expect(resource["aws_lambda_event_source_mapping"]!["source-attached-orders"]!["event_source_arn"]).toBe(stream);
    for (const name of ["rollup", "late"]) {
      expect(resource["aws_iam_role_policy"]![`role-${name}-policy`]!["policy"]).toContain(stream);
    }
    expect(resource["aws_iam_role_policy"]!["role-http-policy"]!["policy"]).not.toContain(stream);
  });

  test.each([[30, "rate(1 minute)"], [60, "rate(1 minute)"], [90, "rate(2 minutes)"], [3_600, "rate(60 minutes)"]])(
    "every %d seconds is %s",
    (seconds, rate) => expect(rateOf(seconds)).toBe(rate),
  );
});

describe("the HTTP API", () => {
  test("leaves to the function which pages may read an answer: a CORS of its own would take the function's headers away", () => {
    for (const stack of [prod, dev]) {
      expect(stack["aws_apigatewayv2_api"]!["http-api"]).not.toHaveProperty("cors_configuration");
    }
    expect(prod["aws_lambda_function"]!["function-http"]!["environment"].variables.CORS_ORIGINS)
      .toBe("https://shop.example,https://app.example");
  });

  test("limits and logs requests, without addresses or tokens", () => {
    const stage = dev["aws_apigatewayv2_stage"]!["http-api-stage"]!;
    expect(stage["default_route_settings"]).toEqual({ throttling_rate_limit: 200, throttling_burst_limit: 400 });
    expect(stage["access_log_settings"].format).not.toMatch(/identity|authorizer|header/i);
  });

  test("alone may start its function", () => {
    expect(dev["aws_lambda_permission"]!["http-api-permission"]).toMatchObject({
      principal: "apigateway.amazonaws.com",
      source_arn: "${aws_apigatewayv2_api.http-api.execution_arn}/*/$default",
    });
  });
});

describe("the API of streams", () => {
  test("streams what the function writes, as long as the function may write", () => {
    const { body, endpoint_configuration: endpoint } = dev["aws_api_gateway_rest_api"]!["stream-api"]!;
    const method = JSON.parse(body).paths["/graphql"]["x-amazon-apigateway-any-method"];
    expect(method["x-amazon-apigateway-integration"]).toEqual({
      type: "aws_proxy",
      httpMethod: "POST",
      responseTransferMode: "STREAM",
      timeoutInMillis: functions.stream.timeoutSeconds * 1_000,
      uri: "arn:${data.aws_partition.partition.partition}:apigateway:eu-central-1:lambda:path/2021-11-15/functions/" +
        "${aws_lambda_function.function-stream.arn}/response-streaming-invocations",
    });
    expect(endpoint).toEqual({ types: ["REGIONAL"] });
    expect(dev["aws_lambda_function_url"]).toBeUndefined();
  });

  test("is deployed anew when its body changes", () => {
    const { triggers } = dev["aws_api_gateway_deployment"]!["stream-api-deployment"]!;
    expect(triggers).toEqual({ body: "${sha1(aws_api_gateway_rest_api.stream-api.body)}" });
  });
});

describe("the stack", () => {
  test("tags everything with what it belongs to", () => {
    expect(prodStack.provider.aws[0]!["default_tags"]).toEqual([
      { tags: { service: "sojourn", stage: "prod", installation: "sojourn" } },
    ]);
  });

  test("gives addresses and names, and nothing secret", () => {
    expect(Object.keys(prodStack.output)).toEqual(expect.arrayContaining([
      ...["buckets", "tables", "queues", "graphql_url", "subscriptions_url", "signing_key_secret"],
    ]));
    expect(JSON.stringify(prodStack.output)).not.toMatch(/PRIVATE|password/i);
  });

  test("keeps the state of each installation apart, or in a bucket with a lock", () => {
    const backend = (env: Record<string, string>) => kit.synth({ ...SWITCHES.none, ...env }).terraform.backend;
    expect(backend({ NAME_PREFIX: "shop" })).toEqual({ local: { path: "../../../terraform.shop.tfstate" } });
    expect(backend({ NAME_PREFIX: "shop", STATE_BUCKET: "states" })).toEqual({
      s3: { bucket: "states", key: "shop.tfstate", region: "eu-central-1", encrypt: true, use_lockfile: true },
    });
  });

  test("starts of schedules do not pile up, and tables cost no calls of KMS unless asked for", () => {
    expect(Object.values(dev["aws_lambda_function_event_invoke_config"]!)).toEqual([
      expect.objectContaining({ maximum_event_age_in_seconds: 60, maximum_retry_attempts: 0 }),
    ]);
    const keyed = (env: Record<string, string>) =>
      Object.values(synthStage(env).all("aws_dynamodb_table")).filter((table) => table["server_side_encryption"])
        .length;
    expect(keyed({})).toBe(0);
    expect(keyed({ SOJOURN_TABLE_KEY: "managed" })).toBe(Object.keys(tables).length);
  });

  test("protects what prod holds, and cools, expires and forgets in time", () => {
    const isProtected = (stack: typeof prod) =>
      Object.values(stack["aws_dynamodb_table"]!).map((table) => Boolean(table["deletion_protection_enabled"]));
    const each = (is: boolean) => Object.keys(tables).map(() => is);
    expect([isProtected(prod), isProtected(dev)]).toEqual([each(true), each(false)]);
    const kept = [...Object.values(prod["aws_dynamodb_table"]!), ...Object.values(prod["aws_s3_bucket"]!)];
    expect(kept.filter(({ lifecycle }) => lifecycle?.prevent_destroy === true)).toHaveLength(
      Object.keys(tables).length + Object.keys(buckets).length,
    );
    const rules = (name: string): { id: string }[] =>
      prod["aws_s3_bucket_lifecycle_configuration"]![`bucket-${name}-lifecycle`]!["rule"];
    expect(rules("events").map(({ id }) => id)).toEqual([
      "old-versions",
      "expires-aws/lambda",
      "clears-aws/lambda",
      "expires-exports",
      "clears-exports",
      "expires-parked",
      "clears-parked",
      "cools-events",
      "cools-parquet",
    ]);
    // A version that was replaced can be had back for a month; what cooled is read at once all the same.
    expect(rules("events")).toEqual(expect.arrayContaining([
      expect.objectContaining({
        ...{ id: "old-versions", filter: [{ prefix: "" }] },
        noncurrent_version_expiration: [{ noncurrent_days: 30 }],
        abort_incomplete_multipart_upload: [{ days_after_initiation: 2 }],
      }),
      expect.objectContaining({
        ...{ id: "cools-events", filter: [{ prefix: "events/" }] },
        transition: [{ days: 90, storage_class: "STANDARD_IA" }, { days: 365, storage_class: "GLACIER_IR" }],
      }),
      expect.objectContaining({ id: "expires-exports", filter: [{ prefix: "exports/" }], expiration: [{ days: 1 }] }),
    ]));
    expect(rules("collections").map(({ id }) => id)).toEqual([
      "old-versions",
      "expires-uploads",
      "clears-uploads",
      "expires-exports",
      "clears-exports",
    ]);
    // Where versions are kept an expiry only hides: what it hid goes too, and the sign of it.
    expect(rules("collections")).toEqual(expect.arrayContaining([
      expect.objectContaining({ id: "expires-exports", noncurrent_version_expiration: [{ noncurrent_days: 1 }] }),
      expect.objectContaining({ id: "clears-exports", expiration: [{ expired_object_delete_marker: true }] }),
    ]));
    expect(prod["aws_s3_bucket_cors_configuration"]!["bucket-collections-cors"]!["cors_rule"]).toEqual([
      {
        ...{ allowed_methods: ["GET", "PUT"], allowed_headers: ["content-type"] },
        allowed_origins: ["https://shop.example", "https://app.example"],
      },
    ]);
  });
});
