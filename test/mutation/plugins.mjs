import { createHash } from "node:crypto";
import process from "node:process";
import { declareClassPlugin, declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

const size = Number(process.env.MUTATION_SAMPLE || Infinity);
const seed = process.env.MUTATION_SEED ?? "";

/** Lets a sample of the faults pass, the same for the same seed, and leaves the others out as if they did not compile. */
class Sample {
  #chosen = new Set();

  async init() {}

  /** Called once, with every fault that a test reaches. */
  async group(mutants) {
    const places = mutants.map((mutant) => ({ id: mutant.id, order: orderOf(mutant) }));
    places.sort((a, b) => (a.order < b.order ? -1 : 1));
    for (const { id } of places.slice(0, size)) this.#chosen.add(id);
    return [mutants.map(({ id }) => id)];
  }

  async check(mutants) {
    return Object.fromEntries(mutants.map(({ id }) => [
      id,
      this.#chosen.has(id) ? { status: "passed" } : { status: "compileError", reason: "left out" },
    ]));
  }
}

function orderOf({ fileName, location, replacement }) {
  return createHash("sha256").update(JSON.stringify([seed, fileName, location, replacement])).digest("hex");
}

/** What is logged is no law. Reads that have to be consistent have their own command, `npm run proof:consistent-reads`. */
const noLaw = {
  shouldIgnore({ node }) {
    if (node.type === "CallExpression" && node.callee.object?.name === "log") return "is logged";
    const properties = node.type === "ObjectExpression" ? node.properties : [node];
    const isOfReads = properties.length === 1 && properties[0].type === "ObjectProperty" &&
      properties[0].key.name === "consistent";
    return isOfReads ? "is of proof:consistent-reads" : undefined;
  },
};

export const strykerPlugins = [
  declareClassPlugin(PluginKind.Checker, "sample", Sample),
  declareValuePlugin(PluginKind.Ignore, "no-law", noLaw),
];
