import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { countBytes, faultsOf, hasBrowser } from "../kit/browser.ts";
import { useSite } from "../kit/site.ts";

const COUNT =
  `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) { __typename } }`;
const EVENTS = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`;
const BATCH = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) { __typename } }`;
const TENANT = "looks";

describe.runIf(hasBrowser)("the pages, for every eye, hand and window", () => {
  const site = useSite(TENANT);
  beforeAll(async () => {
    const at = new Date().toISOString();
    await site.ask(COUNT, { records: [{ source: "TASKS", recordId: "a", at }] });
    const event = { sessionId: "v-1", occurredAt: at };
    await site.ask(EVENTS, {
      events: [{ ...event, seq: 1, type: "PAGE_VIEWED" }, { ...event, seq: 2, type: "MESSAGE_SENT", text: "Hello?" }],
    });
    const readings = Array.from({ length: 50 }, (_, i) => ({
      at: new Date(Date.UTC(2026, 0, 31, 12, 0, 0, i * 100)).toISOString(),
      values: [Math.sin(i), 1],
    }));
    await site.ask(BATCH, { input: { sessionId: "walk-1", sensorId: "tag", batchOffset: 0, readings } });
  });

  test("axe finds nothing serious on any page, light or dark; nothing runs over at 360 px", async () => {
    const PAGES = [
      "/",
      "/live",
      "/live?as=table",
      "/live?range=month",
      "/live/alerts",
      "/sessions",
      "/sessions?show=numbers",
      "/sessions/walk-1",
      "/journeys",
      "/journeys/v-1",
      "/review",
      "/review?show=numbers",
      "/admin",
      "/admin?show=log",
      "/admin?show=audit",
      "/journeys?show=numbers",
      "/journeys?show=script",
      "/journeys?show=goals",
      "/journeys?show=now",
      "/journeys?show=paths",
      "/journeys?show=funnel&steps=PAGE_VIEWED > MESSAGE_SENT",
      "/review?show=outlook",
      "/review?show=add",
      "/review?show=cards",
      "/admin?show=identity",
      "/admin?show=settings",
      "/admin?show=aside",
      "/admin?show=parked",
      "/admin?show=rebuild",
      "/admin?show=erase",
      "/admin?show=logins",
      "/admin?show=webhooks",
      "/sessions?show=numbers&measure=time",
    ];
    const isFine = async (page: Page, look: string, rules?: readonly string[]) => {
      const faults = await faultsOf(page, rules);
      const tooWide = Number(await page.evaluate("document.scrollingElement.scrollWidth - innerWidth"));
      expect({ look, faults, tooWide: Math.max(0, tooWide) }).toEqual({ look, faults: [], tooWide: 0 });
    };
    const NARROW = { width: 360, height: 740 };
    // Two tabs, each with every other page; of each page the dark and wide look after the light and narrow one.
    await Promise.all([0, 1].map(async (half) => {
      const { page, context } = await site.openTab(NARROW);
      await page.goto("/");
      await page.getByLabel("Username").waitFor();
      await isFine(page, "sign-in");
      await site.signIn(page);
      for (const path of PAGES.filter((_, i) => i % 2 === half)) {
        await page.setViewportSize(NARROW);
        await page.emulateMedia({ colorScheme: "light" });
        await page.goto(path);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.waitForLoadState("networkidle");
        await isFine(page, `${path}, narrow`);
        await page.setViewportSize({ width: 1_280, height: 900 });
        await page.emulateMedia({ colorScheme: "dark" });
        // Names, roles and order are those that were seen.
        await isFine(page, `${path}, dark`, ["color-contrast", "link-in-text-block"]);
      }
      await context.close();
    }));
  });

  test("a wall of 3,840 px is filled with larger letters; nothing runs over", async () => {
    const { page, context } = await site.open("/live", { width: 3_840, height: 2_160 });
    for (const path of ["/live", "/", "/sessions", "/journeys?show=numbers", "/review", "/admin?show=settings"]) {
      await page.goto(path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.waitForLoadState("networkidle");
      const seen = await page.evaluate(`[getComputedStyle(document.documentElement).fontSize,
        document.querySelector("main").offsetWidth / innerWidth > 0.6, document.scrollingElement.scrollWidth - innerWidth]`);
      expect({ path, seen }).toEqual({ path, seen: ["26px", true, 0] });
    }
    await context.close();
  });

  test("the keyboard alone goes everywhere: past the navigation, through views, filters and rows, and back", async () => {
    const { page, context } = await site.open("/journeys");
    await page.getByRole("heading", { name: "Journeys", level: 1 }).waitFor();
    await page.locator("tbody a").first().waitFor();
    const focused = () =>
      page.evaluate("(document.activeElement.textContent || document.activeElement.tagName).trim()");
    await page.evaluate("document.activeElement.blur()");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("To the content");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("main");
    // Every stop from here shows that it has the focus, and none holds it.
    const stops: string[] = [];
    for (let i = 0; i < 40 && stops.at(-1) !== "BODY"; i++) {
      await page.keyboard.press("Tab");
      stops.push(String(await focused()));
      if (stops.at(-1) === "BODY") break;
      const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      expect({ stop: stops.at(-1), outline }).not.toEqual({ stop: stops.at(-1), outline: "none" });
      if (await page.evaluate("document.activeElement.closest('tbody') !== null")) break;
    }
    expect(stops.slice(0, 3)).toEqual(["List", "Analytics", "Now"]);
    await page.keyboard.press("Enter");
    await page.getByRole("list", { name: "Timeline" }).waitFor();
    await page.goBack();
    await page.locator("tbody a").first().waitFor();
    await context.close();
  });

  test("a chart is read with the arrow keys", async () => {
    const { page, context } = await site.open("/live");
    const chart = page.getByRole("group", { name: /^Tasks/ });
    await chart.locator("canvas").waitFor();
    await chart.focus();
    await page.keyboard.press("End");
    await expect.poll(() => chart.locator("p").textContent()).toMatch(/\d:\d\d: \d/);
    await context.close();
  });

  test("a day of 23 hours and one of 25 are one bar and one row each, on the zone's own clock", async () => {
    const DAYS = [
      ...["2026-03-28T23:00Z", "2026-03-29T22:00Z", "2026-03-30T22:00Z"],
      ...["2026-10-23T22:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"],
    ];
    const buckets = DAYS.map((day, i) => ({
      ...{ start: new Date(day).toISOString(), count: i + 1, closed: true, version: "1" },
    }));
    const { page, context } = await site.openTab();
    await page.route("**/graphql", async (route) => {
      if (!route.request().postData()?.includes("query LiveSeries")) return await route.continue();
      const metrics = [{ source: "TASKS", total: 21, countedUpTo: null, buckets }];
      await route.fulfill({ contentType: "application/json", body: JSON.stringify({ data: { metrics } }) });
    });
    await page.goto("/live?range=quarter&zone=Europe/Berlin");
    await site.signIn(page);
    const chart = page.getByRole("group", { name: /^Tasks/ });
    await chart.locator("canvas").waitFor();
    await chart.focus();
    const read: string[] = [];
    for (const key of ["Home", ...DAYS.slice(1).map(() => "ArrowRight")]) {
      await page.keyboard.press(key);
      read.push((await chart.locator("p").textContent())!);
    }
    const said = ["29 Mar", "30 Mar", "31 Mar", "24 Oct", "25 Oct", "26 Oct"].map((day) => `${day} 2026, 00:00`);
    expect(read).toEqual(said.map((day, i) => `${day}: ${i + 1}`));
    await page.getByLabel("As tables").check();
    await expect.poll(() => page.locator("tbody tr td:first-child").allTextContents()).toEqual(said.toReversed());
    expect(await page.getByText("Europe/Berlin").count()).toBe(1);
    await context.close();
  });

  test("it is small: 40 KB to sign in, 80 KB to the first chart", async () => {
    const { page, context } = await site.openTab();
    const bytes = await countBytes(page);
    await page.goto("/live");
    await page.getByLabel("Username").waitFor();
    await page.waitForLoadState("networkidle");
    expect(bytes()).toBeLessThan(40_000);
    await site.signIn(page);
    await page.locator("canvas").first().waitFor();
    expect(bytes()).toBeLessThan(80_000);
    await context.close();
  });

  test("no page has complained of anything, its own policy included", () =>
    expect(site.browser.complaints).toEqual([]));
});
