import fc from "fast-check";

/**
 * fast-check with one seed, so that the cases of a property test are the same at each run and a gate that is red says
 * something of the change before it. `npm run proof:properties` looks for new cases: it takes new seeds and prints them.
 */
fc.configureGlobal({
  seed: Number(process.env.PROPERTY_SEED ?? 20_261_128),
  numRuns: Number(process.env.PROPERTY_RUNS ?? 100),
});

export { fc };
