import process from "node:process";
import { defineConfig } from "vitest/config";
import { ON_BOTH } from "./test/runtimes.ts";

const isHalf = "Deno" in globalThis && !process.env.BOTH_RUNTIMES;
const onBoth = Object.entries(ON_BOTH).flatMap(([folder, names]) =>
  names.map((name) => `test/${folder}/${name}.test.ts`)
);

/** `npm test` runs this under Node, and under Deno what `test/runtimes.ts` names. What takes minutes is in test/proof and test/bench, by its own command. */
export default defineConfig({
  // One copy of graphql: the one that Node and Deno take, not the one that bundlers take.
  resolve: {
    alias: [{ find: /^graphql$/, replacement: new URL("node_modules/graphql/index.js", import.meta.url).pathname }],
  },
  test: {
    include: isHalf ? onBoth : ["test/{unit,store,schema,flow,infra,rules,browser}/**/*.test.ts"],
    pool: "forks",
    // Files of a worker share what they import, which takes a second and more each time; so no test may leave a thing in a module.
    isolate: false,
    // Twice the processors of the gate: browsers, functions, stores and processes are waited for.
    maxWorkers: 4,
    // What hangs shows late; a machine with thirty other processes fails no test.
    testTimeout: 900_000,
    hookTimeout: 900_000,
    expect: { poll: { timeout: 300_000 } },
  },
});
