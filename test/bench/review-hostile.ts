/**
 * Gives what strangers' files and cards cost another tenant: the longest time that the thread which serves everybody was
 * not free, beside that of the same machine at rest, for each hostile file and card and for an honest collection of
 * 100,000 cards. Time that the machine gives to others counts as busy: compare on a quiet one.
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

/** The longest that the thread was busy while `act` ran, and how long that took, in milliseconds. */
async function busyWhile(act: () => Promise<unknown>): Promise<{ busyMs: number; tookMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startedAt = performance.now();
  let isOver = false;
  const acting = act().finally(() => (isOver = true));
  // The other tenant asks all the time.
  while (!isOver) await bystander.ask("{ viewer { tenantId } }");
  await acting;
  delay.disable();
  return { busyMs: delay.max / 1e6, tookMs: performance.now() - startedAt };
}

const show = (name: string, { busyMs, tookMs }: { busyMs: number; tookMs: number }) =>
  console.log(`${name.padEnd(48)} ${busyMs.toFixed(0).padStart(6)} ms busy ${tookMs.toFixed(0).padStart(8)} ms in all`);

await somebody().import(schema11(smallContent()));
show("at rest", await busyWhile(() => new Promise((resolve) => setTimeout(resolve, 2_000))));
for (const [name, make] of hostileFiles) {
  const file = make();
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
await api.stop();
process.exit(0);
