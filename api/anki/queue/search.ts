import type { DatabaseSync } from "node:sqlite";
import { readCollection, timingOf } from "../collection/collection.ts";
import type { CardRow } from "../collection/rows.ts";
import { FIELD_SEPARATOR } from "../collection/note-text.ts";
import { mediaNamesIn } from "../file/media-names-in.ts";
import { stripHtml, unescapeHtml } from "../render/text.ts";
import { type CardState, type Moment, stateOf } from "../schedule/question.ts";
import { dueAtOf } from "../schedule/answer.ts";
import { ofCard } from "./functions.ts";
import { conditionOf } from "./search-terms.ts";

/** A card as a list of cards shows it. */
export type CardRowView = {
  cardId: number;
  noteId: number;
  deckName: string;
  state: CardState;
  dueAt: number | undefined;
  preview: string;
  tags: string[];
  flag: number;
  isSuspended: boolean;
  isBuried: boolean;
  /** The first files that the note's fields name. */
  mediaNames: string[];
};

const PREVIEW_CHARS = 200;
const MAX_SEARCHED_CHARS = 50_000;
const MAX_MEDIA = 10;

/** The cards that a search finds, by id, after a card. Throws SearchError. */
export function searchCards(
  db: DatabaseSync,
  search: string,
  { after = 0, limit, moment }: { after?: number | undefined; limit: number; moment: Moment },
): { cards: CardRowView[]; hasMore: boolean } {
  const { sql, values } = conditionOf(db, search, moment);
  // Every search is another statement: none of them is kept.
  const rows = db.prepare(
    `select c.*, n.flds, n.tags from cards c join notes n on n.id = c.nid where c.id > ? and (${sql}) order by c.id limit ?`,
  ).all(after, ...values, limit + 1) as (CardRow & { flds: string; tags: string })[];
  const collection = readCollection(db);
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  return {
    hasMore: rows.length > limit,
    cards: rows.slice(0, limit).map((row) => ({
      cardId: row.id,
      noteId: row.nid,
      deckName: collection.decks.get(row.odid || row.did)?.name ?? "",
      state: stateOf(row),
      dueAt: dueAtOf(row, timing),
      preview: previewOf(row.flds),
      tags: row.tags.split(/\s+/).filter(Boolean),
      flag: row.flags & 7,
      isSuspended: row.queue === -1,
      isBuried: row.queue < -1,
      mediaNames: mediaNamesIn(row.flds.slice(0, MAX_SEARCHED_CHARS)).slice(0, MAX_MEDIA),
    })),
  };
}

function previewOf(flds: string): string {
  const first = flds.split(FIELD_SEPARATOR, 1)[0]!.slice(0, 10_000);
  return unescapeHtml(stripHtml(first)).replaceAll(/\s+/g, " ").trim().slice(0, PREVIEW_CHARS);
}

/** How the cards of a filtered deck follow each other, by Anki's numbers. */
export const FILTER_ORDERS = [
  "OLDEST_REVIEWED_FIRST",
  "RANDOM",
  "SHORTEST_INTERVAL_FIRST",
  "LONGEST_INTERVAL_FIRST",
  "MOST_LAPSES_FIRST",
  "OLDEST_ADDED_FIRST",
  "DUE_FIRST",
  "NEWEST_ADDED_FIRST",
  "LEAST_RETRIEVABLE_FIRST",
  "MOST_RETRIEVABLE_FIRST",
] as const;
export type FilterOrder = (typeof FILTER_ORDERS)[number];

/** A search of a filtered deck. */
export type DeckSearch = { search: string; limit: number; order: FilterOrder };

/**
 * The cards that a filtered deck borrows by a search, in its order: none that is suspended, buried, or borrowed already by
 * another deck than `own`. What Anki draws by chance is the same all day here, so that it is the same on every instance.
 * Source: ankitects/anki, rslib/src/storage/card/filtered.rs. Throws SearchError.
 */
export function findToBorrow(
  db: DatabaseSync,
  { search, limit, order }: DeckSearch,
  moment: Moment,
  own = 0,
): CardRow[] {
  const { sql, values } = conditionOf(db, search, moment);
  const collection = readCollection(db);
  const timing = timingOf(collection, moment.at, moment.offsetMinutes);
  const { today } = timing;
  const recall = collection.usesFsrs
    ? ofCard("sojourn_recall", timing, "c.")
    : `0 - (${today} - c.due + c.ivl + 0.001) / max(c.ivl, 0.001)`;
  const orders: Record<FilterOrder, string> = {
    OLDEST_REVIEWED_FIRST: "(select max(id) from revlog where cid = c.id)",
    RANDOM: "",
    SHORTEST_INTERVAL_FIRST: "c.ivl",
    LONGEST_INTERVAL_FIRST: "c.ivl desc",
    MOST_LAPSES_FIRST: "c.lapses desc",
    OLDEST_ADDED_FIRST: "c.nid, c.ord",
    DUE_FIRST: `(case when c.due > 1000000000 then c.due else (c.due - ${today}) * 86400 + ${
      Math.floor(moment.at / 1_000)
    } end), c.ord`,
    NEWEST_ADDED_FIRST: "c.nid desc, c.ord",
    LEAST_RETRIEVABLE_FIRST: recall,
    MOST_RETRIEVABLE_FIRST: `${recall} desc`,
  };
  const by = [orders[order], `(c.id + ${today * 7_919}) % 2147483647 * 48271 % 2147483647`, "c.id"].filter(Boolean);
  return db.prepare(
    `select c.* from cards c join notes n on n.id = c.nid where (${sql}) and c.queue >= 0 and (c.odid = 0 or c.did = ?)
     order by ${by.join(", ")} limit ?`,
  ).all(...values, own, limit) as CardRow[];
}
