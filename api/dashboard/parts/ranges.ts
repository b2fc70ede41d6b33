import { route } from "../core/route.svelte.ts";

type Preset = "TWO_HOURS" | "DAY" | "WEEK" | "MONTH" | "QUARTER";
type Range = { last: Preset; between?: never } | { between: { from: string; to: string }; last?: never };

/** The ranges that a list offers, by their name in the address. `all` reaches over everything that there can be. */
export const RANGES: readonly { name: string; title: string; range: Range; days: number }[] = [
  { name: "day", title: "Last day", range: { last: "DAY" }, days: 1 },
  { name: "week", title: "Last week", range: { last: "WEEK" }, days: 7 },
  { name: "month", title: "Last 30 days", range: { last: "MONTH" }, days: 30 },
  { name: "quarter", title: "Last 90 days", range: { last: "QUARTER" }, days: 90 },
  {
    name: "all",
    title: "All time",
    range: { between: { from: "1970-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" } },
    days: Infinity,
  },
];

/** The range that the address names, else the one of `fallback`. */
export function rangeOf(fallback: string): (typeof RANGES)[number] {
  const asked = route.params.get("range") ?? fallback;
  return RANGES.find(({ name }) => name === asked) ?? RANGES.find(({ name }) => name === fallback)!;
}
