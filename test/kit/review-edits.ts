import type { Reviewer } from "./review.ts";

const FILTER = "filter { reschedules searches { search limit order } }";
const DECK = `... on DeckPayload { deck { deckId name newCount learningCount dueCount cardCount ${FILTER} } }`;

/** What changes to collections are asked for. */
const CHANGES = {
  createDeck: ["CreateDeckInput", DECK],
  renameDeck: ["RenameDeckInput", DECK],
  deleteDeck: ["OneDeckInput", "... on EditPayload { changed }"],
  createFilteredDeck: ["CreateFilteredDeckInput", DECK],
  rebuildFilteredDeck: ["RebuildFilteredDeckInput", DECK],
  emptyFilteredDeck: ["OneDeckInput", DECK],
  studyCustom: ["CustomStudyInput", DECK],
  setTodaysLimits: ["TodaysLimitsInput", DECK],
  extendLimits: ["TodaysLimitsInput", DECK],
  createNote: ["CreateNoteInput", "... on NotePayload { note { noteId cardIds } }"],
  changeCards: ["ChangeCardsInput", "... on EditPayload { changed }"],
  undoEdit: ["UndoEditInput", "... on EditPayload { changed }"],
} as const;

let edits = 0;

/** Makes a change, each time with an id of its own unless one is given. */
export async function change(person: Reviewer, name: keyof typeof CHANGES, input: object) {
  const [type, fields] = CHANGES[name];
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${fields}
    ... on UserError { code message } } }`;
  return (await person.ask(query, { input: { editId: `change-${edits++}`, ...input } }))[name];
}

/** The cards that a search finds. */
export async function found(person: Reviewer, search: string): Promise<{ cardId: string; deckName: string }[]> {
  const query = `query ($search: String!) { cards(search: $search, first: 200) { nodes { cardId deckName } } }`;
  return (await person.ask(query, { search })).cards.nodes;
}

export const fieldsOf = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));
