import { unescapeHtml } from "../render/text.ts";

const REFERENCE =
  /\[sound:([^[\]]{1,300})\]|(?:\b(?:src|data)\s{0,9}=\s{0,9}|@import\s{1,9}(?=["']))(?:"([^"]{1,1000})"|'([^']{1,1000})'|([^\s"'>]{1,1000}))|url\(\s{0,9}(?:"([^"]{1,1000})"|'([^']{1,1000})'|&(?:quot|apos|#39);([^"')]{1,1000})&(?:quot|apos|#39);|([^"')]{1,1000}))\s{0,9}\)/gi;
/** What lies elsewhere: an address, or the content itself. */
const ELSEWHERE = /^(?:[a-z][a-z0-9+.-]{0,30}:|\/\/)/i;

/** The media files that a text names: sounds, pictures, and what styles name, in their order and as they are called. */
export function mediaNamesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, sound, ...others]) => {
    const name = unescapeHtml(sound ?? others.find((other) => other !== undefined) ?? "").trim();
    if (sound === undefined && ELSEWHERE.test(name)) return [];
    return [(sound === undefined ? decoded(name) : name).normalize("NFC")];
  });
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
