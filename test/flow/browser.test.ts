import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SCRIPT } from "../../api/browser/built.ts";
import { makeScript } from "../../api/browser/build.ts";
import type { Sojourn } from "../../api/browser/sojourn.ts";
import { listen, type Listening } from "../../api/entry/http/listen.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { hasChromium, newPerson, servePages, startChromium } from "../kit/chromium.ts";

type Recorded = { sessionId: string; source: string; seq: number; type: string; page: string; occurredAt: string } & {
  clientAt: string | null;
  text: string | null;
  visitorId: string | null;
  aliasOf: string | null;
  properties: Record<string, unknown> | null;
};

declare const sojourn: Sojourn;

const MINUTE = 60_000;

test("the script that is served is the one that its sources make, in 3 KB at most", async () => {
  expect(`export const SCRIPT = ${JSON.stringify(SCRIPT)};`).toBe((await makeScript()).split("\n")[1]);
  expect(gzipSync(SCRIPT).length).toBeLessThanOrEqual(3_072);
  expect(brotliCompressSync(SCRIPT).length).toBeLessThanOrEqual(3_072);
});

describe.skipIf(!hasChromium)("the script in a real browser (skipped where there is no /usr/bin/chromium)", () => {
  let api: TestApp;
  let service: Listening;
  let pages: Awaited<ReturnType<typeof servePages>>;
  let browser: Browser;
  let person: BrowserContext;
  let tenant = "";
  let key = "";
  let attributes = "";
  let n = 0;

  beforeAll(async () => {
    api = await startTestApp({ env: { PORT: "0" } });
    service = await listen(api.app);
    browser = await startChromium();
    pages = await servePages(() =>
      `<!doctype html><title>shop</title>
      <script src="${service.url}/sojourn.js" data-key="${key}" ${attributes}></script>
      <form id="order" onsubmit="return false"><input name="card" id="card"><button id="send">Order</button></form>
      <a id="terms" href="#terms" data-sojourn="link">Terms</a>
      <button data-sojourn="cta" data-sojourn-name="buy-now" id="buy"><b>Buy</b> now</button>
      <button data-sojourn="VIDEO_PLAYED" id="play">Play</button><a id="plain" href="#plain">Plain</a>`
    );
  });
  afterAll(async () => {
    await browser.close();
    pages.stop();
    await service.stop();
    await api.stop();
  });
  beforeEach(async () => {
    tenant = `shop-${++n}`;
    attributes = "";
    key = await writeKey([pages.url]);
    person = await newPerson(browser);
  });
  afterEach(() => person.close());

  async function writeKey(origins: string[]): Promise<string> {
    const { data } = await api.ask(
      tenant,
      `mutation ($origins: [String!]!) { createWriteKey(input: { name: "shop", origins: $origins }) {
        ... on CreateKeyPayload { key } } }`,
      { origins },
    );
    return data.createWriteKey.key;
  }

  /** A tab at a page, with the script begun. */
  async function visit(path = "/", by = person): Promise<Page> {
    const page = await by.newPage();
    await page.goto(pages.url + path);
    return page;
  }

  const flush = (page: Page) => page.evaluate(() => sojourn.flush());
  const track = (page: Page, type: string) => page.evaluate((type) => sojourn.track(type), type);

  /** Everything that was recorded, in order, as the API shows it. */
  async function recorded(): Promise<Recorded[]> {
    const { data } = await api.ask(
      tenant,
      `{ journeys(first: 10) { nodes { sessionId events(first: 50) { nodes {
        source seq type page text occurredAt clientAt visitorId aliasOf properties } } } } }`,
    );
    return data.journeys.nodes.flatMap((
      { sessionId, events }: { sessionId: string; events: { nodes: Recorded[] } },
    ) => events.nodes.map((event) => ({ ...event, sessionId })));
  }

  /** Each source numbers from 1 without a gap: nothing was lost, and nothing is there twice. */
  async function expectWhole(types: string[]): Promise<Recorded[]> {
    // What a page sends while it goes away arrives when it arrives.
    await expect.poll(async () => (await recorded()).map(({ type }) => type).sort())
      .toEqual([...types].sort());
    const events = await recorded();
    for (const own of Map.groupBy(events, ({ source }) => source).values()) {
      expect(own.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(own.map((_, i) => i + 1));
    }
    return events;
  }

  test("records views, also of pages shown without a load, forms and marked clicks, and never what is typed", async () => {
    const page = await visit("/products?utm_source=letter&secret=1");
    await page.fill("#card", "4111 1111 1111 1111");
    await page.click("#send");
    for (const id of ["#terms", "#buy", "#play", "#plain"]) await page.click(id);
    await page.evaluate(() => history.pushState({}, "", "/checkout"));
    await page.evaluate(() => history.back());
    await flush(page);
    const events = await expectWhole([
      ...["PAGE_VIEWED", "FORM_STARTED", "FORM_COMPLETED", "LINK_CLICKED", "CTA_CLICKED", "VIDEO_PLAYED"],
      ...["PAGE_VIEWED", "PAGE_VIEWED"],
    ]);
    expect(events[0]).toMatchObject({
      type: "PAGE_VIEWED",
      page: "/products",
      properties: { utm_source: "letter", device: "desktop" },
    });
    expect(events.find(({ type }) => type === "CTA_CLICKED")).toMatchObject({
      text: "Buy now",
      properties: { name: "buy-now" },
    });
    expect(events.filter(({ type }) => type === "PAGE_VIEWED").map((event) => event.page))
      .toEqual(["/products", "/checkout", "/products"]);
    expect(JSON.stringify(events)).not.toMatch(/4111|secret/);
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  test("keeps what happens offline, over reloads and closed tabs, and sends each event once", async () => {
    const first = await visit("/a");
    await flush(first);
    await person.setOffline(true);
    for (const type of ["ONE", "TWO", "THREE"]) await track(first, type);
    await flush(first);
    // A page that may still say something is not gone when `close` returns.
    const gone = first.waitForEvent("close");
    await first.close({ runBeforeUnload: true });
    await gone;
    await expectWhole(["PAGE_VIEWED"]);
    await person.setOffline(false);
    const second = await visit("/b");
    await flush(second);
    await flush(second);
    const events = await expectWhole(["PAGE_VIEWED", "ONE", "TWO", "THREE", "PAGE_VIEWED"]);
    expect(new Set(events.map(({ source }) => source)).size).toBe(2);
  });

  test("numbers each page load and each tab by itself", async () => {
    const one = await visit("/a");
    const two = await visit("/b");
    await Promise.all([track(one, "ONE"), track(two, "TWO")]);
    await one.reload();
    await Promise.all([flush(one), flush(two)]);
    const events = await expectWhole(["PAGE_VIEWED", "PAGE_VIEWED", "ONE", "TWO", "PAGE_VIEWED"]);
    expect(new Set(events.map(({ source }) => source)).size).toBe(3);
    expect(new Set(events.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  test("sends what waits when the page goes away", async () => {
    const page = await visit("/a");
    await flush(page);
    const sent = page.waitForRequest(/collect/);
    await page.evaluate(() => {
      sojourn.track("LAST");
      location.href = "/b";
    });
    await sent;
    await page.waitForURL("**/b");
    await flush(page);
    await expectWhole(["PAGE_VIEWED", "LAST", "PAGE_VIEWED"]);
  });

  // Whether a page is kept whole to go back to is the browser's choice each time, so it may be asked again.
  test("goes on as a load of its own when it is gone back to", { retry: 3 }, async () => {
    const page = await visit("/a");
    await track(page, "BEFORE");
    await flush(page);
    await page.evaluate(() => Object.assign(globalThis, { isTheSame: true }));
    await page.goto(`${pages.url}/b`);
    // A page whose request is still under way is not kept whole by the browser.
    await flush(page);
    await page.goBack({ waitUntil: "commit" });
    expect(await page.evaluate(() => "isTheSame" in globalThis)).toBe(true);
    await track(page, "AFTER");
    await flush(page);
    const events = await expectWhole(["PAGE_VIEWED", "BEFORE", "PAGE_VIEWED", "PAGE_VIEWED", "AFTER"]);
    expect(new Set(events.map(({ source }) => source)).size).toBe(3);
    expect(events.filter(({ properties }) => properties?.restored)).toMatchObject([{ page: "/a", seq: 1 }]);
  });

  test("is right where the computer's clock is 15 minutes ahead, and says what that clock showed", async () => {
    const ahead = await newPerson(browser, { aheadMs: 15 * MINUTE });
    const page = await visit("/a", ahead);
    await track(page, "ONE");
    await flush(page);
    await ahead.close();
    const events = await expectWhole(["PAGE_VIEWED", "ONE"]);
    for (const { occurredAt, clientAt } of events) {
      expect(Math.abs(Date.parse(clientAt!) - Date.parse(occurredAt) - 15 * MINUTE)).toBeLessThan(MINUTE);
    }
  });

  test("names the visitor from when the page says who it is", async () => {
    const page = await visit("/a");
    await page.evaluate(() => sojourn.identify("user-42", "anon-1"));
    await track(page, "LATER");
    await flush(page);
    const events = await expectWhole(["PAGE_VIEWED", "IDENTIFIED", "LATER"]);
    expect(events.map(({ visitorId, aliasOf }) => [visitorId, aliasOf]))
      .toEqual([[null, null], ["user-42", "anon-1"], ["user-42", null]]);
  });

  test("keeps and sends nothing before consent where it is needed, and nothing after it is taken back", async () => {
    attributes = `data-consent="required"`;
    const page = await visit("/a");
    await track(page, "EARLY");
    await flush(page);
    expect(await recorded()).toEqual([]);
    const stored = () => page.evaluate(async () => [localStorage.length, (await indexedDB.databases()).length]);
    expect(await stored()).toEqual([0, 0]);
    await page.evaluate(() => sojourn.consent(true));
    await flush(page);
    await expectWhole(["PAGE_VIEWED", "EARLY"]);
    await page.evaluate(() => sojourn.consent(false));
    await track(page, "AFTER");
    await flush(page);
    await expectWhole(["PAGE_VIEWED", "EARLY"]);
    await expect.poll(stored).toEqual([0, 0]);
    await page.evaluate(() => sojourn.consent(true));
    await track(page, "AGAIN");
    await flush(page);
    expect((await recorded()).map(({ type }) => type)).toContain("AGAIN");
    expect((await recorded()).map(({ type }) => type)).not.toContain("AFTER");
  });

  test("forgets what was rescued while a page went away, where consent is taken back", async () => {
    const page = await visit("/a");
    await flush(page);
    await person.setOffline(true);
    await page.evaluate(() => {
      for (const type of ["ONE", "TWO"]) sojourn.track(type);
      dispatchEvent(new Event("pagehide"));
      sojourn.consent(false);
    });
    await person.setOffline(false);
    await flush(await visit("/b"));
    await expectWhole(["PAGE_VIEWED", "PAGE_VIEWED"]);
  });

  test("one event that is too large is refused, and holds none behind it up", async () => {
    const page = await visit("/a");
    await page.evaluate(() => {
      sojourn.track("LARGE", { text: "x".repeat(70_000) });
      sojourn.track("HUGE", { properties: { x: "y".repeat(1_100_000) } });
      sojourn.track("AFTER");
    });
    await flush(page);
    expect((await recorded()).map(({ type }) => type)).toEqual(["PAGE_VIEWED", "AFTER"]);
  });

  test("sends what it may where the browser keeps nothing, and where all room is taken", async () => {
    const blocked = await newPerson(browser);
    await blocked.addInitScript(() => {
      Object.defineProperty(globalThis, "localStorage", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
      indexedDB.open = () => {
        throw new DOMException("denied", "SecurityError");
      };
    });
    const full = await newPerson(browser);
    await full.addInitScript(() => {
      const refuse = () => {
        throw new DOMException("full", "QuotaExceededError");
      };
      Storage.prototype.setItem = refuse;
      IDBObjectStore.prototype.put = refuse;
    });
    for (const by of [blocked, full]) {
      const page = await visit("/a", by);
      await track(page, "ONE");
      await flush(page);
      await page.close({ runBeforeUnload: true });
    }
    await expectWhole(["PAGE_VIEWED", "ONE", "PAGE_VIEWED", "ONE"]);
    await Promise.all([blocked.close(), full.close()]);
  });

  test("cuts long texts between characters, so that none is refused for half of one", async () => {
    const page = await visit(`/a?utm_source=${encodeURIComponent("x" + "🙂".repeat(400))}`);
    await page.evaluate(() => {
      document.querySelector("#buy")!.textContent = `x${"🙂".repeat(400)}`;
    });
    await page.click("#buy");
    await flush(page);
    const events = await expectWhole(["PAGE_VIEWED", "CTA_CLICKED"]);
    const clicked = events.find(({ type }) => type === "CTA_CLICKED")!;
    expect(clicked.text).toMatch(/^x(🙂){199}$/u);
  });

  test("loses nothing where the clock is put right between an event and its sending", async () => {
    const page = await visit("/a");
    await flush(page);
    await page.evaluate(() => {
      const now = Date.now;
      const own = Date;
      const ahead = class extends own {
        constructor(...of: []) {
          super(...(of.length ? of : [own.now() + 900_000] as never));
        }
      };
      globalThis.Date = ahead as DateConstructor;
      ahead.now = () => now() + 900_000;
      sojourn.track("EARLIER");
      globalThis.Date = own;
    });
    await flush(page);
    const events = await expectWhole(["PAGE_VIEWED", "EARLIER"]);
    const { occurredAt, clientAt } = events.find(({ type }) => type === "EARLIER")!;
    expect(Date.parse(clientAt!) - Date.parse(occurredAt)).toBeGreaterThan(14 * MINUTE);
  });

  test("respects Do Not Track, and robots are left out", async () => {
    await person.addInitScript(() => Object.defineProperty(navigator, "doNotTrack", { value: "1" }));
    const page = await visit("/a");
    await track(page, "ONE");
    await flush(page);
    const robot = await newPerson(browser, { userAgent: "Mozilla/5.0 (compatible; Googlebot/2.1)" });
    const crawled = await visit("/b", robot);
    await flush(crawled);
    await robot.close();
    expect(await recorded()).toEqual([]);
    const measured = await (await fetch(`${service.url}/metrics`)).text();
    expect(measured).toMatch(/sojourn_robot_events_total [1-9]/);
  });

  test("waits and sends again where the service refuses for now", async () => {
    // Before the page is there: on a busy machine its script sends by itself meanwhile, and as often as it likes.
    let refused = 0;
    await person.route(/collect/, (route) => route.fulfill({ status: 503 }).then(() => void refused++));
    const page = await visit("/a");
    await track(page, "ONE");
    await flush(page);
    await flush(page);
    expect(refused).toBeGreaterThanOrEqual(2);
    expect(await recorded()).toEqual([]);
    await person.unroute(/collect/);
    await flush(page);
    await expectWhole(["PAGE_VIEWED", "ONE"]);
  });

  test("a page of another origin than the key's is refused, and its events wait", async () => {
    key = await writeKey(["https://elsewhere.example"]);
    const page = await visit("/a");
    const answer = page.waitForResponse(/collect/);
    await flush(page);
    expect((await answer).status()).toBe(403);
    expect(await recorded()).toEqual([]);
  });
});
