import { readFileSync } from "node:fs";
import process from "node:process";
import { defineConfig, mergeConfig } from "vitest/config";
import type { VitestPluginContext } from "vitest/node";
import base from "../../vitest.config.ts";

/** A condition that is planted, where one is (`conditions.ts`): a part of a file, and what stands there instead. */
const fault = JSON.parse(process.env.MUTATION_FAULT ?? "null") as
  | { file: string; from: number; to: number; instead: string }
  | null;

/** A property test judges a fault by so many cases at most: hundreds of faults are tried. */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 100);
const fewer = {
  name: "fewer",
  enforce: "pre" as const,
  transform: (code: string, id: string) =>
    id.endsWith(".test.ts")
      ? code.replace(/numRuns: ([\d_]+)/g, (_, n: string) => `numRuns: ${Math.min(RUNS, Number(n.replace("_", "")))}`)
      : undefined,
};

const planted = {
  name: "planted",
  enforce: "pre" as const,
  /** Modules are kept from run to run by what their files hold: what is planted belongs to that. */
  configureVitest({ defineCacheKeyGenerator }: VitestPluginContext) {
    defineCacheKeyGenerator(({ id }) => {
      if (fault && id.endsWith(`/${fault.file}`)) return process.env.MUTATION_FAULT;
      return id.endsWith(".test.ts") ? `runs ${RUNS}` : undefined;
    });
  },
  load(id: string) {
    if (!fault || !id.endsWith(`/${fault.file}`)) return undefined;
    const source = readFileSync(id, "utf8");
    return source.slice(0, fault.from) + fault.instead + source.slice(fault.to);
  },
};

/** The tests that judge the planted faults of a target, and no others: thousands of faults are tried. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    plugins: [planted, fewer],
    test: {
      include: (process.env.MUTATION_TESTS ?? "").split(" "),
      isolate: false,
      ...(process.env.MUTATION_WITHOUT
        ? { testNamePattern: new RegExp(`^(?!.*(${process.env.MUTATION_WITHOUT}))`) }
        : {}),
    },
  }),
);
