import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { EXPLAINED } from "../mutation/explained.ts";
import { CONDITIONS, TARGETS } from "../mutation/targets.ts";

test("`npm run mutate` plants its faults in files that are there, and asks tests that are there", () => {
  const named = [...Object.values(TARGETS), ...CONDITIONS].flatMap(({ files, tests }) => [...files, ...tests]);
  const missing = [...named, ...EXPLAINED.map(({ file }) => file)].filter((name) =>
    !existsSync(new URL(`../../${name}`, import.meta.url))
  );
  expect(missing).toEqual([]);
});
