import { builder } from "./builder.ts";

const RangePreset = builder.enumType("RangePreset", {
  description: "A length of time that ends now.",
  values: {
    TWO_HOURS: { description: "2 hours." },
    DAY: { description: "24 hours." },
    WEEK: { description: "7 days." },
    MONTH: { description: "30 days." },
    QUARTER: { description: "90 days." },
  },
});

export const Between = builder.inputType("Between", {
  description: "From one instant to another.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", required: true, description: "Included." }),
    to: t.field({ type: "DateTime", required: true, description: "Excluded. Later than `from`." }),
  }),
});

export const TimeRange = builder.inputType("TimeRange", {
  description: "A range of instants: exactly one of the two.",
  isOneOf: true,
  fields: (t) => ({
    last: t.field({ type: RangePreset, description: "The time up to now." }),
    between: t.field({ type: Between, description: "From the first instant (included) to the second (excluded)." }),
  }),
});

export const RemainingData = builder.objectRef<{ what: string; why: string; days: number | null }>("RemainingData")
  .implement({
    description: "Something that an erasure leaves.",
    access: "HOLDER",
    fields: (t) => ({
      what: t.exposeString("what", { description: "What stays." }),
      why: t.exposeString("why", { description: "Why it stays." }),
      days: t.exposeInt("days", {
        nullable: true,
        description: "For how many days at most; null where it is for ever.",
      }),
    }),
  });
