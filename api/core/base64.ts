import { setImmediate as turn } from "node:timers/promises";

/** So many signs are decoded at once (a multiple of four): 5 ms. */
const STEP_CHARS = 4 * 1024 * 1024;

/**
 * The bytes of a text in base64; undefined where it is none, or none are in it. Others have their turn while much is decoded.
 * Signs that are none of base64 would be skipped (`data:image/png;base64,` is half of such), so the bytes are counted.
 */
export async function fromBase64(text: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const expected = Math.floor((text.length - padding) * 3 / 4);
  const bytes = Buffer.alloc(expected);
  let written = 0;
  for (let at = 0; at < text.length; at += STEP_CHARS) {
    if (at > 0) await turn();
    written += bytes.write(text.slice(at, at + STEP_CHARS), written, "base64");
  }
  return written === expected && expected > 0 ? bytes : undefined;
}
