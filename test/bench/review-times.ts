import { strictEqual } from "node:assert/strict";
import type { BenchClock, Client, Design, S3Watch } from "./review-designs.ts";

const CARDS = 20;
const ROUNDS = 5;
const DOWN_MS = 170;
const UP_MS = 340;

export type Session = ReturnType<typeof createSessions>;

/**
 * Gives what runs a session of so many answers; `at` names the instance of each request. An answer that is refused is not
 * counted. Tells how long each answer took.
 */
export function createSessions(time: BenchClock) {
  let answers = 0;
  return async (client: Client, count: number, at: (request: number) => number) => {
    const tookMs: number[] = [];
    let counted = 0;
    let cardId = await client.start(at(0));
    for (let i = 1; i <= count; i++) {
      time.pass(5_000);
      const from = performance.now();
      const { isCounted, cardId: next } = await client.answer(at(i), cardId!, `answer-${answers++}`);
      tookMs.push(performance.now() - from);
      if (isCounted) counted++;
      cardId = next;
    }
    await client.end(at(count + 1));
    return { counted, tookMs };
  };
}

/** How many times as much the first is, in words. */
export const ratio = (a: number, b: number) => (b === 0 ? (a === 0 ? "0 to 0" : `${a} to 0`) : (a / b).toFixed(2));

const at = (values: readonly number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]!;
const inMs = (value: number) => value.toFixed(1);

type Round = { answerMs: number; p95Ms: number; sessionMs: number; cost: string };

/**
 * Prints how long an answer takes on one instance where S3 is as far away as it is. The designs take turns, in rounds, and
 * the middle of the rounds is shown.
 */
export async function measureTimes(
  designs: readonly Design[],
  { s3, session }: { s3: S3Watch; session: Session },
): Promise<void> {
  const all = new Map<Design, Round[]>(designs.map((design) => [design, []]));
  for (const design of designs) await session(await design.addPerson("warm"), 3 * CARDS, () => 0);
  for (let i = 0; i < ROUNDS; i++) {
    for (const design of designs) all.get(design)!.push(await measureRound(design, `round-${i}`, { s3, session }));
  }
  const middle = (design: Design, of: (round: Round) => number) => at(all.get(design)!.map(of), 0.5);
  console.log(
    `${CARDS} cards on one instance, S3 answering after ${DOWN_MS} ms (down) and ${UP_MS} ms (up), ${ROUNDS} rounds`,
  );
  for (const design of designs) {
    const answers = all.get(design)!.map(({ answerMs }) => answerMs);
    const sessionMs = middle(design, (round) => round.sessionMs);
    console.log(
      `  ${design.name}: ${inMs(middle(design, (round) => round.answerMs))} ms an answer (${
        inMs(Math.min(...answers))
      } ` +
        `to ${inMs(Math.max(...answers))} by round; p95 ${
          inMs(middle(design, (round) => round.p95Ms))
        }); from start to ` +
        `end ${sessionMs.toFixed(0)} ms, ${inMs(sessionMs / CARDS)} ms a card; ${all.get(design)!.at(-1)!.cost}`,
    );
  }
  const [ours, ...old] = designs as [Design, ...Design[]];
  for (const design of old) {
    const of = (field: "answerMs" | "sessionMs") =>
      ratio(middle(design, (round) => round[field]), middle(ours, (round) => round[field]));
    console.log(`  ${design.name} beside OURS: an answer ${of("answerMs")}, the session ${of("sessionMs")}`);
  }
}

async function measureRound(
  design: Design,
  name: string,
  { s3, session }: { s3: S3Watch; session: Session },
): Promise<Round> {
  const client = await design.addPerson(name);
  s3.take();
  design.takeUnits();
  Object.assign(s3.delays, { downMs: DOWN_MS, upMs: UP_MS });
  const from = performance.now();
  const { tookMs, counted } = await session(client, CARDS, () => 0);
  const sessionMs = performance.now() - from;
  Object.assign(s3.delays, { downMs: 0, upMs: 0 });
  strictEqual(counted, CARDS);
  const { downloads, uploads } = s3.take();
  const { requests, read, write } = design.takeUnits();
  const cost = `${downloads} downloads, ${uploads} uploads, ${requests} requests to DynamoDB, ${write} write units, ` +
    `${read} read units`;
  return { answerMs: at(tookMs, 0.5), p95Ms: at(tookMs, 0.95), sessionMs, cost };
}
