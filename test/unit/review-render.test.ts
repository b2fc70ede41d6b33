import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { renderCard, renderContent } from "../../api/anki/render/card.ts";
import { createAnki } from "../kit/anki.ts";

const FIELDS: Record<string, string> = {
  Front: "What?",
  Back: "<b>That</b> &amp; more",
  Empty: " <br> <div></div> ",
  Extra: "a hint",
  Kanji: "日本[にほん]の 言葉[ことば] [sound:x.mp3]",
  Text: "{{c1::Paris}} lies in {{c2::France::a country}}.",
  Nested: "{{c1::The {{c2::deep::hint 2}} sea}} end",
  Media: '<img src="a b.png"> [sound:a.mp3] [latex]x[/latex]',
  Tags: "noun verb",
  Deck: "A::B",
};

type Over = { ord?: number; isCloze?: boolean; css?: string; answer?: string; fields?: Record<string, string> };

function render(template: string, over: Over = {}) {
  const { question, answer } = renderContent({
    fields: new Map(Object.entries({ ...FIELDS, ...over.fields })),
    number: (over.ord ?? 0) + 1,
    isCloze: over.isCloze ?? false,
    questionTemplate: template,
    answerTemplate: over.answer ?? template,
    css: over.css ?? "",
  });
  const inner = (html: string) => /^<style>.*<\/style><div class="card card\d+">(.*)<\/div>$/s.exec(html)![1]!;
  return { question: inner(question), answer: inner(answer) };
}

const problem = (text: string) => `<p class="template-problem">${text}</p>`;
const quoted = (text: string) => text.replaceAll("'", "&#39;");

describe("a template", () => {
  test.each([
    ["a field", "{{Front}}!", "What?!"],
    ["a field with spaces about it", "{{ Front }}", "What?"],
    ["HTML as it is", "{{Back}}", "<b>That</b> &amp; more"],
    [
      "media and sounds as they are, LaTeX as the image that Anki made",
      "{{Media}}",
      '<img src="a b.png"> [sound:a.mp3] <img class="latex" alt="x" src="latex-11f6ad8ec52a2984abaafd7c3b516503785c2072.png">',
    ],
    ["a condition that holds", "x{{#Front}}yes{{/Front}}", "xyes"],
    ["a condition on a field with breaks only", "x{{#Empty}}yes{{/Empty}}", "x"],
    ["a negation", "{{^Empty}}none{{/Empty}}{{^Front}}no{{/Front}}", "none"],
    ["conditions within conditions", "{{#Front}}1{{^Empty}}2{{#Back}}3{{/Back}}{{/Empty}}{{/Front}}", "123"],
    ["special fields", "{{Tags}} {{Deck}}", "noun verb A::B"],
    ["text without tags", "{{text:Back}}", "That &amp; more"],
    ["a hint", "{{hint:Extra}}", '<details class="hint"><summary>Extra</summary>a hint</details>'],
    ["no hint where there is none", "x{{hint:Empty}}", `x${FIELDS["Empty"]}`],
    [
      "furigana",
      "{{furigana:Kanji}}",
      "<ruby><rb>日本</rb><rt>にほん</rt></ruby>の<ruby><rb>言葉</rb><rt>ことば</rt></ruby> [sound:x.mp3]",
    ],
    ["kana", "{{kana:Kanji}}", "にほんのことば [sound:x.mp3]"],
    ["kanji", "{{kanji:Kanji}}", "日本の言葉 [sound:x.mp3]"],
    ["several filters, from the field outwards", "{{text:kanji:Back}}", "That &amp; more"],
    ["the text where a filter is not known", "{{shiny:Front}}{{:Front}}", "What?What?"],
    [
      "nothing of what is to be heard",
      "{{Extra}}{{tts en_US voices=A:Front}}",
      'a hint<span class="tts" data-lang="en_US" data-voices="A" data-text="What?"></span>',
    ],
    ["fields in comments as they are", "<!-- {{Nothing}} -->{{Front}}", "<!-- {{Nothing}} -->What?"],
    ["single braces as they are", "{a} }} {{Front}}", "{a} }} What?"],
    ["the signs of old templates", "{{=<% %>=}}<%#Front%><%Front%><%/Front%>", "What?"],
  ])("shows %s", (_, template, expected) => {
    expect(render(template).question).toBe(expected);
  });

  test.each([
    ["{{Nothing}}", "Found '{{Nothing}}', but there is no field called 'Nothing'."],
    ["{{cloze:Nothing}}", "Found '{{cloze:Nothing}}', but there is no field called 'Nothing'."],
    ["{{#Nothing}}x{{/Nothing}}", "Found '{{#Nothing}}', but there is no field called 'Nothing'."],
    ["{{^Nothing}}x{{/Nothing}}", "Found '{{^Nothing}}', but there is no field called 'Nothing'."],
    ["{{#Front}}x", "Found '{{#Front}}', but not '{{/Front}}'."],
    ["x{{/Front}}", "Found '{{/Front}}', but '{{#Front}}' was not open."],
    ["{{#Front}}{{#Back}}{{/Front}}{{/Back}}", "Found '{{/Front}}', but expected '{{/Back}}'."],
    ["a {{Front", "Found '{{' without '}}' in 'a {{Front'."],
  ])("%s tells what is wrong with it", (template, message) => {
    expect(render(template).question).toBe(problem(`Front template has a problem: ${quoted(message)}`));
    expect(render(template).answer).toBe(problem(`Back template has a problem: ${quoted(message)}`));
  });

  test("whose front shows nothing says so", () => {
    expect(render("{{Empty}}").question).toBe(problem("The front of this card is blank."));
  });

  test("may show the front on the back", () => {
    const { answer } = render("{{Front}}", { answer: "{{FrontSide}}<hr id=answer>{{Back}}" });
    expect(answer).toBe("What?<hr id=answer><b>That</b> &amp; more");
  });

  test("to be typed gives an input, then what was to be typed", () => {
    const sides = render("{{Front}}{{type:Back}}", { answer: "{{FrontSide}}{{type:Back}}" });
    expect(sides.question).toBe('What?<input class="typeans" type="text" autocomplete="off">');
    const told = '<code class="typeans">That &amp; more</code>';
    expect(sides.answer).toBe(`What?${told}${told}`);
    const front = render("{{Front}}{{type:Back}}", { answer: "{{FrontSide}}<hr id=answer>{{Extra}}" });
    expect(front.answer).toBe(`What?<hr id=answer>${told}a hint`);
    const cloze = render("{{type:cloze:Text}}", { isCloze: true });
    expect(cloze.answer).toBe('<code class="typeans">Paris</code>');
  });

  test("keeps its style from ending early", () => {
    const { question } = renderContent({
      fields: new Map([["Front", "x"]]),
      number: 2,
      isCloze: false,
      questionTemplate: "{{Front}}",
      answerTemplate: "{{Front}}",
      css: ".card{color:red}</style><b>",
    });
    expect(question).toBe('<style>.card{color:red}<\\/style><b></style><div class="card card2">x</div>');
  });

  test("never throws, whatever it and the fields hold", () => {
    const part = fc.constantFrom(
      "{{",
      "}}",
      "#",
      "/",
      "^",
      ":",
      "Front",
      "cloze:",
      "c1",
      "::",
      "<!--",
      "-->",
      "type:",
      "x",
      "\n",
    );
    const text = fc.array(part, { maxLength: 14 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, text, fc.boolean(), (template, value, isCloze) => {
        const { question, answer } = render(template, { isCloze, fields: { Front: value } });
        expect(typeof question + typeof answer).toBe("stringstring");
      }),
      { numRuns: 500 },
    );
  });
});

describe("a cloze", () => {
  const cloze = (template: string, ord: number, text?: string) =>
    render(template, { isCloze: true, ord, ...(text !== undefined && { fields: { Text: text } }) });
  const inactive = (number: number, text: string) =>
    `<span class="cloze-inactive" data-ordinal="${number}">${text}</span>`;
  const asked = (number: number, kept: string, shown: string) =>
    `<span class="cloze" data-cloze="${kept}" data-ordinal="${number}">${shown}</span>`;
  const told = (number: number, text: string) => `<span class="cloze" data-ordinal="${number}">${text}</span>`;

  test("hides its deletion, with the hint, and shows the others", () => {
    const first = cloze("{{cloze:Text}}", 0);
    expect(first.question).toBe(`${asked(1, "Paris", "[...]")} lies in ${inactive(2, "France")}.`);
    expect(first.answer).toBe(`${told(1, "Paris")} lies in ${inactive(2, "France")}.`);
    expect(cloze("{{cloze:Text}}", 1).question).toBe(
      `${inactive(1, "Paris")} lies in ${asked(2, "France", "[a country]")}.`,
    );
  });

  test("may lie within another", () => {
    const outer = cloze("{{cloze:Nested}}", 0);
    expect(outer.question).toContain("[...]</span> end");
    expect(outer.answer).toBe(`${told(1, `The ${inactive(2, "deep")} sea`)} end`);
    const inner = cloze("{{cloze:Nested}}", 1);
    expect(inner.question).toBe(inactive(1, `The ${asked(2, "deep", "[hint 2]")} sea`) + " end");
    expect(inner.answer).toBe(inactive(1, `The ${told(2, "deep")} sea`) + " end");
  });

  test("escapes what it keeps of the hidden text", () => {
    const text = '{{c1::<b title="x">y</b>}}';
    expect(cloze("{{cloze:Text}}", 0, text).question).toBe(
      asked(1, "&lt;b title=&quot;x&quot;&gt;y&lt;/b&gt;", "[...]"),
    );
  });

  test("shows parts of the template on the card of one deletion only", () => {
    const template = "{{cloze:Text}}{{#c1}}one{{/c1}}{{#c2}}two{{/c2}}{{^c1}}not one{{/c1}}";
    expect(cloze(template, 0).question).toMatch(/\.one$/);
    expect(cloze(template, 1).question).toMatch(/\.twonot one$/);
  });

  test("gives its deletions alone", () => {
    expect(cloze("{{cloze:Text}}|{{cloze-only:Text}}", 1).answer).toMatch(/\|France$/);
    expect(cloze("{{cloze:Text}}|{{cloze-only:Text}}", 1).question).toMatch(/\|a country$/);
  });

  test("without the card's number says so on the question", () => {
    expect(cloze("{{cloze:Text}}", 7).question).toBe(problem("No cloze 8 found on card."));
  });

  test("that is not closed stays text", () => {
    expect(cloze("{{cloze:Text}}", 0, "{{c1::a}} {{c2::b").answer).toBe(`${told(1, "a")} {{c2::b`);
  });

  test("may be one of several at once", () => {
    expect(cloze("{{cloze:Text}}", 1, "{{c1,2::both}} {{c2::two}}").answer).toBe(
      `<span class="cloze" data-ordinal="1,2">both</span> ${told(2, "two")}`,
    );
  });
});

describe("a card", () => {
  test("is made from its note, its note type's template and style, and its deck", () => {
    const anki = createAnki({
      decks: [{ id: 1, name: "Languages::Verbs", conf: 1 }],
      models: [{
        id: 5,
        name: "Verb",
        type: 0,
        css: "b{}",
        flds: [{ name: "Meaning", ord: 1 }, { name: "Word", ord: 0 }],
        tmpls: [
          { name: "Word", ord: 0, qfmt: "{{Word}}", afmt: "{{Meaning}}" },
          {
            name: "Meaning",
            ord: 1,
            qfmt: "{{Meaning}} {{Type}}/{{Card}}/{{Subdeck}}/{{Deck}}/{{Tags}}/{{CardFlag}}",
            afmt: "{{FrontSide}} {{Word}}",
          },
        ],
      }],
    });
    anki.addNote(1, ["идти", "go"], { mid: 5, tags: " a b " });
    anki.addCard({ id: 2, nid: 1, ord: 1, flags: 3 });
    const question = "go Verb/Meaning/Verbs/Languages::Verbs/a b/flag3";
    expect(renderCard(anki.db, 2)).toMatchObject({
      question: `<style>b{}</style><div class="card card2">${question}</div>`,
      answer: `<style>b{}</style><div class="card card2">${question} идти</div>`,
    });
  });

  test("without its note, its note type or its template is none", () => {
    const anki = createAnki();
    anki.addCard({ id: 1, ord: 9 });
    anki.addNote(5, ["a"], { mid: 77 });
    anki.addCard({ id: 2, nid: 5 });
    anki.addCard({ id: 3 });
    anki.db.exec("delete from notes where id = 3");
    expect([1, 2, 3, 4].map((id) => renderCard(anki.db, id))).toEqual([undefined, undefined, undefined, undefined]);
  });
});
