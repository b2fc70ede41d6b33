import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { functions } from "../../api/functions.ts";
import { queues, tables } from "../../api/resources.ts";
import { AUDIT_LINES } from "../../infra/alarms.ts";
import { type Loose, type StageStack, synthStage } from "../kit/synth-stage.ts";

const IMAGE = "registry.example/sojourn:1";
const byFunctions = synthStage({ BUDGET_USD: "50", ALARM_EMAIL: "ops@example.com" });
const byContainers = synthStage({ SOJOURN_RUN: "container", SOJOURN_IMAGE: IMAGE });

const alarmsOf = (stack: StageStack) => Object.values(stack.all("aws_cloudwatch_metric_alarm"));
const alarm = (stack: StageStack, id: string) => stack.one("aws_cloudwatch_metric_alarm", `alarm-${id}`);
const idsOf = (stack: StageStack) =>
  Object.keys(stack.all("aws_cloudwatch_metric_alarm")).map((id) => id.replace("alarm-", ""));

describe("every alarm", () => {
  test.each([...alarmsOf(byFunctions), ...alarmsOf(byContainers)].map((one) => [String(one.alarm_name), one] as const))(
    "%s says why it rings, in words that stand alone, and is told to the topic",
    (name, one) => {
      expect(one.alarm_description).toMatch(/^[A-Z].{60,1000}\.$/s);
      expect(one.alarm_description.length).toBeLessThanOrEqual(1_024);
      expect(one.alarm_actions).toEqual(["${aws_sns_topic.alarms.arn}"]);
      expect(name).toMatch(/^sojourn-/);
    },
  );

  test("watches one metric, adds up at most ten, or reckons with some", () => {
    const wrong = alarmsOf(byFunctions).filter(({ metric_name: name, metric_query: queries = [] }) => {
      const added = (queries as Loose[]).filter(({ metric }) => metric).length;
      const shown = (queries as Loose[]).filter(({ return_data: isShown }) => isShown).length;
      const [{ expression }] = (queries as Loose[]).length > 0 ? queries as [Loose] : [{ expression: undefined }];
      if (expression && expression !== "SUM(METRICS())") return added < 1 || shown !== 1;
      return name ? added > 0 : added < 2 || added > 10 || shown !== 1;
    });
    expect(wrong).toEqual([]);
  });
});

/**
 * What each rings at: id, statistic, above or below, threshold, seconds, periods, what silence means. Ages of queues are
 * seconds, of streams milliseconds; API Gateway's latency is in milliseconds, the load balancer's in seconds.
 */
const RINGS: [string, string, ">" | "<", number, number, number, string][] = [
  ["audit-differences", "Sum", ">", 0, 300, 1, "notBreaching"],
  ["audit-missing", "Sum", "<", 1, 3600, 3, "breaching"],
  ["schedule-still", "Sum", "<", 1, 300, 3, "breaching"],
  ["concurrency", "Maximum", ">", 80, 300, 1, "notBreaching"],
  ["container-5xx", "Sum", ">", 4, 300, 1, "notBreaching"],
  ["container-latency", "p99", ">", 3, 300, 3, "notBreaching"],
  ["container-none", "Maximum", "<", 1, 60, 3, "breaching"],
  ["container-unhealthy", "Maximum", ">", 0, 60, 5, "notBreaching"],
  ["http-5xx", "Sum", ">", 4, 300, 1, "notBreaching"],
  ["http-errors", "Sum", ">", 0, 300, 1, "notBreaching"],
  ["http-latency", "p99", ">", 3000, 300, 3, "notBreaching"],
  ["http-throttles", "Sum", ">", 0, 300, 1, "notBreaching"],
  ["ingest-age", "Maximum", ">", 300, 60, 3, "notBreaching"],
  ["ingest-dead", "Maximum", ">", 0, 300, 1, "notBreaching"],
  ["iterator-age", "Maximum", ">", 60000, 60, 5, "notBreaching"],
  ["late-age", "Maximum", ">", 900, 300, 1, "notBreaching"],
  ["late-sent", "Sum", ">", 0, 300, 1, "notBreaching"],
  ["sockets-5xx", "Sum", ">", 4, 300, 1, "notBreaching"],
  ["source-journeys", "SampleCount", "<", 1, 300, 6, "breaching"],
  ["stream-5xx", "Sum", ">", 4, 300, 1, "notBreaching"],
  ["table-journeys", "Sum", ">", 0, 300, 1, "notBreaching"],
  ["wakes-age", "Maximum", ">", 60, 60, 3, "notBreaching"],
];
const SAME: Readonly<Record<string, RegExp>> = {
  "http-errors": /-errors$/,
  "http-throttles": /-throttles$/,
  "ingest-dead": /-dead$/,
  "table-journeys": /^table-/,
  "source-journeys": /^source-/,
};

describe("an alarm rings where it says", () => {
  const all = { ...byContainers.all("aws_cloudwatch_metric_alarm"), ...byFunctions.all("aws_cloudwatch_metric_alarm") };
  const wanted = Object.keys(all).map((id) => id.replace("alarm-", "")).map((id) => {
    const like = Object.keys(SAME).find((name) => SAME[name]!.test(id)) ?? id;
    return [id, RINGS.find(([name]) => name === like)] as const;
  });

  test.each(wanted)("%s", (id, rings) => {
    const one = all[`alarm-${id}`]!;
    const [first] = ((one.metric_query ?? []) as Loose[]).flatMap(({ metric }) => metric ?? []);
    const operator = one.comparison_operator === "LessThanThreshold" ? "<" : ">";
    if (operator === ">") expect(one.comparison_operator).toBe("GreaterThanThreshold");
    const stat = one.statistic ?? one.extended_statistic ?? first?.stat;
    const found = [
      stat,
      operator,
      one.threshold,
      one.period ?? first?.period,
      one.evaluation_periods,
      one.treat_missing_data,
    ];
    expect(found).toEqual(rings?.slice(1));
  });
});

describe("an alarm watches what it is called after", () => {
  const queue = (name: string) => ({ QueueName: `\${aws_sqs_queue.queue-${name}.name}` });
  const lambda = (name: string) => ({ FunctionName: `\${aws_lambda_function.function-${name}.function_name}` });
  const api = (id: string) => ({ ApiId: `\${aws_apigatewayv2_api.${id}.id}` });
  const balancer = { LoadBalancer: "${aws_lb.balancer.arn_suffix}" };
  const hosts = { ...balancer, TargetGroup: "${aws_lb_target_group.targets.arn_suffix}" };
  const AGE = "ApproximateAgeOfOldestMessage";
  /** The alarm, its metrics, and of what they are. */
  const WATCHED: [string, string[], object][] = [
    ...["ingest", "late", "wakes"].map((name): [string, string[], object] => [`${name}-age`, [AGE], queue(name)]),
    ["late-sent", ["NumberOfMessagesSent"], queue("late")],
    ...Object.keys(functions).flatMap((name): [string, string[], object][] => [
      [`${name}-errors`, ["Errors"], lambda(name)],
      [`${name}-throttles`, ["Throttles"], lambda(name)],
    ]),
    ["iterator-age", ["IteratorAge"], lambda("rollup")],
    ["schedule-still", ["Invocations"], lambda("schedule")],
    ["http-latency", ["Latency"], api("http-api")],
    ["http-5xx", ["5xx"], api("http-api")],
    ["sockets-5xx", ["ExecutionError", "IntegrationError"], api("socket-api")],
    ["stream-5xx", ["5XXError"], { ApiName: "${aws_api_gateway_rest_api.stream-api.name}" }],
    ["container-latency", ["TargetResponseTime"], balancer],
    ["container-5xx", ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"], balancer],
    ["container-unhealthy", ["UnHealthyHostCount"], hosts],
    ["container-none", ["HealthyHostCount"], hosts],
    ["audit-differences", ["audit-wrong"], {}],
    ["audit-missing", ["audit-done"], {}],
  ];

  test.each(WATCHED)("%s: %j", (id, metrics, dimensions) => {
    const one = alarm(id.startsWith("container-") ? byContainers : byFunctions, id);
    const own = one.metric_name
      ? [{ metric_name: one.metric_name, dimensions: one.dimensions }]
      : (one.metric_query as Loose[]).flatMap(({ metric }) => metric ?? []) as Loose[];
    expect(own.map(({ metric_name: name }) => name as string)).toEqual(metrics);
    for (const metric of own) expect(metric.dimensions ?? {}).toEqual(dimensions);
    // And says when it is over.
    expect(one.ok_actions).toEqual(["${aws_sns_topic.alarms.arn}"]);
  });
});

test("the runbook names every alarm, by itself or by its kind, and no other", () => {
  const runbook = readFileSync(new URL("../../infra/RUNBOOK.md", import.meta.url), "utf8");
  const lines = [...runbook.matchAll(/^Alarms? (`[\s\S]*?)(?:\. |:)|the alarm (`[\w-]+`)|\((`audit-missing`)/gm)]
    .map(([, ...said]) => said.find(Boolean)!);
  const named = lines.flatMap((line) => [...line.matchAll(/`([\w…-]+)`/g)].map(([, name]) => name!));
  const patterns = named.map((name) => new RegExp(`^${name.replaceAll("…", ".+")}$`));
  const all = [...new Set([...idsOf(byFunctions), ...idsOf(byContainers)])];
  expect(all.filter((id) => !patterns.some((pattern) => pattern.test(id)))).toEqual([]);
  expect(named.filter((_, i) => !all.some((id) => patterns[i]!.test(id)))).toEqual([]);
});

describe("there is an alarm for", () => {
  test("each dead-letter queue, from the first message on", () => {
    for (const name of Object.keys(queues)) {
      expect(alarm(byFunctions, `${name}-dead`)).toMatchObject({
        metric_name: "ApproximateNumberOfMessagesVisible",
        threshold: 0,
        dimensions: { QueueName: `\${aws_sqs_queue.queue-${name}-dead.name}` },
      });
    }
  });

  test("each table's throttled writes and reads, those of each index too, and what AWS could not do", () => {
    const metricsOf = (id: string) =>
      (alarm(byFunctions, id).metric_query as Loose[]).flatMap(({ metric }) => metric ?? []) as Loose[];
    for (const [name, { indexes }] of Object.entries(tables)) {
      // A table's own metrics leave its indexes out.
      const watched = metricsOf(`table-${name}`).map(({ metric_name: metric, dimensions }) =>
        `${metric} ${dimensions.GlobalSecondaryIndexName ?? ""}`
      );
      expect(watched).toEqual(
        ["", ...Object.keys(indexes)].flatMap((
          index,
        ) => [`WriteThrottleEvents ${index}`, `ReadThrottleEvents ${index}`]),
      );
      const faults = metricsOf(`table-${name}-faults`);
      expect(faults.every(({ metric_name: metric }) => metric === "SystemErrors")).toBe(true);
      expect(faults.map(({ dimensions }) => dimensions.Operation)).toEqual([
        ...["PutItem", "UpdateItem", "TransactWriteItems"],
      ]);
    }
  });

  test("each function's errors and throttles, and for no function that is not there", () => {
    const both = (names: readonly string[]) => names.flatMap((name) => [`${name}-errors`, `${name}-throttles`]).sort();
    const found = (stack: StageStack) => idsOf(stack).filter((id) => /-(errors|throttles)$/.test(id)).sort();
    expect(found(byFunctions)).toEqual(both(Object.keys(functions)));
    expect(found(byContainers)).toEqual(both(["ingest", "rollup", "late", "schedule"]));
  });

  test("streams and queues that are read too late", () => {
    expect(idsOf(byFunctions)).toEqual(expect.arrayContaining(["iterator-age", "ingest-age", "late-age", "late-sent"]));
  });

  test("slow and failed answers of what serves the API, and of nothing else", () => {
    const found = (stack: StageStack) =>
      idsOf(stack).filter((id) => /^(http|container)-(latency|5xx|none|unhealthy)$/.test(id));
    expect(found(byFunctions).sort()).toEqual(["http-5xx", "http-latency"]);
    expect(found(byContainers).sort()).toEqual([
      ...["container-5xx", "container-latency", "container-none", "container-unhealthy"],
    ]);
    expect(alarm(byFunctions, "http-latency").extended_statistic).toBe("p99");
  });

  test("what an audit finds, and audits that do not run", () => {
    expect(alarm(byFunctions, "audit-differences")).toMatchObject({ threshold: 0, treat_missing_data: "notBreaching" });
    expect(alarm(byFunctions, "audit-missing")).toMatchObject({
      comparison_operator: "LessThanThreshold",
      threshold: 1,
      treat_missing_data: "breaching",
    });
  });
});

test("the log lines that are counted are those that an audit writes, wherever it runs", () => {
  const source = readFileSync(new URL("../../api/jobs/audit.ts", import.meta.url), "utf8");
  for (const line of Object.values(AUDIT_LINES)) expect(source).toContain(`"${line}"`);
  const counted = (stack: StageStack) =>
    Object.values(stack.all("aws_cloudwatch_log_metric_filter")).map((
      { log_group_name: group, pattern },
    ) => [group, pattern]);
  const ofFunction = "${aws_cloudwatch_log_group.function-schedule-logs.name}";
  expect(Object.fromEntries(counted(byFunctions).map(([group, pattern]) => [pattern, group]))).toEqual(
    Object.fromEntries(Object.values(AUDIT_LINES).map((line) => [`"${line}"`, ofFunction])),
  );
  expect(counted(byContainers)).toHaveLength(4);
});

test("the topic is told by CloudWatch and by budgets alone, and tells the address that is given", () => {
  const { Statement: statements } = JSON.parse(byFunctions.one("aws_sns_topic_policy", "alarms-policy").policy) as {
    Statement: { Effect: string; Principal: unknown; Condition?: unknown }[];
  };
  expect(statements.filter(({ Effect }) => Effect === "Allow").map(({ Principal }) => Principal)).toEqual([
    { Service: ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"] },
  ]);
  expect(statements.every(({ Effect, Condition }) => Effect === "Deny" || Condition)).toBe(true);
  expect(byFunctions.one("aws_sns_topic_subscription")).toMatchObject({
    protocol: "email",
    endpoint: "ops@example.com",
  });
  expect(byContainers.all("aws_sns_topic_subscription")).toEqual({});
});

test("webhooks publish to one topic of the installation, encrypted, over TLS, by the roles that say so", () => {
  for (const stack of [byFunctions, byContainers]) {
    expect(stack.one("aws_sns_topic", "webhooks")).toMatchObject({
      ...{ name: "sojourn-webhooks", kms_master_key_id: "alias/aws/sns" },
    });
    const { Statement: said } = JSON.parse(stack.one("aws_sns_topic_policy", "webhooks-policy").policy) as {
      Statement: Loose[];
    };
    expect(said).toEqual([expect.objectContaining({ Effect: "Deny", Action: "sns:Publish" })]);
    expect(stack.outputs["webhook_topic"]!.value).toBe("${aws_sns_topic.webhooks.arn}");
  }
  expect(byContainers.statements("task")).toContainEqual({
    ...{ Sid: "PublishToTopics", Effect: "Allow", Action: ["sns:Publish"] },
    Resource: ["${aws_sns_topic.webhooks.arn}"],
  });
});

test("topics of others that the operator names are published to, and told to the service beside its own", () => {
  const other = "arn:aws:sns:eu-west-1:111122223333:acme-alerts";
  const stack = synthStage({ WEBHOOK_TOPICS: `acme=${other}` });
  for (const role of ["http", "schedule"]) {
    expect(stack.statements(role).find(({ Sid }) => Sid === "PublishToTopics")!.Resource).toEqual([
      ...["${aws_sns_topic.webhooks.arn}", other],
    ]);
    expect(stack.one("aws_lambda_function", `function-${role}`).environment.variables.WEBHOOK_TOPICS)
      .toBe(`\${aws_sns_topic.webhooks.arn},acme=${other}`);
  }
});

test("a budget counts what carries the installation's tag, and says so before the month ends", () => {
  expect(byFunctions.one("aws_budgets_budget")).toMatchObject({
    limit_amount: "50.00",
    cost_filter: [{ name: "TagKeyValue", values: ["user:installation$sojourn"] }],
    notification: [{ notification_type: "ACTUAL", threshold: 80 }, { notification_type: "FORECASTED", threshold: 100 }],
  });
  expect(byFunctions.one("aws_budgets_budget").cost_filter).toHaveLength(1);
  expect(byContainers.all("aws_budgets_budget")).toEqual({});
  // What stands for AWS knows no budgets, and nobody is told what would be left to do.
  const emulated = synthStage({ BUDGET_USD: "50", AWS_ENDPOINT_URL: "http://127.0.0.1:5000" });
  expect([emulated.all("aws_budgets_budget"), emulated.outputs.budget_note]).toEqual([{}, undefined]);
  expect(byFunctions.outputs.budget_note).toBeDefined();
});

describe("the dashboard", () => {
  const graphsOf = (stack: StageStack) =>
    (JSON.parse(stack.one("aws_cloudwatch_dashboard").dashboard_body) as { widgets: Loose[] }).widgets;

  test("has graphs that do not lie on each other, each with lines", () => {
    for (const graphs of [graphsOf(byFunctions), graphsOf(byContainers)]) {
      expect(new Set(graphs.map(({ x, y }) => `${x} ${y}`)).size).toBe(graphs.length);
      expect(graphs.filter(({ properties }) => properties.metrics.length === 0)).toEqual([]);
    }
  });

  test("shows every table's units and every function's calls", () => {
    const text = JSON.stringify(graphsOf(byFunctions));
    for (const { name } of Object.values(tables)) expect(text).toContain(`aws_dynamodb_table.table-${name}.name`);
    for (const name of Object.keys(functions)) {
      expect(text).toContain(`aws_lambda_function.function-${name}.function_name`);
    }
  });
});
