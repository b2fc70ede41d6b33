import type { Component } from "svelte";

/** A page: loaded when it is first looked at, so that signing in needs none of them. */
export type Page = { path: string; title: string; load: () => Promise<{ default: Component }> };

/** In the order of the navigation. The server answers each path, and what is below it, with the same document. */
export const pages: readonly Page[] = [
  { path: "/", title: "Start", load: once(() => import("./start/Start.svelte")) },
  { path: "/live", title: "Live", load: once(() => import("./live/LivePage.svelte")) },
  { path: "/sessions", title: "Sessions", load: once(() => import("./sessions/Sessions.svelte")) },
  { path: "/journeys", title: "Journeys", load: once(() => import("./journeys/Journeys.svelte")) },
  { path: "/review", title: "Review", load: once(() => import("./review/Review.svelte")) },
  { path: "/admin", title: "Admin", load: once(() => import("./admin/Admin.svelte")) },
];

export function pageOf(path: string): Page | undefined {
  const first = `/${path.split("/")[1] ?? ""}`;
  return pages.find((page) => page.path === first);
}

/** The same promise each time: a page that is drawn again is not loaded again. One that failed is tried again. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () =>
    loaded ??= load().catch((error) => {
      loaded = undefined;
      throw error;
    });
}
