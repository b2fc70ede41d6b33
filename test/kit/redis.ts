import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";

/** False where this machine has none; what needs it is skipped then, and says so. */
export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
export const WITHOUT_REDIS = "skipped: no redis-server here (apt-get install redis-server)";

export type TestRedis = Awaited<ReturnType<typeof startTestRedis>>;

/** A Redis of its own on a loopback port, which keeps nothing. */
export async function startTestRedis(password?: string) {
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    const secret = password === undefined ? [] : ["--requirepass", password];
    child = spawn("redis-server", [...settings, ...secret], { cwd: tmpdir(), stdio: "ignore" });
    for (let tries = 0; !await isOpen(port); tries++) {
      if (tries > 500) throw new Error("redis-server does not listen.");
      await pause(10);
    }
  }

  async function kill(): Promise<void> {
    if (!child) return;
    const exited = once(child, "exit");
    process.kill(child.pid!, "SIGKILL");
    await exited;
    child = undefined;
  }

  await start();
  return {
    url: `redis://${password === undefined ? "" : `:${password}@`}127.0.0.1:${port}`,
    start,
    kill,
    /** Leaves it there, and keeps it from answering anything. */
    freeze: () => process.kill(child!.pid!, "SIGSTOP"),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = createConnection(port, "127.0.0.1");
  const isConnected = await new Promise<boolean>((resolve) => {
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
  });
  socket.destroy();
  return isConnected;
}
