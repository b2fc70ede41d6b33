import { type Image, type ImageChange, isErasure } from "./projections/counts.ts";
import type { StreamRecord } from "../aws/streams.ts";
import { AppError } from "../core/errors.ts";
import { idOf } from "../core/keys.ts";
import { META } from "../journeys/item.ts";
import type { CountChange } from "../metrics/model.ts";
import type { ItemChange } from "../analytics/cells.ts";
import { toItemChanges } from "./projections/rollups.ts";
import { createDecoder, type ReadChunks, type ReadMotion, type StreamTable } from "./decode.ts";

export type StreamIngestOptions = {
  readChunks: ReadChunks;
  readMotion: ReadMotion;
  count: (changes: readonly CountChange[]) => Promise<void>;
  /** Counts what changes of sessions and journeys move in the rollups, in order. */
  roll: (changes: readonly ItemChange[]) => Promise<void>;
  /** Called with each item of a session that was deleted because its time had come, once that is noted in all counts. */
  sessionExpired: (image: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Called with the changes of sessions' own items, once they are counted. */
  sessionsChanged: (changes: readonly ImageChange[]) => Promise<void>;
  /** Called with the items of journeys that were written, in their order. */
  journeysChanged: (images: readonly Image[]) => Promise<void>;
  /** Called with each journey that was erased, once it is taken out of all counts. */
  journeyErased: (tenantId: string, sessionId: string) => Promise<void>;
  /** Keeps a record that can never be counted as it is, with the reason. */
  quarantine: (table: string, record: StreamRecord, reason: string) => Promise<void>;
};

/**
 * Takes a part of a table's stream, in order, and counts it. A throw means again, from the first record: what was counted
 * already is left out then. A record that can never be counted goes to quarantine, and holds nothing up.
 */
export function createStreamIngest(
  { readChunks, readMotion, count, roll, sessionExpired, sessionsChanged, journeysChanged, journeyErased, quarantine }:
    StreamIngestOptions,
) {
  const decode = createDecoder(readChunks, readMotion);

  return async function ingestStream(table: StreamTable, records: readonly StreamRecord[]): Promise<void> {
    const counts: CountChange[] = [];
    const changes: ImageChange[] = [];
    for (const record of records) {
      try {
        const decoded = await decode(table, record);
        counts.push(...decoded.counts);
        if (decoded.change) changes.push(decoded.change);
      } catch (error) {
        if (isPassing(error)) throw error;
        await quarantine(table, record, reasonOf(error));
      }
    }
    if (counts.length > 0) await count(counts);
    if (changes.length > 0) await roll(changes.flatMap(toItemChanges));
    // What else is kept of a session goes after the counts that are made of it.
    for (const { isExpiry, before } of records) {
      if (isExpiry && table === "sessions" && before) await sessionExpired(before);
    }
    await sessionsChanged(sessionChangesOf(changes));
    await journeysChanged(journeyImagesOf(changes));
    for (const { pk, after } of changes.filter(isErasure)) await journeyErased(pk.split("#")[0]!, idOf(after!.sk));
  };
}

/** The changes of sessions' own items. */
export function sessionChangesOf(changes: readonly ImageChange[]): ImageChange[] {
  return changes.filter(({ table, after }) =>
    table === "sessions" && (after?.sk as string | undefined)?.endsWith("#SESSION")
  );
}

/** The items of journeys that changes show, as they are after them. */
export function journeyImagesOf(changes: readonly ImageChange[]): Image[] {
  return changes.flatMap(({ table, after }) =>
    table === "journeys" && after && (after.sk as string).endsWith(`#${META}`) ? [after] : []
  );
}

/** Whether the same record may be counted when it is tried again. Decoding itself gives the same each time. */
export function isPassing(error: unknown): boolean {
  return error instanceof AppError && error.retryable;
}

/** Names what is wrong with a record, and nothing that it holds. */
export function reasonOf(error: unknown): string {
  return error instanceof AppError ? error.message : `it could not be read: ${(error as Error).name}`;
}
