import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { conditionFaults } from "../mutation/conditions.ts";
import { EXPLAINED } from "../mutation/explained.ts";
import { CONDITIONS, TARGETS } from "../mutation/targets.ts";

test("`npm run mutate` plants its faults in files that are there, and asks tests that are there", () => {
  const named = [...Object.values(TARGETS), ...CONDITIONS].flatMap(({ files, tests }) => [...files, ...tests]);
  const missing = [...named, ...EXPLAINED.map(({ file }) => file)].filter((name) =>
    !existsSync(new URL(`../../${name}`, import.meta.url))
  );
  expect(missing).toEqual([]);
});

test("every file that holds a write or a read to a condition is planted by `npm run mutate -- conditions`", () => {
  const root = new URL("../../", import.meta.url);
  // SQL of collections and what the embedded store answers are others' texts; the last one sets attributes.
  const isOther = (file: string) => /^api\/(anki|local|dashboard|browser)\/|^api\/sessions\/item\.ts$/.test(file);
  const files = globSync("api/**/*.ts", { cwd: root.pathname }).filter((file) => !isOther(file));
  const withConditions = files.filter((file) => conditionFaults(readFileSync(new URL(file, root), "utf8")).length > 0);
  expect(withConditions.sort()).toEqual(CONDITIONS.flatMap((target) => target.files).sort());
});
