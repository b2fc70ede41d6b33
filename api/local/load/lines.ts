import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { FileFormatError } from "./events.ts";

/** A longer line is no line of a table: something else was named. */
const MAX_LINE_CHARS = 65_536;

/**
 * The lines of a text file, one after the other and never all at once; unpacked where the name ends with .gz. Their ends
 * and a byte order mark are left out. Throws FileFormatError.
 */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const packed = createReadStream(file);
  const bytes = file.endsWith(".gz") ? pipeline(packed, createGunzip(), () => {}) : packed;
  let rest = "";
  let isFirst = true;
  try {
    for await (const chunk of bytes.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (rest + (isFirst ? chunk.replace(/^\uFEFF/, "") : chunk)).split("\n");
      isFirst = false;
      rest = lines.pop()!;
      for (const line of lines) yield line.replace(/\r$/, "");
      if (rest.length > MAX_LINE_CHARS) {
        throw new FileFormatError(`it has a line of more than ${MAX_LINE_CHARS} characters: it is no table`);
      }
    }
  } catch (error) {
    if (error instanceof FileFormatError) throw error;
    throw new FileFormatError(`it cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  } finally {
    packed.destroy();
  }
  if (rest !== "") yield rest.replace(/\r$/, "");
}
