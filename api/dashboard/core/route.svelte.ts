import { decoded } from "./decoded.ts";

/** Where we are: the path and its parameters. All that a page shows of choice is in them, so that a link says it. */
let path = $state(location.pathname);
let query = $state(location.search);
const params = $derived(new URLSearchParams(query));

export const route = {
  get path() {
    return path;
  },
  get params() {
    return params;
  },
  /** The path's parts after the page's name, decoded: /sessions/hall gives ["hall"]. */
  get rest() {
    return path.split("/").slice(2).map(decoded);
  },
};

export function go(url: string, replace = false): void {
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  sync();
}

/** Sets parameters of this page, those that are undefined or empty away. Filters replace; they fill no history. */
export function setParams(changes: Record<string, string | undefined>): void {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  go(path + (text ? `?${text}` : ""), true);
}

/** A link of this site's, with parameters. */
export function linkTo(to: string, given: Record<string, string | undefined> = {}): string {
  const own = new URLSearchParams(Object.entries(given).filter((entry): entry is [string, string] => !!entry[1]));
  const text = own.toString();
  return text ? `${to}?${text}` : to;
}

function sync(): void {
  path = location.pathname;
  query = location.search;
}

addEventListener("popstate", sync);
// Plain links stay plain: only an unmodified click on one of our own is taken, all else is the browser's.
addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
  if (link.pathname === "/graphql") return;
  event.preventDefault();
  if (link.href !== location.href) go(link.pathname + link.search + link.hash);
  document.querySelector<HTMLElement>("main")?.focus();
});
