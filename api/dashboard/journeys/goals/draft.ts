import type { JourneyGoalInput, JourneyOutcome, SettingsFragment } from "./documents.ts";

/** One way to reach a goal, as it is typed: an empty field asks for nothing. */
export type Match = { type: string; page: string; property: string; value: string };
export type GoalDraft = { goalId: string; name: string; outranks: JourneyOutcome; anyOf: Match[] };

export const noMatch = (): Match => ({ type: "", page: "", property: "", value: "" });

export function toDrafts({ goals }: SettingsFragment): GoalDraft[] {
  return goals.map(({ goalId, name, outranks, anyOf }) => ({
    ...{ goalId, name, outranks },
    anyOf: anyOf.map(({ type, page, propertyName, propertyValue }) => ({
      ...{ type: type ?? "", page: page ?? "", property: propertyName ?? "", value: propertyValue ?? "" },
    })),
  }));
}

/** An id from a goal's name: "Paid for it!" gives `paid-for-it`. It is made once and then stays. */
function idOf(name: string): string {
  const words = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-/, "");
  return words.slice(0, 40).replace(/-$/, "") || "goal";
}

export function toInput({ goalId, name, outranks, anyOf }: GoalDraft): JourneyGoalInput {
  return {
    ...{ goalId: goalId || idOf(name), name: name.trim(), outranks },
    anyOf: anyOf.map(({ type, page, property, value }) => ({
      ...(type ? { type } : {}),
      ...(page ? { page } : {}),
      ...(property ? { property: { name: property, ...(value ? { value } : {}) } } : {}),
    })),
  };
}

/** All that the page of goals sets. */
export function toSettings(drafts: readonly GoalDraft[], keepJourneysDays: number) {
  return { goals: drafts.map(toInput), keepJourneysDays };
}

/** What somebody else set while a person typed. */
export function whatChanged({ goals }: SettingsFragment): string {
  const theirs = goals.map(({ name }) => `“${name}”`).join(", ") || "none";
  return `Somebody set other goals since: ${theirs}. What you typed is still here: save it to put it in the place of theirs, or cancel to see theirs.`;
}
