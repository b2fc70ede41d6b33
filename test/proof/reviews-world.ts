import { AsyncLocalStorage } from "node:async_hooks";
import { UnavailableError } from "../../api/core/errors.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo, isLost, type Written } from "../kit/memory-dynamo.ts";
import type { Random } from "./random.ts";
import { createHost, type Review } from "./reviews-hosts.ts";
import { createStoredBodies } from "./reviews-store.ts";

/** How a run is disturbed: the chance of a fault at a call, how many there are, and what else goes wrong. */
export type Weather = { faults: number; maxFaults: number; skewMs: number; processes: number; lag: number };

export type Counts = Record<
  | "runs"
  | "requests"
  | "calls"
  | "writes"
  | "conflicts"
  | "refused"
  | "lost"
  | "retried"
  | "paused"
  | "abandoned"
  | "kills"
  | "answers"
  | "undos"
  | "takeovers"
  | "imports"
  | "exports"
  | "saves"
  | "shown"
  | "ahead"
  | "edits"
  | "replaced"
  | "restored"
  | "deleted"
  | "tables"
  | "media"
  | "orphans",
  number
>;

/** One sending of a request to one process. */
export type Attempt = {
  name: string;
  process: Process;
  /** Entries that it added to the journal. */
  appended: number;
  /** What its process's clock said when it was asked last. */
  lastNow: number;
  calls: number;
  /** Makes a zip between its calls. */
  isZipping: boolean;
  giveUp: (error: Error) => void;
};
type Process = { id: number; review: Review; skewMs: number; dead: boolean; attempts: Set<Attempt> };
type Call = {
  attempt: Attempt;
  method: string;
  perform: () => unknown;
  /** Not taken before this instant of the world. */
  heldUntil: number;
  wasPaused: boolean;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
};

export const START_AT = Date.UTC(2024, 3, 10, 12);
const MAX_STEPS = 20_000;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const OBJECTS = new Set(["create", "find", "get", "findBytes", "linkToGet", "linkToPut", "remove", "page"]);
/** Faults that a run can be asked for at a place, and how the place is named then. */
const SIDES = { "die": "before", "die after": "after", "repeat": "twice" };
type Placed = keyof typeof SIDES;
const isWrite = (method: string) => ["putIf", "create", "remove"].includes(method);

export type World = ReturnType<typeof createWorld>;

/**
 * Several processes over one table and one bucket, and one scheduler: each call waits until the scheduler takes it. Then it
 * is done, or refused, or done with its reply lost, or done twice, as a client does that repeats by itself, at once or
 * when others wrote meanwhile; or it waits for minutes while all others go on; or the process dies before or after it; or
 * whoever asked gives up waiting.
 */
export function createWorld({ random, weather, counts, onPlace, failAt, onWrite, onRemove }: {
  random: Random;
  weather: Weather;
  counts: Counts;
  /** Told of each place where a request waits, and of those where it went wrong: request, method, its n-th call, `SIDES`. */
  onPlace: (place: string, isFault: boolean) => void;
  /** A place where it goes wrong when a request first comes there, whatever else does. */
  failAt: string | undefined;
  onWrite: (written: Written, attempt: Attempt) => void;
  /** Told of each object that is about to be removed. */
  onRemove: (key: string) => void;
}) {
  const disturbance = { ...weather };
  const trace: string[] = [];
  const bodies = createStoredBodies({ onRemove });
  const scope = new AsyncLocalStorage<Attempt>();
  const below = (n: number) => Math.floor(random() * n);
  let clock = START_AT;
  let pending: Call[] = [];
  let thinking: { resolve: () => void }[] = [];
  let writer: Attempt | undefined;
  let spawned = 0;
  let threads = 0;
  /** Threads answer in the order in which they were asked. */
  let lastThread: Promise<unknown> = Promise.resolve();
  let isCalm = false;
  let wanted = failAt;

  const dynamo = createMemoryDynamo({ reviews: tables.reviews }, {
    onWrite: (written) => {
      counts.writes++;
      const { before, after } = written[0]!;
      // Slices are hints: what they say is held against the file when it is shown.
      if (writer && !String((after ?? before)?.sk).endsWith("#SLICE")) onWrite(written[0]!, writer);
    },
    lag: () => disturbance.lag > 0 && random() < disturbance.lag ? 1 + below(4) : 0,
  });
  type Methods = Record<string, (...args: unknown[]) => unknown>;
  const table = dynamo as unknown as Methods;
  const methods = { ...dynamo, ...bodies.methods } as unknown as Methods;

  function spawn(id: number): Process {
    const skewMs = Math.round((random() - 0.5) * 2 * disturbance.skewMs);
    const process: Process = { id, dead: false, skewMs, attempts: new Set(), review: undefined! };
    const ask = (method: string, args: readonly unknown[]) =>
      new Promise((resolve, reject) => {
        const attempt = scope.getStore()!;
        // What a dead process still does reaches nobody.
        if (process.dead || attempt.process !== process) return reject(new UnavailableError("a dead process"));
        // Both stores get and remove: a table's items by the table and a key.
        const isItem = (method === "get" || method === "remove") && typeof args[1] === "object";
        const perform = () => (isItem ? table : methods)[method]!(...args);
        pending.push({ attempt, method, perform, heldUntil: 0, wasPaused: false, resolve, reject });
      });
    const now = () => {
      const attempt = scope.getStore();
      if (attempt) attempt.lastNow = clock + skewMs;
      return clock + skewMs;
    };
    async function inThread<T>(task: string, run: () => Promise<T>): Promise<T> {
      const before = lastThread;
      threads++;
      const done = run();
      lastThread = Promise.allSettled([before, done]).then(() => new Promise((resolve) => setImmediate(resolve)));
      try {
        await before;
        return await done;
      } finally {
        threads--;
        // What comes of this is zipped in the process itself.
        if (task === "exported") scope.getStore()!.isZipping = true;
      }
    }
    const n = spawned++;
    let ids = 0;
    process.review = createHost(n, { ask, now, id: () => `m${n}-${ids++}`, inThread });
    return process;
  }
  const processes = Array.from({ length: weather.processes }, (_, id) => spawn(id));

  function note(attempt: Attempt, text: string): void {
    trace.push(`${((clock - START_AT) / SECOND).toFixed(1)}s p${attempt.process.id} ${attempt.name}: ${text}`);
  }

  function kill(process: Process, call: Call): void {
    process.dead = true;
    counts.kills++;
    const died = new UnavailableError("a process that died");
    const own = [call, ...pending.filter(({ attempt }) => attempt.process === process)];
    pending = pending.filter((call) => call.attempt.process !== process);
    for (const { reject } of own) reject(died);
    for (const attempt of process.attempts) attempt.giveUp(died);
    process.review.close();
    processes[process.id] = spawn(process.id);
  }

  /** Sends a request to a process. Throws UnavailableError where no answer came, whatever was done. */
  function send<T>(
    name: string,
    run: (review: Review, attempt: Attempt) => Promise<T>,
    on = below(processes.length),
  ): Promise<{ value: T; attempt: Attempt }> {
    const process = processes[on]!;
    counts.requests++;
    return new Promise((resolve, reject) => {
      const attempt: Attempt = {
        name,
        process,
        appended: 0,
        lastNow: 0,
        calls: 0,
        isZipping: false,
        giveUp: reject,
      };
      process.attempts.add(attempt);
      note(attempt, "asks");
      void scope.run(attempt, () =>
        run(process.review, attempt).then((value) => {
          if (!process.dead) note(attempt, "is answered");
          process.attempts.delete(attempt);
          resolve({ value, attempt });
        }, (error: Error) => {
          if (!process.dead) note(attempt, `fails with ${error.name}: ${error.message}`);
          process.attempts.delete(attempt);
          reject(error);
        }));
    });
  }

  /** The fault that is wanted at this place, the first time that anybody comes there. */
  function faultAt(place: string, method: string): Placed | undefined {
    const faults = (Object.keys(SIDES) as Placed[]).filter((fault) => fault !== "repeat" || isWrite(method));
    for (const fault of faults) onPlace(`${place} ${SIDES[fault]}`, false);
    const fault = faults.find((fault) => wanted === `${place} ${SIDES[fault]}`);
    if (fault) wanted = undefined;
    return fault;
  }

  async function take(call: Call): Promise<void> {
    const { attempt, method } = call;
    const { process } = attempt;
    const store = OBJECTS.has(method) ? "S3" : "DynamoDB";
    const isFault = disturbance.maxFaults > 0 && random() < disturbance.faults;
    const chosen = isFault
      ? (["die", "die after", "refuse", "lose", "repeat", "repeat", "pause", "leave"] as const)[below(8)]!
      : "";
    if (isFault) disturbance.maxFaults--;
    if (chosen === "pause" && !call.wasPaused) {
      counts.paused++;
      note(attempt, `${method} waits`);
      call.wasPaused = true;
      call.heldUntil = clock + [2 * SECOND, MINUTE, 6 * MINUTE, 70 * MINUTE][below(4)]!;
      pending.push(call);
      return;
    }
    counts.calls++;
    attempt.calls++;
    const place = `${attempt.name.split(" ")[1]} ${method} ${attempt.calls}`;
    const fault = isCalm ? "" : faultAt(place, method) ?? chosen;
    if (fault in SIDES) onPlace(`${place} ${SIDES[fault as Placed]}`, true);
    if (fault === "die") {
      note(attempt, `dies before ${method}`);
      return kill(process, call);
    }
    if (fault === "refuse") {
      note(attempt, `${method} refused`);
      counts.refused++;
      return call.reject(new UnavailableError(store));
    }
    writer = attempt;
    let outcome = await performed(call);
    if (fault === "repeat" && isWrite(method)) {
      counts.retried++;
      if (!outcome.error && random() < 0.5) {
        writer = undefined;
        note(attempt, `${method}, and goes out again`);
        pending.push({ ...call, heldUntil: clock + below(20 * SECOND), wasPaused: true });
        return;
      }
      outcome = await performed(call);
    }
    writer = undefined;
    if (isLost(outcome.value)) counts.conflicts++;
    note(attempt, `${method}${outcome.error ? ` (${outcome.error.message})` : ""} ${fault}`.trim());
    if (fault === "die after") return kill(process, call);
    if (fault === "lose") {
      counts.lost++;
      return call.reject(new UnavailableError(store));
    }
    if (fault === "leave") {
      counts.abandoned++;
      attempt.giveUp(new UnavailableError("an answer in time"));
    }
    if (outcome.error) call.reject(outcome.error);
    else call.resolve(outcome.value);
  }

  /** Whether a process is at something that is no call: nobody goes on meanwhile, so that a run can be repeated. */
  function isWorking(): boolean {
    const isAsking = (attempt: Attempt) => pending.some((call) => call.attempt === attempt);
    return threads > 0 ||
      processes.some(({ attempts }) => [...attempts].some((attempt) => attempt.isZipping && !isAsking(attempt)));
  }

  async function performed({ perform }: Call): Promise<{ value?: unknown; error?: Error }> {
    try {
      return { value: await perform() };
    } catch (error) {
      return { error: error as Error };
    }
  }

  return {
    dynamo,
    bodies,
    trace,
    send,
    processes: () => processes.length,
    now: () => clock,
    /** Waits until the scheduler lets a client go on. */
    think: () => new Promise<void>((resolve) => void thinking.push({ resolve })),

    /** Lets clients and processes go on, one step of one of them at a time, until all clients are done. */
    async run(clients: readonly Promise<unknown>[], isOver: () => boolean): Promise<void> {
      let left = clients.length;
      let failure: unknown;
      for (const client of clients) client.then(() => left--, (error: unknown) => (failure ??= error, left--));
      for (let step = 0, idle = 0; (left > 0 || pending.length > 0) && !isOver(); step++) {
        if (step > MAX_STEPS || idle > 5_000) throw new Error(`not done after ${step} steps`);
        // Whoever was answered goes on to its next call; nobody else does.
        await new Promise((resolve) => idle > 50 ? setTimeout(resolve, 1) : setImmediate(resolve));
        while (isWorking()) await new Promise((resolve) => setTimeout(resolve, 1));
        const ready = pending.filter(({ heldUntil }) => heldUntil <= clock);
        const choices = ready.length + thinking.length;
        if (choices === 0 && pending.length > 0) clock = Math.min(...pending.map(({ heldUntil }) => heldUntil));
        if (choices === 0) {
          idle++;
          continue;
        }
        idle = 0;
        clock += below(800);
        const chosen = below(choices);
        if (chosen < thinking.length) {
          clock += random() < 0.06 ? 7 * MINUTE : below(12 * SECOND);
          thinking.splice(chosen, 1)[0]!.resolve();
          continue;
        }
        const call = ready[chosen - thinking.length]!;
        pending.splice(pending.indexOf(call), 1);
        await take(call);
      }
      if (failure) throw failure;
    },

    /** From now on this goes wrong. */
    disturb(more: Partial<Weather>): void {
      isCalm = false;
      Object.assign(disturbance, more);
    },

    /** From now on nothing fails and no index lags; time passes. */
    calm(passedMs: number): void {
      isCalm = true;
      disturbance.maxFaults = 0;
      disturbance.lag = 0;
      clock += passedMs;
    },

    /** Ends all processes, so that nothing of this run goes on. */
    async stop(): Promise<void> {
      for (const process of [...processes]) {
        process.dead = true;
        const own = pending.filter((call) => call.attempt.process === process);
        for (const call of own) call.reject(new UnavailableError("a process that was stopped"));
      }
      pending = [];
      thinking = [];
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
      for (const process of processes) process.review.close();
    },
  };
}
