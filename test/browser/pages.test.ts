import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasBrowser, openLine, signIn } from "../kit/browser.ts";
import { useSite } from "../kit/site.ts";

const COUNT = `mutation ($records: [MetricRecordInput!]!) { recordMetrics(input: { records: $records }) {
  ... on RecordMetricsPayload { accepted } ... on UserError { message } } }`;
const EVENTS = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  ... on RecordEventsPayload { accepted } ... on UserError { message } } }`;
const ALERTS = "{ alerts { alertId name source size measure condition threshold lasting } }";
const CONFIGURE_ALERT = `mutation ($input: ConfigureAlertInput!) { configureAlert(input: $input) {
  __typename } }`;
const TENANT = "pages";

describe.runIf(hasBrowser)("the pages", () => {
  const site = useSite(TENANT);

  const record = (ids: string[]) =>
    site.ask(COUNT, {
      records: ids.map((recordId) => ({ source: "TASKS", recordId, at: new Date().toISOString() })),
    });
  const figureOf = (page: Page, name: string) => page.getByRole("region", { name }).locator(".figure");

  test("signing in leads to where one wanted to go, and a wrong token says so", async () => {
    const token = await site.service.tokenOf(TENANT);
    const { page, context } = await site.openTab();
    await page.goto("/journeys?outcome=ABANDONED");
    await page.getByLabel("Token", { exact: true }).fill("nonsense");
    await page.getByRole("button", { name: "Use this token" }).click();
    await page.getByText("Your sign-in has ended").waitFor();
    await signIn(page, token);
    await page.getByRole("heading", { name: "Journeys", level: 1 }).waitFor();
    expect(await page.getByLabel("Outcome").inputValue()).toBe("ABANDONED");
    expect(page.url()).not.toContain(token);
    await context.close();
  });

  test("what is counted shows without a reload, and is right again after the line was cut", async () => {
    const line = await openLine(site.service.url);
    const { page, context } = await site.browser.openTab(line.url);
    await page.goto("/live");
    await site.signIn(page);
    await record(["a", "b", "c", "a"]);
    await expect.poll(() => figureOf(page, "Tasks").textContent()).toBe("3");
    line.cut();
    await page.getByText("connection lost").waitFor();
    await page.getByText("Not live at the moment").waitFor();
    await record(["c", "d", "e"]);
    line.mend();
    await expect.poll(() => figureOf(page, "Tasks").textContent()).toBe("5");
    await page.getByText("Each change is drawn").waitFor();
    await page.getByLabel("As tables").check();
    await expect.poll(() => page.getByRole("region", { name: "Tasks" }).getByRole("table").textContent()).toContain(
      "open",
    );
    await context.close();
    line.stop();
  });

  test("a source that the tenant named stands beside the others, by day too", async () => {
    const at = new Date().toISOString();
    await site.ask(COUNT, {
      records: ["x", "y"].map((recordId) => ({ source: "cups.sold", recordId, at })),
    });
    const { page, context } = await site.open("/live?range=month");
    await expect.poll(() => figureOf(page, "cups.sold").textContent()).toBe("2");
    await page.getByLabel("As tables").check();
    await expect.poll(() => page.getByRole("region", { name: "cups.sold" }).locator("tbody tr").count()).toBe(1);
    await expect.poll(() => page.getByRole("combobox", { name: "Bucket" }).inputValue()).toBe("DAY");
    await context.close();
  });

  test("an alert is made, changed and ended", async () => {
    const { page, context } = await site.open("/live");
    await page.getByRole("link", { name: "Alerts" }).click();
    await page.getByRole("button", { name: "A new alert" }).click();
    await page.getByLabel("Name").fill("Cups ran out");
    await page.getByRole("combobox", { name: "Source" }).selectOption("cups.sold");
    await page.getByRole("combobox", { name: "Rings when it is" }).selectOption("BELOW");
    await page.getByLabel("This number").fill("1");
    await page.getByRole("button", { name: "Save it" }).click();
    await page.getByText("cups.sold: how many below 1 in 5 minutes").waitFor();
    await page.getByRole("button", { name: "Change Cups ran out" }).click();
    await page.getByLabel("For so many buckets").fill("3");
    await page.getByRole("button", { name: "Save it" }).click();
    await page.getByText("3 times in a row").waitFor();
    // Somebody else changes it meanwhile: that stands until the person has heard of it.
    await page.getByRole("button", { name: "Change Cups ran out" }).click();
    await page.getByLabel("For so many buckets").fill("4");
    const { alerts: [theirs] } = await site.ask(ALERTS) as { alerts: object[] };
    await site.ask(CONFIGURE_ALERT, { input: { ...theirs, threshold: 2 } });
    await page.getByRole("button", { name: "Save it" }).click();
    await page.getByRole("alert").getByText("Somebody changed this alert since").waitFor();
    await page.getByText("how many below 2 in 5 minutes, 3 times in a row").first().waitFor();
    await page.getByRole("button", { name: "Save it" }).click();
    await page.getByText("how many below 1 in 5 minutes, 4 times in a row").waitFor();
    await page.getByRole("button", { name: "End Cups ran out" }).click();
    await page.getByText("No alert yet.").waitFor();
    await expect.poll(() => page.getByText("cups.sold: how many").count()).toBe(0);
    await context.close();
  });

  test("a part that is gone with an older version says so, and comes when the page is loaded again", async () => {
    const { page, context } = await site.open("/admin");
    await page.getByRole("heading", { name: "Admin", level: 1 }).waitFor();
    await page.route("**/assets/**", (route) => route.fulfill({ status: 404, body: "not found" }));
    await page.getByRole("link", { name: "Audit log" }).click();
    await page.getByText("This part could not be loaded").waitFor();
    await page.unroute("**/assets/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Admin", level: 1 }).waitFor();
    await expect.poll(() => page.getByText("This part could not be loaded").count()).toBe(0);
    expect(site.browser.complaints.splice(0).filter((said) => !/404|dynamically imported/.test(said))).toEqual([]);
    await context.close();
  });

  test("the same events sent three times are counted once", async () => {
    const { page, context } = await site.open("/");
    await page.getByRole("button", { name: "Send five events" }).click();
    const again = page.getByRole("button", { name: "Send the same five again" });
    await again.click();
    await page.getByText("0 new, 5 known already").waitFor();
    await again.click();
    await expect.poll(() => page.locator("[data-sent]").textContent()).toBe("15");
    expect(await page.locator("[data-counted]").textContent()).toBe("5");
    await context.close();
  });

  test("journeys are filtered by what was done; one opens as a conversation and goes on live", async () => {
    const at = (s: number) => new Date(Date.now() - 60_000 + s * 1_000).toISOString();
    const event = (sessionId: string, seq: number, type: string, text?: string) => ({
      sessionId,
      seq,
      type,
      occurredAt: at(seq),
      ...(text ? { text } : {}),
    });
    await site.ask(EVENTS, {
      events: [
        event("v-1", 1, "PAGE_VIEWED"),
        event("v-1", 2, "MESSAGE_SENT", "Do you ship to Nepal?"),
        event("v-2", 1, "PAGE_VIEWED"),
      ],
    });
    const { page, context } = await site.open("/journeys?did=MESSAGE_SENT&didnot=CTA_CLICKED");
    await page.getByText("Do you ship to Nepal?").waitFor();
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
    await page.locator("tbody a").click();
    await page.getByRole("list", { name: "Timeline" }).getByText("Do you ship to Nepal?").waitFor();
    await site.ask(EVENTS, { events: [event("v-1", 3, "MESSAGE_RECEIVED", "Yes, in five days.")] });
    await page.getByText("Yes, in five days.").waitFor();
    await page.goBack();
    await page.getByText("Do you ship to Nepal?").waitFor();
    expect(new URL(page.url()).searchParams.get("didnot")).toBe("CTA_CLICKED");
    await context.close();
  });

  test("complete buckets alone are shown where one wants that; a fixed range stands still", async () => {
    await record(["open-1"]);
    const { page, context } = await site.openTab();
    // An hour: a minute may be over before the page is there.
    await page.goto("/live?as=table&size=ONE_HOUR");
    await site.signIn(page);
    const states = () => page.getByRole("region", { name: "Tasks" }).locator("tbody td:nth-child(3)").allTextContents();
    await expect.poll(states).toContain("open");
    await page.getByLabel("Complete buckets only").check();
    await expect.poll(states).not.toContain("open");
    await page.reload();
    expect(await page.getByLabel("Complete buckets only").isChecked()).toBe(true);
    await page.getByLabel("Complete buckets only").uncheck();
    await page.getByLabel("Range").selectOption("day");
    await page.getByText("A fixed range: it stands still.").waitFor();
    const before = await figureOf(page, "Tasks").textContent();
    await record(["open-2"]);
    await page.getByLabel("Range").selectOption("2h");
    await expect.poll(() => figureOf(page, "Tasks").textContent()).not.toBe(before);
    await context.close();
  });

  test("no page has complained of anything, its own policy included", () =>
    expect(site.browser.complaints).toEqual([]));
});
