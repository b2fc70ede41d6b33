import { CloudwatchLogMetricFilter } from "@cdktf/provider-aws/lib/cloudwatch-log-metric-filter/index.js";
import { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js";
import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic/index.js";
import type { TerraformStack } from "cdktf";
import {
  type Apis,
  apiWatches,
  auditWatches,
  functionWatches,
  queueWatches,
  sourceWatches,
  type StreamSource,
  tableWatches,
  type Watch,
} from "./alarm-list.ts";
import type { Container } from "./container.ts";
import type { ApiFunctions, Consumers } from "./functions.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

export type Watched = {
  stores: Stores;
  functions: Consumers & Partial<ApiFunctions>;
  streams: readonly StreamSource[];
  /** Where functions serve the API. */
  apis: Apis | undefined;
  /** Where containers do. */
  container: Container | undefined;
};

/** What audits say, word for word as `api/jobs/audit.ts` logs it. */
export const AUDIT_LINES = {
  wrong: "buckets are wrong; run auditMetrics with repair",
  done: "the hour just closed was audited",
} as const;

/** Adds every alarm, each with its reason, told to `topic`; and the counts of log lines that some of them watch. */
export function addAlarms(
  stack: TerraformStack,
  stage: Stage,
  { topic, ...watched }: Watched & { topic: SnsTopic },
): CloudwatchMetricAlarm[] {
  const { stores, functions, streams, apis, container } = watched;
  const namespace = addAuditCounts(stack, stage, watched);
  const watches = [
    ...queueWatches(stores.queues),
    ...functionWatches(functions),
    ...tableWatches(stores.tables),
    ...sourceWatches(streams),
    ...apiWatches(apis, container),
    ...auditWatches(namespace),
  ];
  return watches.map((watch) => addAlarm(stack, stage, topic, watch));
}

/** Counts what audits say, in the log of whoever ran them; gives the namespace of the counts. */
function addAuditCounts(stack: TerraformStack, stage: Stage, { functions, container }: Watched): string {
  const namespace = `Sojourn/${stage.prefix}`;
  const logs = [functions.schedule.logs, ...(container ? [container.logs] : [])];
  const names = ["function", "container"];
  for (const [kind, line] of Object.entries(AUDIT_LINES)) {
    logs.forEach((group, i) =>
      new CloudwatchLogMetricFilter(stack, `audit-${kind}-${names[i]}`, {
        name: `audit-${kind}`,
        logGroupName: group.name,
        pattern: `"${line}"`,
        metricTransformation: { name: `audit-${kind}`, namespace, value: "1" },
      })
    );
  }
  return namespace;
}

function addAlarm(stack: TerraformStack, stage: Stage, topic: SnsTopic, watch: Watch): CloudwatchMetricAlarm {
  const { id, reason, metrics, expression, stat, seconds, periods = 1, above, below, silence = "notBreaching" } = watch;
  const [only, ...more] = metrics;
  const extended = /^p\d/.test(stat);
  const source = more.length === 0 && !expression
    ? {
      namespace: only!.namespace,
      metricName: only!.name,
      dimensions: { ...only!.dimensions },
      period: seconds,
      ...(extended ? { extendedStatistic: stat } : { statistic: stat }),
    }
    : {
      metricQuery: [
        { id: "all", expression: expression ?? "SUM(METRICS())", label: id, returnData: true },
        ...metrics.map(({ namespace, name, dimensions }, i) => ({
          id: `m${i}`,
          metric: { namespace, metricName: name, dimensions: { ...dimensions }, period: seconds, stat },
        })),
      ],
    };
  return new CloudwatchMetricAlarm(stack, `alarm-${id}`, {
    alarmName: `${stage.prefix}-${id}`,
    alarmDescription: reason,
    ...source,
    evaluationPeriods: periods,
    comparisonOperator: above === undefined ? "LessThanThreshold" : "GreaterThanThreshold",
    threshold: above ?? below,
    treatMissingData: silence,
    alarmActions: [topic.arn],
    okActions: [topic.arn],
  });
}
