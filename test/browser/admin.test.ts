import { describe, expect, test } from "vitest";
import { hasBrowser } from "../kit/browser.ts";
import { useSite } from "../kit/site.ts";

const MOTION = `mutation ($input: RecordMotionInput!) { recordMotion(input: $input) { __typename } }`;
const EVENTS = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) { __typename } }`;
const KEEP = `mutation ($input: ConfigureSessionsInput!) { configureSessions(input: $input) { __typename } }`;
const TENANT = "admins";

describe.runIf(hasBrowser)("the pages of those who look after a tenant", () => {
  const site = useSite(TENANT);

  const open = (show: string) => site.open(`/admin?show=${show}`);

  test("what nobody believes is counted as it was sent, or dropped", async () => {
    const { page, context } = await open("aside");
    await page.getByText("Nothing is kept aside").waitFor();
    const at = new Date(Date.now() + 86_400_000).toISOString();
    for (const sensorId of ["hall", "porch"]) await site.ask(MOTION, { input: { sensorId, seq: 1, at } });
    await page.reload();
    await page.getByRole("button", { name: /^Count motion at .* of hall as it is/ }).click();
    await page.getByText("What hall sent counts now").waitFor();
    await page.getByRole("button", { name: /^Drop motion at .* of porch/ }).click();
    await page.getByText("Nothing is kept aside").waitFor();
    await page.goto("/sessions?range=all");
    await page.getByRole("cell", { name: "hall" }).waitFor();
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
    await context.close();
  });

  test("what could not be taken is shown with its reason, and tried again", async () => {
    const { page, context } = await open("parked");
    await page.getByText("Nothing is parked").waitFor();
    await expect.poll(() => page.getByRole("region", { name: "Lag" }).locator("tbody tr").count()).toBe(9);
    const event = { sessionId: "p-1", seq: 1, type: "PAGE_VIEWED", occurredAt: "soon" };
    await site.service.send({ tenant: TENANT, events: [event] });
    await expect.poll(async () => {
      await page.getByRole("button", { name: "Look again" }).click();
      return await page.getByText(/^events\.0: occurredAt/).count();
    }).toBe(1);
    await page.getByText("What it says").click();
    await page.getByText('"sessionId":"p-1"').waitFor();
    await page.getByRole("button", { name: /^Try again/ }).click();
    await page.getByText("Sent. It is gone from here once it is taken.").waitFor();
    await context.close();
  });

  test("how sessions end and are kept is read and set; a value that cannot be says so and is not lost", async () => {
    const { page, context } = await open("settings");
    await page.getByLabel("A session ends after").fill("2");
    // Somebody else sets another rule while this page is open: it shows, and is not set back.
    await site.ask(KEEP, { input: { keepDays: 77 } });
    await page.getByRole("button", { name: "Keep it", exact: true }).click();
    await page.getByText("Kept. Each process knows it").waitFor();
    await expect.poll(() => page.getByLabel("Sessions are kept for").inputValue()).toBe("77");
    await page.getByLabel("Sessions are kept for").fill("4000");
    await page.getByRole("button", { name: "Keep it", exact: true }).click();
    await page.getByRole("alert").getByText("keepDays").waitFor();
    expect(await page.getByLabel("Sessions are kept for").inputValue()).toBe("4000");
    await page.getByLabel("Journeys are kept for").fill("30");
    await page.getByRole("button", { name: "Keep it for journeys" }).click();
    await page.getByText("Kept, for journeys that are there too.").waitFor();
    await page.reload();
    await expect.poll(() => page.getByLabel("Journeys are kept for").inputValue()).toBe("30");
    expect(await page.getByLabel("A session ends after").inputValue()).toBe("2");
    await context.close();
  });

  test("a rebuild writes what was seen, whatever is chosen by then", async () => {
    const { page, context } = await open("rebuild");
    const asked: object[] = [];
    const counts = { eventsRead: 1, objectsRead: 1, journeysCreated: 1, journeysChanged: 0, journeysUnchanged: 0 };
    const backfillJourneys = { __typename: "BackfillJourneysPayload", ...counts };
    await page.route("**/graphql", async (route) => {
      const { query, variables } = route.request().postDataJSON() as { query: string; variables: { input: object } };
      if (!query.includes("backfillJourneys")) return await route.fallback();
      asked.push(variables.input);
      await route.fulfill({ json: { data: { backfillJourneys } } });
    });
    await page.getByLabel("Events of").selectOption("day");
    await page.getByRole("button", { name: "See what would change" }).click();
    await page.getByText("Last day: 1 event in 1 object: 1 journey missing").waitFor();
    await page.getByLabel("Events of").selectOption("quarter");
    await page.getByRole("button", { name: "Write that" }).click();
    await page.getByText("1 journey made").waitFor();
    expect(asked).toEqual([true, false].map((dryRun) => ({ range: { last: "DAY" }, dryRun })));
    await context.close();
  });

  test("an erasure leaves its receipt in the list, and identity is shown as it is set", async () => {
    const occurredAt = new Date().toISOString();
    await site.ask(EVENTS, {
      events: [{ sessionId: "e-1", seq: 1, type: "PAGE_VIEWED", occurredAt, visitorId: "ada" }],
    });
    const { page, context } = await open("erase");
    await page.getByText("Nothing was erased yet").waitFor();
    await page.getByLabel("Visitor's id").fill("ada");
    await page.getByLabel(/^The same id again/).fill("adam");
    expect(await page.getByRole("button", { name: "Erase for ever" }).isDisabled()).toBe(true);
    await page.getByLabel(/^The same id again/).fill("ada");
    await page.getByRole("button", { name: "Erase for ever" }).click();
    await page.getByText("Gone: 1 journey with 1 event.").waitFor();
    const receipt = page.getByRole("region", { name: "Receipts", exact: true }).locator("tbody tr");
    await receipt.getByText("a visitor").waitFor();
    expect(await receipt.count()).toBe(1);
    await page.getByRole("link", { name: "Identity" }).click();
    await page.getByRole("cell", { name: "JWKS_URL" }).waitFor();
    expect(await page.getByRole("row", { name: /Built-in accounts/ }).textContent()).toContain(
      "on; anybody may open one",
    );
    await context.close();
  });

  test("no page has complained of anything, its own policy included", () =>
    expect(site.browser.complaints).toEqual([]));
});
