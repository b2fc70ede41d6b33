import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recordsOf } from "../../api/local/load/csv.ts";
import { findColumns, namedRows } from "../../api/local/load/named-columns.ts";
import { readSessionTable, SESSION_COLUMNS } from "../../api/local/load/session-table.ts";
import { makeTempDir } from "../kit/local.ts";

type Separator = "," | ";";

/** What of one row's session is read, under such a heading; the reasons where it is left out. */
async function read(heading: string, row: string, separator: Separator = ",") {
  const [names, cells] = [heading.split(separator), row.split(separator)];
  const columns = findColumns(names, { names: SESSION_COLUMNS, needed: ["startedAt"], given: new Map() });
  const records = async function* () {
    yield { cells, line: 2, separator };
  };
  const reasons: string[] = [];
  const skipped = { add: (_: number, reason: string) => void reasons.push(reason) };
  const sessions = await readSessionTable(namedRows(records(), columns), skipped, { zone: "UTC", sensor: "bike" });
  return sessions[0]?.endedAt ?? reasons.join();
}

describe("how long a row's session was", () => {
  test.each([
    ["durationMs", "5400000", ","],
    ["duration_ms", "5400000,0", ";"],
    ["Duration (s)", "5400", ","],
    ["duration_seconds", "5400.0", ","],
    ["minutes", "90", ","],
    ["Duration [min]", "90,0", ";"],
    ["duration", "1:30:00", ","],
    ["Elapsed Time", "01:30:00.0", ","],
    ["duration", "PT1H30M", ","],
    ["duration", "pt5400s", ","],
  ])("is said by %s %s", async (name, cell, separator) => {
    const found = await read(
      ["start", name].join(separator),
      ["2026-01-31 12:00", cell].join(separator),
      separator as Separator,
    );
    expect(found).toBe("2026-01-31T13:30:00.000Z");
  });

  test.each(["3600", "1:30", "1:60:00", "0:00:60", "-PT1H", "P1M", "an hour", "60,000"])(
    "is told, not guessed, where the cell is %s and the column says no unit",
    async (cell) => {
      expect(await read("start;duration", `2026-01-31 12:00;${cell}`, ";")).toContain(
        "its duration must be a number in a column whose name has its unit",
      );
    },
  );

  test.each(["-5", "abc", "1e300", "1e999", "252000000000000"])(
    "is told where a number of milliseconds is %s",
    async (cell) => {
      expect(await read("start,durationMs", `2026-01-31 12:00,${cell}`)).toContain("its duration must be");
    },
  );
});

test("a first line that names the separator for a spreadsheet holds no cells, and holds over what stands most", async () => {
  const folder = await makeTempDir();
  try {
    for (const [i, mark] of ["", "\uFEFF"].entries()) {
      const file = join(folder.path, `${i}.csv`);
      await writeFile(file, `${mark}sep=;\r\nsensor;at\r\na,b,c;1,5\r\n`);
      const records = await Array.fromAsync(recordsOf(file));
      expect(records.map(({ cells, line }) => [cells, line])).toEqual([[["sensor", "at"], 2], [["a,b,c", "1,5"], 3]]);
    }
  } finally {
    await folder.remove();
  }
});
