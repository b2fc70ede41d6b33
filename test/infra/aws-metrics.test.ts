import { describe, expect, test } from "vitest";
import { AWS_METRICS, DYNAMODB_OPERATIONS } from "../kit/aws-metrics.ts";
import { SWITCHES } from "../kit/synth.ts";
import { type Loose, type StageStack, synthStage } from "../kit/synth-stage.ts";

/** One metric that an alarm or a graph looks at. */
type Looked = { by: string; namespace: string; name: string; dimensions: Record<string, string> };

function alarmsOf(stack: StageStack): Loose[] {
  return Object.values(stack.all("aws_cloudwatch_metric_alarm"));
}

function watched(stack: StageStack): Looked[] {
  return alarmsOf(stack).flatMap((one): Looked[] => {
    const by = String(one.alarm_name);
    const queries = ((one.metric_query ?? []) as Loose[]).flatMap(({ metric }) => metric ?? []);
    const all = queries.length > 0 ? queries : [one];
    return all.map((metric) => ({
      ...{ by, namespace: metric.namespace, name: metric.metric_name, dimensions: metric.dimensions ?? {} },
    }));
  });
}

function drawn(stack: StageStack): Looked[] {
  const { widgets } = JSON.parse(stack.one("aws_cloudwatch_dashboard").dashboard_body) as { widgets: Loose[] };
  return widgets.flatMap(({ properties: { title, metrics } }) =>
    (metrics as unknown[][]).map((line) => {
      const [namespace, name, ...rest] = line.filter((part) => typeof part === "string") as [string, string];
      const pairs = rest.flatMap((key, i) => (i % 2 === 0 ? [[key, rest[i + 1]!]] : []));
      return { by: title, namespace, name, dimensions: Object.fromEntries(pairs) };
    })
  );
}

/** Of ours: what log lines are counted into has no dimensions. */
function publishedOf(stack: StageStack, { namespace, name }: Looked): readonly (readonly string[])[] {
  const own = Object.values(stack.all("aws_cloudwatch_log_metric_filter")).map(({ metric_transformation: to }) => to);
  if (own.some((to) => to.namespace === namespace && to.name === name)) return [[]];
  return AWS_METRICS[namespace]?.[name] ?? [];
}

const SERVED = (Object.keys(SWITCHES) as (keyof typeof SWITCHES)[]).filter((name) =>
  name !== "none" && name !== "local"
);

describe.each(SERVED)("%s", (name) => {
  const stack = synthStage(SWITCHES[name]);

  test("every alarm and every graph looks at a metric under the dimensions under which AWS publishes it", () => {
    const sorted = (names: readonly string[]) => [...names].sort().join();
    const unseen = [...watched(stack), ...drawn(stack)].filter((looked) =>
      !publishedOf(stack, looked).some((set) => sorted(set) === sorted(Object.keys(looked.dimensions)))
    );
    expect(unseen).toEqual([]);
    const operations = watched(stack).flatMap(({ dimensions: { Operation: of } }) => of ?? []);
    expect(operations.filter((of) => !DYNAMODB_OPERATIONS.includes(of))).toEqual([]);
  });

  test("every alarm looks back no further than a day, in whole minutes, at ten metrics at most", () => {
    for (const one of alarmsOf(stack)) {
      const queries = ((one.metric_query ?? []) as Loose[]).flatMap(({ metric }) => metric ?? []);
      const periods = new Set(queries.length > 0 ? queries.map(({ period }) => period) : [one.period]);
      expect([one.alarm_name, periods.size, queries.length <= 10]).toEqual([one.alarm_name, 1, true]);
      const [period] = [...periods];
      expect(period % 60).toBe(0);
      expect(period * one.evaluation_periods).toBeLessThanOrEqual(86_400);
    }
  });

  test("what rings by silence looks at what is published also where nothing happens, and says that it rings at first", () => {
    const silent = alarmsOf(stack).filter(({ treat_missing_data: missing }) => missing === "breaching");
    const names = silent.flatMap(({ alarm_description: reason, metric_name: metric, metric_query: queries = [] }) => {
      expect(reason).toContain("After a first deployment it rings until there was something to see.");
      return metric ? [metric] : (queries as Loose[]).flatMap(({ metric: one }) => one?.metric_name ?? []);
    });
    // A mapping that reads says so each minute, a rule starts the schedule each minute, targets are checked always.
    const always = ["PolledEventCount", "Invocations", "audit-done", "HealthyHostCount"];
    expect(names.filter((metric) => !always.includes(metric))).toEqual([]);
  });
});
