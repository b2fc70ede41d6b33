import type { Paths } from "../api/journeys/explore.ts";
import type { PathLink as Link, PathNode as Node } from "../api/journeys/paths.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { oneOf, OPEN_COST, openArgs, READ_COST, ReadingOf, StepMatchInput } from "./journeys-explore.ts";
import { JourneyConnection } from "./journeys.ts";

const PathsBy = builder.enumType("PathsBy", {
  description: "What a path goes through.",
  values: {
    PAGE: { description: "The paths of pages; events without a page are passed over." },
    TYPE: { description: "Types of events." },
  },
});

const JourneyPathsInput = builder.inputType("JourneyPathsInput", {
  description: "Which paths: all from their beginning, or those from or to a step.",
  fields: (t) => ({
    by: t.field({ type: PathsBy, required: true, defaultValue: "PAGE", description: "What a path goes through." }),
    from: t.field({ type: StepMatchInput, description: "Paths begin where this step was first made. Not with `to`." }),
    to: t.field({
      type: StepMatchInput,
      description: "Paths lead to where this step was first made, told backward from it.",
    }),
    steps: t.int({ required: true, defaultValue: 5, description: "How many steps away from there, 1 to 20." }),
    folderDepth: t.int({
      description: "Takes pages together by their first parts, 1 to 10: with 1, `/docs/api/keys` is `/docs/…`.",
    }),
    top: t.int({
      required: true,
      defaultValue: 10,
      description: "So many names at each step are told one by one, 1 to 50; the others together.",
    }),
  }),
});

type NodeOf = Node & { paths: Paths };
type LinkOf = Link & { paths: Paths };
type LinkArgs = { from?: string | null; to?: string | null };

/** So many ways there are between names that are told; one where both its ends are named. */
function linkRows(from: unknown, to: unknown): number {
  if (from === undefined && to === undefined) return 50;
  return from === undefined || to === undefined ? 10 : 1;
}

const PathNode = builder.objectRef<NodeOf>("PathNode").implement({
  description: "A name at a step of the paths.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    name: t.exposeString("name", {
      nullable: true,
      description: "The page, folder or type; null for all that are not told one by one.",
    }),
    journeyCount: t.int({ description: "Journeys that are there at this step.", resolve: ({ journeys }) => journeys }),
    endCount: t.int({ description: "Those whose path ends there.", resolve: ({ ends }) => ends }),
    journeys: t.field({
      type: JourneyConnection,
      description: "Exactly the journeys of `journeyCount`, latest start first.",
      args: openArgs(),
      cost: OPEN_COST,
      resolve: ({ paths, level, name }, page, { services }) =>
        services.explore.list(paths.select({ level, name }), page),
    }),
    ends: t.field({
      type: JourneyConnection,
      description: "Exactly the journeys of `endCount`, latest start first.",
      args: openArgs(),
      cost: OPEN_COST,
      resolve: ({ paths, level, name }, page, { services }) =>
        services.explore.list(paths.select({ level, name, ends: true }), page),
    }),
  }),
});

const PathLink = builder.objectRef<LinkOf>("PathLink").implement({
  description: "From a name at a step to one at the next.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    from: t.exposeString("from", { nullable: true, description: "The name at this step; null for those not told." }),
    to: t.exposeString("to", { nullable: true, description: "The name at the next step; null for those not told." }),
    journeyCount: t.int({ description: "Journeys that went so.", resolve: ({ journeys }) => journeys }),
    averageTime: t.field({
      type: "Milliseconds",
      description: "From the one to the other, on average.",
      resolve: ({ averageMs }) => averageMs,
    }),
    journeys: t.field({
      type: JourneyConnection,
      description: "Exactly the journeys of `journeyCount`, latest start first.",
      args: openArgs(),
      cost: OPEN_COST,
      resolve: ({ paths, level, from, to }, page, { services }) =>
        services.explore.list(paths.select({ level, name: from, to }), page),
    }),
  }),
});

const PathStep = builder.objectRef<{ paths: Paths; level: number; nodes: Node[]; links: Link[] }>("PathStep").implement(
  {
    description: "What came at one step of the paths.",
    access: "JOURNEYS_READ",
    fields: (t) => ({
      number: t.int({
        description: "Steps away from where the paths begin: 0 is that itself.",
        resolve: ({ level }) => level,
      }),
      nodes: t.field({
        type: [PathNode],
        description: "The names, those with most journeys first.",
        args: {
          name: t.arg.string({ description: "This name alone; with null, those that are not told one by one." }),
        },
        cost: oneOf("name", 11),
        resolve: ({ paths, nodes }, asked) =>
          nodes.filter(({ name }) => asked.name === undefined || name === asked.name).map((node) => ({
            paths,
            ...node,
          })),
      }),
      links: t.field({
        type: [PathLink],
        description: "From these names to those at the next step; with `to`, it is the one before.",
        args: {
          from: t.arg.string({ description: "Those from this name alone; null as in `nodes`." }),
          to: t.arg.string({ description: "Those to this name alone." }),
        },
        cost: { by: ["from", "to"], weigh: ({ from, to }: LinkArgs) => ({ rows: linkRows(from, to) }) },
        resolve: ({ paths, links }, asked) =>
          links.filter(({ from, to }) =>
            (asked.from === undefined || from === asked.from) && (asked.to === undefined || to === asked.to)
          ).map((link) => ({ paths, ...link })),
      }),
    }),
  },
);

const JourneyPaths = builder.objectRef<Paths>("JourneyPaths").implement({
  description: "Where journeys go, step by step: a flow.",
  access: "JOURNEYS_READ",
  interfaces: [ReadingOf],
  fields: (t) => ({
    journeyCount: t.int({
      description: "Journeys that have such a path.",
      resolve: async (paths) => (await paths.counts()).paths,
    }),
    steps: t.field({
      type: [PathStep],
      description: "As many as there are, at most one more than was asked for.",
      args: { number: t.arg.int({ description: "This step alone, from 0." }) },
      cost: oneOf("number", 6),
      resolve: async (paths, { number }) =>
        (await paths.counts()).levels
          .map((own, level) => ({ paths, level, ...own }))
          .filter(({ level }) => number == null || level === number),
    }),
  }),
});

entries.queryFields((t) => ({
  journeyPaths: t.field({
    type: JourneyPaths,
    description: "Where journeys go from a step, or what led to it; each number opens its journeys.",
    access: "JOURNEYS_READ",
    args: {
      range: t.arg({ type: TimeRange, required: true, description: "Journeys that started in it." }),
      input: t.arg({ type: JourneyPathsInput, required: true, description: "Which paths." }),
      after: t.arg.string({ description: "The `endCursor` of the answer before, with the same arguments." }),
    },
    cost: { own: READ_COST },
    resolve: (_, { range, input, after }, { viewer, services }) =>
      services.explore.paths(viewer.tenantId, range, input, after),
  }),
}));
