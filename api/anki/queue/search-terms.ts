import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { DAY_MS, SECOND_MS } from "../../core/clock.ts";
import { parseObject } from "../collection/card-data.ts";
import { readCollection, timingOf } from "../collection/collection.ts";
import { SEPARATOR } from "../collection/decks.ts";
import { listOf } from "../collection/notes.ts";
import { objectOf } from "../collection/options.ts";
import { getRow } from "../collection/rows.ts";
import type { Timing } from "../collection/timing.ts";
import type { Moment } from "../schedule/question.ts";
import { ofCard, plainOf, teach } from "./functions.ts";
import { parseSearch, SearchError, type SearchNode } from "./search-parse.ts";

/** SQL over `cards c` and `notes n`, with the values of its places. */
export type Condition = { sql: string; values: SQLInputValue[] };

const IS: ReadonlyMap<string, string> = new Map(Object.entries({
  new: "c.type = 0",
  learn: "c.queue in (1, 3)",
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
  pos: "(case when c.type = 0 then c.due end)",
  s: memory("s"),
  d: memory("d"),
};

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
  const since = () => timing().nextDayAt - DAY_MS * wholeOf(prefix, text.split(":", 1)[0]!);
  const plain = (sql: string, ...values: SQLInputValue[]): Condition => ({ sql, values });
  switch (prefix) {
    case "":
      return plain("n.flds like ? escape '\\'", `%${likeOf(text)}%`);
    case "nc":
      return plain("sojourn_plain(n.flds) like ? escape '\\'", `%${likeOf(plainOf(text))}%`);
    case "preset":
      return plain(`coalesce(nullif(c.odid, 0), c.did) in (${decksOfPreset(db, text).join(", ") || "0"})`);
    case "resched":
      return plain("c.id in (select cid from revlog where id >= ? and ease = 0)", since());
    case "deck":
      if (text === "*") return plain("1");
      return plain(
        `coalesce(nullif(c.odid, 0), c.did) in (${decksOf(db, text).join(", ") || "0"}) or c.did in (${
          decksOf(db, text).join(", ") || "0"
        })`,
      );
    case "did":
      return plain(`coalesce(nullif(c.odid, 0), c.did) in (${idsOf(text)}) or c.did in (${idsOf(text)})`);
    case "tag":
      return text === "none" ? plain("trim(n.tags) = ''") : taggedBy(text);
    case "note":
      return plain(`n.mid in (${noteTypesOf(db, text).join(", ") || "0"})`);
    case "mid":
      return plain(`n.mid in (${idsOf(text)})`);
    case "card":
      return /^\d{1,9}$/.test(text) ? plain("c.ord = ?", Number(text) - 1) : plain(templatesNamed(db, text));
    case "flag":
      if (!/^[0-7]$/.test(text)) throw new SearchError("holds `flag:` without a number from 0 to 7");
      return plain("(c.flags & 7) = ?", Number(text));
    case "cid":
    case "nid":
      return plain(`${prefix === "cid" ? "c.id" : "n.id"} in (${idsOf(text)})`);
    case "added":
      return plain("c.id >= ?", since());
    case "edited":
      return plain("n.mod >= ?", Math.floor(since() / SECOND_MS));
    case "introduced":
      return plain("(select min(id) from revlog where cid = c.id and ease between 1 and 4) >= ?", since());
    case "rated": {
      const ease = /:([1-4])$/.exec(text)?.[1];
      const bound = ease ? `ease = ${ease}` : "ease between 1 and 4";
      return plain(`c.id in (select cid from revlog where id >= ? and ${bound})`, since());
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
    const sql = `c.queue in (2, 3) and c.type <> 0 and ${DUE} ${sign} ?`;
    return { sql, values: [timing().today + Number(value)] };
  }
  if (name === "r") {
    const isSeen = `c.type <> 0 and ${memory("s")} is not null and ${memory("d")} is not null`;
    return { sql: `${isSeen} and ${ofCard("sojourn_recall", timing(), "c.")} ${sign} ?`, values: [Number(value)] };
  }
  const column = name && PROPS.get(name);
  if (!column) {
    throw new SearchError(`holds \`prop:${text.slice(0, 20)}\`; known are due, r, ${[...PROPS.keys()].join(", ")}`);
  }
  return { sql: `${column} ${sign} ?`, values: [Number(value)] };
}

/** Tags are the same whatever their case is; SQLite knows that of ASCII, so others are looked for as people write them. */
function taggedBy(text: string): Condition {
  const small = text.toLowerCase();
  const written = new Set([text, small, text.toUpperCase(), small.charAt(0).toUpperCase() + small.slice(1)]);
  const patterns = [...written].flatMap((each) => [`% ${likeOf(each)} %`, `% ${likeOf(each)}::%`]);
  return { sql: patterns.map(() => "n.tags like ? escape '\\'").join(" or "), values: patterns };
}

/** A field by its name in any note type: `Front:dog` is the whole field, `Front:*dog*` a part of it. */
function fieldOf(db: DatabaseSync, name: string, text: string): Condition {
  const isNamed = matches(name);
  const places = noteTypes(db).flatMap(([mid, type]) => {
    const found = listOf(type["flds"]).findIndex((field) => isNamed(String(field["name"])));
    return found < 0 ? [] : [[mid, found] as const];
  });
  if (places.length === 0) {
    throw new SearchError(
      `holds \`${name.slice(0, 40)}:\`, which is neither a word of searches nor a field; write \\: for a colon`,
    );
  }
  const sql = places.map(([mid, place]) => `(n.mid = ${mid} and sojourn_field(n.flds, ${place}) like ? escape '\\')`)
    .join(" or ");
  return { sql, values: places.map(() => likeOf(text)) };
}

function wholeOf(prefix: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new SearchError(`holds \`${prefix}:\` without a number of days`);
  return Math.max(1, Number(text));
}

function idsOf(text: string): string {
  return text.split(",").filter((id) => /^\d{1,15}$/.test(id)).slice(0, 500).join(", ") || "0";
}

/** `*` and `_` stand for any signs and any one sign, as in Anki, unless a `\` is before them. */
function likeOf(text: string): string {
  return text.replaceAll(/\\([^])|[%*]/g, (found, escaped?: string) => {
    if (escaped === undefined) return found === "*" ? "%" : "\\%";
    return /[%_\\]/.test(escaped) ? `\\${escaped}` : escaped;
  });
}

/** Whether names match a pattern with `*`; in one pass, whatever the pattern is. */
function matches(pattern: string): (name: string) => boolean {
  const parts = [""];
  for (const [sign] of pattern.toLowerCase().normalize("NFC").matchAll(/\\[^]|[^]/g)) {
    if (sign === "*") parts.push("");
    else parts[parts.length - 1] += sign.length > 1 && sign.startsWith("\\") ? sign.slice(1) : sign;
  }
  const [first, last] = [parts[0]!, parts.at(-1)!];
  return (text) => {
    const name = text.toLowerCase().normalize("NFC");
    if (parts.length === 1) return name === first;
    if (!name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of parts.slice(1, -1)) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= name.length - last.length;
  };
}

/** Decks by name, with all below them. */
function decksOf(db: DatabaseSync, pattern: string): number[] {
  const decks = [...readCollection(db).decks.values()];
  if (pattern === "filtered") return decks.filter(({ filtered }) => filtered).map(({ id }) => id);
  const isNamed = matches(pattern);
  return decks.filter(({ name }) => {
    const parts = name.split(SEPARATOR);
    return parts.some((_, depth) => isNamed(parts.slice(0, depth + 1).join(SEPARATOR)));
  }).map(({ id }) => id);
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

function templatesNamed(db: DatabaseSync, pattern: string): string {
  const isNamed = matches(pattern);
  const found = noteTypes(db).flatMap(([mid, type]) =>
    listOf(type["tmpls"]).flatMap((
      { name },
      ord,
    ) => (isNamed(String(name)) ? [`(n.mid = ${mid} and c.ord = ${ord})`] : []))
  );
  return found.join(" or ") || "0";
}
