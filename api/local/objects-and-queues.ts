import type { DatabaseSync } from "node:sqlite";
import { buildApp } from "fauxqs";
// Beside fauxqs's main file; its package exports that one only.
import { PersistenceManager } from "../../node_modules/fauxqs/dist/persistence.js";
import { S3Store } from "../../node_modules/fauxqs/dist/s3/s3Store.js";
import { SnsStore } from "../../node_modules/fauxqs/dist/sns/snsStore.js";
import { SqsStore } from "../../node_modules/fauxqs/dist/sqs/sqsStore.js";
import { ownAddress } from "./address.ts";
import { isOwnClient } from "./own-client.ts";
import { createListObjects } from "./s3-listing.ts";
import { refusalOf } from "./s3-rules.ts";

type App = ReturnType<typeof buildApp>;

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
  const host = ownAddress();
  app.addHook("onRequest", (request, reply, done) => {
    if (!isOwnClient(request.headers, request.url)) return void reply.code(403).send(FOREIGN);
    delete request.raw.headers.authorization;
    done();
  });
  takeObjectsAsTheyAre(app);
  acceptLargeBodies(app);
  refuseWhatS3Refuses(app, stores.s3Store);
  nameDownloads(app);
  try {
    const endpoint = await app.listen({ host, port: 0 });
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

const FOREIGN = "The embedded stores answer the service and its links, and no page of another site.\n";

/** An object is bytes, whatever its content type says of them: `curl --data-binary` says it sends a form. */
function takeObjectsAsTheyAre(app: App): void {
  const types = new WeakMap<object, string>();
  app.addHook("onRequest", ({ raw }, _reply, done) => {
    const type = raw.headers["content-type"];
    if (raw.method === "PUT" && type !== undefined) {
      types.set(raw, type);
      raw.headers["content-type"] = "application/octet-stream";
    }
    done();
  });
  app.addHook("preHandler", ({ raw }, _reply, done) => {
    const type = types.get(raw);
    if (type !== undefined) raw.headers["content-type"] = type;
    done();
  });
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
