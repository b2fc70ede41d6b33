import { createHash } from "node:crypto";
import { stripHtml, unescapeHtml } from "../render/text.ts";

export const FIELD_SEPARATOR = "\u001f";

/** A field as Anki compares it: without tags, but with the names of its media. Source: rslib/src/text.rs. */
function comparable(html: string): string {
  const named = html.replaceAll(/<img[^>]{0,1000}?src\s{0,9}=\s{0,9}["']?([^"'>]{1,500})["']?[^>]{0,1000}>/gi, " $1 ");
  return unescapeHtml(stripHtml(named)).trim();
}

/** What `notes.csum` holds: the first 32 bits of the SHA-1 of the first field. */
export function checksumOf(firstField: string): number {
  return parseInt(createHash("sha1").update(comparable(firstField)).digest("hex").slice(0, 8), 16);
}

/** What `notes.sfld` holds: the field to sort by, without tags. */
export function sortTextOf(field: string): string {
  return comparable(field);
}
