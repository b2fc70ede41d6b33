import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import type { Objects } from "../aws/objects.ts";
import { formatInstant, parseInstant } from "../core/time.ts";
import type { BatchInput, Reading } from "./model.ts";

/**
 * Readings in the object store, one object a batch:
 * `readings/tenant=T/sensor=X/session=S/OFFSET.ndjson.gz`, one JSON object a line. The first content of an offset stays.
 */
export type Readings = ReturnType<typeof createReadings>;

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const DIGEST = "digest";
const MAX_FOLDER_CHARS = 400;

type Of = { tenantId: string; sessionId: string; sensorId: string };

export function createReadings(objects: Objects) {
  return {
    /** Stores a batch; `same` where it is there already, `other` where its offset came before with other content. */
    async keep(tenantId: string, batch: BatchInput): Promise<"created" | "same" | "other"> {
      const key = keyOf({ ...batch, tenantId }, batch.batchOffset);
      const lines = batch.readings.map(({ at, values }) => `${JSON.stringify({ at: formatInstant(at), values })}\n`)
        .join("");
      const { startedAt, durationMs, final } = batch;
      const digest = createHash("sha256").update(JSON.stringify([startedAt ?? null, durationMs ?? null, final]) + lines)
        .digest("hex");
      const outcome = await objects.create(key, await compress(lines), {
        contentType: "application/x-ndjson",
        contentEncoding: "gzip",
        metadata: { [DIGEST]: digest },
      });
      if (outcome === "created") return "created";
      const metadata = await objects.findMetadata(key);
      return metadata?.[DIGEST] === digest ? "same" : "other";
    },

    /** The readings of one batch, in the order in which they were sent. */
    async read(of: Of, offset: number): Promise<Reading[]> {
      const { body } = await objects.get(keyOf(of, offset));
      const text = (await decompress(body)).toString("utf8");
      return text.split("\n").filter(Boolean).map((line) => {
        const { at, values } = JSON.parse(line) as { at: string; values: number[] };
        return { at: parseInstant(at)!, values };
      });
    },
  };
}

function keyOf({ tenantId, sessionId, sensorId }: Of, offset: number): string {
  const folder = `readings/tenant=${tenantId}/sensor=${folderOf(sensorId)}/session=${folderOf(sessionId)}`;
  return `${folder}/${String(offset).padStart(10, "0")}.ndjson.gz`;
}

/** An id as part of a key; its hash where it is so long in this form that the key might pass S3's 1,024 bytes. */
function folderOf(id: string): string {
  const encoded = encodeURIComponent(id);
  return encoded.length <= MAX_FOLDER_CHARS ? encoded : createHash("sha256").update(id).digest("hex");
}
