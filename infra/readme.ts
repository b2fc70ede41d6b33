/** `npm run generate`: writes README's table of costs from infra/costs.ts. `npm run costs` prints it (`--print`). */
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { costTable } from "./cost-table.ts";

const [BEGIN, END] = ["<!-- costs -->\n", "<!-- /costs -->"] as const;

if (process.argv.includes("--print")) {
  console.log(costTable());
} else {
  const file = new URL("../README.md", import.meta.url);
  const text = await readFile(file, "utf8");
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error("README.md has lost its <!-- costs --> marks");
  await writeFile(file, text.slice(0, from) + `${costTable()}\n` + text.slice(to));
}
