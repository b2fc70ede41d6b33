import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openBrowser, type Service, signIn, startService } from "../kit/browser.ts";

const EVENTS = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted } ... on UserError { message } } }`;
const TENANT = "pages";

describe.runIf(hasBrowser)("journeys", () => {
  let service: Service;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let token: string;
  beforeAll(async () => {
    [service, browser] = await Promise.all([startService(), openBrowser()]);
    token = await service.tokenOf(TENANT);
    const event = (sessionId: string, seq: number, type: string, page: string) => ({
      ...{ sessionId, seq, type, page, visitorId: `visitor of ${sessionId}` },
      occurredAt: new Date(Date.now() - 600_000 + seq * 1_000).toISOString(),
    });
    await service.ask(TENANT, EVENTS, {
      events: [
        ...["j-1", "j-2", "j-3"].map((id) => event(id, 1, "PAGE_VIEWED", "/shop")),
        ...["j-1", "j-2"].map((id) => event(id, 2, "PAGE_VIEWED", "/shop/basket")),
        event("j-1", 3, "PAGE_VIEWED", "/shop/paid"),
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  test("a goal of one's own is made; past journeys follow, and its number opens them", async () => {
    const { page, context } = await browser.openTab(service.url);
    await page.goto("/journeys?show=goals");
    await signIn(page, token);
    await page.getByRole("button", { name: "Add a goal" }).click();
    await page.getByLabel("Name").fill("Paid for it!");
    await page.getByLabel("Page", { exact: true }).fill("/shop/paid");
    await page.getByRole("button", { name: "Save" }).click();
    // A job of each minute does it.
    await page.getByText(/Past journeys follow since .*: 3 read/).waitFor({ timeout: 100_000 });
    await page.getByRole("link", { name: "Its journeys" }).click();
    await page.getByRole("cell", { name: "paid-for-it" }).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await context.close();
  }, 180_000);

  test("no page has complained of anything, its own policy included", () => expect(browser.complaints).toEqual([]));
});
