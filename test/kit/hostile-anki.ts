import { zstdCompressSync } from "node:zlib";
import {
  BASIC,
  card,
  databaseBytes,
  fillSchema11,
  note,
  noteType,
  sampleContent,
  schema11,
  zipOf,
} from "./anki-file.ts";
import { sampleSchema18 } from "./anki-file-18.ts";

/** Files and cards that strangers make to cost others time or memory. Each is small; none is run. */

const slowSql =
  "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT max(i) FROM n)";

const made = (sql: string) =>
  databaseBytes((db) => {
    fillSchema11(db, sampleContent(20));
    db.exec(sql);
  });

/** A collection with these decks, as short as they can be told. */
const withDecks = (names: readonly string[]) => {
  const decks = Object.fromEntries(names.map((name, i) => [i + 10, { id: i + 10, name, conf: 1, dyn: 0 }]));
  return schema11({ ...sampleContent(5), decks: { ...sampleContent(5).decks, ...decks } });
};

/** By name: a file, and what it is answered with; undefined where it is taken, without what is hostile in it. */
export const hostileFiles: readonly (readonly [string, () => Buffer | Promise<Buffer>, RegExp | undefined])[] = [
  [
    "an index over an expression",
    () => made("CREATE INDEX slow ON revlog (length(hex(zeroblob(ease * 100))))"),
    undefined,
  ],
  ["a check that counts", () =>
    made(`PRAGMA ignore_check_constraints = ON; DROP TABLE graves;
      CREATE TABLE graves (usn integer, oid integer, type integer CHECK (length(hex(zeroblob(oid))) > 0));
      INSERT INTO graves SELECT 1, 400000000 + id % 1000, 0 FROM revlog`), undefined],
  [
    "a column that counts",
    () =>
      made("DROP TABLE graves; CREATE TABLE graves (usn integer, oid integer, type AS (length(hex(zeroblob(oid)))))"),
    /computed/,
  ],
  [
    "a view that never ends",
    () => made(`DROP TABLE graves; CREATE VIEW graves AS SELECT ${slowSql} usn, 1 oid, 1 type`),
    /no table of its own/,
  ],
  ["a virtual table behind a comment", () => made("CREATE/**/VIRTUAL TABLE f USING fts5(a)"), undefined],
  ["a trigger", () => made("CREATE TRIGGER t AFTER INSERT ON revlog BEGIN DELETE FROM notes; END"), undefined],
  [
    "settings nested 400,000 deep",
    () => made(`UPDATE col SET conf = '{"a":' || replace(hex(zeroblob(400000)), '00', '[') || '}'`),
    /nested/,
  ],
  [
    "settings of 6 MB",
    () => made("UPDATE col SET conf = '[' || hex(zeroblob(3000000)) || ']'"),
    /settings are larger than/,
  ],
  [
    "three hundred thousand empty lists in the decks",
    () => made(`UPDATE col SET decks = '{"1":[' || replace(hex(zeroblob(300000)), '00', '[],') || '1]}'`),
    /parts/,
  ],
  [
    "decks a thousand deep",
    () => withDecks(Array.from({ length: 1_000 }, (_, i) => "a::".repeat(i) + "a")),
    /decks are larger/,
  ],
  ["a deck with 300,000 levels in its name", () => withDecks(["a::".repeat(300_000) + "a"]), undefined],
  [
    "seven thousand decks",
    () => withDecks(Array.from({ length: 7_000 }, (_, i) => `d${i}`)),
    /decks; at most 2000/,
  ],
  ["a bomb of zeroes", () => zipOf({ "collection.anki2": Buffer.alloc(60_000_000) }), /times its size/],
  ["a bomb of Zstandard", () => zipOf({ "collection.anki21b": bomb() }), /unpacks to more than/],
  ["Zstandard that wants two gigabytes to look back in", () => zipOf({ "collection.anki21b": WINDOW }), /not valid/],
  [
    "a name that leads out",
    () => zipOf({ "..x/collection.anki2": schema11() }).then(climbing),
    /directory cannot be read|leads out/,
  ],
  [
    "half a million media of no name",
    () => packed({ media: zstdCompressSync(Buffer.alloc(1_000_000, "\n\0")) }),
    /parts/,
  ],
  ["a media list nested 100,000 deep", () => packed({ media: zstdCompressSync(deep(100_000)) }), /media/],
  [
    "options of half a million parts",
    () =>
      sampleSchema18(
        `UPDATE deck_config SET config = CAST(replace(hex(zeroblob(250000)), '0', '0' || char(1)) AS BLOB)`,
      ),
    /parts/,
  ],
  [
    "a hundred thousand views",
    () =>
      made(
        `PRAGMA writable_schema = ON; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
      INSERT INTO sqlite_master SELECT 'view', 'v' || i, 'v' || i, 0, 'CREATE VIEW v' || i || ' AS SELECT 1' FROM n`,
      ),
    /more than 1000 tables, views/,
  ],
  [
    "views of views that double fifty times",
    () =>
      made(
        "CREATE VIEW v0 AS SELECT 1 a; " +
          Array.from({ length: 50 }, (_, i) =>
            `CREATE VIEW v${i + 1} AS SELECT a FROM v${i} UNION ALL SELECT a FROM v${i};`)
            .join(""),
      ),
    undefined,
  ],
  [
    "triggers that call each other",
    () =>
      made(`PRAGMA recursive_triggers = ON;
      CREATE TRIGGER a AFTER UPDATE ON notes BEGIN UPDATE notes SET mod = mod + 1; END`),
    undefined,
  ],
  ["a database in WAL mode whose log is not there", () => inWal(schema11(sampleContent(20))), undefined],
  ["pages that lead to each other", () => ring(schema11(sampleContent(2_000), 512)), /damaged/],
];

function bomb(): Buffer {
  return zstdCompressSync(Buffer.alloc(300_000_000));
}

/** A frame of Zstandard whose header asks for a window of 2^31 bytes. */
const WINDOW = Buffer.from("28b52ffd00a80100004100", "hex");

/** The newest kind of package with a member changed. */
function packed(over: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  return zipOf({ "collection.anki21b": zstdCompressSync(sampleSchema18()), ...over });
}

/** A zip's own tools refuse to write such a name, so it is written into what they made: both have as many letters. */
function climbing(zip: Buffer): Buffer {
  return Buffer.from(zip.toString("latin1").replaceAll("..x/collection", "../a/ollection"), "latin1");
}

/** Messages within each other, each but a length longer. */
function deep(levels: number): Buffer {
  let inner = Buffer.alloc(0);
  const heads: Buffer[] = [];
  let size = 0;
  for (let i = 0; i < levels; i++) {
    const head = [0x0a];
    for (let left = size;; left >>>= 7) {
      head.push(left > 127 ? (left & 127) | 128 : left);
      if (left <= 127) break;
    }
    heads.push(Buffer.from(head));
    size += head.length;
  }
  inner = Buffer.concat(heads.reverse());
  return inner;
}

function inWal(bytes: Buffer): Buffer {
  bytes[18] = bytes[19] = 2;
  return bytes;
}

/** The inner pages of a tree, each with itself as its last child. */
function ring(bytes: Buffer): Buffer {
  for (let page = 1; page < bytes.length / 512; page++) {
    if (bytes[page * 512] === 5) bytes.writeUInt32BE(page + 1, page * 512 + 8);
  }
  return bytes;
}

const side = (qfmt: string, fields: Readonly<Record<string, string>>, isCloze = false, afmt = "{{FrontSide}}") => {
  const names = Object.keys(fields);
  const type = noteType(BASIC, {
    type: isCloze ? 1 : 0,
    flds: names.map((name, ord) => ({ name, ord })),
    tmpls: [{ name: "Card 1", ord: 0, qfmt, afmt, did: null }],
  });
  return schema11({
    models: { [BASIC]: type },
    notes: [note(1, { flds: Object.values(fields).join("\u001f") })],
    cards: [card(1, 1)],
  });
};

/** By name: a collection of one card that is hard to show, and what its question then holds. */
export const hostileCards: readonly (readonly [string, () => Buffer, RegExp])[] = [
  ["furigana over brackets", () => side("{{furigana:F}}", { F: "[".repeat(100_000) }), /\[\[\[/],
  [
    "a thousand clozes within each other",
    () => side("{{cloze:F}}", { F: `${"{{c1::".repeat(1_000)}x${"}}".repeat(1_000)}` }, true),
    /\[\.\.\.\]/,
  ],
  [
    "the front on the back, 200,000 times",
    () => side("{{F}}", { F: "long ".repeat(200) }, false, "{{FrontSide}}".repeat(200_000)),
    /too much work|more time/,
  ],
  ["a field 200,000 times", () => side("{{F}}".repeat(200_000), { F: "long ".repeat(200) }), /too much work|more time/],
  [
    "filters of 20,000 kinds",
    () =>
      side(Array.from({ length: 20_000 }, (_, i) => `{{text:x${i}:F}}`).join(""), { F: `<b>x${"<b>".repeat(30_000)}` }),
    /xxxxx/,
  ],
  [
    "filters after each other, 20,000 times",
    () =>
      side(
        Array.from({ length: 20_000 }, (_, i) =>
          `{{${i.toString(2).replaceAll("0", "text:").replaceAll("1", "kana:")}F}}`)
          .join(""),
        { F: "<b>".repeat(30_000) },
      ),
    /too much work|more time/,
  ],
  ["sides of three megabytes", () => side("{{F}}", { F: '"<&'.repeat(1_000_000) }), /larger than 2 MB/],
  ["sides of two megabytes", () => side("{{F}}", { F: '"<&'.repeat(600_000) }), /"<&/],
  ["eight notes of a megabyte", () => {
    const ids = Array.from({ length: 8 }, (_, i) => i + 1);
    return schema11({
      models: { [BASIC]: noteType(BASIC) },
      notes: ids.map((id) => note(id, { flds: `${"word ".repeat(100_000)}\u001f${"word ".repeat(100_000)}` })),
      cards: ids.map((id) => card(id, id)),
    });
  }, /word word/],
  [
    "conditions within each other",
    () => side(`${"{{#F}}".repeat(50_000)}${"{{/F}}".repeat(50_000)}`, { F: "x" }),
    /within each other/,
  ],
  ["comments that never end", () => side(`${"<!--".repeat(200_000)}{{F}}`, { F: "x" }), /<!--x/],
  ["tags that never end", () => side("{{text:F}}", { F: "<".repeat(500_000) }), /<<</],
  ["fields that never end", () => side("{{".repeat(200_000), { F: "x" }), /without/],
  ["breaks", () => side("{{#F}}a{{/F}}b", { F: `${"<br".repeat(200_000)}` }), /ab|b/],
  ["LaTeX that never ends", () => side("{{F}}", { F: "[$]".repeat(200_000) }), /\[\$\]/],
  [
    "mathematics that never ends",
    () => side("{{cloze:F}}", { F: `{{c1::x}}${"\\(".repeat(200_000)}` }, true),
    /\[\.\.\.\]/,
  ],
  ["shapes", () =>
    side('{{cloze:F}}<canvas id="image-occlusion-canvas"></canvas>', {
      F: "{{c1::image-occlusion:rect:left=.1:top=.1:width=.1:height=.1:oi=1}}".repeat(20_000),
    }, true), /<svg|larger than/],
];
