import type { TestApp } from "./app.ts";

export type Bucket = { start: string; end: string; count: number; closed: boolean; version: string };
export type Series = { total: number; countedUpTo: string | null; buckets: Bucket[] };

const RECORD = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename
  ... on RecordMetricsPayload { accepted duplicates } ... on InvalidInputError { code fields { path message } } } }`;
const METRICS = `query ($sources: [MetricSource!]!, $size: BucketSize!, $range: TimeRange!) {
  metrics(sources: $sources, size: $size, range: $range) {
    source size total countedUpTo buckets { start end count closed version } } }`;
const AUDIT = `mutation ($input: AuditMetricsInput!) { auditMetrics(input: $input) { __typename
  ... on AuditMetricsPayload {
    recordsCounted bucketsChecked repaired differences { recounted bucket { start count } } }
  ... on InvalidInputError { fields { path message } } } }`;

const iso = (at: number) => new Date(at).toISOString();

/** What a client of a tenant asks of its metrics. Each throws what GraphQL answers as an error. */
export function metricsOf(api: TestApp, tenant: string) {
  async function ask(query: string, variables: object) {
    const answer = await api.ask(tenant, query, variables);
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    return answer.data;
  }
  return {
    record: async (records: readonly object[]) => (await ask(RECORD, { records })).recordMetrics,
    series: async (source: string, size: string, from: number, to: number): Promise<Series> => {
      const range = { between: { from: iso(from), to: iso(to) } };
      return (await ask(METRICS, { sources: [source], size, range })).metrics[0];
    },
    audit: async (source: string, from: number, to: number, repair = false) => {
      const range = { between: { from: iso(from), to: iso(to) } };
      return (await ask(AUDIT, { input: { source, range, repair } })).auditMetrics;
    },
  };
}

/** The counts of the buckets that are not empty, by their start. */
export function filled(buckets: readonly Bucket[]): Record<string, number> {
  return Object.fromEntries(buckets.filter(({ count }) => count !== 0).map(({ start, count }) => [start, count]));
}
