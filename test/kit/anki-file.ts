import { Buffer } from "node:buffer";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncOptions } from "node:sqlite";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import yazl from "yazl";
import { COLUMNS, INDEXES, type Table } from "../../api/anki/file/tables.ts";

type Values = Record<string, string | number | null | Uint8Array>;

/** What a collection of the tests holds. What is left out has a plain value. */
export type Content = {
  crt?: number;
  mod?: number;
  conf?: object;
  models?: Record<string, object>;
  decks?: Record<string, object>;
  dconf?: Record<string, object>;
  tags?: Record<string, number>;
  notes?: readonly Values[];
  cards?: readonly Values[];
  revlog?: readonly Values[];
  graves?: readonly Values[];
};

export const CRT = 1_600_000_000 - (1_600_000_000 % 86_400) + 7_200;
export const BASIC = 1_500_000_000_001;

export function noteType(id: number, over: object = {}): object {
  return {
    id,
    name: "Basic",
    type: 0,
    mod: 100,
    usn: 5,
    sortf: 0,
    did: 1,
    flds: [{ name: "Front", ord: 0 }, { name: "Back", ord: 1 }],
    tmpls: [
      { name: "Card 1", ord: 0, qfmt: "{{Front}}", afmt: "{{FrontSide}}<hr id=answer>{{Back}}", did: null },
      { name: "Card 2", ord: 1, qfmt: "{{Back}}", afmt: "{{FrontSide}}<hr id=answer>{{Front}}", did: null },
    ],
    css: ".card {}",
    req: [],
    ...over,
  };
}

export function deck(id: number, name: string, over: object = {}): object {
  const today = [0, 0];
  return {
    id,
    name,
    mod: 100,
    usn: 5,
    dyn: 0,
    conf: 1,
    desc: "",
    collapsed: false,
    newToday: today,
    revToday: today,
    lrnToday: today,
    timeToday: today,
    ...over,
  };
}

export function options(id: number, over: object = {}): object {
  return {
    id,
    name: "Default",
    mod: 0,
    usn: 0,
    new: { delays: [1, 10], ints: [1, 4, 0], initialFactor: 2500, perDay: 20, order: 1 },
    rev: { perDay: 200, ease4: 1.3, ivlFct: 1, maxIvl: 36500 },
    lapse: { delays: [10], mult: 0, minInt: 1, leechFails: 8, leechAction: 0 },
    ...over,
  };
}

export function note(id: number, over: Values = {}): Values {
  return {
    id,
    guid: `g${id}`,
    mid: BASIC,
    mod: 1000,
    usn: 5,
    tags: "",
    flds: `front ${id}\u001fback ${id}`,
    sfld: `front ${id}`,
    csum: id,
    flags: 0,
    data: "",
    ...over,
  };
}

export function card(id: number, nid: number, over: Values = {}): Values {
  const zero = {
    type: 0,
    queue: 0,
    due: 0,
    ivl: 0,
    factor: 0,
    reps: 0,
    lapses: 0,
    left: 0,
    odue: 0,
    odid: 0,
    flags: 0,
  };
  return { id, nid, did: 1, ord: 0, mod: 1000, usn: 5, ...zero, data: "", ...over };
}

export function review(id: number, cid: number, over: Values = {}): Values {
  return { id, cid, usn: 5, ease: 3, ivl: 10, lastIvl: 5, factor: 2500, time: 4000, type: 1, ...over };
}

/** Runs `fill` on a new database and gives its bytes. */
export function databaseBytes(fill: (db: DatabaseSync) => void, pageSize = 4096): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "sojourn-test-"));
  const path = join(folder, "made.db");
  try {
    const db = new DatabaseSync(path, { defensive: false } as DatabaseSyncOptions);
    db.exec(`PRAGMA page_size = ${pageSize}; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY`);
    try {
      fill(db);
    } finally {
      db.close();
    }
    return readFileSync(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function createTables(db: DatabaseSync): void {
  for (const [table, columns] of Object.entries(COLUMNS)) {
    const text = new Set(["guid", "tags", "flds", "data", "conf", "models", "decks", "dconf"]);
    const described = columns.map((column) =>
      column === "id" ? "id integer primary key" : `${column} ${text.has(column) ? "text" : "integer"} not null`
    );
    db.exec(`CREATE TABLE ${table} (${described.join(", ")})`);
  }
  for (const [name, on] of Object.entries(INDEXES)) db.exec(`CREATE INDEX ${name} ON ${on}`);
}

function insert(db: DatabaseSync, table: keyof typeof COLUMNS, rows: readonly Values[]): void {
  for (const row of rows) {
    const columns = Object.keys(row);
    db.prepare(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`)
      .run(...Object.values(row));
  }
}

/** Fills a database as Anki's schema 11. */
export function fillSchema11(db: DatabaseSync, content: Content = {}): void {
  db.exec("BEGIN");
  createTables(db);
  const text = (value: object) => JSON.stringify(value);
  insert(db, "col", [{
    id: 1,
    crt: content.crt ?? CRT,
    mod: content.mod ?? 1_600_000_100_000,
    scm: 1_600_000_000_000,
    ver: 11,
    dty: 0,
    usn: 7,
    ls: 0,
    conf: text(content.conf ?? { nextPos: 10 }),
    models: text(content.models ?? { [BASIC]: noteType(BASIC) }),
    decks: text(content.decks ?? { 1: deck(1, "Default") }),
    dconf: text(content.dconf ?? { 1: options(1) }),
    tags: text(content.tags ?? {}),
  }]);
  insert(db, "notes", content.notes ?? []);
  insert(db, "cards", content.cards ?? []);
  insert(db, "revlog", content.revlog ?? []);
  insert(db, "graves", content.graves ?? []);
  db.exec("COMMIT");
}

/** A collection in schema 11, as bytes. */
export function schema11(content: Content = {}, pageSize?: number): Buffer {
  return databaseBytes((db) => fillSchema11(db, content), pageSize);
}

/** Some notes with two cards each, reviews, a nested deck and a deleted card. */
export function sampleContent(notes = 12): Content {
  const ids = Array.from({ length: notes }, (_, i) => 1_600_000_001_000 + i * 10);
  return {
    decks: { 1: deck(1, "Default"), 1_600_000_000_500: deck(1_600_000_000_500, "Words::Verbs") },
    tags: { verb: 3 },
    notes: ids.map((id, i) => note(id, { tags: i % 2 ? " verb " : "" })),
    cards: ids.flatMap((id, i) => [
      card(id, id, { did: 1_600_000_000_500, type: 2, queue: 2, due: 20 + i, ivl: 10, factor: 2500, reps: 3 }),
      card(id + 1, id, { ord: 1, due: i }),
    ]),
    revlog: ids.flatMap((id, i) => [0, 1, 2].map((n) => review(1_600_100_000_000 + i * 100_000 + n * 1_000, id))),
    graves: [{ usn: 3, oid: 1_600_000_009_999, type: 0 }],
  };
}

/** A message of fields in any order: numbers are varints, floats say so, text and bytes have a length. */
export function message(fields: readonly (readonly [number, number | string | Uint8Array | { float: number }])[]) {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    if (typeof value === "number") writer.tag(field, 0).int64(value);
    else if (typeof value === "string") writer.tag(field, 2).string(value);
    else if (value instanceof Uint8Array) writer.tag(field, 2).bytes(value);
    else writer.tag(field, 5).float(value.float);
  }
  return writer.finish();
}

/** 32-bit floats as protobuf packs them. */
export function packedFloats(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** A zip of these files. */
export async function zipOf(files: Readonly<Record<string, Uint8Array | string>>, compress = true): Promise<Buffer> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(content as string), name, { compress, mtime: new Date(0) });
  }
  zip.end();
  return bytesOf(zip.outputStream);
}

/** All that a stream gives. */
export async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** All rows of a table, in order, as plain text. */
function rows(db: DatabaseSync, table: Table, columns: readonly string[] = COLUMNS[table]): string[] {
  const all = db.prepare(`SELECT ${columns.join(", ")} FROM ${table}`).all().map((row) =>
    JSON.stringify(Object.values(row))
  );
  return all.toSorted((a, b) => (a < b ? -1 : 1));
}

/** All rows of all tables, in order. */
export const dump = (db: DatabaseSync) =>
  Object.fromEntries((Object.keys(COLUMNS) as Table[]).map((t) => [t, rows(db, t)]));
