import { SIZES, titleOf } from "../sources.ts";
import type { AlertMeasure, AlertRowFragment, ChangeRowFragment } from "./documents.ts";

/** What an alert looks at, in the words of people. */
export const MEASURES: readonly { name: AlertMeasure; title: string }[] = [
  { name: "COUNT", title: "how many" },
  { name: "SUM", title: "the sum" },
  { name: "AVERAGE", title: "the average" },
  { name: "MIN", title: "the least" },
  { name: "MAX", title: "the greatest" },
];

/** When it rings: `how many above 100 in 5 minutes, twice in a row`. */
export function ruleOf({ measure, condition, threshold, size, lasting }: AlertRowFragment): string {
  const what = MEASURES.find(({ name }) => name === measure)?.title ?? measure;
  const per = SIZES.find((one) => one.size === size)?.title ?? size;
  return `${what} ${condition === "ABOVE" ? "above" : "below"} ${threshold} in ${per}${
    lasting > 1 ? `, ${lasting} times in a row` : ""
  }`;
}

/** What somebody else made of an alert while a person changed it; null: it is no more. */
export function whatChanged(current: AlertRowFragment | null): string {
  if (!current) {
    return "Somebody ended this alert since. What you typed is still here: save it to make the alert anew, or cancel.";
  }
  return `Somebody changed this alert since: it is “${current.name}” now, ${titleOf(current.source)}, ${
    ruleOf(current)
  }. What you typed is still here: save it to put it in the place of theirs, or cancel.`;
}

export function whatOf({ state, reason }: ChangeRowFragment): string {
  if (reason === "CONFIGURED") return "was changed";
  if (reason === "DELETED") return "was ended";
  return state === "RINGING" ? "began to ring" : "fell quiet";
}
