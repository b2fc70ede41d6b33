import { failures, tables } from "../api/resources.ts";
import type { Container } from "./container.ts";
import type { ApiFunctions, Consumers } from "./functions.ts";
import type { QueuePair, Queues } from "./queues.ts";
import type { Tables } from "./tables.ts";

export type Metric = { namespace: string; name: string; dimensions: Readonly<Record<string, string>> };

/** One alarm. It rings above or below a number, of a metric or of the sum of several. */
export type Watch = {
  id: string;
  /** Why it rings, what that means, and what to do: whoever is woken reads no more than this. */
  reason: string;
  metrics: readonly Metric[];
  stat: "Sum" | "Maximum" | "Average" | "p99";
  seconds: number;
  /** Of so many seconds each; all of them. */
  periods?: number;
  /** What no data at all means. */
  silence?: "breaching" | "notBreaching";
} & ({ above: number; below?: never } | { below: number; above?: never });

const MINUTE = 60;
const FIVE_MINUTES = 300;
const HOUR = 3_600;

/** What no consumer could take, and consumers that do not keep up. */
export function queueWatches(queues: Queues): Watch[] {
  const of = (queue: QueuePair["queue"], name: string): Metric => ({
    namespace: "AWS/SQS",
    name,
    dimensions: { QueueName: queue.name },
  });
  const dead = Object.entries(queues).map(([name, { dead }]): Watch => ({
    id: `${name}-dead`,
    reason:
      `Messages lie on the dead-letter queue of ${name}: they can never work, or failed five times. Each has its ` +
      `reason as an attribute. Nothing is lost for 14 days: mend the cause, then \`npm run redrive -- ${name}\`. What a ` +
      `reason says that nobody can count is found by \`npm run audit\`.`,
    metrics: [of(dead, "ApproximateNumberOfMessagesVisible")],
    stat: "Maximum",
    seconds: FIVE_MINUTES,
    above: 0,
  }));
  return [...dead, {
    id: "ingest-age",
    reason:
      "A message of the ingest queue has waited for over five minutes: its function fails, is throttled, or comes " +
      "too slowly. Nothing is lost; what devices and other systems sent is late.",
    metrics: [of(queues.ingest.queue, "ApproximateAgeOfOldestMessage")],
    stat: "Maximum",
    seconds: MINUTE,
    periods: 3,
    above: 300,
  }, {
    id: "late-sent",
    reason:
      "Something of a table's stream could not be counted in its turn and is on the queue late: a record that is wrong " +
      "(the log of the function rollup says why), or a part that failed for 20 hours (an object below " +
      `${failures.prefix} of the bucket events, kept for 30 days). Expected: none. It is counted there, once; what does not ` +
      "work there either goes to the dead-letter queue. Mend the cause, then `npm run redrive -- late`; parts that no " +
      "message names any more, `npm run redrive -- failures`.",
    metrics: [of(queues.late.queue, "NumberOfMessagesSent")],
    stat: "Sum",
    seconds: FIVE_MINUTES,
    above: 0,
  }, {
    id: "late-age",
    reason:
      "A message of the queue late has waited for over fifteen minutes: live metrics and analytics lack what it " +
      "holds until the function late takes it. See its errors.",
    metrics: [of(queues.late.queue, "ApproximateAgeOfOldestMessage")],
    stat: "Maximum",
    seconds: FIVE_MINUTES,
    above: 900,
  }];
}

/** Functions that fail or are not started, and streams that are not read as fast as they are written. */
export function functionWatches(functions: Consumers & Partial<ApiFunctions>): Watch[] {
  const of = (name: keyof typeof functions, metric: string): Metric => ({
    namespace: "AWS/Lambda",
    name: metric,
    dimensions: { FunctionName: functions[name]!.lambda.functionName },
  });
  const each = (Object.keys(functions) as (keyof typeof functions)[]).flatMap((name): Watch[] => [{
    id: `${name}-errors`,
    reason: `The function ${name} failed: it threw, ran out of time or out of memory. ` +
      (name === "http" || name === "stream"
        ? "A caller got an error of the server. "
        : "What it was started with is tried again. ") +
      `Its log has the error.`,
    metrics: [of(name, "Errors")],
    stat: "Sum",
    seconds: FIVE_MINUTES,
    above: 0,
  }, {
    id: `${name}-throttles`,
    reason: `The function ${name} was not started because too many ran: it reached its reserved concurrency ` +
      `(RESERVED_CONCURRENCY) or the account's. Raise the one or have the other raised.`,
    metrics: [of(name, "Throttles")],
    stat: "Sum",
    seconds: FIVE_MINUTES,
    above: 0,
  }]);
  return [...each, {
    id: "iterator-age",
    reason:
      "The tables' streams are read more than a minute late for five minutes: live metrics and analytics are behind. " +
      "What is not read within 24 hours is gone from the stream, and only an audit finds it.",
    metrics: [of("rollup", "IteratorAge")],
    stat: "Maximum",
    seconds: MINUTE,
    periods: 5,
    above: 60_000,
  }];
}

/** Requests that a table or an index of it turned away or could not do. A table's own metrics leave its indexes out. */
export function tableWatches(deployed: Tables): Watch[] {
  return Object.entries(deployed).map(([name, { name: TableName }]): Watch => ({
    id: `table-${name}`,
    reason:
      `Requests to the table ${name}, or to an index of it, were throttled or failed on AWS's side. They were tried again, and requests may ` +
      `have failed as UNAVAILABLE. Throttling: one partition takes more than 1,000 writes a second (one tenant's list), ` +
      `or the table more than twice its last peak.`,
    metrics: [
      ...["WriteThrottleEvents", "ReadThrottleEvents"].map((metric): Metric => ({
        namespace: "AWS/DynamoDB",
        name: metric,
        dimensions: { TableName },
      })),
      ...Object.keys(tables[name as keyof Tables].indexes).map((GlobalSecondaryIndexName): Metric => ({
        namespace: "AWS/DynamoDB",
        name: "WriteThrottleEvents",
        dimensions: { TableName, GlobalSecondaryIndexName },
      })),
      ...["PutItem", "UpdateItem", "TransactWriteItems"].map((Operation): Metric => ({
        namespace: "AWS/DynamoDB",
        name: "SystemErrors",
        dimensions: { TableName, Operation },
      })),
    ],
    stat: "Sum",
    seconds: FIVE_MINUTES,
    above: 0,
  }));
}

/** How the API answers, wherever it runs. Streams have no latency that could be too high. */
export function apiWatches(httpApi: { id: string } | undefined, container: Container | undefined): Watch[] {
  const http = httpApi
    ? ((name: string): Metric => ({ namespace: "AWS/ApiGateway", name, dimensions: { ApiId: httpApi.id } }))
    : undefined;
  const balancer = container
    ? ((name: string): Metric => ({
      namespace: "AWS/ApplicationELB",
      name,
      dimensions: {
        LoadBalancer: container.balancer.arnSuffix,
        ...(name.startsWith("HTTPCode_ELB") ? {} : { TargetGroup: container.targets.arnSuffix }),
      },
    }))
    : undefined;
  return [
    ...(http
      ? [
        slow("http-latency", "The HTTP API", [http("Latency")], 3_000),
        failed("http-5xx", "The HTTP API", [http("5xx")]),
      ]
      : []),
    ...(balancer
      ? [
        slow("container-latency", "The containers", [balancer("TargetResponseTime")], 3),
        failed(
          "container-5xx",
          "The containers",
          ["HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count"].map(balancer),
        ),
        {
          id: "container-unhealthy",
          reason:
            "A container has not been ready for five minutes: /ready says which dependency is away, its log why. " +
            "After a deployment it means that the new version does not come up and is rolled back.",
          metrics: [balancer("UnHealthyHostCount")],
          stat: "Maximum",
          seconds: MINUTE,
          periods: 5,
          above: 0,
        } satisfies Watch,
      ]
      : []),
  ];
}

function slow(id: string, who: string, metrics: Metric[], above: number): Watch {
  const reason = `${who} took longer than three seconds for one answer in a hundred, for a quarter of an hour. The ` +
    `dashboard shows whether the tables, the code or its starts are slow.`;
  return { id, reason, metrics, stat: "p99", seconds: FIVE_MINUTES, periods: 3, above };
}

function failed(id: string, who: string, metrics: Metric[]): Watch {
  const reason =
    `${who} answered with errors of the server five times in five minutes. The log has each with its request id.`;
  return { id, reason, metrics, stat: "Sum", seconds: FIVE_MINUTES, above: 4 };
}

/** What the hourly audit found, and that it ran. */
export function auditWatches(namespace: string): Watch[] {
  const of = (name: string): Metric[] => [{ namespace, name, dimensions: {} }];
  return [{
    id: "audit-differences",
    reason:
      "An audit counted an hour again and found buckets that are wrong. Expected: none, ever. The log line names the " +
      "tenant, the source and the minutes; auditMetrics with repair puts them right. Find out why before.",
    metrics: of("audit-wrong"),
    stat: "Sum",
    seconds: FIVE_MINUTES,
    above: 0,
  }, {
    id: "audit-missing",
    reason:
      "No audit has ended for three hours: counts may be wrong and nobody would know. See the schedule and its function.",
    metrics: of("audit-done"),
    stat: "Sum",
    seconds: HOUR,
    periods: 3,
    below: 1,
    silence: "breaching",
  }];
}
