import type { WebSocket } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { hasBrowser } from "../kit/browser.ts";
import { useSite } from "../kit/site.ts";

const EVENTS = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted } ... on UserError { message } } }`;
const GOALS = "{ journeySettings { goals { name } } }";
const KEEP = `mutation ($input: ConfigureJourneysInput!) { configureJourneys(input: $input) { __typename } }`;
const TENANT = "pages";

describe.runIf(hasBrowser)("journeys", () => {
  const site = useSite(TENANT);
  beforeAll(async () => {
    const event = (sessionId: string, seq: number, type: string, page: string) => ({
      ...{ sessionId, seq, type, page, visitorId: `visitor of ${sessionId}` },
      occurredAt: new Date(Date.now() - 600_000 + seq * 1_000).toISOString(),
    });
    await site.ask(EVENTS, {
      events: [
        ...["j-1", "j-2", "j-3"].map((id) => event(id, 1, "PAGE_VIEWED", "/shop")),
        ...["j-1", "j-2"].map((id) => event(id, 2, "PAGE_VIEWED", "/shop/basket")),
        event("j-1", 3, "PAGE_VIEWED", "/shop/paid"),
      ],
    });
  });

  test("a goal of one's own is made", async () => {
    const { page, context } = await site.open("/journeys?show=goals");
    const days = page.getByLabel("Journeys are kept for");
    await expect.poll(() => days.inputValue()).toBe("90");
    // Somebody else sets it while this page is open, and it is not set back.
    await site.ask(KEEP, { input: { keepJourneysDays: 365 } });
    await page.getByRole("button", { name: "Add a goal" }).click();
    await page.getByLabel("Name").fill("Paid for it!");
    await page.getByLabel("Page", { exact: true }).fill("/shop/paid");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Past journeys follow").waitFor();
    await expect.poll(() => page.getByRole("link", { name: "Its journeys" }).count()).toBe(1);
    await expect.poll(() => days.inputValue()).toBe("365");
    // Somebody else sets other goals meanwhile: they stand until the person has heard of them.
    await page.getByLabel("Name").fill("Paid");
    await site.ask(KEEP, { input: { goals: [{ goalId: "theirs", name: "Theirs", anyOf: [{ type: "SOLD" }] }] } });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("alert").getByText("Somebody set other goals since: “Theirs”").waitFor();
    expect(await site.ask(GOALS)).toEqual({ journeySettings: { goals: [{ name: "Theirs" }] } });
    expect(await page.getByLabel("Name").inputValue()).toBe("Paid");
    await page.getByRole("button", { name: "Save" }).click();
    await expect.poll(() => site.ask(GOALS)).toEqual({ journeySettings: { goals: [{ name: "Paid" }] } });
    await page.getByRole("alert").waitFor({ state: "detached" });
    await context.close();
  });

  test("paths are a flow and a table; who is here now is told as it happens", async () => {
    const { page, context } = await site.open("/journeys?show=paths");
    const flow = page.getByRole("group", { name: "Paths as a flow" });
    await flow.getByRole("button", { name: "/shop/basket, step 1: 2 journeys" }).focus();
    await page.keyboard.press("Enter");
    const opened = page.getByRole("region", { name: "Journeys of a number" });
    await expect.poll(() => opened.locator("tbody tr").count()).toBe(2);
    await page.goto("/journeys?show=now");
    await page.getByText("Nobody did anything").waitFor();
    const now = new Date().toISOString();
    await site.ask(EVENTS, {
      events: [{ sessionId: "j-9", seq: 1, type: "PAGE_VIEWED", page: "/shop/now", occurredAt: now }],
    });
    await page.getByRole("heading", { name: "1 visitor now" }).waitFor();
    await page.getByRole("region", { name: "Pages now" }).getByText("/shop/now").waitFor();
    await context.close();
  });

  test("the script is put into a shop that is none; what is clicked and asked there shows beside it", async () => {
    // The browser says what it is, and a robot's events are left out.
    const agent = "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
    const { page, context } = await site.open("/journeys?show=script", { agent });
    await page.getByText("Waiting for an event").waitFor();
    await page.getByLabel("Name").fill("our shop");
    await page.getByLabel("Origin of your site").fill("https://shop.example");
    await page.getByRole("button", { name: "Make a key" }).click();
    await page.locator("pre").getByText(/data-key="sjw_/).waitFor();
    await page.getByRole("button", { name: "Open the demo shop" }).click();
    const shop = page.frameLocator('iframe[title="A demo shop"]');
    const arrivals = page.getByRole("region", { name: "On your site" }).getByRole("listitem");
    await arrivals.getByText("/demo", { exact: true }).waitFor();
    await shop.getByRole("link", { name: "See this year's boots" }).click();
    await shop.getByRole("heading", { name: "Boots" }).waitFor();
    await shop.getByLabel("Ask us something").fill("Do you ship to Nepal?");
    await shop.getByRole("button", { name: "Ask", exact: true }).click();
    await arrivals.filter({ hasText: "MESSAGE_SENT" }).getByText("Do you ship to Nepal?").waitFor();
    await arrivals.filter({ hasText: "CTA_CLICKED" }).waitFor();
    await page.getByRole("link", { name: "See it whole" }).click();
    const timeline = page.getByRole("list", { name: "Timeline" });
    await timeline.getByText("/demo/boots").first().waitFor();
    expect(await timeline.getByText("Do you ship to Nepal?").count()).toBe(1);
    await context.close();
  });

  test("journeys are found by page, by where they came from and by what was asked, and counted", async () => {
    const at = new Date().toISOString();
    const event = { sessionId: "j-20", occurredAt: at };
    await site.ask(EVENTS, {
      events: [
        {
          ...event,
          seq: 1,
          type: "PAGE_VIEWED",
          page: "/docs/start",
          properties: { referrer: "news.example/a", size: "43" },
        },
        { ...event, seq: 2, type: "MESSAGE_SENT", text: "Which size for wide feet?" },
      ],
    });
    const { page, context } = await site.open("/journeys?page=/docs/*");
    const total = page.locator("[data-total]");
    await expect.poll(() => total.textContent()).toBe("1 journey");
    for (const filter of ["referrer=news.example*", "question=feet size", "property=size%3D43"]) {
      await page.goto(`/journeys?${filter}`);
      await page.getByRole("cell", { name: "Which size for wide feet?" }).waitFor();
      await expect.poll(() => total.textContent()).toBe("1 journey");
    }
    await page.goto("/journeys?property=size%3D44");
    await page.getByText("No journey in this range fits").waitFor();
    await context.close();
  });

  test("a list is taken away as a file, as it is filtered", async () => {
    const { page, context } = await site.open("/journeys?visitor=visitor of j-1");
    await page.getByRole("cell", { name: "visitor of j-1" }).waitFor();
    const file = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    await page.getByText(/: 1 journey\./).waitFor();
    expect((await file).suggestedFilename()).toMatch(/\.csv$/);
    await context.close();
  });

  test("a journey that is looked at before it begins says what it is, and what it becomes", async () => {
    const { page, context } = await site.open("/journeys/j-new");
    await page.getByText("There is no journey of this name yet").waitFor();
    const begun = Date.now() - 600_000;
    const record = (seq: number, more: object) => {
      const occurredAt = new Date(begun + seq * 10_000).toISOString();
      return site.ask(EVENTS, { events: [{ sessionId: "j-new", seq, type: "PAGE_VIEWED", occurredAt, ...more }] });
    };
    const head = (term: string) => page.locator("dl div", { hasText: term }).locator("dd").textContent();
    await record(1, { page: "/about" });
    await expect.poll(() => page.locator("dl").count()).toBe(1);
    expect([await head("Took"), await page.locator("dl").getByText("Visitor").count()]).toEqual(["0 s", 0]);
    await record(2, { page: "/about/us", visitorId: "ada" });
    await expect.poll(() => head("Took")).toBe("10 s");
    expect([await head("Visitor"), await head("Events")]).toEqual(["ada", "2"]);
    await context.close();
  });

  test("past journeys follow a goal, and its number opens them", async () => {
    const { page, context } = await site.open("/journeys?show=goals");
    // A job of each minute does it, while the pages above were looked at.
    await page.getByText(/Past journeys follow since .*: \d+ read/).waitFor();
    await page.getByRole("link", { name: "Its journeys" }).click();
    await page.getByRole("cell", { name: "paid-for-it" }).waitFor();
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
    await context.close();
  });

  test("a funnel counts who came how far, and each number opens just those journeys", async () => {
    const { page, context } = await site.open("/journeys?show=funnel");
    await page.getByLabel("Steps, with > between").fill("/shop > /shop/basket > goal:paid-for-it");
    await page.keyboard.press("Enter");
    const funnel = page.getByRole("region", { name: "Funnel" });
    await funnel.getByRole("button", { name: /came to step 1/ }).waitFor();
    const counts = await funnel.getByRole("button", { name: /came to step/ }).allTextContents();
    expect(counts).toEqual(["3", "2", "1"]);
    const opened = page.getByRole("region", { name: "Journeys of a number" });
    for (const [i, count] of counts.entries()) {
      await funnel.getByRole("button", { name: `came to step ${i + 1}` }).click();
      await opened.getByRole("heading", { name: `: ${count} journey` }).waitFor();
      await expect.poll(() => opened.locator("tbody tr").count()).toBe(Number(count));
    }
    await funnel.getByRole("button", { name: "1 came no further" }).first().click();
    await expect.poll(() => opened.locator("tbody tr").count()).toBe(1);
    await context.close();
  });

  test("no page has complained of anything, its own policy included", () =>
    expect(site.browser.complaints).toEqual([]));

  test("a page that nobody sees for two minutes lets its socket go, and seen again goes on from its cursor without a gap", async () => {
    const { page, context } = await site.openTab();
    await page.clock.install();
    const sockets: WebSocket[] = [];
    page.on("websocket", (socket) => sockets.push(socket));
    const asked: { id: string; after: string | null }[] = [];
    page.on("websocket", (socket) =>
      socket.on("framesent", ({ payload }) => {
        const { type, payload: said } = JSON.parse(String(payload));
        if (type === "subscribe") asked.push({ id: said.variables.sessionId, after: said.variables.after });
      }));
    const record = async (...seqs: number[]) => {
      const events = seqs.map((seq) => ({
        ...{ sessionId: "j-rests", seq, type: "MESSAGE_SENT", text: `Said ${seq}.` },
        occurredAt: new Date(Date.now() - 300_000 + seq * 1_000).toISOString(),
      }));
      await site.ask(EVENTS, { events });
    };
    const seen = (is: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, !is);
    const said = () => page.getByRole("list", { name: "Timeline" }).locator("li p").allTextContents();
    const open = () => sockets.filter((socket) => !socket.isClosed()).length;

    await record(1);
    await page.goto("/journeys/j-rests");
    await site.signIn(page);
    await record(2);
    await expect.poll(said).toEqual(["Said 1.", "Said 2."]);
    expect(open()).toBe(1);
    await seen(false);
    await page.clock.fastForward(115_000);
    await record(3);
    await expect.poll(said).toEqual(["Said 1.", "Said 2.", "Said 3."]);
    expect(open()).toBe(1);
    await page.clock.fastForward(10_000);
    await page.clock.fastForward(2_000);
    await expect.poll(open).toBe(0);
    await record(4, 5);
    await page.clock.fastForward(3_600_000);
    expect(open()).toBe(0);
    expect(await said()).toEqual(["Said 1.", "Said 2.", "Said 3."]);
    await seen(true);
    await expect.poll(said).toEqual([1, 2, 3, 4, 5].map((seq) => `Said ${seq}.`));
    expect(open()).toBe(1);
    const of = asked.filter(({ id }) => id === "j-rests");
    expect(of.at(-1)!.after).not.toBe(of.at(0)!.after);
    await record(6);
    await expect.poll(said).toEqual([1, 2, 3, 4, 5, 6].map((seq) => `Said ${seq}.`));
    await context.close();
  });
});
