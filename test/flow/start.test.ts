import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { makeTempDir } from "../kit/local.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const started: { mark: string; child: ChildProcess; remove: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const { mark, remove } of started.splice(0)) {
    for (const pid of processesOf(mark)) end(pid);
    await remove();
  }
});

/** Runs `npm start`, and gives what it printed once it is ready or has ended. */
async function start(env: Record<string, string> = {}, args: string[] = ["--", "--empty"]) {
  const folder = await makeTempDir();
  const mark = folder.path;
  const child = spawn("npm", ["start", ...args], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, PORT: "0", DATA_DIR: mark, SOJOURN_TEST: mark, ...env },
  });
  started.push({ mark, child, remove: folder.remove });
  let text = "";
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes("Sojourn is ready")) ready.resolve();
    });
  }
  const ended = once(child, "close");
  await Promise.race([ended, ready.promise]);
  return { child, mark, ended, text: () => text, exit: async () => (await ended)[0] as number | null };
}

/**
 * The processes that were started with this mark in their environment, or by such a one: it passes on only the variables
 * that it may see.
 */
function processesOf(mark: string): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      return variables.some((variable) => variable === `SOJOURN_TEST=${mark}` || variable === `DATA_DIR=${mark}`);
    } catch {
      return false;
    }
  });
}

/** Ends a process; one that ended meanwhile, with its parent, is as good. */
function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** However busy the machine is: a test whose time is over ends what is left, and with it whoever waits here. */
async function untilNoneIsLeft(mark: string): Promise<void> {
  while (processesOf(mark).length > 0) await pause(50);
}

const lastLine = (text: string) => text.trim().split("\n").at(-1);

describe.runIf(process.platform === "linux")("npm start", () => {
  test.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)("leaves nothing running after %s", async (signal) => {
    const { child, mark, ended, text } = await start();
    expect(text()).toContain("Sojourn is ready");
    expect(processesOf(mark).length).toBeGreaterThan(2);
    // Ctrl-C reaches the whole group of the terminal; the others reach npm alone.
    process.kill(signal === "SIGINT" ? -child.pid! : child.pid!, signal);
    await ended;
    await untilNoneIsLeft(mark);
  });

  test("ends with one clear line when an embedded server dies", async () => {
    const { mark, exit, text } = await start();
    const dynoxide = processesOf(mark).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("dynoxide\0serve")
    );
    process.kill(dynoxide!, "SIGKILL");
    expect(await exit()).not.toBe(0);
    expect(lastLine(text())).toBe("The embedded DynamoDB ended (SIGKILL): start Sojourn again.");
    await untilNoneIsLeft(mark);
  });

  test("says which port is taken, and what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const { exit, text } = await start({ PORT: String(port) });
    other.close();
    expect(await exit()).not.toBe(0);
    expect(lastLine(text())).toContain(
      `Port ${port} of 127.0.0.1 is taken. Stop what listens there, or choose another: PORT=`,
    );
  });

  test.each<[string, Record<string, string>, string[], string]>([
    ["a folder that cannot be written", { DATA_DIR: "/proc/nope" }, [], "DATA_DIR /proc/nope cannot be written"],
    [
      "every wrong variable at once",
      { PORT: "x", MAX_QUERY_DEPTH: "no" },
      [],
      "PORT=x: must be a whole number from 0 to 65535\n  MAX_QUERY_DEPTH=no:",
    ],
    ["a flag that it does not know", {}, ["--", "--wrong"], "Unknown option '--wrong'\nusage: npm start [-- --empty]"],
  ])("names %s", async (_name, env, args, message) => {
    const { exit, text } = await start(env, args);
    expect(await exit()).not.toBe(0);
    expect(text()).toContain(message);
  });

  test("a second one on the same folder says so", async () => {
    const { mark } = await start();
    const second = await start({ DATA_DIR: mark });
    expect(await second.exit()).not.toBe(0);
    expect(second.text()).toContain(mark);
  });
});
