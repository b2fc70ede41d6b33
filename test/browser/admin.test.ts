import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasBrowser, openBrowser, type Service, signIn, startService } from "../kit/browser.ts";
import { isSignedBy, startReceiver } from "../kit/receiver.ts";

describe.runIf(hasBrowser)("administration", () => {
  let service: Service;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  let token: string;
  beforeAll(async () => {
    [service, browser] = await Promise.all([startService(), openBrowser()]);
    token = await service.tokenOf("pages");
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });

  test("a webhook is made, told of a test by a signed call, and ended", async () => {
    const receiver = await startReceiver();
    const { page, context } = await browser.openTab(service.url);
    await page.goto("/admin?show=webhooks");
    await signIn(page, token);
    await page.getByLabel("Name").fill("our chat");
    await page.getByLabel("Address").fill(`${receiver.url}/hook`);
    await page.getByLabel("An alert began or ended").check();
    await page.getByRole("button", { name: "Make it" }).click();
    const secret = (await page.getByRole("status", { name: "The secret" }).locator(".secret").textContent())!;
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByText("It took the test (200).").waitFor();
    expect(receiver.calls).toHaveLength(1);
    expect(isSignedBy(secret, receiver.calls[0]!)).toBe(true);
    await page.getByRole("cell", { name: "taken" }).waitFor();
    await page.getByRole("button", { name: "End it for ever" }).click();
    await page.getByText(/^revoked/).waitFor();
    await context.close();
    await receiver.stop();
  });

  test("an account is opened, its other login ended from here, and a token that ended is renewed unseen", async () => {
    const password = "correct horse battery";
    const { page, context } = await browser.openTab(service.url);
    await page.goto("/admin?show=logins");
    await page.getByRole("button", { name: "I have none yet" }).click();
    await page.getByLabel("Username").fill("ada.lovelace");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Open the account" }).click();
    await page.getByText("(this one)").waitFor();

    const other = await browser.openTab(service.url);
    await other.page.goto("/admin?show=logins");
    await other.page.getByLabel("Username").fill("Ada.Lovelace");
    await other.page.getByLabel("Password").fill(password);
    await other.page.getByRole("button", { name: "Sign in" }).click();
    const logins = other.page.getByRole("row").filter({ has: other.page.getByRole("button", { name: "Sign out" }) });
    await expect.poll(() => logins.count()).toBe(2);
    await logins.filter({ hasNotText: "(this one)" }).getByRole("button", { name: "Sign out" }).click();
    await expect.poll(() => logins.count()).toBe(1);

    await page.goto("/sessions");
    await page.getByText("Your sign-in has ended").waitFor();
    // A tab that was duplicated has the same tokens; then one that is good no more, with a refresh token that is.
    const opened = other.context.waitForEvent("page");
    await other.page.evaluate('void window.open("/sessions")');
    const twin = await opened;
    await twin.getByRole("heading", { name: "Sessions", level: 1 }).waitFor();
    const refreshOf = (tab: Page) => tab.evaluate('sessionStorage.getItem("sojourn.refresh")');
    const before = await refreshOf(other.page);
    expect(await refreshOf(twin)).toBe(before);
    await other.page.evaluate('sessionStorage.setItem("sojourn.token", "e30.e30.e30")');
    // Where the service does not answer, the login is not given up.
    const isRenewal = (request: { postData: () => string | null }) => request.postData()?.includes("refreshLogin");
    await other.page.route("**/graphql", (route) => isRenewal(route.request()) ? route.abort() : route.continue());
    await other.page.goto("/admin?show=logins");
    await other.page.getByText("The service cannot be reached").first().waitFor();
    await other.page.unroute("**/graphql");
    await other.page.goto("/admin?show=logins");
    await other.page.getByText("(this one)").waitFor();
    await expect.poll(() => refreshOf(twin)).toBe(await refreshOf(other.page));
    expect(await refreshOf(twin)).not.toBe(before);
    await twin.close();
    await other.page.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await other.page.getByLabel("Username").waitFor();
    await context.close();
    await other.context.close();
  });
});
