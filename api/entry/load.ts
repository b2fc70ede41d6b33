/** `npm run load -- journeys FILE --tenant T` and `npm run load -- motion FILE --tenant T`. */
import process from "node:process";
import { runLoad } from "../local/load/command.ts";

const { argv, env, stdout, stderr } = process;
process.exitCode = await runLoad({ args: argv.slice(2), env, out: stdout, err: stderr });
