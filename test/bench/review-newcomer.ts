/**
 * Gives the way from an empty account to the tenth answered card by the API alone: requests, milliseconds, and what DynamoDB was
 * asked, by notes one after another and by a table of notes; the first way in a process that just started, and again.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/review-newcomer.ts
 */
import process from "node:process";
import { startTestApp } from "../kit/app.ts";
import { reviewerOf } from "../kit/review.ts";

const api = await startTestApp();
let people = 0;

type Step = { name: string; ms: number };

/** One way: each request with its time. */
async function way(make: (ask: (name: string, input: object) => Promise<Record<string, unknown>>) => Promise<void>) {
  const userId = `newcomer-${people++}`;
  const person = reviewerOf(api, { tenantId: "newcomers", userId });
  const steps: Step[] = [];
  api.takeCosts();
  const timed = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const value = await act();
    steps.push({ name, ms: performance.now() - startedAt });
    return value;
  };
  let edits = 0;
  await make((name, input) =>
    timed(name, async () => {
      const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
      const query =
        `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on UserError { message } } }`;
      const answer = (await person.ask(query, { input: { editId: `${userId}-${edits++}`, ...input } }))[name];
      if (answer.message) throw new Error(`${name}: ${answer.message}`);
      return answer;
    })
  );
  let { reviewSession } = await timed("startReview", () => person.start({ deckId: "1" }));
  for (let i = 0; i < 10; i++) {
    const { cardId, showing } = reviewSession.nextCard;
    const input = { sessionId: reviewSession.sessionId, cardId, showing, answerId: `a${i}`, rating: "EASY" };
    ({ reviewSession } = await timed("answerCard", () => person.answer(input)));
  }
  if (reviewSession.answered !== 10) throw new Error(`${reviewSession.answered} answers stand, not 10.`);
  const costs = api.takeCosts();
  const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
  return { steps, ms: sum(steps.map(({ ms }) => ms)), stores: costs.length };
}

function show(name: string, { steps, ms, stores }: Awaited<ReturnType<typeof way>>): void {
  console.log(`${name}: ${steps.length} requests, ${ms.toFixed(0)} ms, ${stores} requests to DynamoDB`);
  for (const kind of new Set(steps.map((step) => step.name))) {
    const all = steps.filter((step) => step.name === kind).map((step) => step.ms).sort((a, b) => a - b);
    const [median, most] = [all[Math.floor(all.length / 2)]!, all.at(-1)!];
    console.log(
      `  ${String(all.length).padStart(2)} ${kind.padEnd(14)} median ${median.toFixed(0)} ms, most ${
        most.toFixed(0)
      } ms`,
    );
  }
}

const byNotes = () =>
  way(async (ask) => {
    for (let i = 0; i < 5; i++) {
      const fields = [{ name: "Front", value: `front ${i}` }, { name: "Back", value: `back ${i}` }];
      await ask("createNote", { deckId: "1", kind: "BASIC_REVERSED", fields });
    }
  });
const byTable = () =>
  way(async (ask) => {
    const text = Array.from({ length: 10 }, (_, i) => `front ${i}\tback ${i}`).join("\n");
    await ask("importNotes", { deckId: "1", kind: "BASIC", text });
  });

show("By five notes of two cards, in a process that just started", await byNotes());
show("By five notes of two cards", await byNotes());
show("By a table of ten notes", await byTable());
await api.stop();
process.exit(0);
