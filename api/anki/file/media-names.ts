import { CollectionUnreadableError } from "./errors.ts";

const MAX_NAME_BYTES = 255;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[1-9]|lpt[1-9])(?=\.|$)/i;
// What Anki takes out of names: signs that some file system does not allow.
const DISALLOWED = /[[\]<>:"/?*^\\|\u0000-\u001f\u007f]/g;

/** A plain file name: no folder, no way up, nothing but a name. Anki refuses a package with any other. */
function isPlain(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\\\u0000]/.test(name) && !/^[A-Za-z]:/.test(name) &&
    name.isWellFormed();
}

/**
 * Gives the name under which a media file is kept: normalised (NFC), without the signs that Anki takes out, and with `_`
 * after the names that Windows keeps for itself. Names with folders are refused, as Anki does.
 */
export function safeMediaName(name: string): string {
  const refused = (why: string) =>
    new CollectionUnreadableError(`The package names a media file ${why}: ${JSON.stringify(name.slice(0, 80))}.`);
  if (!isPlain(name)) throw refused("that is no plain file name");
  const safe = name.normalize("NFC").replace(DISALLOWED, "").replace(WINDOWS_DEVICE, "$1_");
  if (safe === "" || safe === "." || safe === "..") throw refused("that holds nothing but signs");
  if (new TextEncoder().encode(safe).length > MAX_NAME_BYTES) throw refused(`of over ${MAX_NAME_BYTES} bytes`);
  return safe;
}

/** The name of a file whose own name is taken by other content, as Anki makes it: `cat-SHA1.jpg`. */
export function nameWithHash(name: string, sha1: string): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}-${sha1}${name.slice(dot)}` : `${name}-${sha1}`;
}
