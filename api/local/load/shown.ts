/** A query that shows what was loaded; undefined where nothing was. */
export type Shown = string | undefined;

const DAY_MS = 86_400_000;
/** Analytics and metrics give so many days at once. */
const METRIC_DAYS = 1;

export function shownJourneys(times: readonly number[]): Shown {
  const range = rangeOf(times);
  return range && `{ journeys(first: 25, filter: { range: { between: ${range} } }) {
    nodes { sessionId startedAt outcome eventCount firstQuestion } } }`;
}

export function shownSessions(times: readonly number[]): Shown {
  const range = rangeOf(times);
  return range && `{ sessions(first: 25, filter: { range: { between: ${range} } }) {
    nodes { sessionId sensor { sensorId } startedAt duration motionEventCount labels } } }`;
}

export function shownMetrics(source: string, firstAt: number, lastAt: number): Shown {
  const range = rangeOf([Math.max(firstAt, lastAt - METRIC_DAYS * DAY_MS + 1_000), lastAt]);
  return range && `{ metrics(sources: ["${source}"], size: ONE_HOUR, range: { between: ${range} }) {
    buckets { start count } } }`;
}

/** From the first instant to the end of the last one's second. */
function rangeOf(times: readonly number[]): string | undefined {
  if (times.length === 0 || !times.every(Number.isFinite)) return undefined;
  const [from, to] = times.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at)], [Infinity, -Infinity]);
  return `{ from: "${new Date(from).toISOString()}", to: "${new Date(to + 1_000).toISOString()}" }`;
}
