import { failures, tables } from "../api/resources.ts";
import type { Container } from "./container.ts";
import type { ApiFunctions, Consumers } from "./functions.ts";
import type { QueuePair, Queues } from "./queues.ts";
import type { Tables } from "./tables.ts";

/** Where functions answer. */
export type Apis = {
  http: { api: { id: string } };
  stream: { api: { name: string } };
  sockets: { api: { id: string } };
};
/** What reads a stream. */
export type StreamSource = { name: string; tableName: string; mapping: { uuid: string } };

/** Dimensions are those under which AWS publishes it, all of them: an alarm with one more or less never sees anything. */
export type Metric = { namespace: string; name: string; dimensions: Readonly<Record<string, string>> };

/** One alarm. It rings above or below a number, of a metric or of the sum of several. */
export type Watch = {
  id: string;
  /** Why it rings, what that means, and what to do: whoever is woken reads no more than this. */
  reason: string;
  metrics: readonly Metric[];
  /** Of the metrics, by m0, m1 and so on; their sum where absent. */
  expression?: string;
  stat: "Sum" | "Maximum" | "SampleCount" | "p99";
  seconds: number;
  /** Of so many seconds each; all of them. */
  periods?: number;
  /** What no data at all means. */
  silence?: "breaching" | "notBreaching";
} & ({ above: number; below?: never } | { below: number; above?: never });

/** What is lost where it is not tried again; reads that fail show in answers. */
const WRITES = ["PutItem", "UpdateItem", "TransactWriteItems"] as const;
const MINUTE = 60;
const FIVE_MINUTES = 300;
const HOUR = 3_600;
/** Of alarms that silence rings. */
const AT_FIRST = "After a first deployment it rings until there was something to see.";

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
  }, {
    id: "wakes-age",
    reason:
      "Those who follow something over the WebSocket API wait for over a minute for what is new: the function push " +
      "fails, is throttled or comes too slowly. Nothing is lost: they are given all of it, late.",
    metrics: [of(queues.wakes.queue, "ApproximateAgeOfOldestMessage")],
    stat: "Maximum",
    seconds: MINUTE,
    periods: 3,
    above: 60,
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
      (name === "http" || name === "stream" || name === "sockets"
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
  }, {
    id: "schedule-still",
    reason:
      "For a quarter of an hour the clock started nothing: sessions do not end, alerts are not judged, webhooks are not " +
      "sent. The rules of EventBridge are off, may not start the function schedule, or it is throttled. Nothing is lost. " +
      AT_FIRST,
    metrics: [of("schedule", "Invocations")],
    stat: "Sum",
    seconds: FIVE_MINUTES,
    periods: 3,
    below: 1,
    silence: "breaching",
  }, {
    id: "concurrency",
    reason:
      "The functions of the account use more than eight tenths of what may run at once. Beyond it they are throttled, " +
      "counting too. Ask AWS for more (Service Quotas, Lambda, concurrent executions), or bound them (RESERVED_CONCURRENCY).",
    metrics: [{
      namespace: "AWS/Usage",
      name: "ResourceCount",
      dimensions: { Service: "Lambda", Resource: "ConcurrentExecutions", Type: "Resource", Class: "None" },
    }],
    expression: "100 * m0 / SERVICE_QUOTA(m0)",
    stat: "Maximum",
    seconds: FIVE_MINUTES,
    above: 80,
  }];
}

/** Streams that nobody reads: an event source that is off, or may not read any more. One that reads says so, were it zero records. */
export function sourceWatches(streams: readonly StreamSource[]): Watch[] {
  return streams.map(({ name, tableName, mapping }) => ({
    id: `source-${name}`,
    reason:
      `For half an hour nobody looked into the stream of the table ${tableName}: the event source is off, or was refused. ` +
      "`aws lambda list-event-source-mappings` says which and why. What is not read within 24 hours is gone from the " +
      `stream. ${AT_FIRST}`,
    metrics: [{
      namespace: "AWS/Lambda",
      name: "PolledEventCount",
      dimensions: { EventSourceMappingUUID: mapping.uuid },
    }],
    stat: "SampleCount",
    seconds: FIVE_MINUTES,
    periods: 6,
    below: 1,
    silence: "breaching",
  }));
}

/** Requests that a table or an index of it turned away, or AWS could not do. A table's own metrics leave its indexes out. */
export function tableWatches(deployed: Tables): Watch[] {
  const rings = { stat: "Sum", seconds: FIVE_MINUTES, above: 0 } as const;
  return Object.entries(deployed).flatMap(([name, { name: TableName }]): Watch[] => {
    const of = (metric: string, more: Metric["dimensions"] = {}): Metric => ({
      namespace: "AWS/DynamoDB",
      name: metric,
      dimensions: { TableName, ...more },
    });
    const throttled = (more: Metric["dimensions"]) => [of("WriteThrottleEvents", more), of("ReadThrottleEvents", more)];
    const indexes = Object.keys(tables[name as keyof Tables].indexes);
    return [{
      id: `table-${name}`,
      reason:
        `Requests to the table ${name}, or to an index of it, were throttled. They were tried again, and may have failed ` +
        `as UNAVAILABLE: one partition takes more than 1,000 writes or 3,000 reads a second (one tenant's list), or the ` +
        `table more than twice its last peak.`,
      metrics: [{}, ...indexes.map((GlobalSecondaryIndexName) => ({ GlobalSecondaryIndexName }))].flatMap(throttled),
      ...rings,
    }, {
      id: `table-${name}-faults`,
      reason:
        `Writes to the table ${name} failed on AWS's side. They were tried again, and may have failed as UNAVAILABLE. ` +
        `AWS's health page of the region says more; nothing is to be done here.`,
      metrics: WRITES.map((Operation) => of("SystemErrors", { Operation })),
      ...rings,
    }];
  });
}

/** How the API answers, wherever it runs. Streams have no latency that could be too high. */
export function apiWatches(apis: Apis | undefined, container: Container | undefined): Watch[] {
  const of = (dimensions: Metric["dimensions"]) => (name: string): Metric => ({
    namespace: "AWS/ApiGateway",
    name,
    dimensions,
  });
  const http = apis && of({ ApiId: apis.http.api.id });
  const sockets = apis && of({ ApiId: apis.sockets.api.id });
  const stream = apis && of({ ApiName: apis.stream.api.name });
  const balancer = container
    ? ((name: string): Metric => ({
      namespace: "AWS/ApplicationELB",
      name,
      dimensions: {
        LoadBalancer: container.balancer.arnSuffix,
      },
    }))
    : undefined;
  // Of either group where releases have two take turns: nobody is in the other then.
  const hosts = (name: string): Metric[] =>
    [container?.targets, container?.otherTargets].flatMap((group) =>
      group ? [{ ...balancer!(name), dimensions: { ...balancer!(name).dimensions, TargetGroup: group.arnSuffix } }] : []
    );
  const most = container?.otherTargets ? { expression: "MAX(METRICS())" } : {};
  return [
    ...(http
      ? [
        slow("http-latency", "The HTTP API", [http("Latency")], 3_000),
        failed("http-5xx", "The HTTP API", [http("5xx")]),
        failed("stream-5xx", "The API for streams", [stream!("5XXError")]),
        failed("sockets-5xx", "The WebSocket API", ["ExecutionError", "IntegrationError"].map(sockets!)),
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
          metrics: hosts("UnHealthyHostCount"),
          ...most,
          stat: "Maximum",
          seconds: MINUTE,
          periods: 5,
          above: 0,
        } satisfies Watch,
        {
          id: "container-none",
          reason:
            "For three minutes no container was ready: nobody is answered. The service's events in ECS say why none comes " +
            `up, the log what the last one said. ${AT_FIRST}`,
          metrics: hosts("HealthyHostCount"),
          ...most,
          stat: "Maximum",
          seconds: MINUTE,
          periods: 3,
          below: 1,
          silence: "breaching",
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
      `No audit has ended for three hours: counts may be wrong and nobody would know. See the schedule and its function. ${AT_FIRST}`,
    metrics: of("audit-done"),
    stat: "Sum",
    seconds: HOUR,
    periods: 3,
    below: 1,
    silence: "breaching",
  }];
}
