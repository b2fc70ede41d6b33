import { setImmediate as turn } from "node:timers/promises";
import type { Viewer } from "../../auth/viewer.ts";
import type { Config } from "../../config.ts";
import { SECOND_MS } from "../../core/clock.ts";
import { checkType, readText, tooLarge } from "./body.ts";
import { RefusedError } from "./errors.ts";
import type { Asked } from "./exchange.ts";
import { BODY_BYTES, type Call } from "./graphql.ts";
import { badBody, type JsonLimits, parseJson } from "./json.ts";
import { type Params, toParams } from "./params.ts";

/** What a body may have before we know who sends it: a login, or a question about the schema. */
const OPEN_BODY_BYTES = 32_768;
const OPEN_BODY_MS = 10 * SECOND_MS;
const BODY_MS = 60 * SECOND_MS;
const LARGE_BODY_MS = 290 * SECOND_MS;
const OPEN_JSON_LIMITS = { depth: 32, values: 1_000 };
export const JSON_LIMITS = { depth: 64, values: 400_000 };
/** A collection is one long string. */
const LARGE_JSON_LIMITS = { depth: 16, values: 1_000 };

/** What a POST asks, one operation or a list of them, under the limits of whoever asks. Throws RefusedError. */
export async function readParams(
  asked: Asked,
  call: Call,
  { limits, maxBatch }: Config,
): Promise<Params | readonly Params[]> {
  checkType(asked);
  const { bytes, ms, json } = bodyLimits(call.viewer, limits.bodyBytes);
  const text = await readText(asked, bytes, ms);
  const value = text.length > BODY_BYTES ? await parseLarge(text, call) : parseJson(text, json);
  if (!Array.isArray(value)) return toParams(value);
  if (maxBatch === 0) throw badBody("is a list; batches are off here (MAX_BATCH)");
  if (value.length === 0 || value.length > maxBatch) {
    throw badBody(`is a list of ${value.length} operations; 1 to ${maxBatch} are taken (MAX_BATCH)`);
  }
  return value.map(toParams);
}

/**
 * Only a file is so large, and that is one long string: what has many values is too large for anything else. Others have their
 * turn between the steps: each of them takes up to 40 ms for 45 MB.
 */
async function parseLarge(text: string, call: Call): Promise<unknown> {
  call.largeBytes = text.length;
  await turn();
  try {
    const value = parseJson(text, LARGE_JSON_LIMITS);
    await turn();
    return value;
  } catch (error) {
    const isSplit = error instanceof RefusedError && error.code === "BODY_TOO_COMPLEX";
    throw isSplit ? tooLarge(BODY_BYTES, `${text.length}`) : error;
  }
}

/** How much may be read, for how long, and how much is in it: little from nobody, much only from who may import. */
function bodyLimits(viewer: Viewer | undefined, maxBytes: number): { bytes: number; ms: number; json: JsonLimits } {
  if (!viewer) return { bytes: Math.min(OPEN_BODY_BYTES, maxBytes), ms: OPEN_BODY_MS, json: OPEN_JSON_LIMITS };
  const isLarge = viewer.scopes.includes("REVIEW");
  if (isLarge) return { bytes: maxBytes, ms: LARGE_BODY_MS, json: JSON_LIMITS };
  return { bytes: Math.min(BODY_BYTES, maxBytes), ms: BODY_MS, json: JSON_LIMITS };
}
