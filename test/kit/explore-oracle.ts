/** Funnels and paths by their definitions, from events alone: a second computation that shares no code with the first. */
export type Seen = { at: number; type: string; page?: string | undefined };
export type Match = { type?: string; page?: string };

const bare = (page: string) => page.replace(/^https?:\/\/[^/]+/, "").replace(/[?#].*$/, "").replace(/(.)\/$/, "$1");
const patternOf = (pattern: string) =>
  new RegExp(`^${pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}/]/g, "\\$&")).join("[^]*")}$`);

export function isMatch(event: Seen, { type, page }: Match): boolean {
  if (type !== undefined && event.type !== type) return false;
  return page === undefined || (event.page !== undefined && patternOf(page).test(bare(event.page)));
}

/** The most steps that any choice of events makes, by trying all. */
export function depthOf(
  events: readonly Seen[],
  steps: readonly Match[],
  isStrict: boolean,
  withinMs = Infinity,
): number {
  const runs: Seen[][] = [];
  for (const event of events) {
    const last = runs.at(-1)?.[0];
    const isRepeat = last && last.type === event.type &&
      (last.page && bare(last.page)) === (event.page && bare(event.page));
    if (isRepeat) runs.at(-1)!.push(event);
    else runs.push([event]);
  }
  const runOf = new Map(runs.flatMap((run, r) => run.map((event) => [event, r] as const)));
  const from = (index: number, step: number, startedAt: number, run: number): number => {
    let best = step;
    for (let i = index; i < events.length && step < steps.length; i++) {
      const event = events[i]!;
      if (!isMatch(event, steps[step]!) || (step > 0 && event.at - startedAt > withinMs)) continue;
      if (isStrict && step > 0 && runOf.get(event) !== run + 1) continue;
      best = Math.max(best, from(i + 1, step + 1, step === 0 ? event.at : startedAt, runOf.get(event)!));
      if (best === steps.length) break;
    }
    return best;
  };
  return from(0, 0, 0, -1);
}

/** The names of a path by pages or types, with its anchor first. */
export function namesOf(
  events: readonly Seen[],
  { by, from, to, steps, folderDepth }: {
    by: "PAGE" | "TYPE";
    from?: Match;
    to?: Match;
    steps: number;
    folderDepth?: number;
  },
): string[] | undefined {
  const folder = (page: string) => {
    const parts = bare(page).split("/").filter((part, i) => i > 0 || part !== "");
    if (folderDepth === undefined || parts.length <= folderDepth) return bare(page);
    return `/${parts.slice(0, folderDepth).join("/")}/…`;
  };
  const name = (event: Seen) => by === "TYPE" ? event.type : event.page === undefined ? undefined : folder(event.page);
  const anchor = from ?? to;
  const at = anchor ? events.findIndex((event) => isMatch(event, anchor)) : 0;
  if (at < 0 || events.length === 0) return undefined;
  const named = anchor ? [name(events[at]!) ?? events[at]!.type] : [];
  const others = (to ? events.slice(0, at).reverse() : events.slice(anchor ? at + 1 : 0)).map(name)
    .filter((own) => own !== undefined);
  const all = [...named, ...others].filter((own, i, list) => own !== list[i - 1]);
  return all.length > 0 ? all.slice(0, steps + 1) : undefined;
}
