import { describe, expect, test } from "vitest";
import { parseWhen } from "../../api/local/load/when.ts";

const iso = (text: string, zone = "UTC") => {
  const at = parseWhen(text, zone);
  return at === undefined ? undefined : new Date(at).toISOString();
};

describe("the time of a row", () => {
  test.each([
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z"],
    [" 2026-01-31 12:00 ", "2026-01-31T12:00:00.000Z"],
    ["2026-01-31T12:00:00.123456+02:00", "2026-01-31T10:00:00.123Z"],
    ["2026-01-31 12:00:00 +0200", "2026-01-31T10:00:00.000Z"],
    ["2026-01-31 12:00:00+02", "2026-01-31T10:00:00.000Z"],
    ["2026-01-31 12:00:00 UTC", "2026-01-31T12:00:00.000Z"],
    ["2026/1/3 9:20:00,5", "2026-01-03T09:20:00.500Z"],
    ["2026-01-31", "2026-01-31T00:00:00.000Z"],
    ["3.1.2026 9:20", "2026-01-03T09:20:00.000Z"],
    ["01/Aug/1995:13:19:56 -0500", "1995-08-01T18:19:56.000Z"],
    ["807301196", "1995-08-01T18:19:56.000Z"],
    ["807301196.25", "1995-08-01T18:19:56.250Z"],
    ["1659304800025", "2022-07-31T22:00:00.025Z"],
    ["1659304800025123", "2022-07-31T22:00:00.025Z"],
  ])("may be written %s", (text, expected) => expect(iso(text)).toBe(expected));

  test("without an offset is of the zone: shown twice the first, skipped the one after", () => {
    expect(iso("2026-07-01 12:00", "Europe/Madrid")).toBe("2026-07-01T10:00:00.000Z");
    expect(iso("2026-10-25 02:30", "Europe/Madrid")).toBe("2026-10-25T00:30:00.000Z");
    expect(iso("2026-03-29 02:30", "Europe/Madrid")).toBe("2026-03-29T01:30:00.000Z");
    expect(iso("2026-07-01 12:00+05:45", "Europe/Madrid")).toBe("2026-07-01T06:15:00.000Z");
  });

  test.each([
    "",
    "now",
    "2026-02-30 12:00",
    "2026-13-01",
    "31/Foo/2026:12:00:00",
    "12:00",
    "2026-01-31 25:00",
    "-5",
    "1e9",
  ])(
    "is none where it is %j",
    (text) => expect(iso(text)).toBeUndefined(),
  );
});
