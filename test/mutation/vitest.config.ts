import process from "node:process";
import { defineConfig, mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

/** The tests that judge the planted faults of a target, and no others: thousands of faults are tried. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: (process.env.MUTATION_TESTS ?? "").split(" "), isolate: false } }),
);
