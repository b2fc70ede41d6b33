/**
 * `npm run redrive -- ingest` (or `late`): sends what lies on a dead-letter queue to its queue again. `failures`: tells the
 * queue `late` again of every part of a stream that was given up and lies in the object store.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { type Connections, createConnections } from "../../connections.ts";
import { ConfigError, parseConfig } from "../../config.ts";
import { createFailures } from "../../ingest/failures.ts";
import { redrive } from "../../ingest/redrive.ts";
import { buckets, queues } from "../../resources.ts";

const FAILURES = "failures";
const USAGE = `usage: npm run redrive -- WHAT [--max COUNT]
  WHAT   ${Object.keys(queues).join(" or ")}: the queue whose dead letters are sent to it again; or
         ${FAILURES}: parts of streams that were given up, and that no message names any more
  --max  at most so many; all that wait where absent
Names and addresses come from NAME_PREFIX, AWS_REGION and AWS_ENDPOINT_URL_SQS. Mend the cause before: each message's
attribute "reason" says it.`;

type What = keyof typeof queues | typeof FAILURES;

class WrongArguments extends Error {}

function parse(args: string[]): { name: What; max: number } {
  const { positionals, values } = readArgs(args);
  const [name = "", ...more] = positionals;
  const max = Number(values.max ?? Infinity);
  if ((name !== FAILURES && !Object.hasOwn(queues, name)) || more.length > 0) {
    throw new WrongArguments(`"${name}" is no queue.\n${USAGE}`);
  }
  if (!(max >= 1 && (max === Infinity || Number.isInteger(max)))) {
    throw new WrongArguments(`--max ${values.max}: must be a whole number from 1.\n${USAGE}`);
  }
  return { name: name as What, max };
}

function readArgs(args: string[]) {
  try {
    return parseArgs({ args, allowPositionals: true, options: { max: { type: "string" } } });
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
}

/** Gives what was done, in a line. */
async function run(connections: Connections, name: What, max: number): Promise<string> {
  const lateQueue = connections.named(queues.late);
  if (name === FAILURES) {
    const objects = connections.objects(buckets.events);
    const told = await createFailures({ objects, queues: connections.queues, lateQueue }).tellAll(max);
    return `${lateQueue} is told of ${told} parts of streams that were given up.`;
  }
  const { queue: from } = connections.deadLetterOf(queues[name]);
  const to = connections.named(queues[name]);
  const { moved, left } = await redrive(connections.queues, { from, to, max });
  return `${moved} messages are on ${to} again; about ${left} lie on ${from}.`;
}

try {
  const { name, max } = parse(process.argv.slice(2));
  const connections = await createConnections(parseConfig(process.env));
  try {
    console.log(await run(connections, name, max));
  } finally {
    connections.stop();
  }
} catch (error) {
  const isExpected = error instanceof WrongArguments || error instanceof ConfigError;
  console.error(isExpected ? error.message : error);
  process.exitCode = isExpected ? 2 : 1;
}
