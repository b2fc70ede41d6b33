/** `npm run generate`: writes the commands of the Dockerfile, of compose.yaml and of `npm start` from permissions.ts. */
import { readFile, writeFile } from "node:fs/promises";
import { commandOf, IMAGE_PLACES, type Program, START_PLACES } from "./permissions.ts";

/** A text with each `"run", …, "api/entry/PROGRAM.ts"` as permissions.ts has it, laid out as its first two words are. */
export function withCommands(text: string): string {
  const commands = /"run"(,[\s\\]*)[^\]]*?"api\/entry\/(\w+)\.ts"/g;
  return text.replace(commands, (_, between: string, program: Program) => {
    return commandOf(program, IMAGE_PLACES).map((word) => JSON.stringify(word)).join(between);
  });
}

/** The script of `npm start` with its command as permissions.ts has it. */
export function withStart(text: string): string {
  const words = commandOf("local", START_PLACES).map((word) => /[$*]/.test(word) ? `"${word}"` : word);
  return text.replace(/^exec deno [^]*?local\.ts/m, () => `exec deno ${words.join(" \\\n  ")}`);
}

/** The files that hold commands, each with what makes it as it must be. */
export const COMMANDED: Readonly<Record<string, (text: string) => string>> = {
  "Dockerfile": withCommands,
  "compose.yaml": withCommands,
  "api/entry/cli/start.sh": withStart,
};

if (import.meta.main) {
  for (const [name, make] of Object.entries(COMMANDED)) {
    const file = new URL(`../../../${name}`, import.meta.url);
    const text = await readFile(file, "utf8");
    await writeFile(file, make(text));
  }
}
