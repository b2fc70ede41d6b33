import { createHash } from "node:crypto";
import pMap from "p-map";
import * as v from "valibot";
import type { ListedObject, Objects } from "../aws/objects.ts";
import type { Queues } from "../aws/queues.ts";
import { createCursors, type Page, parseFirst } from "../core/page.ts";
import { folderOf, idOf, type Parked, type ParkedKind, parseId } from "./model.ts";

export type ParkedService = ReturnType<typeof createParked>;

const KINDS: readonly ParkedKind[] = ["RECORD", "MESSAGE"];
const MAX_FIRST = 50;
const PREVIEW_CHARS = 500;
const CONCURRENCY = 8;
const POSITION = v.object({ kind: v.picklist(KINDS), key: v.string() });

const content = v.object({
  reason: v.optional(v.string(), ""),
  table: v.optional(v.string()),
  body: v.optional(v.string()),
});

/**
 * What of a tenant could not be taken: records of streams (`ingest/quarantine.ts` puts them there) and messages of the queue
 * `ingest` that were refused. The dead-letter queues hold the same for whoever runs the service; this is for the tenant.
 */
export function createParked({ objects, queues, ingestQueue, lateQueue }: {
  objects: Pick<Objects, "list" | "find" | "replace" | "remove">;
  queues: Pick<Queues, "send">;
  ingestQueue: string;
  lateQueue: string;
}) {
  return {
    /** Keeps a message that was refused, with the reason; the same message again is the same. */
    async park(tenantId: string, body: string, reason: string): Promise<void> {
      const name = createHash("sha256").update(body).digest("base64url").slice(0, 22);
      const bytes = Buffer.from(JSON.stringify({ reason, body }));
      await objects.replace(`${folderOf("MESSAGE", tenantId)}${name}.json`, bytes, { contentType: "application/json" });
    },

    /** Records first, then messages; a read each. Throws InvalidInputError where `first` or `after` cannot be. */
    async list(tenantId: string, first: number, after: string | null | undefined): Promise<Page<Parked>> {
      const cursors = createCursors("parked", tenantId, POSITION);
      const limit = parseFirst(first, MAX_FIRST);
      const from = cursors.decode(after);
      const found = await look(tenantId, from, limit + 1);
      const rows = await pMap(found.slice(0, limit), async ({ kind, object }) => ({
        cursor: cursors.encode({ kind, key: object.key }),
        node: await describe(tenantId, kind, object),
      }), { concurrency: CONCURRENCY });
      const edges = rows.flatMap(({ cursor, node }) => (node ? [{ cursor, node }] : []));
      return { edges, hasNextPage: found.length > limit, hasPreviousPage: from !== undefined };
    },

    /**
     * Sends it to its queue once more; false where nothing of that id is there. Whatever it says counts once, however often it
     * is sent: what cannot be taken now either is parked again.
     */
    async retry(tenantId: string, parkedId: string): Promise<boolean> {
      const named = parseId(tenantId, parkedId);
      const found = named && await objects.find(named.key);
      if (!named || !found) return false;
      const { table, body, reason } = parse(found.body);
      if (named.kind === "MESSAGE") {
        await queues.send(ingestQueue, body ?? "");
        await objects.remove(named.key);
      } else await queues.send(lateQueue, JSON.stringify({ table, key: named.key, reason }), { reason });
      return true;
    },
  };

  /** The next objects of a tenant, over both folders. */
  async function look(tenantId: string, from: v.InferOutput<typeof POSITION> | undefined, most: number) {
    const found: { kind: ParkedKind; object: ListedObject }[] = [];
    for (const kind of KINDS.slice(from ? KINDS.indexOf(from.kind) : 0)) {
      const after = from?.kind === kind ? from.key : undefined;
      for await (const page of objects.list(folderOf(kind, tenantId), after)) {
        found.push(...page.map((object) => ({ kind, object })));
        if (found.length >= most) return found;
      }
    }
    return found;
  }

  async function describe(tenantId: string, kind: ParkedKind, object: ListedObject): Promise<Parked | undefined> {
    const stored = await objects.find(object.key);
    // Taken since it was listed.
    if (!stored) return undefined;
    const { reason, body } = parse(stored.body);
    const text = body ?? Buffer.from(stored.body).toString("utf8");
    return {
      parkedId: idOf(kind, tenantId, object.key),
      kind,
      parkedAt: object.modifiedAt,
      bytes: object.bytes,
      reason,
      preview: [...text.slice(0, 2 * PREVIEW_CHARS)].slice(0, PREVIEW_CHARS).join(""),
    };
  }
}

function parse(bytes: Uint8Array): v.InferOutput<typeof content> {
  try {
    return v.parse(content, JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch {
    return { reason: "" };
  }
}
