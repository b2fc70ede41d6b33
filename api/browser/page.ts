/** What an event holds beside its type; the page is where the visitor is, where absent. */
export type Fields = { page?: string; text?: string; properties?: object | undefined };

const MAX_CHARS = 200;
const MAX_UTM = 9;

type Track = (type: string, fields?: Fields) => void;

/**
 * Records what a visitor does on the page: views, also of pages that a script shows without a load; forms that are begun
 * and sent; clicks on what has the attribute `data-sojourn`: `cta`, `link`, or a type of its own such as VIDEO_PLAYED.
 * What people type is never read.
 */
export function watchPage(track: Track): void {
  let shown = "";
  const view = (properties?: object) => {
    const now = location.pathname + location.search;
    if (now === shown) return;
    shown = now;
    track("PAGE_VIEWED", { properties });
  };
  const change = (name: "pushState" | "replaceState") => {
    const original = history[name];
    history[name] = function (...args) {
      original.apply(this, args);
      view();
    };
  };
  change("pushState");
  change("replaceState");
  addEventListener("popstate", () => view());

  const begun = new WeakSet<Element>();
  on("input", ({ form }) => {
    if (!form || begun.has(form)) return;
    begun.add(form);
    track("FORM_STARTED", { properties: { form: nameOf(form) } });
  });
  on("submit", (form) => {
    begun.delete(form);
    track("FORM_COMPLETED", { properties: { form: nameOf(form) } });
  });
  on("click", (target) => {
    const marked = target.closest?.("[data-sojourn]") as HTMLElement | null;
    const kind = marked?.dataset.sojourn;
    if (!marked || !kind) return;
    const type = { cta: "CTA_CLICKED", link: "LINK_CLICKED" }[kind] ?? kind;
    const { href } = marked as HTMLAnchorElement;
    track(type, {
      text: start(marked.textContent.trim()),
      properties: { name: nameOf(marked), to: href && start(href.split(/[?#]/)[0]!) },
    });
  });
  view(origin());
}

/** A listener that sees an event before the page's own ones may stop it. */
function on(type: string, take: (target: HTMLFormElement & HTMLInputElement) => void): void {
  addEventListener(type, ({ target }) => take(target as never), true);
}

function nameOf(element: HTMLElement): string {
  return element.dataset.sojournName || element.id || element.getAttribute("name") || "";
}

/** As much as an event has room for; half a character would have it refused. */
function start(text: string): string {
  return [...text.slice(0, 2 * MAX_CHARS)].slice(0, MAX_CHARS).join("");
}

/** Where the visitor came from: another site's page, campaign parameters, and the kind of screen. */
function origin(): object {
  const { host } = location;
  const from = document.referrer && new URL(document.referrer);
  const utm = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("utm_"))
    .slice(0, MAX_UTM).map(([name, value]) => [start(name), start(value)]);
  return {
    ...(from && from.host !== host ? { referrer: start(from.host + from.pathname) } : {}),
    ...Object.fromEntries(utm),
    device: innerWidth < 600 ? "phone" : innerWidth < 1_024 ? "tablet" : "desktop",
  };
}
