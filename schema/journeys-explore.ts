import { FUNNEL_LIMITS } from "../api/journeys/funnel.ts";
import type { Funnel as FunnelModel, FunnelGroupCounts, Reading } from "../api/journeys/explore.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { JourneyConnection } from "./journeys.ts";
import { PAGE_COST, pageArgs } from "./lists.ts";

/** What an answer over many journeys weighs, beside what is selected. */
export const READ_COST = 200;
export const OPEN_COST = { own: 20, ...PAGE_COST };
/** A list weighs as many rows as it is expected to have; one where an argument names a single thing. */
export const oneOf = <Name extends string>(name: Name, rows: number) => ({
  by: [name],
  weigh: (args: Readonly<Partial<Record<Name, unknown>>>) => ({ rows: args[name] === undefined ? rows : 1 }),
});
export const openArgs = () => pageArgs("journeys", { first: 25, most: 100 });

export const StepMatchInput = builder.inputType("StepMatchInput", {
  description: "What a step must be: all that is given must hold, and something must be given.",
  fields: (t) => ({
    type: t.string({ description: "The event's type, such as PAGE_VIEWED." }),
    page: t.string({
      description:
        "A pattern of the path of its page, in which up to four `*` stand for any text: `/docs/*`. Without `?`.",
    }),
    goal: t.string({ description: "The `goalId` of a goal that the event reaches; properties are asked for so." }),
  }),
});

const BreakdownDimension = builder.enumType("BreakdownDimension", {
  description: "What breaks numbers down: the first value of a property that the journey's events have.",
  values: {
    REFERRER: { description: "`referrer`: the page of another site that led here, as sojourn.js sends it." },
    DEVICE: { description: "`device`: phone, tablet or desktop." },
    UTM_SOURCE: { description: "`utm_source` of the first address." },
    UTM_MEDIUM: { description: "`utm_medium`." },
    UTM_CAMPAIGN: { description: "`utm_campaign`." },
    UTM_TERM: { description: "`utm_term`." },
    UTM_CONTENT: { description: "`utm_content`." },
    PROPERTY: { description: "The property that is named." },
  },
});

const BreakdownInput = builder.inputType("BreakdownInput", {
  description: "How to break a funnel down.",
  fields: (t) => ({
    by: t.field({ type: BreakdownDimension, required: true, description: "By what." }),
    property: t.string({ description: "With PROPERTY: its name." }),
    top: t.int({
      required: true,
      defaultValue: 10,
      description: `So many values are told one by one, 1 to ${FUNNEL_LIMITS.top}; the others together.`,
    }),
  }),
});

const FunnelOrder = builder.enumType("FunnelOrder", {
  description: "What may lie between two steps.",
  values: {
    IN_ORDER: { description: "Anything." },
    STRICT: { description: "Nothing but repeats of the step before." },
  },
});

const FunnelInput = builder.inputType("FunnelInput", {
  description: "A funnel.",
  fields: (t) => ({
    steps: t.field({ type: [StepMatchInput], required: true, description: "2 to 20, in their order." }),
    order: t.field({
      type: FunnelOrder,
      required: true,
      defaultValue: "IN_ORDER",
      description: "What may lie between two steps.",
    }),
    within: t.field({
      type: "Milliseconds",
      description: "The most that may pass from the first step to any other, 90 days at most; any time where absent.",
    }),
    breakdown: t.field({ type: BreakdownInput, description: "Counts each value of something by itself, too." }),
  }),
});

type Counted = { counts: () => Promise<Reading>; range: { fromAt: number; toAt: number } };

/** What each answer over many journeys says of what it read. */
export const ReadingOf = builder.interfaceRef<Counted>("JourneyReading").implement({
  description: "What an answer over many journeys was made from. Nothing is sampled: what is left out is told.",
  fields: (t) => ({
    from: t.field({
      type: "DateTime",
      description: "The beginning of the range, by `startedAt`.",
      resolve: ({ range }) => range.fromAt,
    }),
    to: t.field({ type: "DateTime", description: "The end of the range.", resolve: ({ range }) => range.toAt }),
    readJourneys: t.int({
      description: "Journeys that were read, each in some 300 bytes, whatever its events are.",
      resolve: async ({ counts }) => (await counts()).journeys,
    }),
    readEvents: t.int({
      description: "Events that were read besides: those of journeys that changed a moment ago, and of very long ones.",
      resolve: async ({ counts }) => (await counts()).events,
    }),
    complete: t.boolean({
      description:
        "Whether that is all of the range. If not: `endCursor` goes on, or more than 2,000 journeys changed since the last minute.",
      resolve: async ({ counts }) => (await counts()).isComplete,
    }),
    endCursor: t.string({
      nullable: true,
      description: "Pass it as `after` to read on after 300,000 journeys, and add up; null where all was read.",
      resolve: async ({ counts }) => (await counts()).end,
    }),
  }),
});

type StepOf = { funnel: FunnelModel; index: number; group?: FunnelGroupCounts };
const timesOf = async ({ funnel, index, group }: StepOf) => (group?.steps ?? (await funnel.counts()).all)[index] ?? [];
const countOf = async (step: StepOf) => (await timesOf(step)).length;

const FunnelStep = builder.objectRef<StepOf>("FunnelStep").implement({
  description: "A step of a funnel, with those who came so far.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    number: t.int({ description: "From 1.", resolve: ({ index }) => index + 1 }),
    type: t.string({
      nullable: true,
      description: "The type that was asked for.",
      resolve: ({ funnel, index }) => funnel.input.steps[index]!.type,
    }),
    page: t.string({
      nullable: true,
      description: "The pattern that was asked for.",
      resolve: ({ funnel, index }) => funnel.input.steps[index]!.page,
    }),
    goal: t.string({
      nullable: true,
      description: "The goal that was asked for.",
      resolve: ({ funnel, index }) => funnel.input.steps[index]!.goal,
    }),
    journeyCount: t.int({ description: "Journeys that came to this step.", resolve: countOf }),
    share: t.float({
      nullable: true,
      description: "Of those at the first step, 0 to 1; null where there are none.",
      resolve: async (step) => share(await countOf(step), await countOf({ ...step, index: 0 })),
    }),
    shareOfPrevious: t.float({
      nullable: true,
      description: "Of those at the step before, 0 to 1; null at the first step, and where there are none.",
      resolve: async (step) =>
        step.index === 0 ? null : share(await countOf(step), await countOf({ ...step, index: step.index - 1 })),
    }),
    dropOffCount: t.int({
      description: "Journeys that came to this step and no further; at the last step all that came there.",
      resolve: async (step) => await countOf(step) - await countOf({ ...step, index: step.index + 1 }),
    }),
    medianTime: t.field({
      type: "Milliseconds",
      nullable: true,
      description:
        "From the first step to this one, in half of the journeys at most; of the earliest way that came furthest.",
      resolve: async (step) => percentile(await timesOf(step), 0.5),
    }),
    p95Time: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "The same in 95 of 100 journeys.",
      resolve: async (step) => percentile(await timesOf(step), 0.95),
    }),
    journeys: t.field({
      type: JourneyConnection,
      description: "Exactly the journeys of `journeyCount`, latest start first.",
      args: openArgs(),
      cost: OPEN_COST,
      resolve: ({ funnel, index, group }, page, { services }) =>
        services.explore.list(funnel.select(index, false, group), page),
    }),
    dropOffs: t.field({
      type: JourneyConnection,
      description: "Exactly the journeys of `dropOffCount`, latest start first.",
      args: openArgs(),
      cost: OPEN_COST,
      resolve: ({ funnel, index, group }, page, { services }) =>
        services.explore.list(funnel.select(index, true, group), page),
    }),
  }),
});

const stepsOf = (funnel: FunnelModel, number: number | null | undefined, group?: FunnelGroupCounts): StepOf[] =>
  funnel.input.steps
    .map((_, index) => ({ funnel, index, ...(group ? { group } : {}) }))
    .filter(({ index }) => number == null || index + 1 === number);

const FunnelGroup = builder.objectRef<{ funnel: FunnelModel; group: FunnelGroupCounts }>("FunnelGroup").implement({
  description: "The funnel of the journeys with one value.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    value: t.string({
      nullable: true,
      description: "The value; null for journeys that have none, and with `isOther`.",
      resolve: ({ group }) => group.value,
    }),
    isOther: t.boolean({
      description: "True for the journeys of all values that are not told one by one.",
      resolve: ({ group }) => group.isOther,
    }),
    steps: t.field({
      type: [FunnelStep],
      description: "The steps, with these journeys alone.",
      args: { number: t.arg.int({ description: "This step alone." }) },
      cost: oneOf("number", 5),
      resolve: ({ funnel, group }, { number }) => stepsOf(funnel, number, group),
    }),
  }),
});

const Funnel = builder.objectRef<FunnelModel>("Funnel").implement({
  description: "How many journeys came how far.",
  access: "JOURNEYS_READ",
  interfaces: [ReadingOf],
  fields: (t) => ({
    steps: t.field({
      type: [FunnelStep],
      description: "The steps in their order.",
      args: { number: t.arg.int({ description: "This step alone." }) },
      cost: oneOf("number", 5),
      resolve: (funnel, { number }) => stepsOf(funnel, number),
    }),
    groups: t.field({
      type: [FunnelGroup],
      description:
        "With `breakdown`: by value, those with most journeys at the first step first, then others, then none.",
      args: {
        value: t.arg.string({
          description: "The group of this value alone; with null, that of none, or of all others.",
        }),
        isOther: t.arg.boolean({ description: "With the value null: the group of others." }),
      },
      cost: oneOf("value", 12),
      resolve: async (funnel, asked) => {
        const { groups } = await funnel.counts();
        return groups
          .filter(({ value, isOther }) =>
            asked.value === undefined || (value === asked.value && isOther === !!asked.isOther)
          )
          .map((group) => ({ funnel, group }));
      },
    }),
  }),
});

entries.queryFields((t) => ({
  funnel: t.field({
    type: Funnel,
    description:
      "How many journeys came how far through steps, and how fast; each number opens its journeys. Up to the last minute exact, also for what arrived late.",
    access: "JOURNEYS_READ",
    args: {
      range: t.arg({ type: TimeRange, required: true, description: "Journeys that started in it." }),
      input: t.arg({ type: FunnelInput, required: true, description: "The steps." }),
      after: t.arg.string({ description: "The `endCursor` of the answer before, with the same arguments." }),
    },
    cost: { own: READ_COST },
    resolve: (_, { range, input, after }, { viewer, services }) =>
      services.explore.funnel(viewer.tenantId, range, input, after),
  }),
}));

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** The value that so large a part does not exceed: the nearest rank. */
function percentile(values: readonly number[], part: number): number | null {
  if (values.length === 0) return null;
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1]!;
}
