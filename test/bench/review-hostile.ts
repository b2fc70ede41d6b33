/**
 * Gives what strangers' files and cards cost another tenant, for each hostile file and card and for an honest collection of
 * 100,000 cards: the most CPU that the thread which serves everybody spent while the other's request waited, and the longest
 * time that this thread was not free. Time that the machine gives to others counts in the second alone: it tells something
 * on a quiet machine only, the first on any.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/review-hostile.ts [CARDS]
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import process from "node:process";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp } from "../kit/app.ts";
import { hostileCards, hostileFiles } from "../kit/hostile-anki.ts";
import { NOON, reviewerOf, smallContent } from "../kit/review.ts";

const cards = Number(process.argv[2] ?? 100_000);
const api = await startTestApp({ clock: () => NOON });
let people = 0;
const somebody = () => reviewerOf(api, { tenantId: `t${people}`, userId: `u${people++}` });
const bystander = somebody();

type Cost = { cpuMs: number; busyMs: number; tookMs: number };
/** Of this thread; newer than the types. */
const { threadCpuUsage } = process as unknown as {
  threadCpuUsage: (since?: object) => { user: number; system: number };
};

/** What the other's requests waited for while `act` ran, and how long that took, in milliseconds. */
async function busyWhile(act: () => Promise<unknown>): Promise<Cost> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  let isOver = false;
  const acting = act().finally(() => (isOver = true));
  // The other tenant asks all the time.
  let cpuMs = 0;
  while (!isOver) {
    const since = threadCpuUsage();
    await bystander.ask("{ viewer { tenantId } }");
    const { user, system } = threadCpuUsage(since);
    cpuMs = Math.max(cpuMs, (user + system) / 1_000);
  }
  await acting;
  delay.disable();
  return { cpuMs, busyMs: delay.max / 1e6, tookMs: performance.now() - startedAt };
}

const worst = { name: "", cpuMs: 0 };
function show(name: string, { cpuMs, busyMs, tookMs }: Cost): void {
  const ms = (value: number) => value.toFixed(0).padStart(6);
  console.log(`${name.padEnd(44)} ${ms(cpuMs)} ms CPU ${ms(busyMs)} ms busy ${ms(tookMs)} ms in all`);
  if (cpuMs > worst.cpuMs) Object.assign(worst, { name: name.trim(), cpuMs });
}

await somebody().import(schema11(smallContent()));
show("at rest", await busyWhile(() => new Promise((resolve) => setTimeout(resolve, 2_000))));
for (const [name, make] of hostileFiles) {
  const file = await make();
  const person = somebody();
  show(name, await busyWhile(() => person.import(file)));
}
for (const [name, make] of hostileCards) {
  const file = make();
  const person = somebody();
  await person.import(file);
  show(name, await busyWhile(() => person.start({ deckId: "1" })));
}
const honest = schema11(smallContent({ reviews: cards / 2, fresh: cards / 2 }));
const person = somebody();
console.log(`an honest collection of ${cards} cards, ${(honest.length / 1e6).toFixed(0)} MB`);
const upload = async () => {
  const { collectionUploadUrl } = await person.ask("mutation { collectionUploadUrl { uploadKey url } }");
  await fetch(collectionUploadUrl.url, { method: "PUT", body: new Uint8Array(honest) });
  return { uploadKey: collectionUploadUrl.uploadKey as string };
};
const uploaded = await upload();
show("  its import", await busyWhile(() => person.importBy(uploaded)));
show("  the list of its decks", await busyWhile(() => person.decks("UTC")));
let session: { sessionId: string; nextCard: { cardId: string } };
show("  the start of a review", await busyWhile(async () => (session = (await person.start()).reviewSession)));
show(
  "  an answer",
  await busyWhile(() =>
    person.answer({ sessionId: session!.sessionId, cardId: session!.nextCard.cardId, answerId: "a" })
  ),
);
await person.end(session!.sessionId);
const again = await upload();
show("  its import again", await busyWhile(() => person.importBy(again)));
console.log(`at most ${worst.cpuMs.toFixed(0)} ms: ${worst.name}`);
await api.stop();
process.exit(worst.cpuMs > 50 ? 1 : 0);
