import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { readCollection, timingOf } from "../collection/collection.ts";
import { SEPARATOR } from "../collection/decks.ts";
import { parseObject } from "../collection/card-data.ts";
import { objectOf } from "../collection/options.ts";
import { getRow, listRows } from "../collection/rows.ts";
import { FIELD_SEPARATOR } from "../collection/note-text.ts";
import { stripHtml, unescapeHtml } from "../render/text.ts";
import { type CardState, type Moment, stateOf } from "../schedule/question.ts";
import { dueAtOf } from "../schedule/answer.ts";
import { type CardRow } from "../collection/rows.ts";

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
};

/** A search that cannot be read; the message says which part. */
export class SearchError extends Error {}

const MAX_TERMS = 30;
const PREVIEW_CHARS = 200;

type Condition = { sql: string; values: SQLInputValue[] };

/**
 * The cards that a search finds, by id, after a card. Anki's words: `deck:`, `tag:`, `note:`, `is:` (new, learn, review,
 * due, suspended, buried), `flag:`, `cid:`, `nid:`, `prop:` (ivl, reps, lapses, due), text in any field, `-` for not, `or`.
 * Throws SearchError.
 */
export function searchCards(
  db: DatabaseSync,
  search: string,
  { after = 0, limit, moment }: { after?: number | undefined; limit: number; moment: Moment },
): { cards: CardRowView[]; hasMore: boolean } {
  const { sql, values } = conditionOf(db, search, moment);
  const rows = listRows<CardRow & { flds: string; tags: string }>(
    db,
    `select c.*, n.flds, n.tags from cards c join notes n on n.id = c.nid where c.id > ? and (${sql}) order by c.id limit ?`,
    after,
    ...values,
    limit + 1,
  );
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
    })),
  };
}

function previewOf(flds: string): string {
  const first = flds.split(FIELD_SEPARATOR, 1)[0]!.slice(0, 10_000);
  return unescapeHtml(stripHtml(first)).replaceAll(/\s+/g, " ").trim().slice(0, PREVIEW_CHARS);
}

function conditionOf(db: DatabaseSync, search: string, moment: Moment): Condition {
  const terms = [...search.matchAll(/(-?)((?:\w+:)?)(?:"([^"]*)"|(\S+))/g)];
  if (terms.length > MAX_TERMS) throw new SearchError(`has more than ${MAX_TERMS} words`);
  const all: string[] = [];
  const values: SQLInputValue[] = [];
  let join = "";
  for (const [, minus, prefix, quoted, plain] of terms) {
    const text = quoted ?? plain ?? "";
    if (!minus && !prefix && /^or$/i.test(text) && quoted === undefined) {
      join = all.length > 0 ? " or " : "";
      continue;
    }
    if (/^and$/i.test(text) && !prefix && quoted === undefined) continue;
    const found = termOf(db, prefix!.slice(0, -1).toLowerCase(), text, moment);
    all.push(`${all.length === 0 ? "" : join || " and "}${minus ? "not " : ""}(${found.sql})`);
    values.push(...found.values);
    join = "";
  }
  return { sql: all.length === 0 ? "1" : all.join(""), values };
}

const IS: Readonly<Record<string, string>> = {
  new: "c.type = 0",
  learn: "c.queue in (1, 3)",
  review: "c.type in (2, 3)",
  suspended: "c.queue = -1",
  buried: "c.queue in (-2, -3)",
};
const PROPS: Readonly<Record<string, string>> = {
  ivl: "c.ivl",
  reps: "c.reps",
  lapses: "c.lapses",
  ease: "c.factor / 1000.0",
};

function termOf(db: DatabaseSync, prefix: string, text: string, moment: Moment): Condition {
  const today = () => timingOf(readCollection(db), moment.at, moment.offsetMinutes).today;
  switch (prefix) {
    case "":
      return { sql: "n.flds like ? escape '\\'", values: [`%${likeOf(text)}%`] };
    case "deck":
      return { sql: `coalesce(nullif(c.odid, 0), c.did) in (${decksOf(db, text).join(", ") || "0"})`, values: [] };
    case "tag":
      return text === "none" ? { sql: "trim(n.tags) = ''", values: [] } : {
        sql: "n.tags like ? escape '\\' or n.tags like ? escape '\\'",
        values: [`% ${likeOf(text)} %`, `% ${likeOf(text)}::%`],
      };
    case "note":
      return { sql: `n.mid in (${noteTypesOf(db, text).join(", ") || "0"})`, values: [] };
    case "flag":
      if (!/^[0-7]$/.test(text)) throw new SearchError("holds `flag:` without a number from 0 to 7");
      return { sql: "(c.flags & 7) = ?", values: [Number(text)] };
    case "cid":
    case "nid": {
      const ids = text.split(",").filter((id) => /^\d{1,15}$/.test(id)).slice(0, 500);
      return { sql: `${prefix === "cid" ? "c.id" : "n.id"} in (${ids.join(", ") || "0"})`, values: [] };
    }
    case "is": {
      if (text === "due") return { sql: "c.queue in (2, 3) and c.due <= ?", values: [today()] };
      const sql = IS[text];
      if (!sql) {
        throw new SearchError(`holds \`is:${text.slice(0, 20)}\`; known are due, ${Object.keys(IS).join(", ")}`);
      }
      return { sql, values: [] };
    }
    case "prop": {
      const [, name, sign, value] = /^(\w+)(<=|>=|!=|=|<|>)(-?\d+(?:\.\d+)?)$/.exec(text) ?? [];
      if (name === "due") return { sql: `c.queue in (2, 3) and c.due ${sign} ?`, values: [today() + Number(value)] };
      if (!name || !PROPS[name]) {
        throw new SearchError(`holds \`prop:${text.slice(0, 20)}\`; known are due, ${Object.keys(PROPS).join(", ")}`);
      }
      return { sql: `${PROPS[name]} ${sign} ?`, values: [Number(value)] };
    }
    default:
      return { sql: "n.flds like ? escape '\\'", values: [`%${likeOf(`${prefix}:${text}`)}%`] };
  }
}

/** `*` and `_` stand for any signs and any one sign, as in Anki. */
function likeOf(text: string): string {
  return text.replaceAll(/[\\%]/g, "\\$&").replaceAll("*", "%");
}

function matches(pattern: string): (name: string) => boolean {
  const source = pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")).join("[^]{0,300}");
  const regex = new RegExp(`^${source}$`, "i");
  return (name) => regex.test(name);
}

/** Decks by name, with all below them. */
function decksOf(db: DatabaseSync, pattern: string): number[] {
  const isNamed = matches(pattern);
  const decks = [...readCollection(db).decks.values()];
  if (pattern === "filtered") return decks.filter(({ filtered }) => filtered).map(({ id }) => id);
  return decks.filter(({ name }) => {
    const parts = name.split(SEPARATOR);
    return parts.some((_, depth) => isNamed(parts.slice(0, depth + 1).join(SEPARATOR)));
  }).map(({ id }) => id);
}

function noteTypesOf(db: DatabaseSync, pattern: string): number[] {
  const isNamed = matches(pattern);
  const { models } = getRow<{ models: string }>(db, "select models from col limit 1")!;
  return Object.entries(parseObject(models)).filter(([, model]) => isNamed(String(objectOf(model)["name"]))).map((
    [id],
  ) => Number(id));
}
