import { tmpdir } from "node:os";
import type { DatabaseSync } from "node:sqlite";
import { type Cost, createDynamo } from "../../api/aws/dynamo.ts";
import { createObjects } from "../../api/aws/objects.ts";
import { randomIds } from "../../api/core/ids.ts";
import { buckets, fullName, tables } from "../../api/resources.ts";
import { createTempFiles, type OpenFile } from "../../api/anki/file/temp.ts";
import { nextCard } from "../../api/anki/queue/next.ts";
import { renderCard } from "../../api/anki/render/card.ts";
import { applyEntry } from "../../api/anki/schedule/apply.ts";
import { decideAnswer, decideAnswerTime } from "../../api/anki/schedule/decide.ts";
import { viewCard } from "../../api/anki/schedule/question.ts";
import { withDatabase } from "../kit/database.ts";
import type { TestSystem } from "../kit/local.ts";
import { LANGUAGES, logOf } from "../kit/review.ts";
import { type BenchClock, type Design, unitsOf } from "./review-designs.ts";

type Options = { system: TestSystem; instances: number; file: Uint8Array; time: BenchClock };

/**
 * What both older designs have in common: a file under one key a person, and no more. They are called without HTTP,
 * GraphQL and tokens, and compute with the same functions as we do: what differs is where the collection is kept.
 */
function createOld(name: string, { system, file, time }: Options) {
  const objects = createObjects(system.clients.s3, fullName(system.prefix, buckets.collections));
  const costs: Cost[] = [];
  const files = createTempFiles({ dir: tmpdir() });
  const keyOf = (userId: string) => `old/${name}/${userId}.anki2`;
  const put = (userId: string, bytes: Uint8Array) => objects.replace(keyOf(userId), bytes, { contentType: "" });
  const shape = {
    name,
    addFile: (userId: string) => put(userId, file),
    countAnswers: async (userId: string) =>
      withDatabase((await objects.get(keyOf(userId))).body, (db) => logOf(db).length),
    takeUnits: () => unitsOf(costs.splice(0)),
    stop: () => Promise.resolve(files.closeAll()),
  };
  return {
    ...shape,
    dynamo: createDynamo(system.clients.dynamodb, { onCost: (cost) => costs.push(cost) }),
    download: async (userId: string): Promise<OpenFile> => files.fromBytes((await objects.get(keyOf(userId))).body),
    upload: (userId: string, open: OpenFile) => put(userId, open.toBytes()),

    /** The next card as it is shown. */
    show: (db: DatabaseSync): number | undefined => {
      const moment = { at: time.clock(), offsetMinutes: 0 };
      const { cardId } = nextCard(db, LANGUAGES, moment);
      if (cardId !== undefined) {
        viewCard(db, cardId, moment);
        renderCard(db, cardId);
      }
      return cardId;
    },

    /** Counts an answer in the file; says whether it may be given. */
    count: (db: DatabaseSync, cardId: number, answerId: string): boolean => {
      const moment = { at: decideAnswerTime(db, time.clock()), offsetMinutes: 0 };
      if (decideAnswer(db, { ...moment, answerId, cardId, rating: 3, deckId: LANGUAGES }).kind !== "accepted") {
        return false;
      }
      applyEntry(
        db,
        { kind: "answer", answerId, cardId, rating: 3, tookMs: 4_000, session: "s", ...moment },
        moment.at,
      );
      return true;
    },
  };
}

/** The oldest design: the file is downloaded and uploaded for each card. It has no lock, and writes no item. */
export function createFileEachCard(options: Options): Design {
  const { show, count, download, upload, addFile, ...rest } = createOld("A, the file for each card", options);

  async function withFile<T>(userId: string, use: (open: OpenFile) => T | Promise<T>): Promise<T> {
    const open = await download(userId);
    try {
      return await use(open);
    } finally {
      open.close();
    }
  }

  return {
    ...rest,
    async addPerson(userId) {
      await addFile(userId);
      return {
        start: () => withFile(userId, ({ db }) => show(db)),
        answer: (_instance, cardId, answerId) =>
          withFile(userId, async (open) => {
            const isCounted = count(open.db, cardId, answerId);
            if (isCounted) await upload(userId, open);
            return { isCounted, cardId: show(open.db) };
          }),
        end: () => Promise.resolve(),
      };
    },
    kill: () => Promise.resolve(),
  };
}

/**
 * The design after it: an instance keeps the file in memory, by the session, and uploads it when the session ends. One
 * session a person is meant to be kept by a condition on an item whose key is the session: each is a new one, so the
 * condition always holds and prevents nothing. Better than it was: no item is written for an answer.
 */
export function createFileInMemory(options: Options): Design & { takeHits(): { hits: number; asked: number } } {
  const { show, count, download, upload, addFile, dynamo, ...rest } = createOld("B, the file in memory", options);
  const table = fullName(options.system.prefix, tables.reviews);
  const memories = Array.from({ length: options.instances }, () => new Map<string, OpenFile>());
  let counted = { hits: 0, asked: 0 };

  /** The instance's own copy; downloaded where it has none. */
  async function copyAt(instance: number, sessionId: string, userId: string): Promise<OpenFile> {
    const known = memories[instance]!.get(sessionId);
    counted.asked++;
    if (known) counted.hits++;
    const copy = known ?? await download(userId);
    memories[instance]!.set(sessionId, copy);
    return copy;
  }

  return {
    ...rest,
    async addPerson(userId) {
      await addFile(userId);
      let sessionId = "";
      const keyOf = () => ({ pk: `old#${sessionId}`, sk: "SESSION" });
      return {
        async start(instance) {
          sessionId = randomIds();
          await dynamo.putIf(table, { ...keyOf(), userId }, { expression: "attribute_not_exists(pk)" });
          return show((await copyAt(instance, sessionId, userId)).db);
        },
        async answer(instance, cardId, answerId) {
          const { db } = await copyAt(instance, sessionId, userId);
          const isCounted = count(db, cardId, answerId);
          return { isCounted, cardId: show(db) };
        },
        async end(instance) {
          const copy = memories[instance]!.get(sessionId);
          if (copy) await upload(userId, copy);
          for (const memory of memories) {
            memory.get(sessionId)?.close();
            memory.delete(sessionId);
          }
          await dynamo.put(table, { ...keyOf(), userId, ended: true });
        },
      };
    },
    async kill(instance) {
      for (const copy of memories[instance]!.values()) copy.close();
      memories[instance]!.clear();
      await Promise.resolve();
    },
    takeHits() {
      const taken = counted;
      counted = { hits: 0, asked: 0 };
      return taken;
    },
  };
}
