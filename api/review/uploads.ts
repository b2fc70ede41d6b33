import type { Objects } from "../aws/objects.ts";
import { type Clock, MINUTE_MS } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Ids } from "../core/ids.ts";
import { TooLargeError } from "../anki/file/errors.ts";
import { sizeInWords } from "../anki/file/limits.ts";
import type { Person } from "./model.ts";

/** Links to files are good for so long. */
export const LINK_MS = 15 * MINUTE_MS;
const UPLOAD_PATTERN = /^[0-9a-zA-Z-]{1,64}$/;

export type Uploads = ReturnType<typeof createUploads>;

/** Files that are too large to be sent inline: they are PUT to a link, and named by its key then. */
export function createUploads({ objects, clock, ids }: { objects: Objects; clock: Clock; ids: Ids }) {
  const keyOf = ({ tenantId, userId }: Person, id: string) =>
    `uploads/${tenantId}/${Buffer.from(userId).toString("base64url")}/${id}`;

  return {
    /** Where to PUT a file, and what it is called then. */
    async create(person: Person): Promise<{ uploadKey: string; url: string; expiresAt: number }> {
      const id = ids();
      const url = await objects.linkToPut(keyOf(person, id), LINK_MS / 1_000);
      return { uploadKey: id, url, expiresAt: clock() + LINK_MS };
    },

    /** What was uploaded. Throws InvalidInputError, TooLargeError. */
    async read(person: Person, upload: string, maxBytes: number, advice: string): Promise<Uint8Array> {
      if (!UPLOAD_PATTERN.test(upload)) {
        throw new InvalidInputError([{
          path: ["uploadKey"],
          message: "must be the key that collectionUploadUrl gave",
        }]);
      }
      const key = keyOf(person, upload);
      const bytes = await objects.findBytes(key);
      if (bytes === undefined) {
        const message = "names nothing that was uploaded; PUT the file to the link of collectionUploadUrl first";
        throw new InvalidInputError([{ path: ["uploadKey"], message }]);
      }
      if (bytes <= maxBytes) return (await objects.get(key)).body;
      const found = `\`uploadKey\` names a file of ${sizeInWords(bytes)}`;
      throw new TooLargeError(`${found}; at most ${sizeInWords(maxBytes)} are taken. ${advice}`, maxBytes);
    },

    /** What was taken needs to lie there no longer. */
    remove: (person: Person, upload: string): Promise<void> => objects.remove(keyOf(person, upload)).catch(() => {}),
  };
}
