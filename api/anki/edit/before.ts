import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { getRow, run } from "../collection/rows.ts";
import { type JsonColumn, parseColumn } from "../file/col.ts";

type Row = Record<string, SQLInputValue>;
type Table = "notes" | "cards" | "revlog";

/** All that a change touched, as it was: rows by table and id (null where there was none), texts of `col`, and graves. */
export type Before = {
  edit: true;
  mod: number;
  rows: [Table, number, Row | null][];
  texts: [JsonColumn, string][];
  graves: number;
};

export type Recorder = ReturnType<typeof createRecorder>;

/** Writes rows and keeps what was there, so that the change can be taken back. */
export function createRecorder(db: DatabaseSync) {
  const rows = new Map<string, Before["rows"][number]>();
  const texts = new Map<JsonColumn, string>();
  const mod = getRow<{ mod: number }>(db, "select mod from col limit 1")!.mod;
  const graves = getRow<{ n: number }>(db, "select count(*) as n from graves")!.n;

  function keep(table: Table, id: number): void {
    const key = `${table} ${id}`;
    if (rows.has(key)) return;
    const row = getRow<Row>(db, `select * from ${table} where id = ?`, id);
    rows.set(key, [table, id, row ? { ...row } : null]);
  }

  return {
    db,
    /** Sets columns of a row that is there. */
    update(table: Table, id: number, values: Row): void {
      keep(table, id);
      const columns = Object.keys(values);
      const set = columns.map((column) => `${column} = ?`).join(", ");
      run(db, `update ${table} set ${set} where id = ?`, ...Object.values(values), id);
    },
    insert(table: Table, values: Row & { id: number }): void {
      keep(table, values.id);
      insertRow(db, table, values);
    },
    remove(table: Table, id: number): void {
      keep(table, id);
      run(db, `delete from ${table} where id = ?`, id);
    },
    grave: (oid: number, type: number) => run(db, "insert into graves (usn, oid, type) values (-1, ?, ?)", oid, type),
    /** Changes a JSON column of `col`. Throws where it is not what Anki writes. */
    change(column: JsonColumn, change: (json: Record<string, unknown>) => void): void {
      const text = getRow<Record<JsonColumn, string>>(db, `select ${column} from col limit 1`)![column];
      if (!texts.has(column)) texts.set(column, text);
      const json = parseColumn(column, text);
      change(json);
      run(db, `update col set ${column} = ?`, JSON.stringify(json));
    },
    before: (): Before => ({ edit: true, mod, rows: [...rows.values()], texts: [...texts], graves }),
  };
}

/** Puts back everything that a change touched. */
export function restoreEdit(db: DatabaseSync, { mod, rows, texts, graves }: Before): void {
  for (const [table, id, row] of rows) {
    run(db, `delete from ${table} where id = ?`, id);
    if (row) insertRow(db, table, row);
  }
  for (const [column, text] of texts) run(db, `update col set ${column} = ?`, text);
  run(db, "delete from graves where rowid in (select rowid from graves order by rowid limit -1 offset ?)", graves);
  run(db, "update col set mod = ?", mod);
}

function insertRow(db: DatabaseSync, table: Table, row: Row): void {
  const columns = Object.keys(row);
  run(
    db,
    `insert into ${table} (${columns.join(", ")}) values (${columns.map(() => "?").join(", ")})`,
    ...Object.values(row),
  );
}
