import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { DatabaseSync } from "node:sqlite";
import { readCollection, timingOf } from "../collection/collection.ts";
import { type CardRow, listRows, type LogRow } from "../collection/rows.ts";
import { retrievability } from "../queue/retrievability.ts";
import { fsrsFor, fsrsSettingsOf, historyOf, nextMemory } from "./memory.ts";
import type { Moment } from "./question.ts";

/**
 * What FSRS's optimiser makes of a person's log. Log loss says how far predictions are from what happened: less is better.
 * `parameters` are undefined where there are too few reviews to learn from.
 */
export type Optimized = {
  parameters: number[] | undefined;
  reviews: number;
  logLossBefore: number;
  logLossAfter: number;
};

/** Fewer say nothing of a person. */
const MIN_REVIEWS = 64;
/** As many as half a minute allows; more make parameters hardly better. */
const MAX_REVIEWS = 12_000;
const WASM = "fsrs_browser_bg.wasm";

type Log = Pick<LogRow, "id" | "cid" | "ease" | "type" | "ivl" | "factor">;

/** Learns parameters from the answers of the cards of a preset's decks, by cards that are chosen by chance where there are many. */
export async function optimizeParameters(db: DatabaseSync, presetId: number, moment: Moment): Promise<Optimized> {
  const collection = readCollection(db);
  const decks = [...collection.decks.values()].filter(({ filtered, optionsId }) => !filtered && optionsId === presetId);
  const options = collection.optionsOf(decks[0]);
  const home = "coalesce(nullif(odid, 0), did)";
  const cards = listRows<Pick<CardRow, "id">>(
    db,
    `select id from cards where ${home} in (${
      decks.map(({ id }) => id).join(", ") || "0"
    }) and queue <> -1 and type <> 0
     order by id * 48271 % 2147483647, id`,
  );
  const logs: Log[][] = [];
  for (let rows = 0, i = 0; i < cards.length && rows < MAX_REVIEWS; i++) {
    const sql = "select id, cid, ease, type, ivl, factor from revlog where cid = ? and id >= ? order by id";
    const log = listRows<Log>(db, sql, cards[i]!.id, options.ignoreLogBefore).map((row) =>
      upgraded(row, collection.hasScheduler1)
    );
    rows += log.length;
    logs.push(log);
  }
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  const histories = logs.flatMap((log) => {
    const history = historyOf(log as LogRow[], timing);
    return history?.isComplete ? [history.reviews] : [];
  });
  const lossOf = (parameters: readonly number[]) => logLoss(histories, parameters);
  const before = lossOf(options.fsrsParameters);
  if (before.reviews < MIN_REVIEWS) {
    return { parameters: undefined, reviews: before.reviews, logLossBefore: before.loss, logLossAfter: before.loss };
  }
  const parameters = await learned(logs.flat(), moment.offsetMinutes - collection.rollover * 60);
  return {
    parameters,
    reviews: before.reviews,
    logLossBefore: before.loss,
    logLossAfter: lossOf(parameters).loss,
  };
}

/** In the log of scheduler 1 learning has three buttons. */
function upgraded(row: Log, hasScheduler1: boolean): Log {
  const isShifted = hasScheduler1 && (row.type === 0 || row.type === 2) && row.ease > 1;
  return { ...row, ease: Math.min(4, isShifted ? row.ease + 1 : row.ease) };
}

type History = NonNullable<ReturnType<typeof historyOf>>["reviews"];

/** How far predictions are from what happened, over all reviews that came days after the one before. */
function logLoss(histories: readonly History[], parameters: readonly number[]): { loss: number; reviews: number } {
  const settings = fsrsSettingsOf(
    { fsrsParameters: parameters, desiredRetention: 0.9, historicalRetention: 0.9 },
    undefined,
    undefined,
  );
  const algorithm = fsrsFor(settings);
  const decay = algorithm.parameters.w[20]!;
  let [sum, reviews] = [0, 0];
  for (const history of histories) {
    let memory: ReturnType<typeof nextMemory> | undefined;
    for (const { rating, elapsedDays } of history) {
      if (memory && elapsedDays > 0) {
        const predicted = Math.min(0.9999, Math.max(0.0001, retrievability(elapsedDays, memory.stability, decay)));
        sum -= Math.log(rating > 1 ? predicted : 1 - predicted);
        reviews++;
      }
      memory = nextMemory(algorithm, memory, rating, elapsedDays);
    }
  }
  return { loss: reviews === 0 ? 0 : sum / reviews, reviews };
}

/** FSRS's own optimiser, compiled to WebAssembly: the same on every machine, and without a permission of its own. */
async function learned(log: readonly Log[], minuteOffset: number): Promise<number[]> {
  const scope = globalThis as { self?: unknown };
  // Made for browsers, it listens for helpers there; it works without them.
  scope.self ??= { addEventListener: () => {} };
  const { initSync, Fsrs } = await import("fsrs-browser");
  initSync({ module: readFileSync(wasmPath()) });
  const { log: print } = console;
  // It tells of its progress there.
  console.log = () => {};
  try {
    const parameters = new Fsrs().computeParametersAnki(
      minuteOffset,
      BigInt64Array.from(log, ({ cid }) => BigInt(cid)),
      Uint8Array.from(log, ({ ease }) => ease),
      BigInt64Array.from(log, ({ id }) => BigInt(id)),
      Uint8Array.from(log, ({ type }) => type),
      undefined,
      true,
    );
    return [...parameters].map((value) => Math.round(value * 10_000) / 10_000);
  } finally {
    console.log = print;
  }
}

/** Beside the bundle, or in the package. */
function wasmPath(): string | URL {
  if (import.meta.url.endsWith(".ts")) return createRequire(import.meta.url).resolve(`fsrs-browser/${WASM}`);
  return new URL(`./${WASM}`, import.meta.url);
}
