/** A page that was out of sight for so long is looked at by nobody: what it follows rests until it is shown again. */
const AFTER_MS = 120_000;

/** Something that can begin, and begin again where it was. */
export type Resting = { begin: () => void; rest: () => void };
/** What is asked of the document. */
type Page = { readonly hidden: boolean; addEventListener: (type: "visibilitychange", listener: () => void) => void };

/**
 * Keeps things going while the page is seen, and for two minutes after. An open socket and each message of it are paid for where
 * functions serve, and most pages that are open lie behind others; from its cursor a feed goes on without a gap.
 */
export function restsOutOfSight(page: Page, afterMs = AFTER_MS) {
  const all = new Set<Resting>();
  let isResting = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function rest(): void {
    isResting = true;
    for (const one of all) one.rest();
  }
  function look(): void {
    clearTimeout(timer);
    if (page.hidden) {
      timer = setTimeout(rest, afterMs);
    } else if (isResting) {
      isResting = false;
      for (const one of all) one.begin();
    }
  }
  page.addEventListener("visibilitychange", look);
  look();

  return {
    /** Begins it, unless nobody looks; the function that is given ends it for good. */
    keep: (one: Resting): () => void => {
      all.add(one);
      if (!isResting) one.begin();
      return () => {
        if (all.delete(one)) one.rest();
      };
    },
  };
}
