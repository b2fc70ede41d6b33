import process from "node:process";

/** Of StrykerJS, for `npm run mutate`, which sets the variables. */
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  mutate: process.env.MUTATION_FILES.split(" "),
  vitest: { configFile: "test/mutation/vitest.config.ts", related: false, pool: "forks" },
  coverageAnalysis: "perTest",
  concurrency: Number(process.env.MUTATION_WORKERS ?? 2),
  // Stryker takes the JS API of TypeScript 5 from the compiler, which 7 has not: types are stripped, nothing is compiled.
  tsconfigFile: "none.json",
  timeoutMS: 10_000,
  reporters: ["json"],
  jsonReporter: { fileName: process.env.MUTATION_REPORT },
  tempDirName: process.env.MUTATION_FOLDER,
  // Messages and texts are no laws; what is logged is not either.
  mutator: { excludedMutations: ["StringLiteral"] },
};
