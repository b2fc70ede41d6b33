/** `npm run proofs`: what each proof and each bench shows, a line each: the first sentence of its file. */
import { readFileSync } from "node:fs";

const MIN_WIDTH = 60;
const root = new URL("../", import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const width = Math.max(MIN_WIDTH, process.stdout.columns ?? 140);

list("Proofs: laws of the real system that take minutes", "proof:");
list("Benches: what things cost", "bench:");
console.log(
  "\nRun one with `npm run NAME`, after `npm run tools`. What it takes and gives stands at the top of its file.",
);

function list(title, prefix) {
  const names = Object.keys(scripts).filter((name) => name.startsWith(prefix));
  const longest = Math.max(...names.map((name) => name.length));
  console.log(`\n${title}`);
  for (const name of names) {
    const line = `  ${name.padEnd(longest)}  ${sentenceOf(scripts[name].match(/test\/\S+\.ts/)[0])}`;
    console.log(line.length > width ? `${line.slice(0, width - 1)}…` : line);
  }
}

/** Without "Law: ", "Gives " or the command itself, which the list says. */
function sentenceOf(file) {
  const [, comment = ""] = readFileSync(new URL(file, root), "utf8").match(/\/\*\*([^]*?)\*\//) ?? [];
  const text = comment.replace(/\s*\n\s*\*\s*/g, " ").trim().replace(/^(`[^`]+`:? |Laws?: |Gives )/, "");
  const [sentence] = text.split(/(?<=[a-z0-9)])\. /);
  return `${sentence[0].toUpperCase()}${sentence.slice(1)}`.replace(/\.$/, "");
}
