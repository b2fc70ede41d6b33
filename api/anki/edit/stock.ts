/** Anki's own kinds of notes, as a newcomer finds them. */
export const STOCK_KINDS = ["BASIC", "BASIC_REVERSED", "BASIC_TYPED", "CLOZE", "IMAGE_OCCLUSION"] as const;
export type StockKind = (typeof STOCK_KINDS)[number];

type Json = Record<string, unknown>;
type Made = {
  name: string;
  fields: readonly string[];
  templates: readonly (readonly [string, string, string])[];
  kind: number;
};

const CSS = `.card {
  font-family: arial;
  font-size: 20px;
  line-height: 1.5;
  text-align: center;
  color: black;
  background-color: white;
}
`;
const CLOZE_CSS = `${CSS}.cloze { font-weight: bold; color: blue; }
.nightMode .cloze { color: lightblue; }
`;
const BACK = "{{FrontSide}}\n\n<hr id=answer>\n\n";
const OCCLUDED = `{{#Header}}<div>{{Header}}</div>{{/Header}}
<div style="display: none">{{cloze:Occlusion}}</div>
<div id="err"></div>
<div id="image-occlusion-container">
    {{Image}}
    <canvas id="image-occlusion-canvas"></canvas>
</div>
<script>
try {
    anki.imageOcclusion.setup();
} catch (exc) {
    document.getElementById("err").innerHTML = \`Error loading image occlusion. Is your Anki version up to date?<br><br>\${exc}\`;
}
</script>
`;

const MADE: Readonly<Record<StockKind, Made>> = {
  BASIC: { name: "Basic", fields: ["Front", "Back"], templates: [["Card 1", "{{Front}}", `${BACK}{{Back}}`]], kind: 1 },
  BASIC_REVERSED: {
    name: "Basic (and reversed card)",
    fields: ["Front", "Back"],
    templates: [["Card 1", "{{Front}}", `${BACK}{{Back}}`], ["Card 2", "{{Back}}", `${BACK}{{Front}}`]],
    kind: 2,
  },
  BASIC_TYPED: {
    name: "Basic (type in the answer)",
    fields: ["Front", "Back"],
    templates: [["Card 1", "{{Front}}\n\n{{type:Back}}", "{{Front}}\n\n<hr id=answer>\n\n{{type:Back}}"]],
    kind: 4,
  },
  CLOZE: {
    name: "Cloze",
    fields: ["Text", "Back Extra"],
    templates: [["Cloze", "{{cloze:Text}}", "{{cloze:Text}}<br>\n{{Back Extra}}"]],
    kind: 5,
  },
  IMAGE_OCCLUSION: {
    name: "Image Occlusion",
    fields: ["Occlusion", "Image", "Header", "Back Extra", "Comments"],
    templates: [["Image Occlusion", OCCLUDED, `${OCCLUDED}\n{{#Back Extra}}<div>{{Back Extra}}</div>{{/Back Extra}}`]],
    kind: 6,
  },
};

/** The id of a stock note type: the same for everybody, so that collections with them merge. */
export function stockId(kind: StockKind): number {
  return 1_700_000_000_000 + MADE[kind].kind;
}

/** A stock note type in schema 11. */
export function stockNoteType(kind: StockKind): Json {
  const { name, fields, templates, kind: originalStockKind } = MADE[kind];
  const isCloze = kind === "CLOZE" || kind === "IMAGE_OCCLUSION";
  return {
    id: stockId(kind),
    name,
    type: isCloze ? 1 : 0,
    mod: 0,
    usn: -1,
    sortf: 0,
    did: null,
    tmpls: templates.map(([name, qfmt, afmt], ord) => ({
      name,
      ord,
      qfmt,
      afmt,
      bqfmt: "",
      bafmt: "",
      did: null,
      bfont: "",
      bsize: 0,
    })),
    flds: fields.map((name, ord) => ({ name, ord, sticky: false, rtl: false, font: "Arial", size: 20, media: [] })),
    css: isCloze ? CLOZE_CSS : CSS,
    latexPre:
      "\\documentclass[12pt]{article}\n\\special{papersize=3in,5in}\n\\usepackage{amssymb,amsmath}\n\\pagestyle{empty}\n\\setlength{\\parindent}{0in}\n\\begin{document}\n",
    latexPost: "\\end{document}",
    latexsvg: false,
    req: templates.map((_, ord) => [ord, "any", [0]]),
    originalStockKind,
  };
}
