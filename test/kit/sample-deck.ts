/**
 * Makes `api/local/sample/deck.apkg`, the deck of the local sample: pictures, sounds and mathematics of our own, all within the
 * notes. Run with `deno run --allow-all test/kit/sample-deck.ts` after a change.
 */
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { card, deck, note, noteType, schema11, zipOf } from "./anki-file.ts";

const DECK = 1_600_000_000_700;
const BASIC = 1_600_000_000_701;
const CLOZE = 1_600_000_000_702;
const FIRST_NOTE = 1_600_000_001_000;
const CSS = `.card { font: 22px/1.5 system-ui, sans-serif; text-align: center; }
.cloze { font-weight: bold; }
hr { border: 0; border-top: 1px solid currentColor; opacity: 0.3; }
audio { margin-top: 0.5rem; }`;

const image = (alt: string, inner: string) => {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 120" fill="#4f6fe0" stroke="#4f6fe0">${inner}</svg>`;
  return `<img alt="${alt}" width="150" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;
};

function polygon(corners: number, radius = 50): string {
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = (i / corners) * 2 * Math.PI - Math.PI / 2;
    return `${(60 + radius * Math.cos(angle)).toFixed(1)},${(60 + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `<polygon points="${points.join(" ")}"/>`;
}

const RATE = 8_000;

/** Tones of these frequencies (Hz) one after the other, 0.35 s each, as a WAV file of 8 bits. */
function sound(...tones: number[]): string {
  const each = Math.round(RATE * 0.35);
  const samples = Buffer.alloc(each * tones.length);
  tones.forEach((hertz, n) => {
    for (let i = 0; i < each; i++) {
      const fade = Math.min(1, i / 200, (each - i) / 800);
      samples[n * each + i] = 128 + Math.round(70 * fade * Math.sin((2 * Math.PI * hertz * i) / RATE));
    }
  });
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  return `<audio controls src="data:audio/wav;base64,${Buffer.concat([head, samples]).toString("base64")}"></audio>`;
}

const BASICS: [string, string][] = [
  [`Which shape is this?<br>${image("A shape with five corners", polygon(5))}`, "A pentagon"],
  [`Do the two tones go up or down?<br>${sound(440, 660)}`, "Up, by a fifth"],
  ["The derivative of \\(x^n\\)?", "\\[\\frac{d}{dx}x^n = n x^{n-1}\\]"],
  [`Which shape is this?<br>${image("A shape with eight corners", polygon(8))}`, "An octagon"],
  [`Which interval is this?<br>${sound(440, 880)}`, "An octave: twice the frequency"],
  ["The area of a circle?", "\\(\\pi r^2\\)"],
  [`Which shape is this?<br>${image("A shape with seven corners", polygon(7))}`, "A heptagon"],
  [`Do the two tones go up or down?<br>${sound(660, 528)}`, "Down, by a major third"],
  ["The roots of \\(ax^2 + bx + c\\)?", "\\[x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}\\]"],
  [`How many corners has it?<br>${image("A shape with six corners", polygon(6))}`, "Six: a hexagon"],
];
const CLOZES = [
  "A record that comes twice is counted {{c1::once}}.",
  "Minute buckets roll up into {{c1::hour}} buckets.",
];

const notes = [
  ...BASICS.map((fields) => ({ mid: BASIC, fields })),
  ...CLOZES.map((text) => ({ mid: CLOZE, fields: [text, ""] })),
].map(({ mid, fields }, i) =>
  note(FIRST_NOTE + i, {
    guid: `sojourn-${i}`,
    mid,
    flds: fields.join("\u001f"),
    sfld: fields[0]!.replace(/<[^>]*>/g, " "),
    tags: " sample ",
  })
);
const file = schema11({
  models: {
    [BASIC]: noteType(BASIC, {
      name: "Sample",
      css: CSS,
      tmpls: [{
        name: "Card 1",
        ord: 0,
        qfmt: "{{Front}}",
        afmt: "{{FrontSide}}<hr id=answer>{{Back}}",
        did: null,
      }],
    }),
    [CLOZE]: noteType(CLOZE, {
      name: "Sample Cloze",
      type: 1,
      css: CSS,
      flds: [{ name: "Text", ord: 0 }, { name: "Extra", ord: 1 }],
      tmpls: [{ name: "Cloze", ord: 0, qfmt: "{{cloze:Text}}", afmt: "{{cloze:Text}}<br>{{Extra}}", did: null }],
    }),
  },
  decks: { 1: deck(1, "Default"), [DECK]: deck(DECK, "Sample: shapes, tones, formulas") },
  tags: { sample: 5 },
  notes,
  cards: notes.map(({ id }, i) => card(Number(id) + 500, Number(id), { did: DECK, due: i })),
});
const target = new URL("../../api/local/sample/deck.apkg", import.meta.url);
writeFileSync(target, await zipOf({ "collection.anki2": file, media: "{}" }));
