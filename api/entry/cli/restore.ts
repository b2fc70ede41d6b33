/**
 * `npm run restore -- --to PREFIX`: a restore drill, or a restoration: makes the tables and buckets of NAME_PREFIX again under
 * another prefix, and counts again what they hold.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { createClients } from "../../aws/clients.ts";
import { createRestorer } from "../../aws/restore.ts";
import { ConfigError, parseConfig } from "../../config.ts";
import { createConnections } from "../../connections.ts";
import { HOUR_MS } from "../../core/clock.ts";
import { AppError } from "../../core/errors.ts";
import { createLog } from "../../core/log.ts";
import { createJourneyDomain, createMetricDomain, createSessionDomain } from "../../domains.ts";
import { restore } from "../../jobs/restore.ts";
import { hourOf } from "../../metrics/rules.ts";
import { buckets, fullName, tables } from "../../resources.ts";

const USAGE = `usage: npm run restore -- --to PREFIX [--at INSTANT] [--audit-hours COUNT]
  --to           the prefix of the tables and buckets that are made; none of them may be there
  --at           as it was then, such as 2026-01-31T12:00:00Z (on AWS, within 35 days); as it is now where absent
  --audit-hours  so many of the last hours are counted again; 48 where absent
Names and addresses of what is restored come from NAME_PREFIX, AWS_REGION and AWS_ENDPOINT_URL_*.`;

class WrongArguments extends Error {}

function parse(args: string[]) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: { to: { type: "string" }, at: { type: "string" }, "audit-hours": { type: "string" } },
    }));
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
  const { to = "", at, "audit-hours": hours = "48" } = values;
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(to)) {
    throw new WrongArguments(`--to ${to}: must be a prefix, as NAME_PREFIX is.\n${USAGE}`);
  }
  if (at !== undefined && Number.isNaN(Date.parse(at))) {
    throw new WrongArguments(`--at ${at}: must be an instant.\n${USAGE}`);
  }
  if (!/^\d{1,4}$/.test(hours)) throw new WrongArguments(`--audit-hours ${hours}: must be a number.\n${USAGE}`);
  return { to, at: at === undefined ? undefined : Date.parse(at), hours: Number(hours) };
}

/** Counts again what is counted of the last hours; gives how many buckets were looked at, and how many are wrong. */
async function audit(prefix: string, hours: number) {
  const config = { ...parseConfig(process.env), prefix };
  const connections = await createConnections(config, { log: createLog("silent", () => {}) });
  try {
    const journeys = createJourneyDomain(connections);
    const metrics = createMetricDomain(connections, journeys, createSessionDomain(connections));
    const sum = { audited: 0, records: 0, differences: 0 };
    for (let hourAt = hourOf(Date.now()); hourAt > Date.now() - hours * HOUR_MS; hourAt -= HOUR_MS) {
      for await (const page of metrics.store.listActive(hourAt)) {
        for (const { tenantId, source } of page) {
          if (!metrics.audit.canAudit(source)) continue;
          const range = { between: { from: hourAt, to: hourAt + HOUR_MS } };
          const report = await metrics.audit.audit(tenantId, { source, range, repair: false });
          sum.audited += 1;
          sum.records += report.recordsCounted;
          sum.differences += report.differences.length + report.measureDifferences.length;
        }
      }
    }
    return sum;
  } finally {
    connections.stop();
  }
}

try {
  const { to, at, hours } = parse(process.argv.slice(2));
  const config = parseConfig(process.env);
  const clients = createClients(config);
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1);
  const options = { restorer: createRestorer(clients), from: config.prefix, to, at, tell: console.log };
  const { items, bytes } = await restore({ ...options, hasBackups: config.endpoints.dynamodb === undefined });
  clients.destroy();
  console.log(`\n${items} items and objects of ${config.prefix} are ${to}'s too: ${bytes} bytes in ${seconds()} s.`);
  const { audited, records, differences } = await audit(to, hours);
  console.log(
    `Counted again: ${records} records in ${audited} hours of sources, ${differences} buckets differ (${seconds()} s).`,
  );
  console.log(`\nTo run it: NAME_PREFIX=${to}. A stack takes it over by`);
  const stack = `terraform -chdir=cdktf.out/stacks/${to} import`;
  for (const spec of Object.values(tables)) {
    console.log(`  ${stack} aws_dynamodb_table.table-${spec.name} ${fullName(to, spec)}`);
  }
  for (const spec of Object.values(buckets)) {
    console.log(`  ${stack} aws_s3_bucket.bucket-${spec.name} ${fullName(to, spec)}`);
  }
  if (differences > 0) process.exitCode = 1;
} catch (error) {
  const isExpected = error instanceof WrongArguments || error instanceof ConfigError || error instanceof AppError;
  console.error(isExpected ? error.message : error);
  process.exitCode = isExpected ? 2 : 1;
}
