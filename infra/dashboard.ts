import { CloudwatchDashboard } from "@cdktf/provider-aws/lib/cloudwatch-dashboard/index.js";
import type { TerraformStack } from "cdktf";
import type { Watched } from "./alarms.ts";
import type { Stage } from "./stages.ts";

/** A line of a graph: namespace, metric, then names and values of dimensions, then how it is drawn. */
type Line = readonly (string | Draw)[];
type Draw = Readonly<Record<string, unknown>>;
type Graph = { title: string; lines: readonly Line[]; stat: string; unit?: string; region?: string; seconds?: number };

const WIDTH = 8;
const HEIGHT = 6;
const COLUMNS = 3;
const MINUTE = 60;
const SIX_HOURS = 21_600;
/** Where AWS publishes what an account's bill has come to. */
const BILLING_REGION = "us-east-1";
const BILLED = [
  "AmazonDynamoDB",
  "AmazonS3",
  "AWSLambda",
  "AmazonApiGateway",
  "AmazonECS",
  "AmazonCloudWatch",
] as const;

/** Adds one page that shows how the installation goes, from the requests down to the bill. */
export function addDashboard(stack: TerraformStack, stage: Stage, watched: Watched): CloudwatchDashboard {
  const graphs = [...apiGraphs(watched), ...flowGraphs(stage, watched), ...storeGraphs(watched), bill()];
  const widgets = graphs.map(({ title, lines, stat, unit, region = stage.region, seconds = MINUTE }, i) => ({
    type: "metric",
    x: (i % COLUMNS) * WIDTH,
    y: Math.floor(i / COLUMNS) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: {
      title,
      view: "timeSeries",
      region,
      period: seconds,
      stat,
      metrics: lines,
      ...(unit ? { yAxis: { left: { label: unit, min: 0, showUnits: false } } } : {}),
    },
  }));
  return new CloudwatchDashboard(stack, "dashboard", {
    dashboardName: stage.prefix,
    dashboardBody: JSON.stringify({ widgets }),
  });
}

function apiGraphs({ apis, container }: Watched): Graph[] {
  const http = apis
    ? (metric: string, draw: Draw): Line => ["AWS/ApiGateway", metric, "ApiId", apis.http.api.id, draw]
    : undefined;
  const balancer = container
    ? (metric: string, draw: Draw): Line => [
      ...["AWS/ApplicationELB", metric, "LoadBalancer", container.balancer.arnSuffix],
      draw,
    ]
    : undefined;
  const both = (ofHttp: readonly [string, Draw][], ofBalancer: readonly [string, Draw][]): Line[] => [
    ...(http ? ofHttp.map(([metric, draw]) => http(metric, draw)) : []),
    ...(balancer ? ofBalancer.map(([metric, draw]) => balancer(metric, draw)) : []),
  ];
  return [{
    title: "Requests a minute",
    stat: "Sum",
    lines: both(
      [["Count", { label: "HTTP API" }], ["4xx", { label: "turned away" }], ["5xx", { label: "failed" }]],
      [["RequestCount", { label: "containers" }], ["HTTPCode_Target_4XX_Count", { label: "containers: turned away" }], [
        "HTTPCode_Target_5XX_Count",
        { label: "containers: failed" },
      ]],
    ),
  }, {
    title: "Time to answer",
    stat: "p50",
    lines: both(
      [["Latency", { label: "p50, ms" }], ["Latency", { label: "p99, ms", stat: "p99" }]],
      [["TargetResponseTime", { label: "containers: p50, s", yAxis: "right" }], [
        "TargetResponseTime",
        { label: "containers: p99, s", stat: "p99", yAxis: "right" },
      ]],
    ),
  }];
}

/** What comes in, what of it came before, and how far what follows is behind. */
function flowGraphs(stage: Stage, { stores, functions, container }: Watched): Graph[] {
  const { ingest, late } = stores.queues;
  const depth = (
    queue: { name: string },
  ): Line => ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name];
  const refused = (table: { name: string }, operation: string, label: string): Line => [
    ...["AWS/DynamoDB", "ConditionalCheckFailedRequests", "TableName", table.name],
    { label, id: operation },
  ];
  const namesOf = Object.values(functions).map(({ lambda }) => lambda.functionName);
  const { journeys, sessions, records, buckets } = stores.tables;
  return [{
    title: "Messages taken from the queues a minute",
    stat: "Sum",
    lines: [ingest, late].map(({ queue }) => ["AWS/SQS", "NumberOfMessagesDeleted", "QueueName", queue.name]),
  }, {
    title: "Repeats and races: writes that a condition refused, so that they count once",
    stat: "Sum",
    lines: [
      refused(journeys, "j", "journeys"),
      refused(sessions, "s", "sessions"),
      refused(records, "r", "records"),
      refused(buckets, "b", "buckets (parts of streams that came again)"),
    ],
  }, {
    title: "How late the streams are read",
    stat: "Maximum",
    unit: "ms",
    lines: [["AWS/Lambda", "IteratorAge", "FunctionName", functions.rollup.lambda.functionName]],
  }, {
    title: "Messages that wait",
    stat: "Maximum",
    lines: [ingest, late].flatMap(({ queue, dead }) => [depth(queue), depth(dead)]),
  }, {
    title: "Functions: calls and errors a minute",
    stat: "Sum",
    lines: [
      ...namesOf.map((name): Line => ["AWS/Lambda", "Invocations", "FunctionName", name]),
      ...namesOf.map((name): Line => ["AWS/Lambda", "Errors", "FunctionName", name, { yAxis: "right" }]),
    ],
  }, {
    title: "Functions: p95 of their time",
    stat: "p95",
    unit: "ms",
    lines: namesOf.map((name): Line => ["AWS/Lambda", "Duration", "FunctionName", name]),
  }, {
    title: "Audits: hours counted again, and differences found (expected: none)",
    stat: "Sum",
    seconds: 3_600,
    lines: [[`Sojourn/${stage.prefix}`, "audit-done"], [`Sojourn/${stage.prefix}`, "audit-wrong"]],
  }, ...containerGraphs(container)];
}

function containerGraphs(container: Watched["container"]): Graph[] {
  if (!container) return [];
  const { cluster, service, balancer, targets, otherTargets } = container;
  const of = ["ServiceName", service.name, "ClusterName", cluster.name];
  const groups = [targets, ...(otherTargets ? [otherTargets] : [])];
  return [{
    title: "Containers: load in percent",
    stat: "Average",
    lines: ["CPUUtilization", "MemoryUtilization"].map((metric) => ["AWS/ECS", metric, ...of]),
  }, {
    title: "Containers that are ready, and not",
    stat: "Maximum",
    lines: groups.flatMap(({ arnSuffix }) =>
      ["HealthyHostCount", "UnHealthyHostCount"].map((
        metric,
      ) => ["AWS/ApplicationELB", metric, "TargetGroup", arnSuffix, "LoadBalancer", balancer.arnSuffix])
    ),
  }];
}

function storeGraphs({ stores }: Watched): Graph[] {
  const units = (metric: string): Line[] =>
    Object.values(stores.tables).map(({ name }) => ["AWS/DynamoDB", metric, "TableName", name]);
  return [
    { title: "Write units a minute, indexes not among them", stat: "Sum", lines: units("ConsumedWriteCapacityUnits") },
    { title: "Read units a minute, indexes not among them", stat: "Sum", lines: units("ConsumedReadCapacityUnits") },
  ];
}

/** The whole account's: AWS publishes it where billing alerts are switched on, a few times a day. */
function bill(): Graph {
  return {
    title: "The account's bill of the month so far, US dollars",
    stat: "Maximum",
    region: BILLING_REGION,
    seconds: SIX_HOURS,
    lines: BILLED.map((name) => ["AWS/Billing", "EstimatedCharges", "ServiceName", name, "Currency", "USD"]),
  };
}
