import type { DatabaseSync } from "node:sqlite";
import { buildApp } from "fauxqs";
// Beside fauxqs's main file; its package exports that one only.
import { PersistenceManager } from "../../node_modules/fauxqs/dist/persistence.js";
import { S3Store } from "../../node_modules/fauxqs/dist/s3/s3Store.js";
import { SnsStore } from "../../node_modules/fauxqs/dist/sns/snsStore.js";
import { SqsStore } from "../../node_modules/fauxqs/dist/sqs/sqsStore.js";
import { createListObjects } from "./s3-listing.ts";
import { refusalOf } from "./s3-rules.ts";

export type LocalObjectsAndQueues = { endpoint: string; stop: () => Promise<void> };

const MAX_BODY_BYTES = 512 * 1024 * 1024;

/**
 * Starts fauxqs, an S3 and SQS in this process, on a free loopback port, with its data in `dataDir`.
 * Its own start functions listen on every address; so its parts are put together here, with what they lack.
 */
export async function startObjectsAndQueues(options: { dataDir: string }): Promise<LocalObjectsAndQueues> {
  const persistence = new PersistenceManager(options.dataDir);
  const stores = loadStores(persistence);
  // One region for all: queues are found by region and name, and a message must not depend on the client's region.
  const app = buildApp({ logger: false, defaultRegion: "local", stores });
  app.addHook("onRequest", (request, _reply, done) => {
    delete request.raw.headers.authorization;
    done();
  });
  acceptLargeBodies(app);
  refuseWhatS3Refuses(app, stores.s3Store);
  nameDownloads(app);
  try {
    const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
    return {
      endpoint,
      stop: async () => {
        await app.close();
        persistence.close();
      },
    };
  } catch (error) {
    persistence.close();
    throw error;
  }
}

function loadStores(persistence: PersistenceManager) {
  const sqsStore = new SqsStore();
  const snsStore = new SnsStore();
  const s3Store = new S3Store();
  // Empty, so that the address of a queue is the one it was asked for under.
  sqsStore.host = "";
  // Stores write through as soon as they have a persistence: not while they are being filled.
  persistence.load(sqsStore, snsStore, s3Store);
  sqsStore.persistence = persistence;
  snsStore.persistence = persistence;
  s3Store.persistence = persistence;
  for (const queue of sqsStore.allQueues()) queue.persistence = persistence;

  const { db } = persistence as unknown as { db: DatabaseSync };
  s3Store.listObjects = createListObjects(s3Store, db);
  // fauxqs sets a NOT NULL column to NULL here, fails, and has lost the message from memory by then.
  const makeReady = db.prepare(
    "UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?",
  );
  persistence.updateMessageReady = (messageId) => void makeReady.run(messageId);
  return { sqsStore, snsStore, s3Store };
}

type App = ReturnType<typeof buildApp>;

function acceptLargeBodies(app: App): void {
  app.removeContentTypeParser("*");
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_BODY_BYTES }, (_request, body, done) => {
    done(null, body);
  });
}

/** The check and the write that follows it run in one tick: no other write comes between them. */
function refuseWhatS3Refuses(app: App, store: S3Store): void {
  app.addHook("preHandler", (request, reply, done) => {
    const { bucket, "*": key = "" } = request.params as { bucket?: string; "*"?: string };
    if (bucket === undefined) return done();
    const query = request.query as Record<string, unknown>;
    const refusal = refusalOf(
      { method: request.method, key, query, headers: request.headers },
      () => findEtag(store, bucket, key),
    );
    if (!refusal) return done();
    const { status, code, message } = refusal;
    const xml =
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    void reply.code(status).type("application/xml").send(request.method === "HEAD" ? "" : xml);
  });
}

/** A link to an object can say under which name a browser keeps it. */
function nameDownloads(app: App): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const asked = (request.query as Record<string, unknown>)["response-content-disposition"];
    if (reply.statusCode === 200 && typeof asked === "string") void reply.header("content-disposition", asked);
    done(null, payload);
  });
}

function findEtag(store: S3Store, bucket: string, key: string): string | undefined {
  try {
    return store.headObject(bucket, key).etag;
  } catch {
    return undefined;
  }
}
