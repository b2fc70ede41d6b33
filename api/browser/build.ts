/** `npm run generate`: builds the browser script into `built.ts`, which the service serves as `/sojourn.js`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { build } from "esbuild";

const FILE = join(import.meta.dirname, "built.ts");

/** The text of `built.ts`. */
export async function makeScript(): Promise<string> {
  const { outputFiles: [script] } = await build({
    entryPoints: [join(import.meta.dirname, "sojourn.ts")],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    legalComments: "none",
  });
  return "// Made by `npm run generate` from sojourn.ts; not to be edited.\n" +
    `export const SCRIPT = ${JSON.stringify(script!.text)};\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(FILE, await makeScript());
