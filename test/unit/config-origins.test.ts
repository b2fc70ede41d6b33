import { expect, test } from "vitest";
import { parseConfig } from "../../api/config.ts";

test("origins are taken as browsers send them", () => {
  const CORS_ORIGINS = "https://app.example.com, http://localhost:5173";
  expect(parseConfig({ CORS_ORIGINS }).corsOrigins).toEqual(["https://app.example.com", "http://localhost:5173"]);
});

test.each([
  ["*", "would let in every page"],
  ["https://app.example.com/", "https://app.example.com in place of https://app.example.com/"],
  ["https://app.example.com/board", "https://app.example.com in place of"],
  ["HTTPS://App.Example.com", "https://app.example.com in place of"],
  ["https://app.example.com:443", "https://app.example.com in place of"],
  ["app.example.com", "app.example.com is none"],
  ["null", "null is none"],
])("CORS_ORIGINS=%s is refused with the right form", (CORS_ORIGINS, right) => {
  expect(() => parseConfig({ CORS_ORIGINS })).toThrow(right);
});
