import type { DatabaseSync } from "node:sqlite";
import type { Json, NoteType } from "./col.ts";
import { type Message, readMessage } from "./wire.ts";

/** JSON keys that a newer Anki did not understand and kept beside the message. Those that are known win. */
export function withOther(other: Uint8Array, known: Json): Json {
  if (other.length === 0) return known;
  try {
    const value = JSON.parse(new TextDecoder().decode(other)) as unknown;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value, ...known } : known;
  } catch {
    return known;
  }
}

const OTHER = 255;
const REQUIREMENTS = ["none", "any", "all"];

/** Only what is set: schema 11 leaves these keys out otherwise. */
export function present(keys: Json): Json {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined && value !== false));
}

/** Notetype.Field.Config. */
function toField(name: string, ord: number, c: Message): Json {
  return withOther(c.bytes(OTHER), {
    name,
    ord,
    sticky: c.flag(1),
    rtl: c.flag(2),
    font: c.text(3),
    size: c.number(4),
    description: c.text(5),
    plainText: c.flag(6),
    collapsed: c.flag(7),
    excludeFromSearch: c.flag(8),
    ...present({ id: c.optional(9), tag: c.optional(10), preventDeletion: c.flag(11) }),
  });
}

/** Notetype.Template.Config. */
function toTemplate(name: string, ord: number, c: Message): Json {
  return withOther(c.bytes(OTHER), {
    name,
    ord,
    qfmt: c.text(1),
    afmt: c.text(2),
    bqfmt: c.text(3),
    bafmt: c.text(4),
    did: c.number(5) > 0 ? c.number(5) : null,
    bfont: c.text(6),
    bsize: c.number(7),
    ...present({ id: c.optional(8) }),
  });
}

/** Notetype.Config. */
function toNoteType(row: Json, c: Message, flds: Json[], tmpls: Json[]): Json {
  return withOther(c.bytes(OTHER), {
    id: row.id,
    name: row.name,
    type: c.number(1) === 1 ? 1 : 0,
    mod: row.mtime_secs,
    usn: row.usn,
    sortf: c.number(2),
    did: c.number(4) === 0 ? null : c.number(4),
    tmpls,
    flds,
    css: c.text(3),
    latexPre: c.text(5),
    latexPost: c.text(6),
    latexsvg: c.flag(7),
    req: c.messages(8).map((r) => [r.number(1), REQUIREMENTS[r.number(2)] ?? "none", r.numbers(3)]),
    ...present({ originalStockKind: c.number(9) || undefined, originalId: c.optional(10) }),
  });
}

const blob = (value: unknown) => (value instanceof Uint8Array ? value : new Uint8Array());

/** Reads a table of parts, by note type, in the order of their ords. */
function partsOf(
  db: DatabaseSync,
  table: "fields" | "templates",
  toPart: (name: string, ord: number, config: Message) => Json,
): Map<number, Json[]> {
  const parts = new Map<number, Json[]>();
  for (const row of db.prepare(`SELECT ntid, ord, name, config FROM ${table} ORDER BY ntid, ord`).all()) {
    const of = Number(row.ntid);
    const list = parts.get(of) ?? [];
    list.push(toPart(String(row.name), Number(row.ord), readMessage(blob(row.config))));
    parts.set(of, list);
  }
  return parts;
}

/** Reads schema 18's note types as schema 11 writes them. */
export function readNoteTypes(db: DatabaseSync): Map<number, NoteType> {
  const fields = partsOf(db, "fields", toField);
  const templates = partsOf(db, "templates", toTemplate);
  return new Map(
    db.prepare("SELECT id, name, mtime_secs, usn, config FROM notetypes NOT INDEXED").all().map((row) => {
      const id = Number(row.id);
      const type = toNoteType(row, readMessage(blob(row.config)), fields.get(id) ?? [], templates.get(id) ?? []);
      return [id, type as NoteType];
    }),
  );
}
