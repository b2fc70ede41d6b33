import { describe, expect, test } from "vitest";
import { hasBrowser } from "../kit/browser.ts";
import { useSite } from "../kit/site.ts";

const BATCH = `mutation ($input: IngestSessionBatchInput!) { ingestSessionBatch(input: $input) {
  ... on IngestSessionBatchPayload { sessionId } ... on UserError { message } } }`;
const MOTION = `mutation ($input: RecordMotionInput!) { recordMotion(input: $input) {
  ... on RecordMotionPayload { session { sessionId version } } ... on UserError { message } } }`;
const DELETE = `mutation ($input: DeleteSessionInput!) { deleteSession(input: $input) {
  ... on ShownPayload { version } ... on UserError { message } } }`;
const PAUSE = `mutation ($input: RecordPauseInput!) { recordPause(input: $input) {
  ... on SessionPayload { sessionId } ... on UserError { message } } }`;
const CORRECT = `mutation ($input: CorrectSessionInput!) { correctSession(input: $input) {
  ... on SessionPayload { session { version corrected } } ... on UserError { message } } }`;
const ANNOTATE = `mutation ($input: AnnotateSessionInput!) { annotateSession(input: $input) {
  ... on SessionPayload { session { version } } ... on UserError { message } } }`;
const TENANT = "sessions";

describe.runIf(hasBrowser)("the pages of sessions", () => {
  const site = useSite(TENANT);

  const upload = (batchOffset: number) =>
    site.ask(BATCH, {
      input: {
        sessionId: "walk-1",
        sensorId: "tag",
        batchOffset,
        readings: Array.from({ length: 50 }, (_, i) => ({
          at: new Date(Date.UTC(2026, 0, 31, 12, batchOffset, 0, i * 100)).toISOString(),
          values: [Math.sin(i), 1],
        })),
      },
    });

  const now = Date.now();
  /** Motion so many minutes ago, and the session that it is of. */
  const motion = async (sensorId: string, seq: number, minutesAgo: number) => {
    const at = new Date(now - minutesAgo * 60_000).toISOString();
    const { recordMotion } = await site.ask(MOTION, { input: { sensorId, seq, at } });
    return (recordMotion as { session: { sessionId: string; version: number } }).session;
  };

  test("a label is edited while a device uploads; a colleague's change is shown, not overwritten", async () => {
    await upload(0);
    const { page, context } = await site.open("/sessions/walk-1");
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel(/^Labels,/).fill("walk\nmine");
    await upload(1);
    await expect.poll(() => page.locator("dl").textContent()).toContain("100");
    const input = { sessionId: "walk-1", from: "2026-01-31T12:00:01Z", to: "2026-01-31T12:00:03Z" };
    await site.ask(PAUSE, { input });
    await expect.poll(() => page.locator("dl").textContent()).toContain("Pauses1");
    expect(await page.getByLabel(/^Labels,/).inputValue()).toBe("walk\nmine");
    await site.ask(ANNOTATE, { input: { sessionId: "walk-1", expectedVersion: 1, labels: ["theirs"] } });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Somebody changed it while you were typing").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("theirs");
    await page.getByRole("button", { name: "Save mine over it" }).click();
    await page.getByRole("link", { name: "mine" }).waitFor();
    await page.getByRole("button", { name: "Delete it" }).click();
    await page.getByText("The session is deleted").waitFor();
    await page.reload();
    await page.getByText("The session is deleted").waitFor();
    await page.getByRole("button", { name: "Take it back" }).click();
    await page.getByRole("button", { name: "Correct its time or sensor" }).click();
    await page.getByLabel("Ended").fill("2026-01-31T12:30:00Z");
    await page.getByRole("button", { name: "Correct it", exact: true }).click();
    await expect.poll(() => page.locator("dl").textContent()).toContain("12:30:00");
    await page.getByText("Without pauses").waitFor();
    await context.close();
  });

  test("what a colleague saves is there before anybody edits, and what nobody touched is not saved", async () => {
    const readings = [{ at: "2026-01-27T12:00:00Z", values: [1] }];
    await site.ask(BATCH, { input: { sessionId: "notes-1", sensorId: "cane", batchOffset: 0, readings } });
    const { page, context } = await site.open("/sessions/notes-1");
    const annotate = (expectedVersion: number, more: object) =>
      site.ask(ANNOTATE, { input: { sessionId: "notes-1", expectedVersion, ...more } });
    await annotate(1, { labels: ["a,b"], notes: "what B typed" });
    await page.getByText("what B typed").waitFor();
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel(/^Labels,/).fill("a,b\nmine");
    await annotate(2, { notes: "what B typed since" });
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("button", { name: "Save mine over it" }).click();
    await page.getByRole("link", { name: "mine" }).waitFor();
    await page.getByRole("link", { name: "a,b", exact: true }).waitFor();
    await expect.poll(() => page.getByText("what B typed since").count()).toBe(1);
    await context.close();
  });

  test("pauses are corrected by keyboard, taken back, and a colleague's correction is shown, not overwritten", async () => {
    const readings = [0, 40].map((minute) => ({
      at: new Date(Date.UTC(2026, 0, 29, 12, minute)).toISOString(),
      values: [1],
    }));
    const walk = { sessionId: "ride-1", sensorId: "bike", batchOffset: 0, readings, final: true };
    await site.ask(BATCH, { input: walk });
    const { page, context } = await site.open("/sessions/ride-1");
    const part = page.getByRole("region", { name: "Pauses" });
    const key = (name: string) => page.keyboard.press(name);
    const type = (text: string) => page.keyboard.insertText(text);
    await part.getByText("No pauses").waitFor();
    await part.getByRole("button", { name: "Correct its pauses" }).press("Enter");
    // A row is there, begun with the session, and the keyboard is in it.
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
    await key("Control+A");
    await type("2026-01-29T12:10:00Z");
    await key("Tab");
    await type("tomorrow");
    await key("Enter");
    const end = part.getByRole("textbox", { name: "Went on", description: /must be an instant/ });
    await end.waitFor();
    await expect.poll(() => end.evaluate((own) => own === document.activeElement)).toBe(true);
    await end.fill("2026-01-29T12:05:00Z");
    await key("Enter");
    await part.getByRole("textbox", { description: /must not be before/ }).fill("2026-01-29T12:20:00Z");
    await key("Enter");
    await part.getByText("1 pause, as a person said").waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Correct its pauses");
    await expect.poll(() => page.locator("dl").textContent()).toContain("Without pauses30 min");
    await part.getByRole("button", { name: "Take it back" }).click();
    await part.getByText("No pauses").waitFor();
    await part.getByRole("button", { name: "Correct its pauses" }).click();
    await part.getByRole("textbox", { name: "Went on" }).fill("2026-01-29T12:05:00Z");
    const theirs = [{ from: "2026-01-29T12:30:00Z", to: "2026-01-29T12:35:00Z" }];
    await site.ask(CORRECT, { input: { sessionId: "ride-1", expectedVersion: 3, pauses: theirs } });
    await part.getByRole("button", { name: "Save the pauses" }).click();
    expect(await part.getByRole("alert").textContent()).toContain("Somebody changed it while you were typing");
    await part.getByRole("button", { name: "Keep theirs" }).click();
    await expect.poll(() => page.locator("dl").textContent()).toContain("Without pauses35 min");
    await part.getByRole("button", { name: "Correct its pauses" }).click();
    await part.getByRole("button", { name: "Remove pause 1" }).click();
    await part.getByText("all of it was activity").waitFor();
    await part.getByRole("button", { name: "Save the pauses" }).click();
    await part.getByText("No pauses, as a person said").waitFor();
    await part.getByRole("button", { name: "Take it back" }).click();
    await expect.poll(() => page.locator("dl").textContent()).toContain("Without pauses35 min");
    await part.getByRole("button", { name: "As its devices say" }).click();
    await part.getByText("No pauses", { exact: true }).waitFor();
    await context.close();
  });

  test("what is joined or deleted between a look and what follows it goes by itself, from the list and from the start", async () => {
    const { page, context } = await site.openTab();
    const [, late] = [await motion("arch", 1, 20), await motion("arch", 2, 12)];
    await motion("arch", 3, 30);
    const changes = [
      () => motion("arch", 4, 16),
      () => site.ask(DELETE, { input: { sessionId: late.sessionId, expectedVersion: 1 } }),
    ];
    await page.route("**/graphql", async (route) => {
      if (!/query (SessionList|DoorSessions)\b/.test(route.request().postData() ?? "")) return await route.continue();
      // Answered as it was a moment before.
      const response = await route.fetch();
      await changes.shift()?.();
      await route.fulfill({ response });
    });
    await page.goto("/");
    await site.signIn(page);
    await expect.poll(() => page.getByRole("link", { name: "arch" }).count()).toBe(2);
    await page.goto("/sessions?sensor=arch&range=all");
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
    await context.close();
  });

  test("what changes between a look and what follows it is shown by itself, on the page of a session and in the list", async () => {
    const sent = (batchOffset: number) => {
      const readings = [{ at: new Date(Date.UTC(2026, 0, 28, 12, 0, batchOffset)).toISOString(), values: [1] }];
      return site.ask(BATCH, { input: { sessionId: "gap-1", sensorId: "strap", batchOffset, readings } });
    };
    await sent(0);
    const { page, context } = await site.openTab();
    const looks = new Set<string>();
    await page.route("**/graphql", async (route) => {
      const [look] = /query Session(Page|List)\b/.exec(route.request().postData() ?? "") ?? [];
      if (!look || looks.has(look)) return await route.continue();
      looks.add(look);
      // Answered as it was a moment before.
      const response = await route.fetch();
      await sent(looks.size);
      await route.fulfill({ response });
    });
    await page.goto("/sessions/gap-1");
    await site.signIn(page);
    await expect.poll(() => page.locator("dl").textContent()).toContain("Readings2");
    await page.goto("/sessions?sensor=strap&range=all");
    await expect.poll(() => page.locator("tbody tr td:nth-child(6)").textContent()).toBe("3");
    await context.close();
  });

  test("a list takes in what begins, also as its first, and loses what is joined or deleted, by itself", async () => {
    const { page, context } = await site.open("/sessions?sensor=gate");
    await page.getByText("No session in this range fits").waitFor();
    const rows = page.locator("tbody tr");
    await motion("gate", 1, 20);
    await expect.poll(() => rows.count()).toBe(1);
    await motion("gate", 2, 12);
    await expect.poll(() => rows.count()).toBe(2);
    const start = await site.browser.newPage(context);
    await start.goto("/");
    await site.signIn(start);
    await expect.poll(() => start.getByRole("link", { name: "gate" }).count()).toBe(2);
    const { sessionId, version } = await motion("gate", 3, 16);
    await expect.poll(() => start.getByRole("link", { name: "gate" }).count()).toBe(1);
    await expect.poll(() => rows.count()).toBe(1);
    await expect.poll(() => rows.locator("td:nth-child(5)").textContent()).toBe("3");
    await site.ask(DELETE, { input: { sessionId, expectedVersion: version } });
    await expect.poll(() => rows.count()).toBe(0);
    await expect.poll(() => start.getByRole("link", { name: "gate" }).count()).toBe(0);
    await context.close();
  });

  test("what somebody types stays where the session becomes a part of another meanwhile, and is theirs to save", async () => {
    const { sessionId: early } = await motion("yard", 1, 20);
    const { sessionId: late } = await motion("yard", 2, 12);
    const { page, context } = await site.open(`/sessions/${late}`);
    await page.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel(/^Labels,/).fill("mine");
    await motion("yard", 3, 16);
    await page.getByText("It was joined with the one before it").waitFor();
    expect(await page.getByLabel(/^Labels,/).inputValue()).toBe("mine");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "mine" }).waitFor();
    await page.getByRole("link", { name: early }).click();
    await page.getByRole("heading", { name: early }).waitFor();
    await page.getByRole("link", { name: "mine" }).waitFor();
    await context.close();
  });

  test("a session is split, taken back, split again and joined; what was joined leads to the one that stayed", async () => {
    const input = { sessionId: "split-1", sensorId: "belt", batchOffset: 0, final: true };
    const readings = Array.from({ length: 60 }, (_, i) => ({
      at: new Date(Date.UTC(2026, 0, 29, 12, i)).toISOString(),
      values: [i],
    }));
    await site.ask(BATCH, { input: { ...input, readings } });
    const { page, context } = await site.open("/sessions/split-1");
    const split = async () => {
      await page.getByRole("button", { name: "Split it in two" }).click();
      await page.getByLabel("The second one begins").fill("2026-01-29T12:30:00Z");
      await page.getByRole("button", { name: "Split it", exact: true }).click();
      await expect.poll(() => page.locator("dl").textContent()).toMatch(/Readings\s*30/);
    };
    await split();
    await page.getByRole("button", { name: "Take it back" }).click();
    await expect.poll(() => page.locator("dl").textContent()).toMatch(/Readings\s*60/);
    await split();
    const second = (await page.getByText("From there on it is session").textContent())!.match(/session (\S+)\./)![1]!;
    await page.getByRole("button", { name: "Join it with the next one" }).click();
    await page.getByRole("button", { name: "Join the two" }).click();
    await expect.poll(() => page.locator("dl").textContent()).toMatch(/Readings\s*60/);
    await page.goto(`/sessions/${second}`);
    await page.getByRole("link", { name: "split-1" }).click();
    await page.getByRole("heading", { name: "split-1" }).waitFor();
    await context.close();
  });

  test("readings are one answer, and zooming asks for what is seen", async () => {
    await site.ask(BATCH, {
      input: {
        sessionId: "walk-2",
        sensorId: "tag",
        batchOffset: 0,
        readings: Array.from({ length: 3_000 }, (_, i) => ({
          at: new Date(Date.UTC(2026, 0, 30, 12, 0, 0, i * 100)).toISOString(),
          values: [Math.sin(i / 100), 1],
        })),
      },
    });
    const { page, context } = await site.openTab();
    const asked: string[] = [];
    page.on("request", (request) => {
      const body = request.postData() ?? "";
      if (body.includes("readingSeries")) asked.push(body);
    });
    await page.goto("/sessions/walk-2");
    await site.signIn(page);
    await page.getByText("3,000 readings, least and greatest of each stretch").waitFor();
    expect(asked).toHaveLength(1);
    const chart = page.getByRole("group", { name: /^Readings/ });
    await chart.locator("canvas").waitFor();
    await chart.press("+");
    await page.getByRole("button", { name: "Show all" }).waitFor();
    await expect.poll(() => asked.length).toBe(2);
    const { from, to } = JSON.parse(asked[1]!).variables;
    // A quarter of five minutes to either side of the middle.
    expect([from, to]).toEqual([
      expect.stringMatching(/^2026-01-30T12:01:1/),
      expect.stringMatching(/^2026-01-30T12:03:4/),
    ]);
    await page.getByRole("button", { name: "Show all" }).click();
    await page.getByRole("button", { name: "Show all" }).waitFor({ state: "detached" });
    expect(asked).toHaveLength(2);
    await context.close();
  });

  test("no page has complained of anything, its own policy included", () =>
    expect(site.browser.complaints).toEqual([]));
});
