import * as v from "valibot";
import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { createCursors, type Page, parseFirst } from "../core/page.ts";
import { listNoteTypes, type NoteTypeView, type NoteView, readNote } from "../anki/collection/notes.ts";
import { readSettings, type SettingsView } from "../anki/collection/settings.ts";
import type { CardRowView } from "../anki/queue/search.ts";
import { SearchError } from "../anki/queue/search-parse.ts";
import type { Copies } from "./copies.ts";
import type { Reader } from "./reader.ts";
import { parseDeckId, type Person } from "./model.ts";
import type { LeaseStore } from "./store.ts";

export type Browse = ReturnType<typeof createBrowse>;

const MAX_PAGE = 200;
const MAX_SEARCH_CHARS = 500;

/** What a person sees of their collection beside what is to be reviewed. */
export function createBrowse({ store, copies, clock, readAll }: {
  store: LeaseStore;
  copies: Copies;
  clock: Clock;
  readAll: Reader;
}) {
  return {
    /** The cards that a search finds, by their ids. Throws InvalidInputError. */
    async cards(
      person: Person,
      { search, first, after, timeZone }: {
        search: string;
        first: number;
        after?: string | null | undefined;
        timeZone?: string | null | undefined;
      },
    ): Promise<Page<CardRowView>> {
      const limit = parseFirst(first, MAX_PAGE);
      if (search.length > MAX_SEARCH_CHARS) {
        throw new InvalidInputError([{ path: ["search"], message: `must be at most ${MAX_SEARCH_CHARS} characters` }]);
      }
      const cursors = createCursors("cards", [person.tenantId, person.userId, search], v.number());
      const from = cursors.decode(after);
      const lease = await store.find(person);
      if (!lease?.file) return { edges: [], hasNextPage: false, hasPreviousPage: false };
      try {
        const asked = { at: clock(), zone: timeZone };
        const { cards, hasMore } = await readAll(lease, "search", asked, { text: search, after: from, limit });
        return {
          edges: cards.map((node) => ({ cursor: cursors.encode(node.cardId), node })),
          hasNextPage: hasMore,
          hasPreviousPage: from !== undefined,
        };
      } catch (error) {
        if (!(error instanceof SearchError)) throw error;
        throw new InvalidInputError([{ path: ["search"], message: error.message }]);
      }
    },

    async note(person: Person, noteId: string): Promise<NoteView | undefined> {
      const id = parseDeckId(noteId);
      const lease = await store.find(person);
      if (id === undefined || !lease?.file) return undefined;
      return await copies.read(lease, ({ db }) => readNote(db, id));
    },

    /** How the collection is scheduled; undefined for somebody without one. */
    async settings(person: Person): Promise<SettingsView | undefined> {
      const lease = await store.find(person);
      return lease?.file && await copies.read(lease, ({ db }) => readSettings(db));
    },

    /** The note types of the collection; none for somebody without one. */
    async noteTypes(person: Person): Promise<NoteTypeView[]> {
      const lease = await store.find(person);
      if (!lease?.file) return [];
      return await copies.read(lease, ({ db }) => listNoteTypes(db));
    },
  };
}
