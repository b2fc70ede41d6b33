import { createHash } from "node:crypto";
import type { Objects } from "../aws/objects.ts";
import type { Queues } from "../aws/queues.ts";
import type { StreamRecord } from "../aws/streams.ts";
import type { Log } from "../core/log.ts";
import { folderOf, FOLDERS, tenantIn } from "../parked/model.ts";

export type Quarantine = ReturnType<typeof createQuarantine>;

const BYTES = "$bytes";

/**
 * Records of streams that could not be counted in their turn. An item can be larger than a message, so the record lies in
 * the object store, and the message of the late queue says where.
 */
export function createQuarantine(
  { objects, queues, lateQueue, log, onAdd }: {
    objects: Objects;
    queues: Pick<Queues, "send">;
    lateQueue: string;
    log: Log;
    /** Told the table of each record. */
    onAdd?: (table: string) => void;
  },
) {
  return {
    /** Keeps the record, then tells of it. Both may happen twice; it is counted once. */
    async add(table: string, record: StreamRecord, reason: string): Promise<void> {
      const name = createHash("sha256").update(JSON.stringify([table, record.keys])).digest("hex").slice(0, 16);
      // By tenant, so that each can be shown its own; what is of nobody's is of whoever runs the service.
      const tenantId = tenantIn(record.keys.pk);
      const folder = tenantId === undefined ? FOLDERS.RECORD : folderOf("RECORD", tenantId);
      const key = `${folder}${encodeURIComponent(table)}/${record.sequence}-${name}.json`;
      const body = JSON.stringify(
        { table, reason, ...record },
        (_, value: unknown) => value instanceof Uint8Array ? { [BYTES]: Buffer.from(value).toString("base64") } : value,
      );
      await objects.replace(key, Buffer.from(body), { contentType: "application/json" });
      await queues.send(lateQueue, JSON.stringify({ table, key, reason }), { reason });
      onAdd?.(table);
      log.error("a record of a stream could not be counted and is in quarantine", { table, key, reason });
    },

    /** Undefined where it was counted and removed. */
    async find(key: string): Promise<StreamRecord | undefined> {
      const object = await objects.find(key);
      return object && JSON.parse(Buffer.from(object.body).toString("utf8"), reviveBytes) as StreamRecord;
    },

    remove: (key: string): Promise<void> => objects.remove(key),
  };
}

function reviveBytes(_: string, value: unknown): unknown {
  const isBytes = typeof value === "object" && value !== null && Object.hasOwn(value, BYTES);
  return isBytes ? new Uint8Array(Buffer.from((value as { [BYTES]: string })[BYTES], "base64")) : value;
}
