import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import { parseObject } from "../collection/card-data.ts";
import { readCollection, timingOf } from "../collection/collection.ts";
import { SEPARATOR } from "../collection/decks.ts";
import { listOf } from "../collection/notes.ts";
import { objectOf } from "../collection/options.ts";
import { getRow, listRows } from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";
import type { Moment } from "../schedule/question.ts";
import { ofCard, plainOf, teach } from "./functions.ts";
import { MAX_DUE_DAY } from "./retrievability.ts";
import { parseSearch, SearchError, type SearchNode } from "./search-parse.ts";
import { likesOf, matches } from "./search-patterns.ts";

/** SQL over `cards c` and `notes n`, with the values of its places. */
export type Condition = { sql: string; values: SQLInputValue[] };

const IS: ReadonlyMap<string, string> = new Map(Object.entries({
  new: "c.type = 0",
  learn: "c.type in (1, 3)",
  review: "c.type in (2, 3)",
  suspended: "c.queue = -1",
  buried: "c.queue in (-2, -3)",
  "buried-manually": "c.queue = -3",
  "buried-sibling": "c.queue = -2",
}));
const DUE = "(case when c.odue <> 0 then c.odue else c.due end)";
const memory = (name: string) => `(case when json_valid(c.data) then json_extract(c.data, '$.${name}') end)`;
const PROPS: ReadonlyMap<string, string> = new Map(Object.entries({
  ivl: "c.ivl",
  reps: "c.reps",
  lapses: "c.lapses",
  ease: "c.factor / 1000.0",
  pos: `(case when c.type = 0 then ${DUE} end)`,
  s: memory("s"),
  d: memory("d"),
}));
/** Anki's words that are not read here. */
const UNREAD = ["re", "w", "sc", "dupe", "has-cd"];

/**
 * What a search asks of cards. Anki's words: `deck:`, `did:`, `tag:`, `note:`, `mid:`, `card:`, `is:`, `flag:`, `cid:`,
 * `nid:`, `nc:`, `preset:`, `resched:`, `added:`, `edited:`, `rated:`, `introduced:`, `prop:`, a field's name, and text in any field. Throws SearchError.
 */
export function conditionOf(db: DatabaseSync, search: string, moment: Moment): Condition {
  const node = parseSearch(search);
  teach(db);
  return node ? joined(db, node, moment) : { sql: "1", values: [] };
}

function joined(db: DatabaseSync, node: SearchNode, moment: Moment): Condition {
  if (node.kind === "term") return termOf(db, node.prefix, node.text, moment);
  if (node.kind === "not") {
    const { sql, values } = joined(db, node.of, moment);
    return { sql: `not coalesce((${sql}), 0)`, values };
  }
  const parts = node.of.map((each) => joined(db, each, moment));
  return {
    sql: parts.map(({ sql }) => `(${sql})`).join(` ${node.kind} `),
    values: parts.flatMap(({ values }) => values),
  };
}

function termOf(db: DatabaseSync, prefix: string, text: string, moment: Moment): Condition {
  const timing = () => timingOf(readCollection(db), moment.at, moment.offsetMinutes);
  const since = (days = text) => timing().nextDayAt - DAY_MS * wholeOf(prefix, days);
  const plain = (sql: string, ...values: SQLInputValue[]): Condition => ({ sql, values });
  switch (prefix) {
    case "":
      return holding(["n.sfld", "n.flds"], likesOf(text).map((like) => `%${like}%`));
    case "nc": {
      const texts = ["sojourn_plain(cast(n.sfld as text))", "sojourn_plain(n.flds)"];
      return holding(texts, likesOf(text, true).map((like) => `%${like}%`));
    }
    case "preset":
      return plain(`coalesce(nullif(c.odid, 0), c.did) in (${decksOfPreset(db, text).join(", ") || "0"})`);
    case "resched":
      return plain("c.id in (select cid from revlog where id >= ? and ease = 0)", since());
    case "deck":
      if (text === "*") return plain("1");
      if (text === "current") {
        throw new SearchError("holds `deck:current`: no deck is Anki's current one here; name it");
      }
      return plain(
        `coalesce(nullif(c.odid, 0), c.did) in (${decksOf(db, text).join(", ") || "0"}) or c.did in (${
          decksOf(db, text).join(", ") || "0"
        })`,
      );
    case "did":
      return plain(
        `coalesce(nullif(c.odid, 0), c.did) in (${idsOf(prefix, text)}) or c.did in (${idsOf(prefix, text)})`,
      );
    case "tag":
      return text === "none" ? plain("trim(n.tags) = ''") : taggedBy(db, text);
    case "note":
      return plain(`n.mid in (${noteTypesOf(db, text).join(", ") || "0"})`);
    case "mid":
      return plain(`n.mid in (${idsOf(prefix, text)})`);
    case "card":
      return /^\d{1,9}$/.test(text)
        ? plain("c.ord = ?", Math.max(1, Number(text)) - 1)
        : plain(templatesNamed(db, text));
    case "flag":
      if (!/^[0-7]$/.test(text)) throw new SearchError("holds `flag:` without a number from 0 to 7");
      return plain("(c.flags & 7) = ?", Number(text));
    case "cid":
    case "nid":
      return plain(`${prefix === "cid" ? "c.id" : "n.id"} in (${idsOf(prefix, text)})`);
    case "added":
      return plain("c.id >= ?", since());
    case "edited":
      return plain("n.mod >= ?", Math.floor(since() / SECOND_MS));
    case "introduced":
      return plain("(select min(id) from revlog where cid = c.id and ease between 1 and 4) >= ?", since());
    case "rated": {
      const [, days = "", ease] = /^(\d+)(?::([1-4]))?$/.exec(text) ?? [];
      const bound = ease ? `ease = ${ease}` : "ease between 1 and 4";
      return plain(`c.id in (select cid from revlog where id >= ? and ${bound})`, since(days));
    }
    case "is":
      return isOf(db, text, moment, timing);
    case "prop":
      return propOf(text, timing);
    default:
      return fieldOf(db, prefix, text);
  }
}

function isOf(db: DatabaseSync, text: string, { at }: Moment, timing: () => Timing): Condition {
  if (text === "due") {
    const sql = "(c.queue in (2, 3) and c.due <= ?) or (c.queue in (1, 4) and c.due <= ?)";
    return { sql, values: [timing().today, Math.floor(at / SECOND_MS) + readCollection(db).learnAheadSecs] };
  }
  const sql = IS.get(text);
  if (!sql) throw new SearchError(`holds \`is:${text.slice(0, 20)}\`; known are due, ${[...IS.keys()].join(", ")}`);
  return { sql, values: [] };
}

function propOf(text: string, timing: () => Timing): Condition {
  const [, name, sign, value] = /^(\w+)(<=|>=|!=|=|<|>)(-?\d{1,9}(?:\.\d{1,9})?)$/.exec(text) ?? [];
  if (name === "due") {
    const { today, nextDayAt } = timing();
    // What is due at a second is due on the day of that; divided as Anki does, towards zero.
    const day = `(case when ${DUE} > ${MAX_DUE_DAY} then (${DUE} - ${nextDayAt / SECOND_MS}) / 86400
      else ${DUE} - ${today} end)`;
    return { sql: `c.queue between 1 and 4 and ${day} ${sign} ?`, values: [Number(value)] };
  }
  if (name === "r") {
    const isSeen = `c.type <> 0 and ${memory("s")} is not null and ${memory("d")} is not null`;
    return { sql: `${isSeen} and ${ofCard("sojourn_recall", timing(), "c.")} ${sign} ?`, values: [Number(value)] };
  }
  const column = name && PROPS.get(name);
  if (!column) {
    throw new SearchError(`holds \`prop:${text.slice(0, 20)}\`; known are due, r, ${[...PROPS.keys()].join(", ")}`);
  }
  // Searches say of difficulty a share, from 0 to 1.
  return { sql: `${column} ${sign} ?`, values: [name === "d" ? Number(value) * 9 + 1 : Number(value)] };
}

/** Where one of these expressions is like one of these texts. */
function holding(expressions: readonly string[], likes: readonly string[]): Condition {
  const sql = expressions.flatMap((each) => likes.map(() => `${each} like ? escape '\\'`)).join(" or ");
  return { sql, values: expressions.flatMap(() => likes) };
}

/** A name with all above it, as decks and tags are named: whether one of these fits. */
function withParents(isNamed: (name: string) => boolean): (name: string) => boolean {
  return (name) => {
    const parts = name.split(SEPARATOR);
    return parts.some((_, depth) => isNamed(parts.slice(0, depth + 1).join(SEPARATOR)));
  };
}

/** Tags are looked at one by one: what stands for any signs does not reach from one into the next. */
function taggedBy(db: DatabaseSync, text: string): Condition {
  const isPlain = isWithout("tag", text);
  const named = withParents(matches(isPlain ? plainOf(text.slice(3)) : text));
  const isTag = (tag: string) => named(isPlain ? plainOf(tag) : tag);
  const found = listRows<{ tags: string }>(db, "select distinct tags from notes").map(({ tags }) => tags)
    .filter((tags) => text === "*" || tags.split(/\s+/).some((tag) => tag !== "" && isTag(tag)));
  return { sql: "n.tags in (select value from json_each(?))", values: [JSON.stringify(found)] };
}

/** Whether what is asked of fields or tags is meant without accents; by an expression it cannot be asked. */
function isWithout(prefix: string, text: string): boolean {
  if (text.startsWith("re:")) throw new SearchError(`holds \`${prefix}:re:\`, which is not read here`);
  return text.startsWith("nc:");
}

/** A field by its name in any note type: `Front:dog` is the whole field, `Front:*dog*` a part of it, `Front:` an empty one. */
function fieldOf(db: DatabaseSync, name: string, text: string): Condition {
  if (UNREAD.includes(name)) throw new SearchError(`holds \`${name}:\`, a word of Anki's that is not read here`);
  const places = [...placesNamed(db, "flds", name)];
  if (places.length === 0) {
    throw new SearchError(
      `holds \`${name.slice(0, 40)}:\`, which is neither a word of searches nor a field; write \\: for a colon`,
    );
  }
  const isPlain = isWithout(name, text);
  const likes = isPlain ? likesOf(text.slice(3), true) : likesOf(text);
  const found = places.map(([place, mids]) => {
    const field = `sojourn_field(n.flds, ${place})`;
    const { sql, values } = holding([isPlain ? `sojourn_plain(${field})` : field], likes);
    return { sql: `(n.mid in (${mids.join(", ")}) and (${sql}))`, values };
  });
  return { sql: found.map(({ sql }) => sql).join(" or "), values: found.flatMap(({ values }) => values) };
}

function wholeOf(prefix: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new SearchError(`holds \`${prefix}:\` without a number of days`);
  return Math.max(1, Number(text));
}

function idsOf(prefix: string, text: string): string {
  if (!/^\d{1,18}(?:,\d{1,18})*$/.test(text)) {
    throw new SearchError(`holds \`${prefix}:\` without numbers that commas join`);
  }
  return text;
}

/** Decks by name, with all below them. */
function decksOf(db: DatabaseSync, pattern: string): number[] {
  const decks = [...readCollection(db).decks.values()];
  if (pattern === "filtered") return decks.filter(({ filtered }) => filtered).map(({ id }) => id);
  const isNamed = withParents(matches(pattern));
  return decks.filter(({ name }) => isNamed(name)).map(({ id }) => id);
}

/** Decks by the name of their preset. */
function decksOfPreset(db: DatabaseSync, pattern: string): number[] {
  const isNamed = matches(pattern);
  const { dconf } = getRow<{ dconf: string }>(db, "select dconf from col limit 1")!;
  const ids = Object.entries(parseObject(dconf)).filter(([, each]) => isNamed(String(objectOf(each)["name"])))
    .map(([id]) => Number(id));
  return [...readCollection(db).decks.values()].filter(({ filtered, optionsId }) =>
    !filtered && optionsId !== undefined && ids.includes(optionsId)
  )
    .map(({ id }) => id);
}

function noteTypes(db: DatabaseSync): [mid: number, type: Record<string, unknown>][] {
  const { models } = getRow<{ models: string }>(db, "select models from col limit 1")!;
  return Object.entries(parseObject(models)).map(([id, model]) => [Number(id), objectOf(model)]);
}

function noteTypesOf(db: DatabaseSync, pattern: string): number[] {
  const isNamed = matches(pattern);
  return noteTypes(db).filter(([, { name }]) => isNamed(String(name))).map(([mid]) => mid);
}

/** At which places note types have fields or templates of a name. */
function placesNamed(db: DatabaseSync, of: "flds" | "tmpls", pattern: string): Map<number, number[]> {
  const isNamed = matches(pattern);
  const places = new Map<number, number[]>();
  for (const [mid, type] of noteTypes(db)) {
    for (const [place, { name }] of listOf(type[of]).entries()) {
      if (isNamed(String(name))) places.set(place, [...places.get(place) ?? [], mid]);
    }
  }
  return places;
}

function templatesNamed(db: DatabaseSync, pattern: string): string {
  const places = [...placesNamed(db, "tmpls", pattern)];
  return places.map(([ord, mids]) => `(c.ord = ${ord} and n.mid in (${mids.join(", ")}))`).join(" or ") || "0";
}
