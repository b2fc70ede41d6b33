import type { DatabaseSync } from "node:sqlite";
import {
  BASIC,
  card,
  type Content,
  databaseBytes,
  deck,
  fillSchema11,
  message,
  note,
  noteType,
  options,
  packedFloats,
  review,
} from "./anki-file.ts";

export const CLOZE = 1_500_000_000_002;
export const FILTERED = 1_600_000_000_700;
/** FSRS-6's default parameters. */
export const PARAMS_6 = [
  0.212,
  1.2931,
  2.3065,
  8.2956,
  6.4133,
  0.8334,
  3.0194,
  0.001,
  1.8722,
  0.1666,
  0.796,
  1.4835,
  0.0614,
  0.2629,
  1.6483,
  0.6014,
  1.8729,
  0.5425,
  0.0912,
  0.0658,
  0.1542,
];

const text = (value: string) => new TextEncoder().encode(value);

function fill(db: DatabaseSync): void {
  const run = (sql: string, ...values: (string | number | Uint8Array | null)[]) => db.prepare(sql).run(...values);
  const field = "INSERT INTO fields VALUES (?, ?, ?, ?)";
  run(field, BASIC, 0, "Front", message([[1, 1], [3, "Arial"], [4, 20], [5, "what is asked"], [9, 4321]]));
  run(
    field,
    BASIC,
    1,
    "back",
    message([[2, 1], [3, "Arial"], [4, 22], [6, 1], [7, 1], [8, 1], [255, text('{"media":[]}')]]),
  );
  run(field, CLOZE, 0, "Text", message([[3, "Arial"], [4, 20]]));
  const template = "INSERT INTO templates VALUES (?, ?, ?, 0, 0, ?)";
  run(
    template,
    BASIC,
    0,
    "Card 1",
    message([[1, "{{Front}}"], [2, "{{back}}"], [3, "{{Front}}!"], [5, FILTERED], [6, "Mono"], [7, 12]]),
  );
  run(template, BASIC, 1, "another", message([[1, "{{back}}"], [2, "{{Front}}"]]));
  run(template, CLOZE, 0, "Cloze", message([[1, "{{cloze:Text}}"], [2, "{{cloze:Text}}"]]));
  const type = "INSERT INTO notetypes VALUES (?, ?, ?, ?, ?)";
  const required = message([[1, 1], [2, 2], [3, Uint8Array.from([0, 1])]]);
  run(
    type,
    BASIC,
    "basic",
    1234,
    5,
    message([[2, 1], [3, ".card {}"], [5, "pre"], [6, "post"], [8, required], [9, 1], [10, 777]]),
  );
  run(type, CLOZE, "Cloze", 1235, 6, message([[1, 1], [3, ".cloze {}"], [7, 1]]));
  const deck = "INSERT INTO decks VALUES (?, ?, ?, ?, ?, ?)";
  const kind = (fields: Parameters<typeof message>[0]) => message([[1, message(fields)]]);
  run(deck, 1, "Default", 9, 0, message([]), kind([[1, 1]]));
  run(
    deck,
    50,
    "a\u001fB\u001fc",
    10,
    3,
    message([[1, 1], [3, 200], [4, 7], [5, 40], [6, 2], [7, 90_000], [255, text('{"mid":5}')]]),
    kind([[1, 60], [2, 4], [3, 5], [4, "described"], [6, 0], [7, 12], [9, message([[1, 30], [2, 199]])], [10, {
      float: 0.85,
    }]]),
  );
  run(
    deck,
    FILTERED,
    "Cram",
    11,
    4,
    message([]),
    message([[
      2,
      message([
        [1, 1],
        [2, message([[1, "is:due"], [2, 99], [3, 1]])],
        [3, packedFloats([1, 10])],
        [4, 9],
        [5, 600],
      ]),
    ]]),
  );
  const options = "INSERT INTO deck_config VALUES (?, ?, ?, ?, ?)";
  run(options, 1, "Default", 0, 0, message([[1, packedFloats([1, 10])]]));
  run(
    options,
    60,
    "Hard",
    77,
    2,
    message([
      [1, packedFloats([0.5, 15])],
      [2, packedFloats([10])],
      [3, packedFloats([0.4, 0.6])],
      [5, packedFloats([0.41])],
      [6, packedFloats(PARAMS_6)],
      [4, packedFloats([1, 1, 1, 1, 1, 0.5, 0])],
      [9, 33],
      [10, 444],
      [11, { float: 2.5 }],
      [12, { float: 1.3 }],
      [13, { float: 1.2 }],
      [14, { float: 0.2 }],
      [15, { float: 0.95 }],
      [16, 365],
      [17, 2],
      [18, 3],
      [19, 6],
      [20, 1],
      [21, 1],
      [22, 6],
      [23, 1],
      [24, 45],
      [25, 1],
      [26, 1],
      [27, 1],
      [28, 1],
      [29, 1],
      [30, 2],
      [31, 1],
      [32, 3],
      [33, 4],
      [34, 5],
      [35, 8],
      [37, { float: 0.92 }],
      [38, 1],
      [40, { float: 0.88 }],
      [41, { float: 1.5 }],
      [42, { float: 2.5 }],
      [43, 3],
      [44, 1],
      [45, "deck:x"],
      [46, "2024-02-03"],
      [255, text('{"own":true,"new":{"separate":true}}')],
    ]),
  );
  run(
    "INSERT INTO config VALUES ('fsrs', 0, 0, ?), ('nextPos', 0, 0, ?), ('sortType', 0, 0, ?)",
    text("true"),
    text("17"),
    text('"noteFld"'),
  );
  run("INSERT INTO tags VALUES ('b', 3, 0, NULL), ('A::x', 4, 1, NULL)");
}

/** The rows that are the same in both schemas. */
export const CONTENT_18 = {
  notes: [note(1), note(2, { mid: CLOZE, flds: "a note on COLLATE unicase {{c1::x}}" })],
  cards: [
    card(11, 1, { did: 50, data: '{"s":12.5,"d":4.2}' }),
    card(12, 1, { ord: 1, did: FILTERED, odid: 50 }),
    card(13, 2),
  ],
  revlog: [review(100, 11), review(101, 12)],
  graves: [{ usn: 1, oid: 5, type: 0 }, { usn: 2, oid: 6, type: 1 }],
};

const OPTIONS_14 = `CREATE TABLE deck_config (id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE nocase,
    mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL);
  CREATE TABLE config (KEY text NOT NULL PRIMARY KEY, usn integer NOT NULL, mtime_secs integer NOT NULL,
    val blob NOT NULL) WITHOUT ROWID;`;
const TAGS_14 = "CREATE TABLE tags (tag text NOT NULL PRIMARY KEY COLLATE nocase, usn integer NOT NULL) WITHOUT ROWID;";
const TAGS_17 = `CREATE TABLE tags (tag text NOT NULL PRIMARY KEY COLLATE nocase, usn integer NOT NULL,
    collapsed boolean NOT NULL, config blob NULL) WITHOUT ROWID;`;
const TYPES_15 = `
  CREATE TABLE fields (ntid integer NOT NULL, ord integer NOT NULL, name text NOT NULL COLLATE nocase,
    config blob NOT NULL, PRIMARY KEY (ntid, ord)) WITHOUT ROWID;
  CREATE UNIQUE INDEX idx_fields_name_ntid ON fields (name, ntid);
  CREATE TABLE templates (ntid integer NOT NULL, ord integer NOT NULL, name text NOT NULL COLLATE nocase,
    mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL, PRIMARY KEY (ntid, ord)) WITHOUT ROWID;
  CREATE UNIQUE INDEX idx_templates_name_ntid ON templates (name, ntid);
  CREATE INDEX idx_templates_usn ON templates (usn);
  CREATE TABLE notetypes (id integer NOT NULL PRIMARY KEY, name text NOT NULL COLLATE nocase,
    mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL);
  CREATE UNIQUE INDEX idx_notetypes_name ON notetypes (name);
  CREATE INDEX idx_notetypes_usn ON notetypes (usn);
  CREATE TABLE decks (id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE nocase,
    mtime_secs integer NOT NULL, usn integer NOT NULL, common blob NOT NULL, kind blob NOT NULL);
  CREATE UNIQUE INDEX idx_decks_name ON decks (name);
  CREATE INDEX idx_notes_mid ON notes (mid);
  CREATE INDEX idx_cards_odid ON cards (odid) WHERE odid != 0;`;
const GRAVES_18 = `ALTER TABLE graves RENAME TO graves_old;
  CREATE TABLE graves (oid integer NOT NULL, type integer NOT NULL, usn integer NOT NULL,
    PRIMARY KEY (oid, type)) WITHOUT ROWID;
  INSERT OR IGNORE INTO graves SELECT oid, type, usn FROM graves_old;
  DROP TABLE graves_old;
  CREATE INDEX idx_graves_pending ON graves (usn);`;

/**
 * A collection in schema 14 to 18, sorted by `unicase`: what each has in tables of its own is filled by the caller, what it has
 * not is the JSON of schema 11, given in `content`.
 */
function newerSchema(schema: number, content: Content, fill: (db: DatabaseSync) => void): Buffer {
  return databaseBytes((db) => {
    const blank = { conf: {}, dconf: {}, tags: {} };
    fillSchema11(db, schema >= 15 ? { ...content, ...blank, models: {}, decks: {} } : { ...content, ...blank });
    db.exec(`UPDATE col SET ver = ${schema}, conf = '', dconf = '', tags = ''`);
    if (schema >= 15) db.exec("UPDATE col SET models = '', decks = ''");
    db.exec(OPTIONS_14 + (schema >= 17 ? TAGS_17 : TAGS_14));
    if (schema >= 15) db.exec(TYPES_15);
    if (schema >= 18) db.exec(GRAVES_18);
    fill(db);
    db.exec(`PRAGMA writable_schema = ON;
      UPDATE sqlite_master SET sql = replace(sql, 'COLLATE nocase', 'COLLATE unicase');
      PRAGMA writable_schema = OFF`);
  });
}

/** A collection in schema 18 with a value in almost every field that is converted. `sql` runs on it at the end. */
export function sampleSchema18(sql = ""): Buffer {
  return newerSchema(18, CONTENT_18, (db) => {
    fill(db);
    db.exec(sql);
  });
}

/** One note with a review, settings, a deck and options, as each schema of Anki's upgrades keeps them. */
export function sampleOfSchema(schema: 14 | 15 | 16 | 17 | 18): Buffer {
  const content = {
    models: { [BASIC]: noteType(BASIC) },
    decks: { 1: deck(1, "Default"), 50: deck(50, "Über::Ünder", { conf: 60 }) },
    notes: [note(1)],
    cards: [card(11, 1, { did: 50, type: 2, queue: 2, due: 90, ivl: 10, factor: 2500, reps: 3 })],
    revlog: [review(1_600_000_000_000, 11)],
    graves: [{ usn: 1, oid: 5, type: 0 }],
  };
  return newerSchema(schema, content, (db) => {
    const run = (sql: string, ...values: (string | number | Uint8Array | null)[]) => db.prepare(sql).run(...values);
    const own = schema === 14
      ? text(
        JSON.stringify(
          options(60, { name: "Hard", new: { delays: [2], ints: [1, 4, 0], initialFactor: 2300, perDay: 33 } }),
        ),
      )
      : message([[1, packedFloats([2])], [9, 33], [10, 200], [11, { float: schema === 15 ? 230 : 2.3 }], [18, 1], [
        19,
        4,
      ]]);
    run("INSERT INTO deck_config VALUES (60, 'Hard', 77, 2, ?)", own);
    const plain = schema === 14
      ? text(JSON.stringify(options(1)))
      : message([[1, packedFloats([1, 10])], [9, 20], [10, 200], [11, { float: schema === 15 ? 130 : 2.5 }]]);
    run("INSERT INTO deck_config VALUES (1, 'Default', 0, 0, ?)", plain);
    run("INSERT INTO config VALUES ('rollover', 0, 0, ?), ('schedVer', 0, 0, ?)", text("2"), text("2"));
    run(`INSERT INTO tags VALUES ('Ünder::x', 3${schema >= 17 ? ", 0, NULL" : ""})`);
    if (schema < 15) return;
    run("INSERT INTO fields VALUES (?, 0, 'Front', ?), (?, 1, 'Back', ?)", BASIC, message([]), BASIC, message([]));
    run(
      "INSERT INTO templates VALUES (?, 0, 'Card 1', 0, 0, ?), (?, 1, 'Card 2', 0, 0, ?)",
      BASIC,
      message([[1, "{{Front}}"], [2, "{{FrontSide}}<hr id=answer>{{Back}}"]]),
      BASIC,
      message([[1, "{{Back}}"], [2, "{{Front}}"]]),
    );
    run("INSERT INTO notetypes VALUES (?, 'Basic', 100, 5, ?)", BASIC, message([[3, ".card {}"]]));
    const kind = (fields: Parameters<typeof message>[0]) => message([[1, message(fields)]]);
    run("INSERT INTO decks VALUES (1, 'Default', 9, 0, ?, ?)", message([]), kind([[1, 1]]));
    run("INSERT INTO decks VALUES (50, ?, 10, 3, ?, ?)", "Über\u001fÜnder", message([]), kind([[1, 60]]));
  });
}
