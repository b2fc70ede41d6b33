import type { DatabaseSync } from "node:sqlite";
import { SECOND_MS } from "../../core/clock.ts";
import { type Collection, isUnburyDue } from "../collection/collection.ts";
import type { DeckOptions } from "../collection/options.ts";
import { prepared } from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";
import { createLimitTree, type LimitTree, type Remaining } from "./limits.ts";
import { teach } from "./functions.ts";
import { isByDeck, newOrderSql, reviewOrderSql, shuffleKey } from "./order.ts";

export type Gathered = { id: number; nid: number; did: number; odid: number; due: number; ord: number };

/** The cards of a deck's day: learning by when they are due, the others in their order and within the limits. */
export type Queue = {
  learning: readonly Gathered[];
  dayLearning: readonly Gathered[];
  reviews: readonly Gathered[];
  fresh: readonly Gathered[];
  options: DeckOptions | undefined;
};

const COLUMNS = "id, nid, did, odid, due, ord";
const MANY = 1_000;

type Buries = Pick<DeckOptions, "buryNew" | "buryReviews" | "buryDayLearning">;
const NO_BURIES: Buries = { buryNew: false, buryReviews: false, buryDayLearning: false };

/** SQL for the cards of a queue: those in it, and those that come back to it today from being buried. */
const IN_QUEUE = { learning: "queue in (1, 4)", dayLearning: "queue = 3", reviews: "queue = 2", fresh: "queue = 0" };
const BURIED_IN = {
  learning: "type in (1, 3) and due > 1000000000",
  dayLearning: "type in (1, 3) and due <= 1000000000",
  reviews: "type = 2",
  fresh: "type = 0",
};

/**
 * Gathers the cards of a deck and the decks below it in Anki's order of gathering, so that each card takes from the
 * limits and hides its siblings as there: learning, learning of days, reviews, new.
 * Source: ankitects/anki, rslib/src/scheduler/queue/builder.
 */
export function gather(db: DatabaseSync, collection: Collection, deckId: number, timing: Timing): Queue {
  const limits = createLimitTree(collection, deckId, timing.today);
  const root = collection.decks.get(deckId);
  const options = root && !root.filtered ? collection.optionsOf(root) : undefined;
  const where = whereFor(limits.decks.map(({ id }) => id), isUnburyDue(collection, timing));
  const siblings = createSiblings(collection);
  const { today, nextDayAt } = timing;
  teach(db);
  const order = reviewOrderSql(
    options?.reviewOrder ?? 0,
    timing,
    limits.decks.map(({ id }) => id),
    collection.usesFsrs,
  );

  const learning = [...cards(
    db,
    `${where("learning")} and due < ${Math.floor(nextDayAt / SECOND_MS)} order by due, id`,
  )];
  for (const card of learning) siblings.isHidden(card, "never");
  const take = (kind: keyof Remaining, rows: Iterable<Gathered>, buries: keyof Buries) =>
    taken(limits, kind, rows, (card) => siblings.isHidden(card, buries));
  const dueBy = `due <= ${today} order by ${order}`;
  const dayLearning = take(
    "review",
    cards(db, `${where("dayLearning")} and ${dueBy}`, limits.root("review")),
    "buryDayLearning",
  );
  const reviews = take("review", cards(db, `${where("reviews")} and ${dueBy}`, limits.root("review")), "buryReviews");
  const fresh = freshSources(options, limits, today, where).flatMap((sql) =>
    limits.root("new") > 0 ? take("new", cards(db, sql, limits.root("new")), "buryNew") : []
  );
  return { learning, dayLearning, reviews, fresh: sortedFresh(fresh, options, today), options };
}

/**
 * Of few cards only the ids are sorted, which the index holds, and the rest of a row is read when its turn comes. Where
 * the limits let most of them through, they are read at once.
 */
function* cards(db: DatabaseSync, condition: string, atMost = MANY): Generator<Gathered> {
  if (atMost >= MANY) {
    yield* db.prepare(`select ${COLUMNS} from cards where ${condition}`).all() as Iterable<Gathered>;
    return;
  }
  const rest = prepared(db, `select ${COLUMNS} from cards where id = ?`);
  for (const { id } of db.prepare(`select id from cards where ${condition}`).iterate() as Iterable<{ id: number }>) {
    yield rest.get(id) as Gathered;
  }
}

function taken(
  limits: LimitTree,
  kind: keyof Remaining,
  rows: Iterable<Gathered>,
  isHidden: (card: Gathered) => boolean,
): Gathered[] {
  const found: Gathered[] = [];
  if (limits.root(kind) <= 0) return found;
  for (const card of rows) {
    if (limits.isReached(card.did, kind) || isHidden(card)) continue;
    found.push(card);
    limits.take(card.did, kind);
    if (limits.root(kind) <= 0) break;
  }
  return found;
}

/** Which notes were seen, and which of their other cards their decks' options hide for the day. */
function createSiblings(collection: Collection) {
  const seen = new Map<number, Buries>();
  return {
    isHidden: (card: Gathered, buries: keyof Buries | "never"): boolean => {
      const home = collection.decks.get(card.odid || card.did);
      // A card that a filtered deck holds and that names no home is of no preset: it hides nothing.
      const { buryNew, buryReviews, buryDayLearning } = home && !home.filtered ? collection.optionsOf(home) : NO_BURIES;
      const before = seen.get(card.nid);
      seen.set(card.nid, {
        buryNew: buryNew || before?.buryNew === true,
        buryReviews: buryReviews || before?.buryReviews === true,
        buryDayLearning: buryDayLearning || before?.buryDayLearning === true,
      });
      return buries !== "never" && before?.[buries] === true;
    },
  };
}

type Where = (kind: keyof typeof IN_QUEUE, deckId?: number) => string;

function whereFor(deckIds: readonly number[], withBuried: boolean): Where {
  return (kind, deckId) => {
    const decks = deckId === undefined ? `did in (${deckIds.join(", ")})` : `did = ${deckId}`;
    if (!withBuried) return `${decks} and ${IN_QUEUE[kind]}`;
    return `${decks} and (${IN_QUEUE[kind]} or (queue in (-2, -3) and ${BURIED_IN[kind]}))`;
  };
}

/** One statement for each deck, or one for all, as the options say. */
function freshSources(options: DeckOptions | undefined, limits: LimitTree, today: number, where: Where): string[] {
  const order = options?.newGatherOrder ?? 0;
  const by = `order by ${newOrderSql(order, today)}`;
  return isByDeck(order)
    ? limits.decks.filter(({ id }) => !limits.isReached(id, "new")).map(({ id }) => `${where("fresh", id)} ${by}`)
    : [`${where("fresh")} ${by}`];
}

function sortedFresh(fresh: Gathered[], options: DeckOptions | undefined, today: number): Gathered[] {
  const byKey = (key: (card: Gathered) => number) => (a: Gathered, b: Gathered) => key(a) - key(b);
  const byNote = byKey(({ nid }) => shuffleKey(nid, today));
  const byCard = byKey(({ id }) => shuffleKey(id, today));
  const byTemplate = byKey(({ ord }) => ord);
  switch (options?.newSortOrder ?? 1) {
    case 0:
      return fresh.toSorted(byTemplate);
    case 2:
      return fresh.toSorted((a, b) => byTemplate(a, b) || byCard(a, b));
    case 3:
      return fresh.toSorted((a, b) => byNote(a, b) || byTemplate(a, b));
    case 4:
      return fresh.toSorted(byCard);
    default:
      return fresh;
  }
}
