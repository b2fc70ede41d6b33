import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { openBrowser, type Service, signIn, startService, type TabOptions } from "./browser.ts";

/** The service and a browser for all tests of a file, there once the first of them begins. `tenant` is whose pages are looked at. */
export function useSite(tenant: string) {
  let service: Service | undefined;
  let browser: Awaited<ReturnType<typeof openBrowser>> | undefined;
  beforeAll(async () => {
    [service, browser] = await Promise.all([startService(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await service?.stop();
  });
  const site = {
    get service() {
      return service!;
    },
    get browser() {
      return browser!;
    },
    ask: (query: string, variables?: object) => service!.ask(tenant, query, variables),
    openTab: (options?: TabOptions) => browser!.openTab(service!.url, options),
    signIn: async (page: Page, as = tenant) => await signIn(page, await service!.tokenOf(as)),
    /** A page in a tab of its own, where somebody of the tenant, or of another, has signed in. */
    async open(path: string, { as = tenant, ...options }: TabOptions & { as?: string } = {}) {
      const tab = await site.openTab(options);
      await tab.page.goto(path);
      await site.signIn(tab.page, as);
      return tab;
    },
  };
  return site;
}
