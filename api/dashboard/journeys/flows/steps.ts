import type { StepMatchInput } from "./documents.ts";

/**
 * Steps as they stand in the address, one after the other with `>` between: a page where it begins with `/`, a goal where it
 * begins with `goal:`, else a type of event. `/shop/* > FORM_STARTED > goal:paid`.
 */
export function parseSteps(text: string): StepMatchInput[] {
  return text.split(">").map((part) => part.trim()).filter(Boolean).map(parseStep);
}

export function parseStep(text: string): StepMatchInput {
  if (text.startsWith("/")) return { page: text };
  return text.startsWith("goal:") ? { goal: text.slice("goal:".length) } : { type: text };
}

export function nameOf(
  { type, page, goal }: { type?: string | null; page?: string | null; goal?: string | null },
): string {
  return [type, page, goal ? `goal:${goal}` : undefined].filter(Boolean).join(" ");
}
