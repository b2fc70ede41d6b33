import { formatInstant } from "../core/time.ts";
import type { Journey } from "./model.ts";
import { outcomeOf, winningGoal } from "./rules.ts";

/**
 * What is told of a journey that finished: how it went, by its session. Neither who it was nor what was said leaves the service
 * so, for an erasure could not take it back: `journey(sessionId)` has it for whoever may read it.
 */
export function finishedJourney(journey: Journey, now: number) {
  const { sessionId, startedAt, endedAt, eventCount, userMessageCount, botMessageCount, types, goals } = journey;
  return {
    sessionId,
    startedAt: formatInstant(startedAt),
    endedAt: formatInstant(endedAt),
    outcome: outcomeOf(journey, now),
    goal: winningGoal(journey)?.goalId ?? null,
    goals: goals.reached.map(({ goalId, occurredAt }) => ({ goalId, reachedAt: formatInstant(occurredAt) })),
    eventCount,
    userMessageCount,
    botMessageCount,
    types,
  };
}
