import { describe, expect, test } from "vitest";
import { compareTyped, comparisonHtml, expectedText } from "../../api/anki/render/compare.ts";
import { renderContent } from "../../api/anki/render/card.ts";
import { fc } from "../kit/property.ts";

const pieces = (all: readonly { kind: string; text: string }[]) => all.map(({ kind, text }) => `${kind[0]}:${text}`);

/** The pairs of Anki's own tests (rslib/src/typeanswer.rs), by what they show. */
describe("what is typed is compared as Anki compares it", () => {
  test("by the longest pieces that both have", () => {
    const { typed, expected } = compareTyped("¿Y ahora qué vamos a hacer?", "y ahora qe vamosa hacer");
    expect(pieces(typed)).toEqual(["B:y", "G: ahora q", "B:e", "G: vamos", "M:-", "G:a hacer", "M:-"]);
    expect(pieces(expected)).toEqual(["M:¿Y", "G: ahora q", "M:ué", "G: vamos", "M: ", "G:a hacer", "M:?"]);
  });

  test.each([
    ["1", "23", ["B:23"]],
    ["12", "1", ["G:1", "M:-"]],
    ["нос", "нс", ["G:н", "M:-", "G:с"]],
    ["쓰다듬다", "스다뜸다", ["B:스", "G:다", "B:뜸", "G:다"]],
    ["123", "1123", ["B:1", "G:123"]],
    ["a", "", ["M:-"]],
  ])("%s, typed %s", (expected, typed, wanted) => {
    expect(pieces(compareTyped(expected, typed).typed)).toEqual(wanted);
  });

  test("with `nc` without regard to accents, which are shown", () => {
    expect(compareTyped("שִׁנּוּן", "שנון", false).isRight).toBe(true);
    expect(compareTyped("ば", "は", false).isRight).toBe(true);
    expect(compareTyped("ば", "は").isRight).toBe(false);
    const { typed, expected } = compareTyped("חוֹף", "חופ", false);
    expect(pieces(typed)).toEqual(["G:חו", "B:פ"]);
    expect(pieces(expected)).toEqual(["G:חוֹ", "M:ף"]);
  });

  test("however accents are written", () => {
    const written = ["é", "e\u0301"];
    for (const one of written) for (const other of written) expect(compareTyped(one, other).isRight).toBe(true);
    expect(compareTyped("é", "e").isRight).toBe(false);
  });

  test("as text, without tags, sounds and breaks", () => {
    // A space that does not break is typed as a space.
    expect(expectedText("[sound:foo.mp3]<b>1</b> &nbsp;2")).toBe("1  2");
    expect(expectedText("<div>123</div>")).toBe("123");
    expect(expectedText("a<br>b")).toBe("a b");
  });

  test("in Anki's HTML, escaped", () => {
    expect(comparisonHtml(compareTyped("<dir>", "<dir>"))).toBe('<span class="typeGood">&lt;dir&gt;</span>');
    expect(comparisonHtml(compareTyped("123", "1123"))).toBe(
      '<span class="typeBad">1</span><span class="typeGood">123</span><br><span id="typearrow">&darr;</span><br><span class="typeGood">123</span>',
    );
  });

  test("so that the pieces are what was typed and what was to be typed, whatever that is", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "é", "\u0301", " "), maxLength: 40 });
    fc.assert(fc.property(text, text, (expected, typed) => {
      const found = compareTyped(expected, typed);
      const joined = (all: typeof found.typed) => all.map((piece) => piece.text).join("");
      if (found.isRight) return;
      expect(joined(found.expected)).toBe(expected.normalize("NFC"));
      expect(joined(found.typed.filter(({ kind }) => kind !== "MISSING"))).toBe(typed.normalize("NFC"));
    }));
  });

  test("whole where it is longer than 500 signs", () => {
    const { typed } = compareTyped("ab".repeat(400), "ba".repeat(5_000));
    expect(typed.map(({ kind }) => kind)).toEqual(["BAD"]);
  });
});

test("a question does not hold what is to be typed, in no attribute either", () => {
  const content = {
    fields: new Map([["Text", "The capital is {{c1::Paris::city}}"]]),
    number: 1,
    isCloze: true,
    questionTemplate: "{{cloze:Text}} {{type:cloze:Text}}",
    answerTemplate: "{{cloze:Text}} {{type:cloze:Text}}",
    css: "",
  };
  const { question, expected } = renderContent(content);
  expect([question.includes("Paris"), expected]).toEqual([false, "Paris"]);
  const plain = renderContent({ ...content, questionTemplate: "{{cloze:Text}}" });
  expect([plain.question.includes('data-cloze="Paris"'), plain.expected]).toEqual([true, undefined]);
});
