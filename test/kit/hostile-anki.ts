import { BASIC, card, databaseBytes, fillSchema11, note, noteType, sampleContent, schema11 } from "./anki-file.ts";

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
export const hostileFiles: readonly (readonly [string, () => Buffer, RegExp | undefined])[] = [
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
];

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
  ["thirty notes of a megabyte", () => {
    const ids = Array.from({ length: 30 }, (_, i) => i + 1);
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
