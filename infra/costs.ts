import { functions } from "../api/functions.ts";
import { queues, ruleSeconds, schedules, type ScheduleSpec } from "../api/resources.ts";
import { PRICES, usdOf } from "./prices.ts";
import { SIZES } from "./sizes.ts";

export type Way = "functions" | "container";
export type Costs = Record<"dynamodb" | "s3" | "serving" | "counting" | "watching", number>;

/** What one request that records events needs. Units and bytes are as `npm run bench:unit-costs` measures them. */
export type Batch = {
  events: number;
  /** Write units to record it. */
  writes: number;
  reads: number;
  /** Write units to count it, where each part of a stream that is read holds one batch of a tenant. */
  writesToCount: number;
  /** In the object store; gzipped. */
  rawBytes: number;
  /** In the table of journeys, indexes among it. */
  itemBytes: number;
  requestBytes: number;
};

/** Fifty events of a journey that is no longer than that. 6 units are what README promises; measured are 5, and 5.9 to 7.5. */
export const FIFTY: Batch = {
  ...{ events: 50, writes: 6, reads: 2, writesToCount: 7 },
  ...{ rawBytes: 2_150, itemBytes: 3_300, requestBytes: 15_000 },
};
/** Each event by itself, as a page sends it that waits for none. Measured are 4, and 5.2. */
export const SINGLE: Batch = {
  ...{ events: 1, writes: 4, reads: 2, writesToCount: 5.2 },
  ...{ rawBytes: 220, itemBytes: 480, requestBytes: 900 },
};

/** What a journey costs once, half an hour after its last event: its trail with the entry in the index, and its note taken back. */
export const FINISH = { writes: 6, reads: 5, itemBytes: 1_000 } as const;

/** What is not measured, but estimated or set by AWS. */
export const ASSUMED = {
  /** Of api/journeys/model.ts: journeys are deleted 90 days after their last event. */
  journeyMonths: 3,
  eventsAJourney: 50,
  /** An answer with its headers. */
  answerBytes: 1_000,
  /** Of a function of one processor: an S3 PUT, three requests to DynamoDB, and 20 ms of its own. */
  httpMs: 60,
  /** Of a function of 512 MB: 30 ms of a whole processor, and six writes. */
  rollupMs: 130,
  scheduleMs: 200,
  /** A line of the HTTP API, and three of Lambda's own for each call. */
  accessLogBytes: 350,
  callLogBytes: 350,
  /** Processor time of a batch in the container, and how far its processors are used. */
  containerMs: 12,
  containerLoad: 0.6,
  /** Lambda asks each queue in five lines, 20 seconds at a time. */
  queueAsksAMinute: 15,
  /** What a job looks at, each time: four shards, half a unit each. */
  jobReads: 2,
  /** Metrics that alarms watch, and that logs are counted into; `test/infra/costs.test.ts` counts them. */
  alarmMetrics: { functions: 124, container: 116 },
  customMetrics: 2,
  /** Floods, and AWS's own groups. */
  firewallRules: 4,
  /** What containers say to what is neither S3 nor DynamoDB: their log, queues, keys. A request's line, and the rest by the hour. */
  outBytesARequest: 700,
  outBytesAnHour: 5_000_000,
  /** A line of the load balancer, gzipped; a file of lines each five minutes in each zone. */
  balancerLineBytes: 120,
  balancerFilesAnHour: 24,
  /** Of prod: logs stay for 90 days. */
  balancerLogMonths: 3,
} as const;

export const HOURS = 730;
export const SECONDS_A_MONTH = HOURS * 3_600;
const GB = 1_000_000_000;
export const MB_A_GB = 1_024;
const ZONES = 2;

/** Dollars a month in the stage prod, with nobody asking or following, before free tiers and taxes. */
export function costsOf(way: Way, eventsASecond: number, batch: Batch = FIFTY): Costs {
  const batches = eventsASecond / batch.events * SECONDS_A_MONTH;
  const journeys = eventsASecond / ASSUMED.eventsAJourney * SECONDS_A_MONTH;
  const journeyGb = (batches * batch.itemBytes + journeys * FINISH.itemBytes) * ASSUMED.journeyMonths / GB;
  const jobRuns = Object.values<ScheduleSpec>(schedules)
    .reduce((sum, schedule) => sum + (schedule.parts ?? 1) * SECONDS_A_MONTH / ruleSeconds(schedule), 0);
  return {
    dynamodb: of("dynamodbWrite", batches * (batch.writes + batch.writesToCount) + journeys * FINISH.writes) +
      of("dynamodbRead", batches * batch.reads + journeys * FINISH.reads + jobRuns * ASSUMED.jobReads) +
      of("dynamodbStorage", journeyGb) + of("dynamodbRecovery", journeyGb),
    s3: of("s3Put", batches) + of("s3Storage", batches * batch.rawBytes / GB),
    serving: of("dataOut", batches * ASSUMED.answerBytes / GB) +
      (way === "functions" ? apiFunctions(batches) : containers(batches, batch)),
    counting: calls("rollup", batches, ASSUMED.rollupMs) + calls("schedule", jobRuns, ASSUMED.scheduleMs) +
      of("sqs", Object.keys(queues).length * ASSUMED.queueAsksAMinute * SECONDS_A_MONTH / 60),
    watching: of("alarm", ASSUMED.alarmMetrics[way]) + of("dashboard", 1) + of("secret", 1) +
      of("customMetric", ASSUMED.customMetrics),
  };
}

/** What is paid besides where it is switched on: a name of one's own, its firewall, private subnets for containers. */
export function choicesOf(
  eventsASecond: number,
  batch: Batch = FIFTY,
): Record<"edge" | "firewall" | "private", number> {
  const batches = eventsASecond / batch.events * SECONDS_A_MONTH;
  const answers = batches * ASSUMED.answerBytes / GB;
  const out = (batches * ASSUMED.outBytesARequest + HOURS * ASSUMED.outBytesAnHour) / GB;
  return {
    // What goes to CloudFront is not paid for as going to the internet.
    edge: of("edgeRequest", batches) + Math.max(0, of("edgeOut", answers) - of("dataOut", answers)),
    firewall: of("firewall", 1) + of("firewallRule", ASSUMED.firewallRules) + of("firewallRequest", batches),
    private: of("gateway", ZONES * HOURS) + of("gatewayData", out),
  };
}

export function totalOf(costs: Costs): number {
  return Object.values(costs).reduce((sum, usd) => sum + usd, 0);
}

/** How many containers of the stage prod it takes. */
export function tasksFor(batchesASecond: number): number {
  const { cpu, min } = SIZES.prod;
  const processors = batchesASecond * ASSUMED.containerMs / 1_000 / ASSUMED.containerLoad;
  return Math.max(min, Math.ceil(processors / (cpu / 1_024)));
}

export function of(price: keyof typeof PRICES, units: number): number {
  return usdOf(PRICES[price], units);
}

/** A function's calls, its time and the lines that Lambda writes of each. */
export function calls(name: keyof typeof functions, count: number, ms: number): number {
  const gbSeconds = count * ms / 1_000 * functions[name].memoryMb / MB_A_GB;
  return of("lambdaRequest", count) + of("lambdaTime", gbSeconds) + of("logs", count * ASSUMED.callLogBytes / GB);
}

function apiFunctions(batches: number): number {
  return of("httpApi", batches) + of("logs", batches * ASSUMED.accessLogBytes / GB) +
    calls("http", batches, ASSUMED.httpMs);
}

/** Containers, the load balancer in two zones with its lines, and the addresses of both. */
function containers(batches: number, { requestBytes }: Batch): number {
  const { cpu, memoryMb } = SIZES.prod;
  const tasks = tasksFor(batches / SECONDS_A_MONTH);
  // A unit is a gigabyte in an hour.
  const units = batches * (requestBytes + ASSUMED.answerBytes) / GB;
  return of("fargateCpu", tasks * HOURS * cpu / 1_024) + of("fargateMemory", tasks * HOURS * memoryMb / MB_A_GB) +
    of("balancer", HOURS) + of("s3Put", HOURS * ASSUMED.balancerFilesAnHour) +
    of("s3Storage", ASSUMED.balancerLogMonths * batches * ASSUMED.balancerLineBytes / GB) + of("balancerUnits", units) +
    of("address", (tasks + ZONES) * HOURS);
}
