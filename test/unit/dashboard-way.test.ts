import { expect, test } from "vitest";
import { wayOf } from "../../api/dashboard/review/way.ts";
import { EVENT_BYTES } from "../../api/entry/lambda/events.ts";

const MB = 1_048_576;

test.each([
  ["a server takes it in the request", 32 * MB, false, "inline"],
  ["a server takes no more than that from a page", 32 * MB + 1, false, "none"],
  ["functions take little in the request", 4 * MB, true, "inline"],
  ["functions are given the rest by a link", 4 * MB + 1, true, "link"],
  ["however large it is: the service says what is too large", 900 * MB, true, "link"],
])("a collection goes as who serves can take it: %s", (_, bytes, isServedByFunctions, way) => {
  expect(wayOf(bytes, isServedByFunctions)).toBe(way);
});

test("what goes in the request fits into an event of Lambda, in base64 and with its question", () => {
  expect(Math.ceil(4 * MB / 3) * 4 + 2_000).toBeLessThan(EVENT_BYTES);
});
