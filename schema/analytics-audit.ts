import { DAY_MS } from "../api/core/clock.ts";
import { lengthOf, type RangeInput } from "../api/core/range.ts";
import type { RollupAuditReport, RollupDifference as RollupDifferenceModel } from "../api/analytics/audit.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { InvalidInputError, orInvalid } from "./errors.ts";

/** A day that is counted again costs as much as a hundred fields, whatever is selected of the result. */
const COST_OF_AUDIT = {
  by: ["input"] as const,
  weigh: ({ input }: { input: { range: RangeInput } }) => ({ own: 100 * Math.ceil(lengthOf(input.range) / DAY_MS) }),
};

const RolledUp = builder.enumType("RolledUp", {
  description: "What analytics are made of.",
  values: {
    SESSIONS: { description: "Sessions, by their start." },
    JOURNEYS: { description: "Journeys, by their start." },
  },
});

const AuditAnalyticsInput = builder.inputType("AuditAnalyticsInput", {
  description: "What to count again.",
  fields: (t) => ({
    of: t.field({ type: RolledUp, required: true, description: "What is counted again." }),
    range: t.field({
      type: TimeRange,
      required: true,
      description: "Of their starts; at most 31 days, widened to whole UTC days.",
    }),
    repair: t.boolean({
      required: true,
      defaultValue: false,
      description:
        "True: set the numbers that are wrong, also of days from before analytics counted. False changes nothing.",
    }),
  }),
});

const AnalyticsDifference = builder.objectRef<RollupDifferenceModel>("AnalyticsDifference").implement({
  description: "A number of analytics that is not what the sessions or journeys say.",
  access: "ADMIN",
  fields: (t) => ({
    day: t.exposeString("day", { description: "The UTC day, such as 2026-01-31." }),
    item: t.exposeString("item", { description: "The stored item, by its two keys." }),
    number: t.exposeString("number", {
      description: "The stored number: a letter and a quarter-hour, or a bin of durations.",
    }),
    count: t.exposeInt("count", { description: "What it was." }),
    recounted: t.exposeInt("recounted", { description: "What it should be." }),
  }),
});

const AuditAnalyticsPayload = builder.objectRef<RollupAuditReport & { __typename: "AuditAnalyticsPayload" }>(
  "AuditAnalyticsPayload",
).implement({
  description: "A recount of sessions or journeys against the numbers that analytics are read from.",
  access: "ADMIN",
  fields: (t) => ({
    thingsCounted: t.exposeInt("thingsCounted", { description: "The sessions or journeys that were found." }),
    daysChecked: t.exposeInt("daysChecked", { description: "UTC days of the range." }),
    daysInDoubt: t.exposeStringList("daysInDoubt", {
      description:
        "Days of which something has expired, such as 2026-01-31: it stays counted, so they were left as they are.",
    }),
    differences: t.expose("differences", {
      type: [AnalyticsDifference],
      description: "The numbers that are wrong, as they were; at most the first 1,000.",
    }),
    repaired: t.exposeInt("repaired", { description: "How many of them were set." }),
  }),
});

const AuditAnalyticsResult = builder.unionType("AuditAnalyticsResult", {
  description: "The recount, or what is wrong with the input.",
  types: [AuditAnalyticsPayload, InvalidInputError],
});

entries.mutationFields((t) => ({
  auditAnalytics: t.field({
    type: AuditAnalyticsResult,
    description:
      "Counts sessions or journeys again, says every number of analytics that is wrong, and sets it where asked to. Expected: none, ever.",
    access: "ADMIN",
    args: { input: t.arg({ type: AuditAnalyticsInput, required: true, description: "What to count again." }) },
    cost: COST_OF_AUDIT,
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => ({
        __typename: "AuditAnalyticsPayload" as const,
        ...await services.auditAnalytics(viewer.tenantId, input),
      })),
  }),
}));
