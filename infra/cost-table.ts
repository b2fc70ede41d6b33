import { type Costs, costsOf, FIFTY, SECONDS_A_MONTH, SINGLE, totalOf, type Way } from "./costs.ts";
import { type Price, PRICE_REGION, PRICES } from "./prices.ts";

const RATES = [0, 1, 100, 10_000] as const;
const MILLION = 1_000_000;

/** README's table of what a month costs, with what it is computed from. */
export function costTable(): string {
  const at = (way: Way) => RATES.map((rate) => costsOf(way, rate));
  const [functions, container] = [at("functions"), at("container")];
  const of = (costs: readonly Costs[], part: keyof Costs) => costs.map((cost) => cost[part]);
  const rows: [string, number[]][] = [
    ["DynamoDB: journeys for 90 days, counts, analytics", of(functions, "dynamodb")],
    ["S3: raw events of the month", of(functions, "s3")],
    ["Streams, queues and schedules: Lambda", of(functions, "counting")],
    ["Alarms, dashboard, secret", of(functions, "watching")],
    ["API by functions: API Gateway, Lambda", of(functions, "serving")],
    ["API by containers: Fargate, load balancer", of(container, "serving")],
    ["**all, by functions**", functions.map(totalOf)],
    ["**all, by containers**", container.map(totalOf)],
  ];
  return [
    `| US dollars a month | idle | ${RATES.slice(1).map(eventsText).join(" | ")} |`,
    `|---|${"--:|".repeat(RATES.length)}`,
    ...rows.map(([name, costs]) => `| ${name} | ${costs.map(formatUsd).join(" | ")} |`),
    "",
    ...notes(functions.at(-1)!, container.at(-1)!),
  ].join("\n");
}

function notes(functions: Costs, container: Costs): string[] {
  const million = (costs: Costs) => formatUsd(totalOf(costs) / (RATES.at(-1)! * SECONDS_A_MONTH / MILLION));
  const single = (way: Way) => formatUsd(totalOf(costsOf(way, 100, SINGLE)));
  const { first, last } = readDays();
  return [
    `At the last rate a million events cost ${million(functions)} dollars by functions and ${
      million(container)
    } by containers.`,
    `The table is computed (\`npm run costs\`) for the stage prod and batches of ${FIFTY.events} events of one journey, from units`,
    `that tests hold and \`npm run bench:unit-costs\` measures: ${FIFTY.writes} write units to record a batch, and at most`,
    `${FIFTY.writesToCount} to count it, as with many small tenants; where batches of one tenant are read together, hardly any. Times`,
    `of functions on AWS are estimates. One event a request costs more: at 100 a second ${
      single("functions")
    } dollars by functions,`,
    `${
      single("container")
    } by containers. Raw events stay, so each further month of them adds its storage. Queries, subscribers,`,
    `reviews, the cache (${
      formatUsd(cacheMinimum())
    } at least) and taxes come on top, free tiers come off. AWS's list prices for`,
    `${PRICE_REGION}, as they stood between ${first} and ${last}; of a few no day is known (\`infra/prices.ts\`).`,
  ];
}

/** A tenth of a gigabyte is paid for at least. */
function cacheMinimum(): number {
  return PRICES.cacheStorage.usd * 0.1 * 730;
}

function readDays(): { first: string; last: string } {
  const days = Object.values<Price>(PRICES).flatMap(({ readOn }) => readOn ?? []).sort((a, b) => (a < b ? -1 : 1));
  return { first: days[0]!, last: days.at(-1)! };
}

function eventsText(rate: number): string {
  return rate === 1 ? "1 event a second" : `${rate.toLocaleString("en-US")} a second`;
}

/** Two digits are all that such a sum is worth. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "0";
  if (usd < 0.1) return "< 0.1";
  return Number(usd.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: usd < 10 ? 1 : 0 });
}
