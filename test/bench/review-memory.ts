import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SCOPES } from "../../api/auth/viewer.ts";
import { startTestApp } from "../kit/app.ts";
import type { TestSystem } from "../kit/local.ts";
import { killTree } from "../kit/process.ts";
import { mutationOf, reviewerOf } from "../kit/review.ts";
import { startServe } from "../proof/service.ts";
import { memoryMegabytes } from "./processes.ts";
import { collectionOf } from "./review-designs.ts";

const COLLECTIONS = 50;
const COLLECTION_MB = 5;
const CARDS = 1_000;
const ANSWERS = 3;
const MB = 1_048_576;
const CACHES_MB = [256, 32];

/** Prints what a process of the service holds in memory and on its disk when it has served 50 collections of 5 MB. */
export async function measureMemory(system: TestSystem): Promise<void> {
  const importer = await startTestApp({ system });
  try {
    const file = collectionOf(CARDS, COLLECTION_MB * MB);
    const each = `${(file.length / MB).toFixed(1)} MB`;
    console.log(`${COLLECTIONS} people, each with a collection of ${each}, ${ANSWERS} answers each, at one process`);
    for (const cacheMb of CACHES_MB) {
      const people = Array.from({ length: COLLECTIONS + 1 }, (_, i) => `memory-${cacheMb}-${i}`);
      for (const userId of people) await reviewerOf(importer, { userId }).import(file);
      const tokens = await Promise.all(people.map((userId) => importer.token("t", SCOPES, userId)));
      await measureProcess(system, tokens, cacheMb);
    }
  } finally {
    await importer.stop();
  }
}

async function measureProcess(system: TestSystem, [first, ...tokens]: string[], cacheMb: number): Promise<void> {
  // Its temporary files lie in a folder of its own, so that they can be counted.
  const scratch = mkdtempSync(join(tmpdir(), "sojourn-bench-"));
  const { dataDir, endpoints, prefix } = system;
  const env = { COLLECTION_CACHE_MB: String(cacheMb), TMPDIR: scratch };
  try {
    const service = await startServe(dataDir, endpoints, prefix, env);
    const { pid } = service.running;
    try {
      const review = (token: string, from: number) => reviewAt(service.url, token, from);
      await review(first!, 0);
      const before = memoryMegabytes(pid);
      for (const token of tokens) await review(token, 0);
      const after = memoryMegabytes(pid);
      const kept = filesBelow(scratch);
      for (const token of tokens) await review(token, ANSWERS);
      const again = memoryMegabytes(pid);
      const keptThen = filesBelow(scratch);
      console.log(
        `  COLLECTION_CACHE_MB=${cacheMb}: ${before.now} MB with 1 collection, ${after.now} MB with ${COLLECTIONS} more ` +
          `(${
            ((after.now - before.now) / COLLECTIONS).toFixed(2)
          } MB each), ${again.now} MB after as many answers again; ` +
          `at most ${again.peak} MB; on its disk ${kept.count} copies of ${kept.megabytes.toFixed(1)} MB, then ` +
          `${keptThen.count} of ${keptThen.megabytes.toFixed(1)} MB: ` +
          `${Math.max(kept.megabytes, keptThen.megabytes) <= cacheMb ? "within the limit" : "OVER THE LIMIT"}`,
      );
    } finally {
      await killTree(pid);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Begins or joins a session, and answers some cards of it. */
async function reviewAt(url: string, token: string, from: number): Promise<void> {
  // oxlint-disable-next-line no-explicit-any
  async function mutate(name: "startReview" | "answerCard", input: object): Promise<any> {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: mutationOf(name), variables: { input } }),
    });
    const { data, errors } = await response.json();
    if (errors || !data[name].reviewSession) throw new Error(JSON.stringify(errors ?? data));
    return data[name].reviewSession;
  }
  const start = { deckId: "100", holder: "bench", onHeld: "RESUME", timeZone: "UTC" };
  let session = await mutate("startReview", start);
  for (let i = 0; i < ANSWERS; i++) {
    const { sessionId, nextCard: { cardId } } = session;
    session = await mutate("answerCard", { sessionId, cardId, rating: "GOOD", answerId: `answer-${from + i}` });
  }
}

/** The collections that lie below a folder. */
function filesBelow(folder: string): { count: number; megabytes: number } {
  const sizes = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("collection.anki2"))
    .map((name) => statSync(join(folder, name)).size);
  return { count: sizes.length, megabytes: sizes.reduce((sum, size) => sum + size, 0) / MB };
}
