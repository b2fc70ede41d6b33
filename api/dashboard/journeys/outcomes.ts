/** Outcomes, in the words of people. */
export const OUTCOMES = [
  { name: "GOAL_REACHED", title: "Goal reached" },
  { name: "FORM_COMPLETED", title: "Form completed" },
  { name: "CTA_CLICKED", title: "Call to action" },
  { name: "LINK_CLICKED", title: "Link clicked" },
  { name: "ABANDONED", title: "Abandoned" },
  { name: "BROWSING", title: "Browsing" },
] as const;

export type Outcome = (typeof OUTCOMES)[number]["name"];

export const outcomeTitle = (name: string) => OUTCOMES.find((outcome) => outcome.name === name)?.title ?? name;
