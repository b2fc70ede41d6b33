/** `npm run generate`: writes the commands of the Dockerfile, of compose.yaml and of `npm start` from permissions.ts. */
import { readFile, writeFile } from "node:fs/promises";
import { variables } from "../../config.ts";
import { commandOf, IMAGE_PATHS, type Program, programs, START_PATHS } from "./permissions.ts";

/** A text with each `"run", …, "ENTRY"` of a program as permissions.ts has it, laid out as its first two words are. */
export function withCommands(text: string): string {
  const commands = /"run"(,[\s\\]*)[^\]]*?"(api\/entry\/cli\/\w+\.ts)"/g;
  return text.replace(commands, (_, between: string, entry: string) => {
    return commandOf(programAt(entry), IMAGE_PATHS).map((word) => JSON.stringify(word)).join(between);
  });
}

function programAt(entry: string): Program {
  const names = Object.keys(programs) as Program[];
  return names.find((name) => programs[name].entry === entry)!;
}

/** What a container decides itself; the others are handed on to it. */
const OWN = ["PORT", "HOST", "DATA_DIR", "DYNOXIDE_BIN", "REDIS_URL", "SIGNING_KEY_FILE", "SIGNING_KEY_SECRET"];

/** compose.yaml with its commands, and with every variable that it hands on. */
function withVariables(text: string): string {
  const names = Object.keys(variables).filter((name) => !OWN.includes(name) && !name.startsWith("AWS_"));
  return withCommands(text).replace(
    /^(x-variables: &variables\n)(?: {2}\w+:\n)+/m,
    (_, head: string) => head + names.map((name) => `  ${name}:\n`).join(""),
  );
}

/** The script of `npm start` with its command as permissions.ts has it. */
export function withStart(text: string): string {
  const words = commandOf("local", START_PATHS).map((word) => /[$*]/.test(word) ? `"${word}"` : word);
  return text.replace(/^exec deno [^]*?start\.ts/m, () => `exec deno ${words.join(" \\\n  ")}`);
}

/** The files that hold commands, each with what makes it as it must be. */
export const COMMANDED: Readonly<Record<string, (text: string) => string>> = {
  "Dockerfile": withCommands,
  "compose.yaml": withVariables,
  "api/entry/cli/start.sh": withStart,
};

if (import.meta.main) {
  for (const [name, make] of Object.entries(COMMANDED)) {
    const file = new URL(`../../../${name}`, import.meta.url);
    const text = await readFile(file, "utf8");
    await writeFile(file, make(text));
  }
}
