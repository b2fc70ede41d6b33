/** A list price in US dollars for so many of a unit. */
export type Price = {
  usd: number;
  per: number;
  unit: string;
  /** The day on which it was read in AWS's price list; absent where that is not known: look it up before you rely on it. */
  readOn?: string;
  /** From so many units a month on it is this. */
  beyond?: { units: number; usd: number };
};

export const PRICE_REGION = "eu-central-1";
const MILLION = 1_000_000;

/** AWS's list prices in Frankfurt, before taxes, free tiers and discounts. */
export const PRICES = {
  dynamodbWrite: { usd: 0.7625, per: MILLION, unit: "write request units", readOn: "2026-09-11" },
  dynamodbRead: { usd: 0.1525, per: MILLION, unit: "read request units", readOn: "2026-09-11" },
  dynamodbStorage: { usd: 0.306, per: 1, unit: "GB and month", readOn: "2026-09-11" },
  dynamodbRecovery: { usd: 0.2448, per: 1, unit: "GB and month, point-in-time recovery", readOn: "2026-09-11" },
  s3Put: { usd: 5.4, per: MILLION, unit: "PUT requests", readOn: "2026-08-31" },
  s3Storage: { usd: 0.0245, per: 1, unit: "GB and month", readOn: "2026-08-31" },
  lambdaRequest: { usd: 0.2, per: MILLION, unit: "calls", readOn: "2026-09-11" },
  lambdaTime: { usd: 13.3334, per: MILLION, unit: "GB-seconds, arm64", readOn: "2026-09-11" },
  httpApi: {
    usd: 1.2,
    per: MILLION,
    unit: "requests to an HTTP API",
    beyond: { units: 300 * MILLION, usd: 1.08 },
  },
  socketMessage: {
    // By the same ratio to the US as an HTTP API's requests, whose price here is known.
    usd: 1.2,
    per: MILLION,
    unit: "messages of a WebSocket API, 32 KB each",
    beyond: { units: 1_000 * MILLION, usd: 0.96 },
  },
  socketMinute: { usd: 0.3, per: MILLION, unit: "minutes of open WebSockets" },
  kms: { usd: 3, per: MILLION, unit: "requests to KMS" },
  sqs: { usd: 0.4, per: MILLION, unit: "requests", readOn: "2026-09-11" },
  sns: { usd: 0.5, per: MILLION, unit: "messages published to SNS" },
  fargateCpu: { usd: 0.04656, per: 1, unit: "processors and hours, x86", readOn: "2026-07-07" },
  fargateMemory: { usd: 0.00511, per: 1, unit: "GB and hours, x86", readOn: "2026-07-07" },
  balancer: { usd: 0.027, per: 1, unit: "hours of a load balancer" },
  balancerUnits: { usd: 0.008, per: 1, unit: "capacity units and hours" },
  address: { usd: 0.005, per: 1, unit: "public IPv4 addresses and hours" },
  gateway: { usd: 0.052, per: 1, unit: "hours of a NAT gateway" },
  gatewayData: { usd: 0.052, per: 1, unit: "GB through a NAT gateway" },
  edgeRequest: { usd: 1.2, per: MILLION, unit: "HTTPS requests to CloudFront in Europe" },
  edgeOut: { usd: 0.085, per: 1, unit: "GB from CloudFront to Europe" },
  firewall: { usd: 5, per: 1, unit: "web ACLs and months" },
  firewallRule: { usd: 1, per: 1, unit: "rules of a web ACL and months" },
  firewallRequest: { usd: 0.6, per: MILLION, unit: "requests that a web ACL looks at" },
  cacheStorage: { usd: 0.101, per: 1, unit: "GB and hours of ElastiCache Serverless for Valkey" },
  logs: { usd: 0.63, per: 1, unit: "GB written to logs", readOn: "2026-09-11" },
  alarm: { usd: 0.1, per: 1, unit: "metrics of alarms and months", readOn: "2026-09-11" },
  dashboard: { usd: 3, per: 1, unit: "dashboards and months" },
  customMetric: { usd: 0.3, per: 1, unit: "metrics of our own and months" },
  secret: { usd: 0.4, per: 1, unit: "secrets and months" },
  dataOut: { usd: 0.09, per: 1, unit: "GB to the internet" },
} as const satisfies Record<string, Price>;

/** What so many units in a month cost. */
export function usdOf(price: Price, units: number): number {
  const { usd, per, beyond } = price;
  const atFirst = beyond ? Math.min(units, beyond.units) : units;
  return (atFirst * usd + (units - atFirst) * (beyond?.usd ?? 0)) / per;
}
