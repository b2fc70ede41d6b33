import process from "node:process";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export type Telemetry = ReturnType<typeof createTelemetry>;

/** How an operation ended: answered, answered with errors, turned away, or failed on our side. */
export type Outcome = "ok" | "error" | "refused" | "failed";

/** Read from /proc, which Deno shows only to who may do everything. */
const FROM_PROC = ["resident_memory_bytes", "virtual_memory_bytes", "heap_bytes", "open_fds", "max_fds"] as const;

/** A number that somebody else keeps; `read` gives it as it is now, by the values of its label, or of several. */
export type Measurement =
  & { name: string; help: string }
  & (
    | { label: string; read: () => Readonly<Record<string, number>> }
    | { labels: readonly string[]; read: () => readonly Sample[] | Promise<readonly Sample[]> }
  );
export type Sample = { labels: Readonly<Record<string, string>>; value: number };

/** None where they cannot be read just now: what else is measured is shown all the same. */
async function samplesOf(measurement: Measurement): Promise<readonly Sample[]> {
  if ("labels" in measurement) return await Promise.resolve(measurement.read()).catch(() => []);
  return Object.entries(measurement.read()).map(([value, number]) => (
    { labels: { [measurement.label]: value }, value: number }
  ));
}

/** Makes the measurements of one server, in a registry of its own. `auditDifferences` says how many were found so far. */
export function createTelemetry(
  auditDifferences: () => number = () => 0,
  measurements: readonly Measurement[] = [],
) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of FROM_PROC) registry.removeSingleMetric(`process_${name}`);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  for (const measurement of measurements) {
    new Gauge({
      name: measurement.name,
      help: measurement.help,
      labelNames: "label" in measurement ? [measurement.label] : measurement.labels,
      registers: [registry],
      async collect() {
        this.reset();
        for (const { labels, value } of await samplesOf(measurement)) this.set(labels, value);
      },
    });
  }
  const requestSeconds = new Histogram({
    name: "sojourn_graphql_request_seconds",
    help: "Seconds from an operation's arrival to its answer, or to the start of its stream.",
    labelNames: ["operation_type", "outcome"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const refused = new Counter({
    name: "sojourn_requests_refused_total",
    help: "Requests and operations that were turned away, by the code of the refusal.",
    labelNames: ["code"],
    registers: [registry],
  });
  const robotEvents = new Counter({
    name: "sojourn_robot_events_total",
    help: "Events of known robots that pages sent, which are left out.",
    registers: [registry],
  });
  registry.registerMetric(
    new Counter({
      name: "sojourn_audit_differences_total",
      help: "Metric buckets that an audit found to be wrong. Expected: none, ever.",
      registers: [],
      collect() {
        this.reset();
        this.inc(auditDifferences());
      },
    }),
  );
  return {
    contentType: registry.contentType,
    /** All measurements as Prometheus text. */
    text: () => registry.metrics(),
    observeOperation(operationType: string, outcome: Outcome, seconds: number): void {
      requestSeconds.labels(operationType, outcome).observe(seconds);
    },
    countRobotEvents(events: number): void {
      robotEvents.inc(events);
    },
    countRefusal(code: string): void {
      refused.labels(code).inc();
    },
  };
}
