import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { parseRange } from "./accept.ts";
import type { Answer, Asked } from "./exchange.ts";

/** Below, what is saved is not worth the time: most answers are far smaller, and go out as they are. */
const LEAST_BYTES = 16_384;

/** Whether a header `accept-encoding` names a coding, and not to refuse it. */
export function takesCoding(accepted: string | undefined, coding: "br" | "gzip"): boolean {
  return (accepted ?? "").split(",").map(parseRange).some(({ type, quality }) => type === coding && quality > 0);
}

/** A large text in the form that the asker takes, made off the main thread. Streams, and what is compressed already, stay. */
export async function compress({ header }: Asked, answer: Answer): Promise<Answer> {
  const { body, headers } = answer;
  if (typeof body !== "string" || body.length < LEAST_BYTES || headers["content-encoding"]) return answer;
  const accepted = header("accept-encoding");
  const encoding = (["br", "gzip"] as const).find((coding) => takesCoding(accepted, coding));
  const vary = headers["vary"] ? `${headers["vary"]}, accept-encoding` : "accept-encoding";
  if (!encoding) return { ...answer, headers: { ...headers, vary } };
  const packed = encoding === "br"
    ? await promisify(brotliCompress)(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
    : await promisify(gzip)(body, { level: 4 });
  return { ...answer, headers: { ...headers, vary, "content-encoding": encoding }, body: packed };
}
