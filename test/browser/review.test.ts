import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { BASIC, card, note, noteType, schema11, zipOf } from "../kit/anki-file.ts";
import { countBytes, faultsOf, hasBrowser } from "../kit/browser.ts";
import { useSite } from "../kit/site.ts";

const DECK = new URL("../../api/local/sample/deck.apkg", import.meta.url);
/** A picture of one point. */
const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const HOSTILE = `<script>parent.document.title = "owned"</script><img src="x" onerror="parent.document.title = 'owned'">
<a href="javascript:parent.document.title='owned'">press</a><iframe srcdoc="<script>top.document.title='owned'</script>"></iframe>
<style>.hostile { color: rgb(1, 2, 3) }</style><b class="hostile">still here</b>`;

describe.runIf(hasBrowser)("a review in the browser", () => {
  const site = useSite("reviewer");

  const cardOf = (page: Page) => page.locator("[data-card]").getAttribute("data-card");
  /** Looks into the card's frame from the page, since nothing can be run in the frame itself. */
  const inCard = <T>(page: Page, look: (body: HTMLElement) => T): Promise<T> =>
    page.evaluate(`(${String(look)})(document.querySelector("iframe").contentDocument.body)`);
  const answered = (page: Page, count: number) => page.getByText(`${count} answered`).waitFor();
  const importFile = async (page: Page, name: string, buffer: Buffer) => {
    await page.locator("input[type=file]").setInputFiles({ name, mimeType: "application/zip", buffer });
    await page.getByText("taken over").waitFor();
  };

  /** Shows the answer, unless it shows: what is pressed too soon after a card is shown counts for nothing, and later it answers. */
  async function reveal(page: Page, key: string): Promise<void> {
    const choices = page.getByRole("group", { name: "Answers" }).getByRole("button");
    await expect.poll(async () => {
      if (await choices.count() !== 4) await page.keyboard.press(key);
      return await choices.count();
    }).toBe(4);
  }

  /** Shows the answer and gives it. */
  async function press(page: Page, key: string, count: number): Promise<void> {
    await reveal(page, " ");
    await expect.poll(async () => {
      await page.keyboard.press(key);
      return await page.getByText(`${count} answered`).count();
    }).toBe(1);
  }

  test(
    "a deck is imported, ten cards are answered by keyboard, over a reload and a take-over, saved and ended",
    async () => {
      const { page, context } = await site.open("/review");
      await importFile(page, "deck.apkg", await readFile(DECK));
      expect(await faultsOf(page)).toEqual([]);
      const bytes = await countBytes(page);
      await page.getByRole("link", { name: /^Review Sample/ }).click();
      await expect.poll(() => inCard(page, (body) => body.textContent)).toContain("Which shape is this?");
      expect(bytes()).toBeLessThan(40_000);
      expect(await faultsOf(page)).toEqual([]);
      for (let count = 1; count <= 4; count++) await press(page, "4", count);

      const before = await cardOf(page);
      await page.reload();
      await answered(page, 4);
      expect(await cardOf(page)).toBe(before);
      await page.keyboard.press("z");
      await answered(page, 3);
      await press(page, "4", 4);

      const second = await site.browser.newPage(context);
      await second.goto("/review");
      await site.signIn(second);
      await second.getByRole("link", { name: /^Review Sample/ }).click();
      await second.getByText("is reviewing this collection").waitFor();
      expect(await faultsOf(second)).toEqual([]);
      await second.getByRole("button", { name: /^Join/ }).click();
      await answered(second, 4);
      expect(await cardOf(second)).toBe(await cardOf(page));
      await press(second, "4", 5);
      await answered(page, 5);

      await second.goto("/review");
      await second.evaluate(() => sessionStorage.removeItem("sojourn.review"));
      await second.getByRole("link", { name: /^Review Sample/ }).click();
      await second.getByRole("button", { name: /^Take over/ }).click();
      await page.getByText("went on in your place").waitFor();
      await second.locator("[data-card]").waitFor();
      for (let count = 1; count <= 6; count++) await press(second, "4", count);
      await second.getByRole("button", { name: "Save now" }).click();
      await second.getByText("all in the file since").waitFor();
      await second.getByRole("button", { name: "End" }).click();
      await second.getByRole("heading", { name: "Done" }).waitFor();
      await second.goto("/review?show=numbers");
      await expect.poll(() => second.locator(".figure").first().textContent()).toBe("11");
      await second.goto("/review?show=outlook");
      await second.getByRole("region", { name: "Cards that come due" }).locator("canvas").waitFor();
      await context.close();
    },
  );

  test("a note is made with an image, in a deck that did not exist, and the card shows it", async () => {
    const { page, context } = await site.open("/review?show=add", { as: "author" });
    await page.getByLabel("Deck").selectOption({ label: "A new one…" });
    await page.getByLabel("Its name").fill("Dots");
    await page.getByRole("textbox", { name: "Front" }).fill("What is this?");
    const buffer = Buffer.from(DOT, "base64");
    await page.locator("input[type=file]").setInputFiles({ name: "a dot.png", mimeType: "image/png", buffer });
    await expect.poll(() => page.getByRole("textbox", { name: "Front" }).inputValue()).toContain("a dot.png");
    await page.getByLabel("Back", { exact: true }).fill("A dot");
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByText("The note is kept, with 1 card.").waitFor();
    await page.goto("/review?show=cards");
    await page.getByText("What is this?").waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: /^Delete/ }).click();
    await page.getByText("The note is gone").waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByText("What is this?").waitFor();
    await page.goto("/review");
    await page.getByRole("link", { name: "Review Dots" }).click();
    await expect.poll(() => inCard(page, (body) => body.querySelector("img")?.naturalWidth)).toBe(1);
    await context.close();
  });

  test("what is typed of a note outlives other presses, and a note whose answer got lost is made once", async () => {
    const { page, context } = await site.open("/review?show=add", { as: "twice" });
    let lost = 0;
    await page.route("**/graphql", async (route) => {
      if (lost > 0 || !/ createNote\(/.test(String(route.request().postData()))) return await route.fallback();
      lost++;
      await route.fetch();
      await route.abort();
    });
    const add = async (front: string) => {
      await page.getByRole("textbox", { name: "Front" }).fill(front);
      await page.getByRole("button", { name: "Keep it" }).click();
    };
    await page.getByLabel("Its name").fill("Words");
    await add("One");
    await page.getByText("The service cannot be reached").waitFor();
    expect(site.browser.complaints.splice(0).filter((said) => !/ERR_FAILED/.test(said))).toEqual([]);
    await page.getByRole("button", { name: "Keep it" }).click();
    await page.getByText("The note is kept").waitFor();
    await add("Two");
    await expect.poll(() => page.getByRole("textbox", { name: "Front" }).inputValue()).toBe("");

    await page.goto("/review?show=cards");
    await page.getByRole("button", { name: "Edit One" }).click();
    expect(await page.locator("tbody tr").count()).toBe(2);
    const form = page.getByRole("form", { name: "The note" });
    await form.getByLabel("Back").fill("Uno");
    expect(await page.getByRole("button", { name: "Edit Two" }).isDisabled()).toBe(true);
    await page.getByRole("row", { name: /^Two/ }).getByRole("button", { name: "Keep out" }).click();
    await page.getByText("The card is kept out.").waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    await expect.poll(() => page.getByText("The card is kept out.").count()).toBe(0);
    await page.getByRole("button", { name: "Delete Two" }).click();
    await page.getByText("The note is gone").waitFor();
    expect(await form.getByLabel("Back").inputValue()).toBe("Uno");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("The note is changed.").waitFor();
    await page.getByRole("button", { name: "Edit One" }).click();
    await expect.poll(() => form.getByLabel("Back").inputValue()).toBe("Uno");
    await context.close();
  });

  test("an answer that is to be typed is typed, compared sign by sign, and rated by keys", async () => {
    const make = `mutation ($input: CreateNoteInput!) { createNote(input: $input) { __typename } }`;
    const fields = [{ name: "Front", value: "Counted how often?" }, { name: "Back", value: "exactly once" }];
    await site.service.ask("typist", make, { input: { editId: "t-1", deckId: "1", kind: "BASIC_TYPED", fields } });
    const { page, context } = await site.open("/review", { as: "typist" });
    await page.getByRole("link", { name: "Review Default" }).click();
    await page.getByLabel("Type the answer").fill("exactly one");
    expect(await page.getByLabel("Type the answer").evaluate((input) => input === document.activeElement)).toBe(true);
    expect(await inCard(page, (body) => body.textContent)).not.toContain("once");
    await reveal(page, "Enter");
    const good = await inCard(page, (body) => [...body.querySelectorAll(".typeGood")].map((one) => one.textContent));
    expect(good.join("")).toContain("exactly on");
    await press(page, "3", 1);
    await context.close();
  });

  test("decks are studied besides the plan, limited for today, filtered, renamed, deleted and taken back", async () => {
    const { page, context } = await site.open("/review", { as: "deck-keeper" });
    await importFile(page, "deck.apkg", await readFile(DECK));
    const more = page.getByRole("button", { name: /^More for Sample/ });
    await more.click();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByLabel("New cards today").fill("3");
    await page.getByRole("button", { name: "Hold for today" }).click();
    await page.getByText("shows at most 3 new cards").waitFor();
    await expect.poll(() => page.getByRole("row", { name: /^Sample/ }).locator("td").nth(1).textContent()).toBe("3");

    await page.getByText("A filtered deck: cards of your own choice").click();
    const filtered = page.getByRole("form", { name: "A filtered deck" });
    await filtered.getByLabel("Name").fill("Before the exam");
    await filtered.getByLabel("Cards that fit").fill("is:new");
    await filtered.getByLabel("At most").fill("2");
    await page.getByRole("button", { name: "Make the filtered deck" }).click();
    await page.getByText("Before the exam is made").waitFor();
    await page.getByRole("button", { name: "More for Before the exam" }).click();
    await page.getByText("at most 2, by chance").waitFor();
    await page.getByRole("button", { name: "Give the cards back" }).click();
    await page.getByText("gave its cards back").waitFor();
    await page.getByRole("button", { name: "More for Before the exam" }).click();
    await page.getByRole("button", { name: "Delete the deck" }).click();
    await page.getByText("Before the exam is gone").waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByRole("button", { name: "More for Before the exam" }).waitFor();

    await more.click();
    await page.getByLabel("Study besides the plan").selectOption("CRAM_ALL");
    await page.getByRole("button", { name: "Study them" }).click();
    await page.locator("[data-card]").waitFor();
    await context.close();
  });

  test("what a card has to say is said when a person presses, or by itself where they chose that", async () => {
    const { page, context } = await site.openTab();
    await page.addInitScript(() => {
      const said: string[] = [];
      Object.assign(globalThis, { said });
      speechSynthesis.speak = ({ text, lang }) => void said.push(`${lang}: ${text}`);
    });
    const said = () => page.evaluate("globalThis.said") as Promise<string[]>;
    await page.goto("/review");
    await site.signIn(page, "listener");
    const spoken = { name: "Card 1", ord: 0, qfmt: "{{tts de_DE:Front}}{{Front}}", afmt: "{{Back}}", did: null };
    const file = schema11({
      models: { [BASIC]: noteType(BASIC, { tmpls: [spoken] }) },
      notes: [note(1, { flds: "ein Hund\u001fa dog" }), note(2, { flds: "eine Katze\u001fa cat" })],
      cards: [card(1, 1), card(2, 2)],
    });
    await importFile(page, "cards.anki2", file);
    await page.getByRole("link", { name: "Review Default" }).click();
    await page.getByRole("button", { name: /^Say it/ }).click();
    await expect.poll(said).toEqual(["de-DE: ein Hund"]);
    await page.getByLabel("Say it by itself").check();
    await page.locator("main").focus();
    await press(page, "4", 1);
    await expect.poll(said).toEqual(["de-DE: ein Hund", "de-DE: eine Katze"]);
    await page.locator("main").focus();
    await page.keyboard.press("r");
    await expect.poll(said).toHaveLength(3);
    await context.close();
  });

  test("where functions serve, a file that is too large for them goes by a link of the object store", async () => {
    const { page, context } = await site.openTab();
    // The page as a deployment by functions has it: `infra/pages.ts`.
    await page.route("**/review", async (route) => {
      const response = await route.fetch();
      const { "content-encoding": _, "content-length": __, ...headers } = response.headers();
      const body = (await response.text()).replace("<head>", '<head><meta name="sockets" content="/graphql">');
      await route.fulfill({ status: 200, headers, body });
    });
    const large = await zipOf({
      "collection.anki2": schema11({ models: { [BASIC]: noteType(BASIC) }, notes: [note(1)], cards: [card(1, 1)] }),
      "media": "{}",
      // Of no use to Anki, and as large as sounds are.
      "rest": Buffer.alloc(4 * 1_048_576 + 1, 1),
    }, false);
    const put: string[] = [];
    await page.route(/uploads\//, async (route) => {
      const request = route.request();
      put.push(request.method());
      // The browser says no bodies of this size: the same ones.
      const { status } = await fetch(request.url(), { method: "PUT", body: new Uint8Array(large) });
      await route.fulfill({ status, headers: { "access-control-allow-origin": "*" } });
    });
    await page.goto("/review");
    await site.signIn(page, "behind-functions");
    await page.locator("input[type=file]").setInputFiles({
      name: "large.apkg",
      mimeType: "application/zip",
      buffer: large,
    });
    await expect.poll(() => page.getByRole("region", { name: "Import" }).textContent())
      .toContain("large.apkg: 1 note, 1 card");
    expect(put).toEqual(["PUT"]);
    await context.close();
  });

  test("no page has complained of anything so far", () => expect(site.browser.complaints).toEqual([]));

  test("no script of a card runs; its styles do", async () => {
    const { page, context } = await site.open("/review", { as: "hostile" });
    const file = schema11({ notes: [note(1, { flds: `${HOSTILE}\u001fback` })], cards: [card(1, 1)] });
    await importFile(page, "cards.anki2", file);
    await page.getByRole("link", { name: "Review Default" }).click();
    await expect.poll(() => inCard(page, (body) => body.textContent)).toContain("still here");
    const colour = (body: HTMLElement) => getComputedStyle(body.querySelector("b")!).color;
    expect(await inCard(page, colour)).toBe("rgb(1, 2, 3)");
    const active = (body: HTMLElement) => body.querySelectorAll("script, iframe, [onerror], [href]").length;
    expect(await inCard(page, active)).toBe(0);
    expect(await page.title()).toBe("Review · Sojourn");
    // While a card is parsed the browser says of each handler that it will not run it.
    expect(site.browser.complaints.filter((text) => !/^Blocked script execution in .*card\.html/.test(text))).toEqual(
      [],
    );
    await context.close();
  });
});
