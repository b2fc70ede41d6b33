import type { DatabaseSync } from "node:sqlite";
import { type Scope, SCOPES } from "../../api/auth/viewer.ts";
import { type CollectionPackage, readPackage } from "../../api/anki/file/package.ts";
import type { TestApp } from "./app.ts";
import { BASIC, card, type Content, CRT, deck, note, noteType, options, review } from "./anki-file.ts";
import { withDatabase } from "./database.ts";

/** Noon of the small collections' fiftieth day. */
export const NOON = CRT * 1_000 + 50 * 86_400_000 + 8 * 3_600_000;
export const LANGUAGES = 100;
export const JAPANESE = 101;
export const RUSSIAN = 102;

/**
 * A collection with three decks, `Languages` above the two others. Japanese has reviews that are due and new cards, each
 * of a note of its own; Russian has one new card. Reviews come first. `first` is the id of its first note and card.
 */
export function smallContent({ reviews = 3, fresh = 3, first = 1_000, preset = {} } = {}): Content {
  const ids = Array.from({ length: reviews + fresh + 1 }, (_, i) => first + i);
  return {
    conf: { nextPos: 10, schedVer: 2, rollover: 4, creationOffset: 0, collapseTime: 1_200, newSpread: 1 },
    models: { [BASIC]: noteType(BASIC) },
    decks: {
      1: deck(1, "Default"),
      [LANGUAGES]: deck(LANGUAGES, "Languages"),
      [JAPANESE]: deck(JAPANESE, "Languages::Japanese"),
      [RUSSIAN]: deck(RUSSIAN, "Languages::Russian"),
    },
    dconf: { 1: options(1, preset) },
    notes: ids.map((id) => note(id)),
    cards: ids.map((id, i) => {
      if (i >= reviews) return card(id, id, { did: i === ids.length - 1 ? RUSSIAN : JAPANESE, due: i });
      return card(id, id, { did: JAPANESE, type: 2, queue: 2, due: 30 + i, ivl: 10, factor: 2_500, reps: 2 });
    }),
    revlog: ids.slice(0, reviews).map((id, i) => review(NOON - 20 * 86_400_000 + i, id)),
  };
}

const SESSION = `sessionId status holder startedAt lastActivityAt expiresAt nextCardAt answered unsavedAnswers savedAt
  deck { deckId } remaining { new learning due }
  nextCard { cardId showing state due question answer reps deck { deckId } choices { rating interval due } }`;
const LOST = "... on UserError { code message } ... on ReviewLostError { status holder }";
const INVALID = "... on UserError { code message } ... on InvalidInputError { fields { path message } }";
const HELD = "... on ReviewHeldError { holder since until }";
const PAYLOAD = `__typename ... on ReviewPayload { reviewSession { ${SESSION} } }`;
const DECKS = "decks { id deckId name newCount learningCount dueCount cardCount }";
const IMPORT =
  `__typename ... on ImportCollectionPayload { notes cards reviews repairs deletedNotes changes missingMedia lost { notes cards reviews } ${DECKS} }
  ... on TooLargeError { limitBytes } ${INVALID} ${HELD}`;

/** What reviewing asks for, with whatever the result unions hold. */
const MUTATIONS = {
  startReview: ["StartReviewInput", `${PAYLOAD} ${INVALID} ${HELD}`],
  answerCard: ["AnswerCardInput", `${PAYLOAD} ${INVALID} ... on ReviewLostError { status holder }`],
  undoAnswer: ["ReviewSessionInput", `${PAYLOAD} ${LOST}`],
  saveReview: ["ReviewSessionInput", `${PAYLOAD} ${LOST}`],
  extendReview: ["ReviewSessionInput", `${PAYLOAD} ${LOST}`],
  endReview: ["ReviewSessionInput", `${PAYLOAD} ${LOST}`],
  importCollection: ["ImportCollectionInput", IMPORT],
} as const;

export type Reviewer = ReturnType<typeof reviewerOf>;

/** One person's client on one instance. What GraphQL answers as an error it throws. */
export function reviewerOf(
  api: TestApp,
  { tenantId = "t", userId = "u", scopes = SCOPES }: { tenantId?: string; userId?: string; scopes?: readonly Scope[] } =
    {},
) {
  async function post(query: string, variables: object = {}, headers: Record<string, string> = {}) {
    const response = await api.http.fetch(
      new Request("http://127.0.0.1/graphql", {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Bearer ${await api.token(tenantId, scopes, userId)}`,
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      }),
    );
    // oxlint-disable-next-line no-explicit-any
    return { headers: response.headers, ...await response.json() as { data: any; errors?: object[] } };
  }

  async function ask(query: string, variables: object = {}) {
    const { data, errors } = await post(query, variables);
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  const mutate = async (name: keyof typeof MUTATIONS, input: object) => (await ask(mutationOf(name), { input }))[name];
  const inSession = (name: keyof typeof MUTATIONS) => (sessionId?: string) => mutate(name, { sessionId });

  return {
    post,
    ask,
    import: (file: Uint8Array) => mutate("importCollection", { file: Buffer.from(file).toString("base64") }),
    importBy: (input: object) => mutate("importCollection", input),
    decks: async (timeZone?: string) =>
      (await ask(`query ($timeZone: TimeZone) { ${DECKS.replace("decks", "decks(timeZone: $timeZone)")} }`, {
        timeZone,
      }))
        .decks,
    start: (input: object = {}) =>
      mutate("startReview", { deckId: String(LANGUAGES), holder: "laptop", timeZone: "UTC", ...input }),
    answer: (input: object) => mutate("answerCard", { rating: "GOOD", duration: 4_000, ...input }),
    undo: inSession("undoAnswer"),
    save: inSession("saveReview"),
    extend: inSession("extendReview"),
    end: inSession("endReview"),
    session: async () => (await ask(`{ reviewSession { ${SESSION} } }`)).reviewSession,
    /** The link of an export, or its refusal. */
    exported: async () =>
      (await ask(`mutation { exportCollection { __typename ... on ExportCollectionPayload { url bytes }
        ... on NotFoundError { code message } } }`)).exportCollection,
    /** What `look` sees in the collection that is taken away now. */
    async download<T>(look: (db: DatabaseSync) => T): Promise<T> {
      const { url } = await this.exported();
      return withDatabase((await packageAt(url)).collection, look);
    },
  };
}

export function mutationOf(name: keyof typeof MUTATIONS): string {
  const [type, fields] = MUTATIONS[name];
  return `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`;
}

/** The package behind a link. */
export async function packageAt(url: string): Promise<CollectionPackage> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET of the export answered ${response.status}.`);
  return await readPackage(new Uint8Array(await response.arrayBuffer()));
}

/** All rows of the review log, in order, as text. */
export const logOf = (db: DatabaseSync): string[] =>
  db.prepare("select * from revlog order by id").all().map((row) => JSON.stringify({ ...row }));
