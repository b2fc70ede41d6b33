import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { commandOf, type Paths, type Program } from "../../api/entry/cli/permissions.ts";

/** A program under way, with what it started. Linux only: it reads /proc. */
export type Running = {
  pid: number;
  /** The first match in what the program writes. Throws where it ends, or stays silent, before that. */
  says: (pattern: RegExp, timeoutMs?: number) => Promise<RegExpExecArray>;
  /** All that it wrote so far, to both of its outputs. */
  output: () => string;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
};

const KEPT_CHARS = 100_000;
/** What hangs is told with its own words, before the test's time is over; a machine that is busy fails none. */
export const PATIENCE_MS = 300_000;
const ROOT = new URL("../..", import.meta.url).pathname;

/** Starts a script of this repository under the Deno that runs us. `args` begin with its path. */
export function runScript(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, ["run", "--quiet", "--allow-all", "--unstable-no-legacy-abort", ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return watch(child);
}

/**
 * Starts a program of the service under exactly its permissions, with hardly an environment but `env`. `audit` is a file
 * that Deno writes each permission into that the program asks for, granted or not.
 */
export function runProgram(
  program: Program,
  { paths, env, audit, args = [] }: {
    paths: Paths;
    env: Record<string, string>;
    audit?: string;
    args?: readonly string[];
  },
): Running {
  const child = spawn(join(ROOT, "node_modules/.bin/deno"), [...commandOf(program, paths), ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH!,
      DYNOXIDE_BIN: process.env.DYNOXIDE_BIN ?? "",
      ...env,
      ...(audit ? { DENO_AUDIT_PERMISSIONS: audit } : {}),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return watch(child);
}

/** What a child process says and how it ends. */
export function watch(child: ChildProcess): Running {
  let output = "";
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-KEPT_CHARS);
      listeners.forEach((listener) => listener());
    });
  }
  return {
    pid: child.pid!,
    ended,
    output: () => output,
    async says(pattern, timeoutMs = PATIENCE_MS) {
      const found = Promise.withResolvers<RegExpExecArray>();
      const look = () => {
        const match = pattern.exec(output);
        if (match) found.resolve(match);
      };
      listeners.add(look);
      look();
      const late = new AbortController();
      try {
        return await Promise.race([
          found.promise,
          ended.then((how) => Promise.reject(new Error(`It ended (${how}) without ${pattern}: ${output.slice(-500)}`))),
          pause(timeoutMs, undefined, { signal: late.signal }).then(() =>
            Promise.reject(new Error(`It did not say ${pattern} in ${timeoutMs} ms: ${output.slice(-500)}`))
          ),
        ]);
      } finally {
        late.abort();
        listeners.delete(look);
      }
    },
  };
}

/**
 * Kills a process and everything below it with SIGKILL, and resolves when all of it is gone. They are halted first, so
 * that none of them sees another one end.
 */
export async function killTree(pid: number): Promise<void> {
  const pids = treeOf(pid);
  for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
    for (const each of pids) send(each, signal);
  }
  const giveUpAt = Date.now() + PATIENCE_MS;
  while (pids.some(isAlive)) {
    if (Date.now() > giveUpAt) throw new Error(`still there after SIGKILL: ${pids.filter(isAlive).join(" ")}`);
    await pause(5);
  }
}

/** The process and all below it, parents first. */
export function treeOf(pid: number): number[] {
  const children = Map.groupBy(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number), parentOf);
  const found = [pid];
  for (const each of found) found.push(...children.get(each) ?? []);
  return found;
}

/** The fields of /proc/PID/stat after the name, which may hold spaces; undefined where the process is gone. */
export function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

function parentOf(pid: number): number | undefined {
  return Number(statOf(pid)?.[1]);
}

/** False for a zombie too, which holds nothing any more. */
function isAlive(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
