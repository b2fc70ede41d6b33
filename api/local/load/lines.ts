import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { FileFormatError } from "./events.ts";

const decompress = promisify(gunzip);

/** The lines of a text file, unpacked where the name ends with .gz; a byte order mark is left out. Throws FileFormatError. */
export async function readLines(file: string): Promise<string[]> {
  const bytes = await reading(() => readFile(file));
  const text = (file.endsWith(".gz") ? await reading(() => decompress(bytes)) : bytes).toString("utf8");
  return text.replace(/^\ufeff/, "").split("\n").map((line) => line.replace(/\r$/, ""));
}

/** What a call to the file system gives. Throws FileFormatError. */
export async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new FileFormatError(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}
