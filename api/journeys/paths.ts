import * as v from "valibot";
import { parseInput, whole } from "../core/check.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createStepTest, type StepMatch, stepMatch, unknownGoal } from "./funnel.ts";
import type { Goals } from "./model.ts";
import { folderOf } from "./pages.ts";
import type { Step, Trail } from "./trail.ts";

/** Which paths: from where a step was first made, or to there; of pages, whose folders may be taken together, or of types. */
export type PathsInput = {
  by: "PAGE" | "TYPE";
  from: StepMatch | undefined;
  to: StepMatch | undefined;
  /** How many steps away from where they begin. */
  steps: number;
  folderDepth: number | undefined;
  /** So many names at each step are told one by one. */
  top: number;
};

/** One journey's path: what came at each step, and when. Backward, where it leads to a step. */
export type Path = readonly { name: string; at: number }[];

export type PathNode = { level: number; name: string | null; journeys: number; ends: number };
export type PathLink = { level: number; from: string | null; to: string | null; journeys: number; averageMs: number };
export type PathCounts = {
  journeys: number;
  levels: { nodes: PathNode[]; links: PathLink[]; told: ReadonlySet<string> }[];
};

const MAX_NAMES = 50_000;
const MAX_LINKS = 200_000;

const paths = v.strictObject({
  by: v.nullish(v.picklist(["PAGE", "TYPE"]), "PAGE"),
  from: v.nullish(stepMatch),
  to: v.nullish(stepMatch),
  steps: v.nullish(whole(1, 20), 5),
  folderDepth: v.nullish(whole(1, 10)),
  top: v.nullish(whole(1, 50), 10),
});

/** The paths that are asked for. Throws InvalidInputError. */
export function parsePaths(input: unknown, goals: Goals): PathsInput {
  const { from, to, folderDepth, ...own } = parseInput(paths, input, ({ from, to }) => [
    ...(from && to
      ? [{ path: ["to"], message: "must be left out where `from` is given: paths have one end that is known" }]
      : []),
    ...(from ? unknownGoal(from, goals, ["from", "goal"]) : []),
    ...(to ? unknownGoal(to, goals, ["to", "goal"]) : []),
  ]);
  return { ...own, from: from ?? undefined, to: to ?? undefined, folderDepth: folderDepth ?? undefined };
}

/**
 * The path of a journey; undefined where it never made the step. What has the same name directly after each other is one step,
 * at the time of the first of them.
 */
export function createPathReader({ by, from, to, steps, folderDepth }: PathsInput, goals: Goals) {
  const anchor = from ?? to;
  const isAnchor = anchor && createStepTest(anchor, goals);
  const nameOf = by === "TYPE"
    ? (step: Step) => step.type
    : (step: Step) => step.page === undefined ? undefined : folderOf(step.page, folderDepth);

  return function pathOf(trail: Pick<Trail, "steps">): Path | undefined {
    const all = trail.steps;
    const begin = isAnchor ? all.findIndex(isAnchor) : 0;
    if (begin < 0 || all.length === 0) return undefined;
    const names: { name: string; at: number }[] = [];
    // A step that has no page, such as a message, is called by its type where it is what was asked for.
    if (isAnchor) names.push({ name: nameOf(all[begin]!) ?? all[begin]!.type, at: all[begin]!.at });
    const rest = to ? all.slice(0, begin).reverse() : all.slice(isAnchor ? begin + 1 : begin);
    for (const step of rest) {
      const name = nameOf(step);
      if (name === undefined) continue;
      const last = names.at(-1);
      if (last?.name === name) {
        if (to && names.length > 1) last.at = step.at;
        continue;
      }
      if (names.length > steps) break;
      names.push({ name, at: step.at });
    }
    return names.length > 0 ? names : undefined;
  };
}

/** Counts paths: how many come to each name at each step, and go on to which. */
export function createPathCounter({ steps, top }: PathsInput) {
  const names = Array.from({ length: steps + 1 }, () => new Map<string, { journeys: number; ends: number }>());
  const links = Array.from({ length: steps }, () => new Map<string, Map<string, { journeys: number; ms: number }>>());
  let journeys = 0;
  let known = 0;
  let knownLinks = 0;

  return {
    add(path: Path): void {
      journeys++;
      path.forEach(({ name, at }, level) => {
        let node = names[level]!.get(name);
        if (!node) {
          if (++known > MAX_NAMES) throw tooMany();
          names[level]!.set(name, node = { journeys: 0, ends: 0 });
        }
        node.journeys++;
        const next = path[level + 1];
        if (!next) return void node.ends++;
        let onward = links[level]!.get(name);
        if (!onward) links[level]!.set(name, onward = new Map());
        let link = onward.get(next.name);
        if (!link) {
          if (++knownLinks > MAX_LINKS) throw tooMany();
          onward.set(next.name, link = { journeys: 0, ms: 0 });
        }
        link.journeys++;
        link.ms += Math.abs(next.at - at);
      });
    },

    result(): PathCounts {
      const told = names.map((own) =>
        new Set(
          [...own].sort(([a, { journeys: x }], [b, { journeys: y }]) => y - x || (a < b ? -1 : 1))
            .slice(0, top).map(([name]) => name),
        )
      );
      const levels = names.map((own, level) => ({
        told: told[level]!,
        nodes: nodesOf(own, level, told[level]!),
        links: level < steps ? linksOf(links[level]!, level, told[level]!, told[level + 1]!) : [],
      }));
      return { journeys, levels: levels.filter(({ nodes }) => nodes.length > 0) };
    },
  };
}

function nodesOf(
  own: ReadonlyMap<string, { journeys: number; ends: number }>,
  level: number,
  told: ReadonlySet<string>,
) {
  const nodes = new Map<string | null, PathNode>(
    [...told].map((name) => [name, { level, name, journeys: 0, ends: 0 }]),
  );
  for (const [name, { journeys, ends }] of own) {
    const shown = told.has(name) ? name : null;
    const node = nodes.get(shown) ?? { level, name: shown, journeys: 0, ends: 0 };
    nodes.set(shown, { ...node, journeys: node.journeys + journeys, ends: node.ends + ends });
  }
  return [...nodes.values()];
}

function linksOf(
  own: ReadonlyMap<string, ReadonlyMap<string, { journeys: number; ms: number }>>,
  level: number,
  told: ReadonlySet<string>,
  next: ReadonlySet<string>,
): PathLink[] {
  const sums = new Map<string, { from: string | null; to: string | null; journeys: number; ms: number }>();
  for (const [name, onward] of own) {
    for (const [nextName, { journeys, ms }] of onward) {
      const [from, to] = [told.has(name) ? name : null, next.has(nextName) ? nextName : null];
      const key = JSON.stringify([from, to]);
      const sum = sums.get(key) ?? { from, to, journeys: 0, ms: 0 };
      sums.set(key, { from, to, journeys: sum.journeys + journeys, ms: sum.ms + ms });
    }
  }
  return [...sums.values()]
    .map(({ ms, ...link }) => ({ level, ...link, averageMs: Math.round(ms / link.journeys) }))
    .sort((a, b) =>
      b.journeys - a.journeys || (JSON.stringify([a.from, a.to]) < JSON.stringify([b.from, b.to]) ? -1 : 1)
    );
}

/** Nothing is left out without a word. */
function tooMany(): InvalidInputError {
  return new InvalidInputError([{
    path: ["folderDepth"],
    message: `must group pages into folders here, or the range be shorter: there are more than ${
      MAX_NAMES.toLocaleString("en")
    } names or ${MAX_LINKS.toLocaleString("en")} ways between them`,
  }]);
}
