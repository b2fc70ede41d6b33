import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen, type Listening } from "../../api/entry/http/listen.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { hasBrowser, openBrowser } from "../kit/browser.ts";

describe.runIf(hasBrowser)("GraphiQL in a browser, under its own policy", () => {
  let api: TestApp;
  let server: Listening;
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    api = await startTestApp({ env: { PORT: "0" } });
    server = await listen(api.app);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await api?.stop();
  });

  test(
    "loads, answers a query and a subscription with a token, shows the schema, keeps no token, breaks no rule",
    async () => {
      const { page, context } = await browser.openTab(server.url);
      const broken: string[] = [];
      await page.exposeFunction("noteBroken", (rule: string) => broken.push(rule));
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
          const { noteBroken } = globalThis as unknown as { noteBroken: (rule: string) => void };
          noteBroken(`${violatedDirective} ${blockedURI}`);
        });
      });
      const token = await api.token("in-graphiql");
      const open = async (query: string) => {
        await page.goto(`/graphql?query=${encodeURIComponent(query)}`);
        await page.getByRole("button", { name: "Headers", exact: true }).click();
        await page.locator(".graphiql-editors .monaco-editor:visible").last()
          .click();
        await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${token}` }));
        await page.getByRole("button", { name: /^Execute query/ }).click();
      };
      const answer = (text: string) => page.locator(".graphiql-response").getByText(text).first().waitFor();

      await open("query Mine { viewer { tenantId } }");
      await answer("in-graphiql");
      await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
      await page.getByText("Root Types").waitFor();
      expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(token);

      await open("subscription Live { metricBuckets(sources: [TASKS], size: ONE_MINUTE) { bucket { source } } }");
      await answer("TASKS");
      expect([broken, browser.complaints]).toEqual([[], []]);
      await context.close();
    },
  );
});
