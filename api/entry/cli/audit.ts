/**
 * `npm run audit -- --from … --to …`: counts again, from what is kept, all nine sources and the numbers of analytics, and says what
 * differs. With --repair it sets right what is in no doubt. What comes by the streams meanwhile is counted once all the same.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { ConfigError, parseConfig } from "../../config.ts";
import { createConnections } from "../../connections.ts";
import { AppError } from "../../core/errors.ts";
import type { TimeRange } from "../../core/range.ts";
import { parseInstant } from "../../core/time.ts";
import { createRecountOf } from "../../domains.ts";

const USAGE = `usage: npm run audit -- --from INSTANT [--to INSTANT] [--tenant TENANT] [--repair]
  --from, --to  of what happened when, such as 2026-01-31T12:00:00Z; to now where --to is absent
  --tenant      this one alone; every tenant that has counts in the range where absent
  --repair      sets right what is wrong; without it nothing is changed
Names and addresses come from NAME_PREFIX, AWS_REGION and AWS_ENDPOINT_URL_*. Ends with 1 where something is wrong still.`;

class WrongArguments extends Error {}

function parse(args: string[]): { range: TimeRange; tenantId: string | undefined; repair: boolean } {
  const { from, to, tenant, repair = false } = readArgs(args);
  const instantOf = (name: string, text: string | undefined): number => {
    const at = text === undefined ? undefined : parseInstant(text);
    if (at === undefined) throw new WrongArguments(`--${name} must be an instant, got ${text ?? "nothing"}\n${USAGE}`);
    return at;
  };
  const range = { fromAt: instantOf("from", from), toAt: to === undefined ? Date.now() : instantOf("to", to) };
  if (range.fromAt >= range.toAt) throw new WrongArguments(`--from must be before --to\n${USAGE}`);
  return { range, tenantId: tenant, repair };
}

function readArgs(args: string[]) {
  try {
    const text = { type: "string" } as const;
    return parseArgs({ args, options: { from: text, to: text, tenant: text, repair: { type: "boolean" } } }).values;
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
}

try {
  const asked = parse(process.argv.slice(2));
  const connections = await createConnections(parseConfig(process.env));
  let wrong = 0;
  try {
    for await (const found of createRecountOf(connections)(asked)) {
      console.log(found.line);
      wrong += found.wrong;
    }
  } finally {
    connections.stop();
  }
  console.log(
    wrong === 0 ? "All is right." : `${wrong} wrong${asked.repair ? "" : "; --repair sets right what can be"}.`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
} catch (error) {
  const isExpected = [WrongArguments, ConfigError, AppError].some((kind) => error instanceof kind);
  console.error(isExpected ? (error as Error).message : error);
  process.exitCode = 2;
}
