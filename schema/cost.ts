/** Rows of a page whose query does not say how many, where the schema has no default either. */
const ROWS_OF_UNNAMED_PAGE = 25;

/** How often what is selected below a field is answered, and what the field weighs itself (1 where it is not said). */
export type Weight = { own?: number; rows?: number };

/**
 * What a field costs, in fields: its own weight, and what is selected below it once for each row. `rows` is a number, or
 * the argument that says it: a number of rows, or a list with a row for each item; of several, the first that is given. Where more than one argument decides,
 * `by` names them and `weigh` reads them; these must not depend on the time, since weights are kept.
 *
 *     cost: { rows: "first" }      sessions(first: 50) { nodes { id } }  =  1 + 50 x (1 + 1)
 */
export type Cost<Arg extends PropertyKey> =
  | { own?: number; rows?: number | Arg | readonly Arg[] }
  | { by: readonly Arg[]; weigh: (args: never) => Weight };

/** What the estimator reads of a field. */
export type CostExtensions = {
  /** The weight of a field with these arguments, whose selection weighs `childComplexity`. */
  complexity: (asked: { args: Readonly<Record<string, unknown>>; childComplexity: number }) => number;
  /** The arguments that decide it. */
  decidedBy: readonly string[];
};

export function toExtensions(cost: Cost<string>): CostExtensions {
  const { by, weigh } = "weigh" in cost ? cost : fixed(cost);
  return {
    decidedBy: by,
    complexity({ args, childComplexity }) {
      const { own = 1, rows = 1 } = weigh(args as never);
      // A negative page buys nothing.
      return own + childComplexity * Math.max(1, rows);
    },
  };
}

function fixed({ rows, ...own }: Exclude<Cost<string>, { weigh: unknown }>): Extract<Cost<string>, { weigh: unknown }> {
  if (rows === undefined) return { by: [], weigh: () => own };
  if (typeof rows === "number") return { by: [], weigh: () => ({ ...own, rows }) };
  const by = typeof rows === "string" ? [rows] : rows;
  return {
    by,
    weigh: (args: Readonly<Record<string, unknown>>) => {
      const value = by.map((name) => args[name]).find((each) => each !== undefined && each !== null);
      return { ...own, rows: Array.isArray(value) ? value.length : Number(value ?? ROWS_OF_UNNAMED_PAGE) };
    },
  };
}
