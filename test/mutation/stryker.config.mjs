import process from "node:process";

/** Of StrykerJS, for `npm run mutate`, which sets the variables. */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner", "./test/mutation/plugins.mjs"],
  checkers: process.env.MUTATION_SAMPLE ? ["sample"] : [],
  mutate: process.env.MUTATION_FILES.split(" "),
  vitest: { configFile: "test/mutation/vitest.config.ts", related: false, pool: "threads" },
  coverageAnalysis: "perTest",
  // What a module does as it is loaded is tried with every test of a target: not for a sample.
  ignoreStatic: Boolean(process.env.MUTATION_SAMPLE),
  concurrency: Number(process.env.MUTATION_WORKERS ?? 1),
  // Stryker takes the JS API of TypeScript 5 from the compiler, which 7 has not: types are stripped, nothing is compiled.
  tsconfigFile: "none.json",
  timeoutMS: 6_000,
  reporters: ["json"],
  jsonReporter: { fileName: process.env.MUTATION_REPORT },
  ignorePatterns: [".mutation"],
  tempDirName: process.env.MUTATION_FOLDER,
  ignorers: ["no-law"],
  // Messages and texts are no laws.
  mutator: { excludedMutations: ["StringLiteral"] },
};
