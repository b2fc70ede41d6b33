import {
  ASSUMED,
  choicesOf,
  type Costs,
  costsOf,
  FIFTY,
  FINISH,
  HOURS,
  of,
  SECONDS_A_MONTH,
  SINGLE,
  totalOf,
  type Way,
} from "./costs.ts";
import { managedKeyMonth, socketFloor, socketMonth, streamMonth } from "./subscriber-costs.ts";
import { type Price, PRICE_REGION, PRICES } from "./prices.ts";

const RATES = [0, 1, 100, 10_000] as const;
const MILLION = 1_000_000;

/** README's table of what a month costs, with what it is computed from. */
export function costTable(): string {
  const at = (way: Way) => RATES.map((rate) => costsOf(way, rate));
  const [functions, container] = [at("functions"), at("container")];
  const choices = RATES.map((rate) => choicesOf(rate));
  const partOf = (costs: readonly Costs[], part: keyof Costs) => costs.map((cost) => cost[part]);
  const rows: [string, number[]][] = [
    ["DynamoDB: journeys for 90 days, counts, analytics", partOf(functions, "dynamodb")],
    ["S3: raw events of the month", partOf(functions, "s3")],
    ["Streams, queues and schedules: Lambda", partOf(functions, "counting")],
    ["Alarms, dashboard, secret", partOf(functions, "watching")],
    ["API by functions: API Gateway, Lambda", partOf(functions, "serving")],
    ["API by containers: Fargate, load balancer", partOf(container, "serving")],
    ["**all, by functions**", functions.map(totalOf)],
    ["**all, by containers**", container.map(totalOf)],
    ["besides, `DOMAIN`: CloudFront", choices.map(({ edge }) => edge)],
    ["besides, its firewall", choices.map(({ firewall }) => firewall)],
    ["besides, `SOJOURN_PRIVATE`: two NAT gateways", choices.map((choice) => choice.private)],
  ];
  return [
    `| US dollars a month | idle | ${RATES.slice(1).map(eventsText).join(" | ")} |`,
    `|---|${"--:|".repeat(RATES.length)}`,
    ...rows.map(([name, costs]) => `| ${name} | ${costs.map(formatUsd).join(" | ")} |`),
    "",
    ...notes(functions.at(-1)!, container.at(-1)!),
    "",
    ...subscribers(),
  ].join("\n");
}

/** Of the hours of a month: a third, and eight of each of 22 days. */
const EIGHT = 8 / 24;
const WORKING = 22 * 8 / HOURS;

/** So many hours a day a page may be seen for five cents a month. */
const hoursFor = (together: number): string => (24 * 0.05 / socketMonth(together)).toFixed(0);

function subscribers(): string[] {
  const row = (name: string, month: (share?: number) => number) =>
    `| ${name} | ${[1, EIGHT, WORKING].map((share) => formatCents(month(share))).join(" | ")} |`;
  return [
    "| a page that follows live metrics, one update a minute: US dollars a month | always seen | 8 hours a day | in working hours |",
    "|---|--:|--:|--:|",
    row("WebSockets, by functions: alone", (share) => socketMonth(1, share)),
    row("one of ten who follow the same", (share) => socketMonth(10, share)),
    row("one of a thousand", (share) => socketMonth(1_000, share)),
    row("of that API Gateway's own: nobody gets below", socketFloor),
    row("server-sent events, by functions", streamMonth),
    "",
    `Five cents a month are enough for ${hoursFor(1)} hours a day alone, for ${hoursFor(10)} as one of ten, and for ${
      hoursFor(1_000)
    } as one of a thousand. Always seen, ${formatCents(of("socketMinute", HOURS * 60))} are for the open socket and ${
      formatCents(of("socketMessage", HOURS * 60))
    } for the messages, of up to 32 KB each. A page that nobody sees for two`,
    "minutes lets its socket go, so it pays for the hours in which it is seen. Nothing is sent where nothing changed. A process in a",
    "container holds ten thousand of either. Tables cost no calls of KMS with the key that DynamoDB owns; with the account's",
    `managed key (\`SOJOURN_TABLE_KEY=managed\`) at most ${
      formatUsd(managedKeyMonth())
    } dollars a month, where all functions are always busy.`,
  ];
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
    `${FIFTY.writesToCount} to count it, as with many small tenants; where batches of one tenant are read together, hardly any; and ${FINISH.writes} for each`,
    `journey of ${ASSUMED.eventsAJourney} events, once, for what paths and funnels read. Times of functions on AWS are estimates. One event a request costs more: at 100 a second ${
      single("functions")
    } dollars by functions,`,
    `${single("container")} by containers. Raw events stay, so each further month of them adds its storage. Queries,`,
    `webhooks by SNS (${
      PRICES.sns.usd.toFixed(2)
    } a million messages and what their delivery costs), reviews, the cache (${
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

/** In thousandths, for what is small. */
function formatCents(usd: number): string {
  return usd < 1 ? usd.toFixed(3) : formatUsd(usd);
}

/** Two digits are all that such a sum is worth. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "0";
  if (usd < 0.1) return "< 0.1";
  return Number(usd.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: usd < 10 ? 1 : 0 });
}
