import * as v from "valibot";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import { parseInput, prose, wellFormed, whole, words } from "../core/check.ts";
import { FILTER_ORDERS } from "../anki/queue/search.ts";
import { STOCK_KINDS } from "../anki/edit/stock.ts";
import { TABLE_LIMITS } from "../anki/edit/table-limits.ts";
import { LIMITS } from "./model.ts";

/** What a change may hold. */
export const EDIT_LIMITS = {
  nameChars: 300,
  fieldChars: 60_000,
  noteChars: 100_000,
  fields: 100,
  tags: 100,
  ids: 500,
  searchChars: 500,
  /** Cards that a filtered deck borrows by a search: Anki's own limit. */
  borrowed: 99_999,
} as const;

const id = v.pipe(
  words(LIMITS.idChars),
  v.regex(/^\d{1,15}$/, "must be an id of the collection: digits"),
  v.transform(Number),
);
const ids = v.pipe(
  v.array(id),
  v.check((all) => all.length >= 1 && all.length <= EDIT_LIMITS.ids, `must be 1 to ${EDIT_LIMITS.ids} ids`),
  v.transform((all) => [...new Set(all)]),
);
const deckName = v.pipe(
  words(EDIT_LIMITS.nameChars),
  v.check(
    (name) => name.split("::").every((part) => part.trim() !== ""),
    "must have a name at each level, such as `Languages::Japanese`",
  ),
  v.transform((name) => name.normalize("NFC").split("::").map((part) => part.trim()).join("::")),
);
const tag = v.pipe(words(100), v.check((text) => !/\s/.test(text), "must be tags without spaces"));
const tags = v.pipe(
  v.array(tag),
  v.check((all) => all.length <= EDIT_LIMITS.tags, `must be at most ${EDIT_LIMITS.tags} tags`),
  // As in Anki, tags are the same whatever their case is.
  v.transform((all) =>
    [...new Map(all.toReversed().map((text) => [text.normalize("NFC").toLowerCase(), text])).values()].toReversed()
  ),
);
const field = v.object({
  name: words(EDIT_LIMITS.nameChars),
  // Anki parts fields by the one, and SQLite's readers end a text at the other: what follows it would be lost.
  value: v.pipe(
    prose(EDIT_LIMITS.fieldChars),
    v.check((text) => !/[\u0000\u001f]/.test(text), "must not hold the signs U+0000 and U+001F"),
  ),
});
const fields = v.pipe(
  v.array(field),
  v.check((all) => all.length <= EDIT_LIMITS.fields, `must be at most ${EDIT_LIMITS.fields} fields`),
  v.check((all) => new Set(all.map(({ name }) => name)).size === all.length, "must name each field once"),
  v.check(
    (all) => all.reduce((sum, { value }) => sum + value.length, 0) <= EDIT_LIMITS.noteChars,
    `must be at most ${EDIT_LIMITS.noteChars} characters together`,
  ),
);
const editId = words(LIMITS.idChars);
const zone = v.nullish(v.string());

const createDeck = v.object({ editId, name: deckName, timeZone: zone });
const renameDeck = v.object({ editId, deckId: id, name: deckName });
const oneDeck = v.object({ editId, deckId: id, timeZone: zone });
const search = v.pipe(
  v.string(),
  v.check((text) => text.length <= EDIT_LIMITS.searchChars, `must be at most ${EDIT_LIMITS.searchChars} characters`),
);
const searches = v.pipe(
  v.array(v.object({
    search,
    limit: v.optional(whole(1, EDIT_LIMITS.borrowed), 100),
    order: v.optional(v.picklist(FILTER_ORDERS), "RANDOM"),
  })),
  v.check((all) => all.length >= 1 && all.length <= 2, "must be one search or two"),
);
const createFilteredDeck = v.object({
  editId,
  name: deckName,
  searches,
  reschedules: v.optional(v.boolean(), true),
  timeZone: zone,
});
const updateFilteredDeck = v.object({
  editId,
  deckId: id,
  searches: v.nullish(searches),
  reschedules: v.nullish(v.boolean()),
  timeZone: zone,
});
const customStudy = v.object({
  editId,
  deckId: id,
  kind: v.picklist(["FORGOTTEN", "AHEAD", "PREVIEW", "CRAM_NEW", "CRAM_DUE", "CRAM_REVIEWED", "CRAM_ALL"]),
  days: v.nullish(whole(1, 365)),
  limit: v.nullish(whole(1, EDIT_LIMITS.borrowed)),
  tags: v.nullish(tags),
  withoutTags: v.nullish(tags),
  timeZone: zone,
});
const perDay = v.nullish(whole(0, 9_999));
const todaysLimits = v.object({ editId, deckId: id, newCards: perDay, reviews: perDay, timeZone: zone });
const createNote = v.object({
  editId,
  deckId: id,
  kind: v.nullish(v.picklist(STOCK_KINDS)),
  noteTypeId: v.nullish(id),
  fields,
  tags: v.nullish(tags),
  timeZone: zone,
});
const updateNote = v.object({ editId, noteId: id, fields: v.nullish(fields), tags: v.nullish(tags) });
const deleteNotes = v.object({ editId, noteIds: ids });
const changeCards = v.object({
  editId,
  cardIds: ids,
  deckId: v.nullish(id),
  flag: v.nullish(whole(0, 7)),
  suspended: v.nullish(v.boolean()),
  buried: v.nullish(v.boolean()),
  dueInDays: v.nullish(whole(0, 36_500)),
  forget: v.nullish(v.boolean()),
});
const steps = v.pipe(
  v.array(
    v.pipe(
      v.number(),
      v.check((ms) => ms >= SECOND_MS && ms <= 365 * DAY_MS, "must be from a second to a year, in milliseconds"),
    ),
  ),
  v.check((all) => all.length <= 20, "must be at most 20 steps"),
  v.transform((all) => all.map((ms) => ms / MINUTE_MS)),
);
const share = v.pipe(v.number(), v.check((n) => n >= 0 && n <= 1, "must be from 0 to 1"));
const setScheduler = v.object({ editId, scheduler: v.picklist(["FSRS", "SM2"]) });
const setPreset = v.object({
  editId,
  presetId: id,
  newPerDay: v.nullish(whole(0, 9_999)),
  reviewsPerDay: v.nullish(whole(0, 9_999)),
  learningSteps: v.nullish(steps),
  relearningSteps: v.nullish(steps),
  maxIntervalDays: v.nullish(whole(1, 36_500)),
  desiredRetention: v.nullish(v.pipe(v.number(), v.check((n) => n >= 0.7 && n <= 0.99, "must be from 0.7 to 0.99"))),
  fsrsParameters: v.nullish(v.pipe(
    v.array(v.pipe(v.number(), v.check((n) => Number.isFinite(n) && Math.abs(n) <= 100, "must be numbers up to 100"))),
    v.check((all) => [0, 17, 19, 21].includes(all.length), "must be 21 numbers (or 19, 17, or none for the defaults)"),
  )),
  weekdayShares: v.nullish(
    v.pipe(v.array(share), v.check((all) => all.length === 7, "must be 7 shares, Monday first")),
  ),
});
const optimizePreset = v.object({ editId, presetId: id, dryRun: v.optional(v.boolean(), false), timeZone: zone });
const undoEdit = v.object({ editId });
const column = v.pipe(
  v.object({
    column: whole(1, TABLE_LIMITS.columns),
    field: v.nullish(words(EDIT_LIMITS.nameChars)),
    use: v.nullish(v.picklist(["TAGS", "GUID", "DECK", "NOTE_TYPE"])),
  }),
  v.check(
    ({ field, use }) => (typeof field === "string") !== (typeof use === "string"),
    "must name `field`, or `use`; not both",
  ),
  v.transform(({ column, field, use }) => ({ column, ...(typeof field === "string" ? { field } : { use: use! }) })),
);
const importNotes = v.object({
  editId,
  deckId: id,
  kind: v.nullish(v.picklist(STOCK_KINDS)),
  noteTypeId: v.nullish(id),
  text: v.nullish(v.pipe(v.string(), wellFormed)),
  uploadKey: v.nullish(v.string()),
  separator: v.nullish(
    v.pipe(
      v.string(),
      v.check((sign) => [...sign].length === 1 && !/["\r\n]/.test(sign), "must be one sign, such as `;`"),
    ),
  ),
  hasHeader: v.optional(v.boolean(), false),
  isHtml: v.nullish(v.boolean()),
  columns: v.nullish(v.pipe(
    v.array(column),
    v.check((all) => all.length <= TABLE_LIMITS.columns, `must be at most ${TABLE_LIMITS.columns} columns`),
    v.check((all) => new Set(all.map((one) => one.column)).size === all.length, "must name each column once"),
    v.check(
      (all) => new Set(all.map((one) => "field" in one ? `=${one.field}` : one.use)).size === all.length,
      "must name each field and use once",
    ),
  )),
  tags: v.nullish(tags),
  duplicates: v.optional(v.picklist(["UPDATE", "KEEP", "ADD"]), "UPDATE"),
  dryRun: v.optional(v.boolean(), false),
  timeZone: zone,
});

/** These give typed input, or throw InvalidInputError with every wrong field. */
export const parseCreateDeck = (input: unknown) => parseInput(createDeck, input);
export const parseRenameDeck = (input: unknown) => parseInput(renameDeck, input);
export const parseDeleteDeck = (input: unknown) => parseInput(oneDeck, input);
export const parseOneDeck = (input: unknown) => parseInput(oneDeck, input);
export const parseCreateFilteredDeck = (input: unknown) => parseInput(createFilteredDeck, input);
export const parseUpdateFilteredDeck = (input: unknown) => parseInput(updateFilteredDeck, input);
export const parseCustomStudy = (input: unknown) => parseInput(customStudy, input);
export const parseTodaysLimits = (input: unknown) => parseInput(todaysLimits, input);
export const parseCreateNote = (input: unknown) => parseInput(createNote, input);
export const parseUpdateNote = (input: unknown) => parseInput(updateNote, input);
export const parseDeleteNotes = (input: unknown) => parseInput(deleteNotes, input);
export const parseChangeCards = (input: unknown) => parseInput(changeCards, input);
export const parseImportNotes = (input: unknown) => parseInput(importNotes, input);
export const parseOptimizePreset = (input: unknown) => parseInput(optimizePreset, input);
export const parseUndoEdit = (input: unknown) => parseInput(undoEdit, input);
export const parseSetScheduler = (input: unknown) => parseInput(setScheduler, input);
export const parseSetPreset = (input: unknown) => parseInput(setPreset, input);
