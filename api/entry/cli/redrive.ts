/** `npm run redrive -- ingest` (or `late`): sends what lies on a dead-letter queue to its queue again. */
import process from "node:process";
import { parseArgs } from "node:util";
import { createConnections } from "../../connections.ts";
import { ConfigError, parseConfig } from "../../config.ts";
import { redrive } from "../../ingest/redrive.ts";
import { queues } from "../../resources.ts";

const USAGE = `usage: npm run redrive -- QUEUE [--max COUNT]
  QUEUE  ${Object.keys(queues).join(" or ")}: the queue whose dead letters are sent to it again
  --max  at most so many; all that wait where absent
Names and addresses come from NAME_PREFIX, AWS_REGION and AWS_ENDPOINT_URL_SQS. Mend the cause before: each message's
attribute "reason" says it.`;

class WrongArguments extends Error {}

function parse(args: string[]): { name: keyof typeof queues; max: number } {
  const { positionals, values } = readArgs(args);
  const [name = "", ...more] = positionals;
  const max = Number(values.max ?? Infinity);
  if (!Object.hasOwn(queues, name) || more.length > 0) throw new WrongArguments(`"${name}" is no queue.\n${USAGE}`);
  if (!(max >= 1 && (max === Infinity || Number.isInteger(max)))) {
    throw new WrongArguments(`--max ${values.max}: must be a whole number from 1.\n${USAGE}`);
  }
  return { name: name as keyof typeof queues, max };
}

function readArgs(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { max: { type: "string" } } });
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
}

try {
  const { name, max } = parse(process.argv.slice(2));
  const connections = await createConnections(parseConfig(process.env));
  try {
    const { queue: from } = connections.deadLetterOf(queues[name]);
    const { moved, left } = await redrive(connections.queues, { from, to: connections.named(queues[name]), max });
    console.log(`${moved} messages are on ${connections.named(queues[name])} again; about ${left} lie on ${from}.`);
  } finally {
    connections.stop();
  }
} catch (error) {
  const isExpected = error instanceof WrongArguments || error instanceof ConfigError;
  console.error(isExpected ? error.message : error);
  process.exitCode = isExpected ? 2 : 1;
}
