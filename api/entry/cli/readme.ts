/** `npm run generate`: writes the README's table of variables from api/config.ts. */
import { readFile, writeFile } from "node:fs/promises";
import { variablesTable } from "../../config.ts";

const file = new URL("../../../README.md", import.meta.url);
const text = await readFile(file, "utf8");
const [begin, end] = ["<!-- variables -->\n", "<!-- /variables -->"] as const;
const from = text.indexOf(begin) + begin.length;
const to = text.indexOf(end);
if (from < begin.length || to < from) throw new Error("README.md has lost its <!-- variables --> marks");
await writeFile(file, text.slice(0, from) + `${variablesTable()}\n` + text.slice(to));
