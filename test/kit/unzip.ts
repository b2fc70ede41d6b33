import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { openPromise } from "yauzl";

/** Writes the files of a zip into a folder, which is made. */
export async function unzip(zip: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = await openPromise(zip);
  for await (const entry of file.eachEntry()) {
    await writeFile(join(folder, entry.fileName), await buffer(await file.openReadStreamPromise(entry)));
  }
}
