import * as v from "valibot";
import { parseInput, prose, words } from "../core/check.ts";
import { folded } from "../core/text.ts";
import { DIMENSIONS, pathPattern } from "./funnel.ts";
import { matchesPage, matchesPattern, parsePattern } from "./pages.ts";
import { type Trail, TRAIL_LIMITS } from "./trail.ts";

/** What a list asks of the events themselves; all must hold. */
export type Sought = {
  page: string | undefined;
  /** Properties at the top of any event; any value where none is given, in which `*` stands for any text where `isPattern`. */
  properties: readonly { name: string; value: string | undefined; isPattern: boolean }[];
  /** Of the first question, folded, each once. */
  words: readonly string[];
};

export type SoughtInput = {
  page?: string | null | undefined;
  referrer?: string | null | undefined;
  device?: string | null | undefined;
  utmSource?: string | null | undefined;
  utmMedium?: string | null | undefined;
  utmCampaign?: string | null | undefined;
  properties?: readonly { name: string; value?: string | null | undefined }[] | null | undefined;
  question?: string | null | undefined;
};

export const SOUGHT_LIMITS = { properties: 5, words: 10, questionChars: 200 } as const;

const value = v.nullish(words(TRAIL_LIMITS.valueChars));
const pattern = v.pipe(
  v.string("must be text"),
  v.rawCheck(({ dataset, addIssue }) => {
    const reason = dataset.typed ? parsePattern(dataset.value).reason : undefined;
    if (reason) addIssue({ message: reason });
  }),
);

const sought = v.object({
  page: v.nullish(pathPattern),
  referrer: v.nullish(pattern),
  device: value,
  utmSource: value,
  utmMedium: value,
  utmCampaign: value,
  properties: v.nullish(v.pipe(
    v.array(v.strictObject({ name: words(TRAIL_LIMITS.nameChars), value })),
    v.check(
      ({ length }) => length <= SOUGHT_LIMITS.properties,
      (i) => `must hold at most ${SOUGHT_LIMITS.properties} properties, has ${i.input.length}`,
    ),
  )),
  question: v.nullish(v.pipe(
    prose(SOUGHT_LIMITS.questionChars),
    v.check((text) => wordsOf(text).length > 0, "must hold a word"),
    v.check((text) => wordsOf(text).length <= SOUGHT_LIMITS.words, `must hold at most ${SOUGHT_LIMITS.words} words`),
  )),
});

/** Throws InvalidInputError, with the fields of the filter. */
export function parseSought(filter: SoughtInput): Sought {
  const { page, referrer, properties, question, ...own } = parseInput(v.object({ filter: sought }), { filter }).filter;
  const named = {
    DEVICE: own.device,
    UTM_SOURCE: own.utmSource,
    UTM_MEDIUM: own.utmMedium,
    UTM_CAMPAIGN: own.utmCampaign,
  };
  const exact = Object.entries(named).flatMap(([by, value]) =>
    value == null ? [] : [{ name: DIMENSIONS[by as keyof typeof named], value }]
  );
  return {
    page: page ?? undefined,
    properties: [
      ...(referrer == null ? [] : [{ name: DIMENSIONS.REFERRER, value: referrer, isPattern: true }]),
      ...[...exact, ...properties ?? []].map(({ name, value }) => ({
        name,
        value: value ?? undefined,
        isPattern: false,
      })),
    ],
    words: wordsOf(question ?? ""),
  };
}

/** Whether it takes a journey's trail to tell. */
export function asksForTrail({ page, properties }: Sought): boolean {
  return page !== undefined || properties.length > 0;
}

/** Whether a trail, which is whole, has the page and the properties. */
export function isInTrail({ page, properties }: Sought, trail: Pick<Trail, "steps" | "properties">): boolean {
  if (page !== undefined && !trail.steps.some((step) => matchesPage(page, step.page))) return false;
  return properties.every(({ name, value, isPattern }) =>
    trail.properties.some(([own, given]) =>
      own === name && (value === undefined || (isPattern ? matchesPattern(value, given) : given === value))
    )
  );
}

/** Whether a question holds all words, in any order, whatever their case and accents. */
export function isAsked({ words }: Sought, question: string): boolean {
  const text = folded(question);
  return words.every((word) => text.includes(word));
}

function wordsOf(text: string): string[] {
  return [...new Set(folded(text).split(/\s+/).filter(Boolean))];
}
