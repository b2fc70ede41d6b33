/** `npm run load -- journeys FILE --tenant T`, and the same with `motion` and `metrics`. */
import process from "node:process";
import { runLoad } from "../../local/load/command.ts";

const { argv, env, stdout, stderr } = process;
process.exitCode = await runLoad({ args: argv.slice(2), env, out: stdout, err: stderr });
