import { describe, expect, test } from "vitest";
import { renameReferences } from "../../api/anki/file/media-merge.ts";
import { mediaNamesIn } from "../../api/anki/file/media-names-in.ts";
import { renderCard, renderContent } from "../../api/anki/render/card.ts";
import { unescapeHtml } from "../../api/anki/render/text.ts";
import { createAnki } from "../kit/anki.ts";

type Given = { fields: Record<string, string>; front: string; back?: string; ord?: number; isCloze?: boolean };

/** Both sides without their frame. */
function sidesOf({ fields, front, back = "{{FrontSide}}", ord = 0, isCloze = false }: Given) {
  const rendered = renderContent({
    fields: new Map(Object.entries(fields)),
    number: ord + 1,
    isCloze,
    questionTemplate: front,
    answerTemplate: back,
    css: "",
  });
  const inner = (html: string) => /<div class="card card\d+">(.*)<\/div>$/s.exec(html)![1]!;
  return { ...rendered, question: inner(rendered.question), answer: inner(rendered.answer) };
}

const INPUT = `<input class="typeans" type="text" autocomplete="off">`;
const told = (text: string) => `<code class="typeans">${text}</code>`;

describe("what is to be typed", () => {
  const either = "{{#Way}}{{type:Back}}{{/Way}}{{^Way}}{{type:Front}}{{/Way}}";

  test("is what the question shows, not what another condition would have shown", () => {
    expect(sidesOf({ fields: { Way: "", Front: "f", Back: "b" }, front: either }).expected).toBe("f");
    expect(sidesOf({ fields: { Way: "x", Front: "f", Back: "b" }, front: either }).expected).toBe("b");
  });

  test("is nothing where the field is empty: no input, and nothing is expected", () => {
    const sides = sidesOf({ fields: { Front: "f", Back: "<br>" }, front: "{{Front}}{{type:Back}}" });
    expect(sides).toMatchObject({ question: "f", answer: "f", expected: undefined });
  });

  test.each([
    ["{{c1::a}} and {{c1::a}}", "a"],
    ["{{c1::a}} and {{c1::b}}", "a, b"],
    ["{{c1::a::hint}} and {{c2::b}}", "a"],
    ["{{c1::Lagos&nbsp;&amp;&nbsp;Al&ouml;e}}", "Lagos & Alöe"],
  ])("of %s is %s, as signs and not as entities", (text, expected) => {
    const sides = sidesOf({ fields: { Text: text }, front: "{{type:cloze:Text}}", isCloze: true });
    expect(sides.expected).toBe(expected);
  });

  test("shows nothing of the answer on the question, also where cloze and typing meet", () => {
    const front = "{{cloze:Text}}{{type:cloze:Text}}";
    const { question, answer } = sidesOf({ fields: { Text: "x {{c1::secret}}" }, front, isCloze: true });
    expect(question).toBe(`x <span class="cloze" data-ordinal="1">[...]</span>${INPUT}`);
    expect(answer).toContain(told("secret"));
  });

  test("without regard to accents says so", () => {
    const sides = sidesOf({ fields: { Front: "é" }, front: "{{type:nc:Front}}" });
    expect(sides).toMatchObject({ question: INPUT, expected: "é", ignoresMarks: true });
  });
});

describe("speech", () => {
  const german = { name: "de_DE" };

  test("of a template is heard and not read, in both forms", () => {
    const filter = sidesOf({
      fields: { Front: "Guten&nbsp;Tag" },
      front: "A{{tts de_DE voices=Apple_Anna,Other speed=0.8:Front}}",
    });
    const tag = sidesOf({
      fields: { Front: "Guten Tag" },
      front: "A[anki:tts lang=de_DE voices=Apple_Anna,Other speed=0.8]<div>{{Front}}</div>[/anki:tts]",
    });
    for (const { question, sounds } of [filter, tag]) {
      expect(question.replaceAll(/<[^>]*>/g, "")).toBe("A");
      expect(sounds.question).toEqual([
        { text: "Guten Tag", language: german.name, voices: ["Apple_Anna", "Other"], speed: 0.8 },
      ]);
    }
  });

  test("of a question says a blank for what is asked, and on the answer the whole", () => {
    const front = "{{cloze:Text}}{{tts en_US cloze_blank=beep:cloze:Text}}";
    const { sounds } = sidesOf({ fields: { Text: "I {{c1::am}} here" }, front, back: front, isCloze: true });
    expect(sounds.question).toMatchObject([{ text: "I beep here" }]);
    expect(sounds.answer).toMatchObject([{ text: "I am here" }]);
    const only = "{{tts en_US:cloze-only:Text}}";
    expect(sidesOf({ fields: { Text: "I {{c1::am}} here" }, front: `.${only}`, back: only, isCloze: true }).sounds)
      .toMatchObject({
        question: [{ text: "..." }],
        answer: [{ text: "am" }],
      });
  });

  test("and sounds of the front are not said again on the back", () => {
    const front = "{{Front}}{{tts en_US:Word}}";
    const back = "{{FrontSide}}<hr>{{Back}}{{tts de_DE:Word}}";
    const { sounds } = sidesOf({
      fields: { Front: "[sound:a&amp;b.mp3] x", Back: "[sound:c.mp3]", Word: "one" },
      front,
      back,
    });
    expect(sounds.question).toMatchObject([{ name: "a&b.mp3" }, { text: "one", language: "en_US" }]);
    expect(sounds.answer).toMatchObject([{ name: "c.mp3" }, { text: "one", language: "de_DE" }]);
  });

  test("that is not closed stays text; other marks of Anki do too", () => {
    expect(sidesOf({ fields: { Front: "x" }, front: "[anki:tts lang=en]{{Front}}" }).question).toBe(
      "[anki:tts lang=en]x",
    );
    expect(sidesOf({ fields: { Front: "x" }, front: "[anki:foo a=b]{{Front}}[/anki:foo]" }).question).toBe(
      "[anki:foo a=b]x[/anki:foo]",
    );
  });
});

describe("image occlusion", () => {
  const front =
    `{{cloze:O}}<div id="image-occlusion-container">{{I}}<canvas id="image-occlusion-canvas"></canvas></div>`;
  const draw = (O: string, ord = 0) =>
    sidesOf({ fields: { O, I: "<img src=x.png>" }, front, back: front, ord, isCloze: true });
  const rect = (number: string, left: number, more = "") =>
    `{{c${number}::image-occlusion:rect:left=${left}:top=.2:width=.3:height=.1${more}}}`;

  test("covers what is asked and what else is hidden, and nothing on the back but what hides the others", () => {
    const both = rect("1", 0.1, ":oi=1") + rect("2", 0.5, ":oi=1");
    const first = draw(both);
    expect(first.question.match(/<rect [^>]*fill="[^"]*"/g)).toEqual([
      '<rect x="0.1" y="0.2" width="0.3" height="0.1" fill="#ff8e8e"',
      '<rect x="0.5" y="0.2" width="0.3" height="0.1" fill="#ffeba2"',
    ]);
    expect(first.answer.match(/<rect x="0.1"[^>]*fill="none"/)).not.toBeNull();
    const one = rect("1", 0.1) + rect("2", 0.5);
    expect(draw(one, 1).question.match(/<rect /g)).toHaveLength(1);
  });

  test("of one shape with two numbers asks it on both cards", () => {
    const both = rect("1,2", 0.1);
    expect(draw(both, 0).question).toContain('fill="#ff8e8e"');
    expect(draw(both, 1).question).toContain('fill="#ff8e8e"');
  });

  test("shows the texts of the image on both sides, with their colons, and asks nothing for them", () => {
    const text = String.raw`{{c0::image-occlusion:text:left=.25:top=.5:text=a\:b <c>:scale=1}}` + rect("1", 0.1);
    for (const side of ["question", "answer"] as const) {
      expect(draw(text)[side]).toContain('<text x="25%" y="50%" dominant-baseline="hanging">a:b &lt;c&gt;</text>');
    }
  });

  test("turns a shape about its corner, whatever the image's sides", () => {
    const { question } = draw(rect("1", 0.1, ":angle=30"));
    expect(question).toContain('<rect x="10%" y="20%" width="30%" height="10%"');
    expect(question).toContain("transform:rotate(30deg)");
  });

  test("draws ellipses and polygons; a shape of another name is none", () => {
    const ellipse = "{{c1::image-occlusion:ellipse:left=.1:top=.2:rx=.05:ry=.1}}";
    const polygon = "{{c1::image-occlusion:polygon:points=.1,.2 .3,.4 .5,.1}}";
    const { question } = draw(`${ellipse}${polygon}{{c1::image-occlusion:script:left=.1}}`);
    expect(question).toContain('<ellipse cx="0.15000000000000002" cy="0.30000000000000004" rx="0.05" ry="0.1"');
    expect(question).toContain('<polygon points=".1,.2 .3,.4 .5,.1"');
    expect(question.match(/<(?:rect|ellipse|polygon|text) /g)).toHaveLength(2);
  });
});

describe("clozes", () => {
  const text = (Text: string, ord = 0) =>
    sidesOf({ fields: { Text }, front: "{{cloze:Text}}", back: "{{cloze:Text}}", ord, isCloze: true });
  const plain = (html: string) => html.replaceAll(/<[^>]*>/g, "");

  test.each([
    ["{{c1::a::b::c}}", "[b::c]"],
    ["{{c1::a {{c2::b::inner}} c::outer}}", "[outer]"],
    ["{{c2::a {{c1::b::inner}} c}}", "a [inner] c"],
    ["{{c1::a {{c1::b}} c}}", "[...]"],
    ["{{c1::القاهرة::عاصمة}} مصر", "[عاصمة] مصر"],
    ["{{c1::東京}}は{{c2::日本}}", "[...]は日本"],
    ["{{c2,,1::a}} {{c3::b}}", "[...] b"],
    ["a }} {{c1::b}} :: c", "a }} [...] :: c"],
    ["{{c1::a\nb}}", "[...]"],
    ["{{c70000::a}} {{c1::b}}", "{{c70000::a}} [...]"],
  ])("%s asks %s", (given, question) => {
    expect(plain(text(given).question)).toBe(question);
  });

  test.each([
    [String.raw`\({{c1::\frac{a}{b} }}\)`, String.raw`\([...]\)`, String.raw`\(\frac{a}{b} \)`],
    [String.raw`\[x = {{c1::y::which}} + {{c2::z}}\]`, String.raw`\[x = [which] + z\]`, String.raw`\[x = y + z\]`],
    [String.raw`{{c1::\(a\)}} b`, "[...] b", String.raw`\(a\) b`],
  ])("in mathematics leave no marks in it: %s", (given, question, answer) => {
    const sides = text(given);
    const math = (html: string) => /\\[([].*?\\[)\]]/s.exec(html.replaceAll(/ data-cloze="[^"]*"/g, ""))?.[0] ?? "";
    expect(math(sides.question)).not.toContain("<");
    expect(math(sides.answer)).not.toContain("<");
    expect([plain(sides.question), plain(sides.answer)]).toEqual([question, answer]);
  });
});

test("LaTeX has the image of its source, whatever case and entities it is written in", () => {
  const image = (Front: string) =>
    /src="(latex-[0-9a-f]{40}\.png)"/.exec(sidesOf({ fields: { Front }, front: "{{Front}}" }).question)?.[1];
  expect(image("[LaTeX]one<br>and<div>two[/LATEX]")).toBe("latex-ef30b3f4141c33a5bf7044b0d1961d3399c05d50.png");
  expect(image("[$$]math &amp; stuff[/$$]")).toBe("latex-8899f3f849ffdef6e4e9f2f34a923a1f608ebc07.png");
  expect(image("[$]<b>hello</b>&nbsp; world[/$]")).toBe("latex-060219fbf3ddb74306abddaf4504276ad793b029.png");
  expect(image("[$]a &ge; b[/$]")).toBe(image("[$]a ≥ b[/$]"));
});

test.each([
  ["日本[にほん] 語[ご]", "日本語", "にほんご"],
  ["お 茶[ちゃ]を 飲[の]む", "お茶を飲む", "おちゃをのむ"],
  ["<b>漢字[かんじ]</b>", "<b>漢字</b>", "<b>かんじ</b>"],
  ["no reading [here]", "no reading [here]", "no reading [here]"],
  ["漢[かん][sound:x.mp3]", "漢[sound:x.mp3]", "かん[sound:x.mp3]"],
])("readings of %s", (Kanji, kanji, kana) => {
  expect(sidesOf({ fields: { Kanji }, front: ".{{kanji:Kanji}}" }).question).toBe(`.${kanji}`);
  expect(sidesOf({ fields: { Kanji }, front: ".{{kana:Kanji}}" }).question).toBe(`.${kana}`);
});

test("entities are the signs that they stand for, and what is none stays", () => {
  expect(unescapeHtml("&eacute;&hellip;&rarr;&#x1F600;&#233; &nosuch; &amp;lt; & x")).toBe("é…→😀é &nosuch; &lt; & x");
});

test("a card tells its flag and its id, as Anki does", () => {
  const anki = createAnki({
    models: [{
      id: 5,
      name: "One",
      type: 0,
      css: "",
      flds: [{ name: "Front", ord: 0 }],
      tmpls: [{ name: "Card 1", ord: 0, qfmt: "{{Front}} {{CardFlag}} {{CardID}}", afmt: "{{FrontSide}}" }],
    }],
  });
  anki.addNote(1, ["x"], { mid: 5 });
  anki.addCard({ id: 12, nid: 1 });
  expect(renderCard(anki.db, 12)!.question).toContain("x flag0 12");
});

describe("names of media", () => {
  const composed = "caf\u00e9.jpg";
  const apart = "cafe\u0301.jpg";
  const renamed = new Map([
    ["a&b (1).jpg", "new.jpg"],
    ["_font.ttf", "_font-1.ttf"],
    ["_base.css", "_base-1.css"],
    [apart, "coffee.jpg"],
  ]);

  test.each([
    ['<img src="a&amp;b (1).jpg">', '<img src="new.jpg">'],
    ["<img src='a&#38;b (1).jpg'>", "<img src='new.jpg'>"],
    ['<img src="a%26b%20(1).jpg">', '<img src="new.jpg">'],
    ["[sound:a&amp;b (1).jpg]", "[sound:new.jpg]"],
    ['.x { background: url("a&b (1).jpg") }', '.x { background: url("new.jpg") }'],
    [
      "@font-face { src: url( '_font.ttf' ) format('truetype') }",
      "@font-face { src: url( '_font-1.ttf' ) format('truetype') }",
    ],
    ["@font-face { src: url(_font.ttf) }", "@font-face { src: url(_font-1.ttf) }"],
    ['@import "_base.css"; @import url(_base.css);', '@import "_base-1.css"; @import url(_base-1.css);'],
    ['<div style="background: url(&quot;_font.ttf&quot;)">', '<div style="background: url(&quot;_font-1.ttf&quot;)">'],
    [`<img src="${composed}"> <img src="${apart}">`, '<img src="coffee.jpg"> <img src="coffee.jpg">'],
    ['<img src="other.jpg">', '<img src="other.jpg">'],
  ])("%s is renamed however it is written", (given, expected) => {
    expect(renameReferences(given, renamed)).toBe(expected);
  });

  test("are found wherever a side names them", () => {
    const html =
      `<style>@import "_base.css"; @font-face{src:url("_f(1).ttf")} .x{background:url(https://x.y/z.png)}</style>
      <img src="a&amp;b.jpg"><audio src=c.ogg></audio><object data='d.svg'></object>[sound:${apart}]
      <p style="background:url(&quot;e.png&quot;)"><img src="data:image/png;base64,AAAA">`;
    expect(mediaNamesIn(html)).toEqual(["_base.css", "_f(1).ttf", "a&b.jpg", "c.ogg", "d.svg", composed, "e.png"]);
  });
});
