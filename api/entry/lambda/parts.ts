import { schedules, type ScheduleSpec } from "../../resources.ts";

/** So long before the function's end a part begins nothing more: what is under way comes to its end. */
const ENDING_MS = 60_000;

/** Which part of a job that is done in parts, for a function that ends at an instant; undefined stands for all of it. */
export function partOf(name: string, index: unknown, endAt: number) {
  if (index === undefined) return undefined;
  const { parts: of = 1 } = Object.values<ScheduleSpec>(schedules).find((spec) => spec.name === name) ?? {};
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= of) {
    throw new Error(`part must be a whole number from 0 to ${of - 1}`);
  }
  return { index, of, untilAt: endAt - ENDING_MS };
}
