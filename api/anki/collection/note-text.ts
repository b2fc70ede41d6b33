import { createHash } from "node:crypto";
import { stripHtml, unescapeHtml } from "../render/text.ts";

export const FIELD_SEPARATOR = "\u001f";

/** A tag that shows or plays a file; bounded, since a field may be long and never end a tag. */
const MEDIA_TAG = /<(?:img|audio|video|object|source)\b(?:[^>"']|"[^"]{0,1000}"|'[^']{0,1000}'){1,1000}>/gi;
const MEDIA_NAME = /\b(?:src|data)=(?:"([^"]+)"|'([^']+)'|([^ >]+))/i;

/**
 * A field as Anki compares and sorts it: without tags, but with the names of its media, and with the space at its ends.
 * Source: ankitects/anki, rslib/src/text.rs, strip_html_preserving_media_filenames.
 */
function comparable(html: string): string {
  const named = html.replaceAll(MEDIA_TAG, (tag) => {
    const [, double, single, plain] = MEDIA_NAME.exec(tag) ?? [];
    const name = double ?? single ?? plain;
    return name === undefined ? tag : ` ${name} `;
  });
  return unescapeHtml(stripHtml(named));
}

/** What `notes.csum` holds: the first 32 bits of the SHA-1 of the first field. */
export function checksumOf(firstField: string): number {
  return sum(comparable(firstField));
}

/** What `notes.csum` may hold of a first field: notes that were written here before have that of the text without outer space. */
export function checksumsOf(firstField: string): [number, number] {
  const text = comparable(firstField);
  return [sum(text), sum(text.trim())];
}

/** What `notes.sfld` holds: the field to sort by, without tags. */
export function sortTextOf(field: string): string {
  return comparable(field);
}

function sum(text: string): number {
  return parseInt(createHash("sha1").update(text).digest("hex").slice(0, 8), 16);
}
