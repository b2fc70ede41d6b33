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
