import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import * as v from "valibot";
import type { Objects } from "../aws/objects.ts";
import { instant } from "../core/check.ts";
import { formatInstant, parseInstant } from "../core/time.ts";
import type { BatchInput, Reading, SentBatch } from "./model.ts";

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
    async keep(tenantId: string, batch: BatchInput, digest: string): Promise<"created" | "same" | "other"> {
      const key = keyOf({ ...batch, tenantId }, batch.batchOffset);
      const lines = linesOf(batch.readings);
      const outcome = await objects.create(key, await compress(lines), {
        contentType: "application/x-ndjson",
        contentEncoding: "gzip",
        metadata: { [DIGEST]: digest },
      });
      if (outcome === "created") return "created";
      const metadata = await objects.findMetadata(key);
      return metadata?.[DIGEST] === digest ? "same" : "other";
    },

    /** Keeps readings aside that nobody can believe, beside those of their batch. */
    async hold(of: Of, offset: number, held: readonly Reading[]): Promise<void> {
      await objects.replace(`held/${keyOf(of, offset)}`, await compress(linesOf(held)), {
        contentType: "application/x-ndjson",
        contentEncoding: "gzip",
      });
    },

    /** Those that were kept aside are no more. */
    release: (of: Of, offset: number): Promise<void> => objects.remove(`held/${keyOf(of, offset)}`),

    /** Those that were kept aside. */
    async readHeld(of: Of, offset: number): Promise<Reading[]> {
      const object = await objects.find(`held/${keyOf(of, offset)}`);
      return object ? parseLines((await decompress(object.body)).toString("utf8")) : [];
    },

    /** Puts readings that were kept aside among those of their batch; doing it twice changes nothing. */
    async admit(of: Of, offset: number): Promise<Reading[]> {
      const held = await this.readHeld(of, offset);
      const key = keyOf(of, offset);
      const known = await this.read(of, offset);
      const isThere = held.every((one) => known.some((other) => JSON.stringify(other) === JSON.stringify(one)));
      const metadata = await objects.findMetadata(key);
      if (!isThere) {
        await objects.replace(key, await compress(linesOf([...known, ...held])), {
          ...{ contentType: "application/x-ndjson", contentEncoding: "gzip" },
          ...(metadata ? { metadata } : {}),
        });
      }
      return held;
    },

    /** Takes readings out of a batch, by their place in it. What is left has the digest of what was sent. */
    async without(of: Of, offset: number, isGone: (index: number) => boolean): Promise<void> {
      const key = keyOf(of, offset);
      const known = await this.read(of, offset);
      const metadata = await objects.findMetadata(key);
      await objects.replace(key, await compress(linesOf(known.filter((_, index) => !isGone(index)))), {
        ...{ contentType: "application/x-ndjson", contentEncoding: "gzip" },
        ...(metadata ? { metadata } : {}),
      });
    },

    /** Removes all batches of a session, also what was kept aside; gives how many there were. */
    async removeAll(of: Of): Promise<number> {
      let batches = 0;
      for (const folder of [folderFor(of), `held/${folderFor(of)}`]) {
        for await (const found of objects.list(`${folder}/`)) {
          for (const { key } of found) await objects.remove(key);
          if (!folder.startsWith("held/")) batches += found.length;
        }
      }
      return batches;
    },

    /** Removes a batch that was kept and is not counted, if it is the one that was sent. */
    async drop(of: Of, offset: number, digest: string): Promise<void> {
      const metadata = await objects.findMetadata(keyOf(of, offset));
      if (metadata?.[DIGEST] === digest) await objects.remove(keyOf(of, offset));
    },

    /** The readings of one batch, in the order in which they were sent. */
    async read(of: Of, offset: number): Promise<Reading[]> {
      const { body } = await objects.get(keyOf(of, offset));
      return parseLines((await decompress(body)).toString("utf8"));
    },
  };
}

/** Tells contents of one offset apart: all that was sent, also what did not count. */
export function digestOf(sent: SentBatch): string {
  const { startedAt, durationMs, final, readings, pauses } = sent;
  const lines = readings.map((one) => {
    const parsed = v.safeParse(readingShape, one);
    if (!parsed.success) return `${JSON.stringify(one)}\n`;
    return `${JSON.stringify({ at: formatInstant(parsed.output.at), values: parsed.output.values })}\n`;
  });
  const paused = pauses.map(({ from, to }) => [from ?? null, to ?? null]);
  const head = JSON.stringify([startedAt ?? null, durationMs ?? null, final, ...(paused.length > 0 ? [paused] : [])]);
  return createHash("sha256").update(head + lines.join("")).digest("hex");
}

const readingShape = v.object({ at: instant, values: v.array(v.unknown()) });

function linesOf(readings: readonly Reading[]): string {
  return readings.map(({ at, values }) => `${JSON.stringify({ at: formatInstant(at), values })}\n`).join("");
}

function parseLines(text: string): Reading[] {
  return text.split("\n").filter(Boolean).map((line) => {
    const { at, values } = JSON.parse(line) as { at: string; values: number[] };
    return { at: parseInstant(at)!, values };
  });
}

function keyOf(of: Of, offset: number): string {
  return `${folderFor(of)}/${String(offset).padStart(10, "0")}.ndjson.gz`;
}

function folderFor({ tenantId, sessionId, sensorId }: Of): string {
  return `readings/tenant=${tenantId}/sensor=${folderOf(sensorId)}/session=${folderOf(sessionId)}`;
}

/** An id as part of a key; its hash where it is so long in this form that the key might pass S3's 1,024 bytes. */
function folderOf(id: string): string {
  const encoded = encodeURIComponent(id);
  return encoded.length <= MAX_FOLDER_CHARS ? encoded : createHash("sha256").update(id).digest("hex");
}
