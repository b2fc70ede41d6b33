import { closeSync, openSync } from "node:fs";
import type { Socket } from "node:net";

/** File descriptors that stay free for stores, files and the process itself. */
const RESERVED = 512;

/**
 * How many connections may be open at once: `wanted`, or what the system's limit of open files leaves. That limit is
 * found by opening `file` so often, for nothing else tells it on every system without more rights.
 */
export function findCeiling(wanted: number, file: string): number {
  const open: number[] = [];
  try {
    while (open.length < wanted + RESERVED) open.push(openSync(file, "r"));
    return wanted;
  } catch {
    return Math.max(1, Math.min(wanted, open.length - Math.min(RESERVED, Math.floor(open.length / 2))));
  } finally {
    open.forEach((one) => closeSync(one));
  }
}

/**
 * Keeps count of connections. Where one more would be too many, the one that has been idle longest goes: idle is whatever
 * waits for a client, be it a head, a body, a next request or a login.
 */
export function createConnections(ceiling: number) {
  const all = new Set<Socket>();
  /** The longest idle first. */
  const idle = new Set<Socket>();
  let shed = 0;
  return {
    /** A new connection; false where there is no room for it. */
    add(socket: Socket): boolean {
      if (all.size >= ceiling) {
        const [oldest] = idle;
        shed += 1;
        if (!oldest) return false;
        forget(oldest);
        oldest.destroy();
      }
      all.add(socket);
      idle.add(socket);
      socket.once("close", () => forget(socket));
      return true;
    },
    busy: (socket: Socket): void => void idle.delete(socket),
    idle(socket: Socket): void {
      if (all.has(socket)) idle.add(socket);
    },
    closeIdle(): void {
      for (const socket of idle) socket.destroy();
    },
    /** How many are open, and how many had to go for others. */
    counts: () => ({ open: all.size, shed }),
  };

  function forget(socket: Socket): void {
    all.delete(socket);
    idle.delete(socket);
  }
}

export type Connections = ReturnType<typeof createConnections>;
