import type { DatabaseSync } from "node:sqlite";
import { deflateRawSync } from "node:zlib";
import { parseObject } from "../collection/card-data.ts";
import { localOffsetOf, readCollection, readNoteType, timingOf } from "../collection/collection.ts";
import { withChildren } from "../collection/decks.ts";
import { CARD_COLUMNS, CARD_TYPE, type CardRow, findCard, getRow, lastAnswerAt, listRows } from "../collection/rows.ts";
import { findDeck } from "../queue/counts.ts";
import { gather } from "../queue/gather.ts";
import { type Moment, rememberedNow } from "../schedule/question.ts";
import { listAnswerIds } from "../schedule/answers-table.ts";
import { type Body, fillSlice, markOf, NOTE_COLUMNS } from "./body.ts";

/** Compressed; with a lease of up to 2 KB it is read with at most two units. */
export const MAX_SLICE_BYTES = 6_000;
const MAX_SLICE_CHARS = 60_000;
const SIZES = [24, 12, 6, 3] as const;
/** Learning cards come back all day, so all of the day are in it or there is none. */
const MAX_LEARNING = 40;
/** Each of them is counted; more do not fit. */
const MAX_DECKS = 100;
/** A note may have five hundred. */
const MAX_CARDS = 400;
/** Ids of the session's answers, by which a repeat is noticed. */
const MAX_ANSWERS = 300;

/** What a slice is made for: the deck under review, as a session calls itself in its entries, since when it runs, and the moment. */
export type SliceFor = { deckId: number; session: string; since: number; moment: Moment };

/**
 * The next cards of a deck with all that showing and answering them depends on: a small collection of its own. Undefined
 * where it does not fit. `moment` decides the day; on another one it is of no use.
 */
export function makeSlice(db: DatabaseSync, wanted: SliceFor): Uint8Array | undefined {
  const collection = readCollection(db);
  const timing = timingOf(collection, wanted.moment.at, wanted.moment.offsetMinutes);
  const queue = gather(db, collection, wanted.deckId, timing);
  const answers = listAnswerIds(db, wanted.session);
  if (queue.learning.length > MAX_LEARNING || answers.length > MAX_ANSWERS) return undefined;
  for (const size of SIZES) {
    const safe = [
      ...queue.learning,
      ...[queue.dayLearning, queue.reviews, queue.fresh].flatMap((all) => all.slice(0, size)),
    ];
    const body = bodyOf(db, wanted, { ids: safe.map(({ id }) => id), today: timing.today, answers });
    const text = body && JSON.stringify(body);
    // Text packs to a tenth or less: what is longer is not even tried.
    if (text === undefined || text.length > MAX_SLICE_CHARS) continue;
    const bytes = deflateRawSync(text);
    if (bytes.length <= MAX_SLICE_BYTES) return bytes;
  }
  return undefined;
}

type Parts = { ids: readonly number[]; today: number; answers: readonly string[] };

function bodyOf(
  db: DatabaseSync,
  { deckId, moment, since }: SliceFor,
  { ids, today, answers }: Parts,
): Body | undefined {
  const collection = readCollection(db);
  const found = ids.map((id) => findCard(db, id)!);
  const noteIds = [...new Set(found.map(({ nid }) => nid))];
  // The other cards of a note come with it: an answer may bury them.
  const cards = noteIds.flatMap((nid) =>
    listRows<CardRow>(db, `select ${CARD_COLUMNS.join(", ")} from cards where nid = ?`, nid)
  );
  // What is larger than a slice is not even read.
  const noteBytes = noteIds.reduce((sum, nid) => sum + bytesOfNote(db, nid), 0);
  if (noteBytes > MAX_SLICE_CHARS || cards.length > MAX_CARDS) return undefined;
  const notes = noteIds.map((nid) =>
    getRow<Record<string, unknown>>(db, `select ${NOTE_COLUMNS.join(", ")} from notes where id = ?`, nid)!
  );
  const col = getRow<{ crt: number; mod: number; conf: string; decks: string; dconf: string }>(
    db,
    "select crt, mod, conf, decks, dconf from col limit 1",
  )!;
  const deckIds = new Set([
    ...withChildren(collection.decks, deckId).flatMap(({ id, parents }) => [id, ...parents]),
    ...cards.flatMap(({ did, odid }) => [did, odid, ...(collection.decks.get(did)?.parents ?? [])]),
  ]);
  if (deckIds.size > MAX_DECKS) return undefined;
  const decks = chosen(parseObject(col.decks), deckIds);
  const options = new Set([1, ...[...deckIds].map((id) => collection.decks.get(id)?.optionsId ?? 1)]);
  const models = new Set(notes.map(({ mid }) => Number(mid)));
  const large = [...cards.map(({ data }) => data), ...notes.map(({ flds }) => String(flds))];
  if (large.reduce((sum, text) => sum + text.length, 0) > MAX_SLICE_CHARS) return undefined;
  const typeChars = [...models].map((id) => noteTypeChars(db, id));
  if (typeChars.reduce((sum, chars) => sum + chars, 0) > MAX_SLICE_CHARS) return undefined;
  const last = getRow<{ id: number; cid: number }>(db, "select id, cid from revlog order by id desc limit 1");
  const body: Body = {
    deckId,
    today,
    crt: col.crt,
    mod: col.mod,
    conf: { ...parseObject(col.conf), localOffset: 0 - (localOffsetOf(db) ?? 0) },
    decks,
    dconf: chosen(parseObject(col.dconf), options),
    models: Object.fromEntries([...models].map((id) => [id, readNoteType(db, id)])),
    cards: cards.map((card) => {
      const data = card.type === CARD_TYPE.NEW ? card.data : remembered(db, card, moment);
      return CARD_COLUMNS.map((column) => (column === "data" ? data : card[column]));
    }),
    notes: notes.map((note) => NOTE_COLUMNS.map((column) => note[column] as string | number)),
    last: last?.cid,
    lastAt: last?.id,
    // Who answers a card again that was answered on another device is told by when that was.
    answeredAt: cards.flatMap(({ id }) => {
      const at = lastAnswerAt(db, id);
      return at !== undefined && at >= since ? [[id, at] as const] : [];
    }),
    safe: ids,
    answers: answers.map(markOf).join(""),
    beyond: { dayLearning: 0, reviews: 0, fresh: 0 },
    counts: [],
  };
  return withDifferences(db, body, moment);
}

function bytesOfNote(db: DatabaseSync, nid: number): number {
  return getRow<{ bytes: number }>(db, "select octet_length(flds) as bytes from notes where id = ?", nid)?.bytes ?? 0;
}

function noteTypeChars(db: DatabaseSync, noteTypeId: number): number {
  const sql = "select length(json_extract(models, ?)) as chars from col limit 1";
  return getRow<{ chars: number | null }>(db, sql, `$."${noteTypeId}"`)?.chars ?? 0;
}

/** What the whole has more than the part, in the queue and in the decks' counts. */
function withDifferences(db: DatabaseSync, body: Body, moment: Moment): Body {
  const part = fillSlice(body);
  try {
    const [all, own] = [db, part].map((each) => {
      const collection = readCollection(each);
      return gather(each, collection, body.deckId, timingOf(collection, moment.at, moment.offsetMinutes));
    });
    const lengths = (kind: "dayLearning" | "reviews" | "fresh") => all![kind].length - own![kind].length;
    return {
      ...body,
      beyond: { dayLearning: lengths("dayLearning"), reviews: lengths("reviews"), fresh: lengths("fresh") },
      counts: Object.keys(body.decks).map(Number).flatMap((id) => {
        const [whole, here] = [findDeck(db, id, moment), findDeck(part, id, moment)];
        if (!whole || !here) return [];
        const more = (["newCount", "learningCount", "dueCount", "cardCount"] as const).map((kind) =>
          whole[kind] - here[kind]
        );
        return [[id, ...more] as const];
      }),
    };
  } finally {
    part.close();
  }
}

/** The card's data with the memory that its log gives it, so that the log can stay where it is. */
function remembered(db: DatabaseSync, card: CardRow, moment: Moment): string {
  const known = rememberedNow(db, card, moment);
  if (!known) return card.data;
  const { memory, lastAt } = known;
  return JSON.stringify({
    ...parseObject(card.data),
    ...(memory && { s: memory.stability, d: memory.difficulty }),
    ...(lastAt !== undefined && { lrt: Math.floor(lastAt / 1_000) }),
  });
}

function chosen(json: Record<string, unknown>, ids: ReadonlySet<number>): Record<string, unknown> {
  return Object.fromEntries([...ids].filter((id) => json[id] !== undefined).map((id) => [id, json[id]]));
}
