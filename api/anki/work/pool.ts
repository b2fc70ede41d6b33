import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { AppError } from "../../core/errors.ts";
import { packed, type Reply, toError, unpacked } from "./protocol.ts";
import type { Tasks } from "./tasks.ts";

/** What was asked took too long or too much, and was ended. Nothing was changed. */
export class WorkLimitError extends AppError {
  readonly limit: "time" | "memory";

  constructor(limit: "time" | "memory") {
    super("WORK_LIMIT", `It took more ${limit} than is given to one request.`);
    this.limit = limit;
  }
}

/** The tasks of a worker, as who holds it asks for them. `media(3)` becomes `ask.media(3)`. */
export type Ask = {
  [Name in keyof Tasks]: (...args: Parameters<Tasks[Name]>) => Promise<Awaited<ReturnType<Tasks[Name]>>>;
};

export type Workers = ReturnType<typeof createWorkers>;

type Member = {
  worker: Worker;
  folder: string;
  ready: Promise<unknown>;
  ended: Promise<unknown>;
  asked: Map<number, Asked>;
  isReady: boolean;
  isGone: boolean;
  /** Why it is gone. */
  reason?: Error;
};
type Asked = { resolve: (value: unknown) => void; reject: (error: Error) => void; timer: NodeJS.Timeout };

/**
 * What one request may take: 100,000 cards need 700. JavaScript's memory only: SQLite's and that of bytes are held by the limits
 * of files. On Deno (2.9.5) a worker that reaches it stops without a word, and its time limit ends it.
 */
const HEAP_MB = 1_024;

/** A bundle holds the worker as a file of its own beside its parts. */
const ENTRY = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./anki-worker.mjs", import.meta.url);

/**
 * Threads for what strangers made. Whoever asks has one alone, a tenant `perOwner` at a time, so that nobody's file holds up
 * another's; where a limit is passed the thread is ended, and the next one starts afresh. None is started before it is
 * needed. `folder` is where they keep their files.
 */
export function createWorkers(
  { size, perOwner = 1, folder }: { size: number; perOwner?: number; folder: () => string },
) {
  const idle: Member[] = [];
  const all = new Set<Member>();
  const busy = new Map<string, number>();
  const isBusy = (owner: string) => (busy.get(owner) ?? 0) >= perOwner;
  const waiting: { owner: string; resume: () => void }[] = [];
  let running = 0;

  function start(): Member {
    const own = mkdtempSync(join(folder(), "worker-"));
    const worker = new Worker(ENTRY, {
      workerData: { folder: own },
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    // Until its modules are loaded no time is counted.
    const ready = new Promise<void>((resolve) =>
      worker.once("message", () => {
        member.isReady = true;
        resolve();
      })
    );
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    const member: Member = { worker, folder: own, ready, ended, asked: new Map(), isReady: false, isGone: false };
    worker.unref();
    worker.on("message", ({ id, value, error }: Reply) => {
      const asked = member.asked.get(id);
      if (!asked) return;
      member.asked.delete(id);
      clearTimeout(asked.timer);
      if (error) asked.reject(toError(error));
      else asked.resolve(unpacked(value));
    });
    worker.on("error", (error) => {
      // One that does not even start is a fault of ours, and no stranger's.
      end(
        member,
        member.isReady ? new WorkLimitError("memory") : new Error("A worker did not start.", { cause: error }),
      );
    });
    worker.on("exit", () => end(member, new WorkLimitError("memory")));
    all.add(member);
    return member;
  }

  function end(member: Member, reason: Error): void {
    if (member.isGone) return;
    member.isGone = true;
    member.reason = reason;
    all.delete(member);
    if (idle.includes(member)) idle.splice(idle.indexOf(member), 1);
    for (const { reject, timer } of member.asked.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    void member.worker.terminate();
    rmSync(member.folder, { recursive: true, force: true });
  }

  async function ask(member: Member, limitMs: number, name: string, args: readonly unknown[]): Promise<unknown> {
    await Promise.race([member.ready, member.ended]);
    return await new Promise((resolve, reject) => {
      if (member.isGone) return reject(member.reason!);
      const id = Math.max(0, ...member.asked.keys()) + 1;
      const timer = setTimeout(() => end(member, new WorkLimitError("time")), limitMs);
      member.asked.set(id, { resolve, reject, timer });
      const { value, memory } = packed(args);
      member.worker.postMessage({ id, name, args: value }, memory);
    });
  }

  /** Waits until there is room for the owner. */
  async function enter(owner: string): Promise<void> {
    while (running >= size || isBusy(owner)) {
      await new Promise<void>((resume) => waiting.push({ owner, resume }));
    }
    running++;
    busy.set(owner, (busy.get(owner) ?? 0) + 1);
  }

  function leave(owner: string): void {
    running--;
    const left = busy.get(owner)! - 1;
    if (left > 0) busy.set(owner, left);
    else busy.delete(owner);
    const next = waiting.findIndex((each) => !isBusy(each.owner));
    if (next >= 0) waiting.splice(next, 1)[0]!.resume();
  }

  return {
    /**
     * Calls `use` with a worker that nobody else has meanwhile. Each question may take `limitMs`; then it throws
     * WorkLimitError. Bytes that are asked with are handed over: the caller has them no more.
     */
    async run<T>(owner: string, limitMs: number, use: (ask: Ask) => Promise<T>): Promise<T> {
      await enter(owner);
      const member = idle.pop() ?? start();
      const asking = new Proxy({}, {
        get: (_, name: string) => (...args: unknown[]) => ask(member, limitMs, name, args),
      }) as Ask;
      try {
        return await use(asking);
      } finally {
        if (!member.isGone && member.asked.size === 0) {
          ask(member, limitMs, "close", []).catch(() => {});
          idle.push(member);
        } else end(member, new WorkLimitError("time"));
        leave(owner);
      }
    },

    /** Ends all threads. */
    close(): void {
      for (const member of all) end(member, new WorkLimitError("time"));
      idle.length = 0;
    },
  };
}
