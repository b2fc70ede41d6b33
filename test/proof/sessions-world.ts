import type { Item } from "../../api/aws/dynamo.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { tables } from "../../api/resources.ts";
import type { BatchInput } from "../../api/sessions/model.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import { createMemoryDynamo, isLost, type Written } from "../kit/memory-dynamo.ts";
import { hostOf } from "./sessions-hosts.ts";
import type { Operation, View } from "./sessions-inputs.ts";
import type { Random } from "./random.ts";

/** How a run is disturbed: each is the chance of it at a call, or how much of it there is. */
export type Weather = { faults: number; maxFaults: number; lag: number; skewMs: number; processes: number };

export type Counts = Record<
  "runs" | "calls" | "writes" | "conflicts" | "lost" | "refused" | "died" | "abandoned",
  number
>;

/** A fault of the service's: what it asks its store instead of what it should; undefined: nothing at all. */
export type Planted = (
  operation: Operation,
  method: string,
  args: readonly unknown[],
) => readonly unknown[] | undefined;

type Attempt = { operation: Operation; process: Process; isDone: boolean };
type Process = { id: number; sessions: Sessions; skewMs: number; dead: boolean };
type Call = {
  attempt: Attempt;
  method: string;
  args: readonly unknown[];
  /** The caller's clock when it asked. */
  now: number;
  perform: () => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
};

/** Whose write is being done, and what that writer's clock said when it asked for it. */
export type Writer = { operation: Operation; now: number };

export const START_AT = Date.UTC(2026, 5, 1, 12);
const AT_ONCE = 6;
const MAX_STEPS = 20_000;

export type World = ReturnType<typeof createWorld>;

/**
 * Several processes over one store, and one scheduler: each call to the store waits until the scheduler takes it. Then it is
 * done, or refused, or done with its reply lost; or the process dies before or after it; or the client gives up
 * waiting and asks another process while the first one goes on. A client asks until it is answered.
 */
export function createWorld({ random, weather, counts, onWrite, onAnswer, onCall, planted }: {
  random: Random;
  weather: Weather;
  counts: Counts;
  onWrite: (written: readonly Written[], writer: Writer) => void;
  /** Told of each call before it is done. */
  onCall: (operation: Operation, method: string, args: readonly unknown[]) => void;
  /** Told what an operation ended with; gives whether its client is content. */
  onAnswer: (operation: Operation, outcome: { answer: unknown } | { error: unknown }) => boolean;
  planted?: Planted | undefined;
}) {
  const disturbance = { ...weather };
  const trace: string[] = [];
  const objects = new Map<string, { digest: string; batch: BatchInput }>();
  let clock = START_AT;
  let pending: Call[] = [];
  let running: Attempt[] = [];
  let ready: Operation[] = [];
  let current: Attempt | undefined;
  let writer: Writer | undefined;
  let ids = 0;

  const dynamo = createMemoryDynamo({ sessions: tables.sessions, sensors: tables.sensors }, {
    onWrite: (written) => {
      counts.writes++;
      if (writer) onWrite(written, writer);
    },
    lag: () => disturbance.lag > 0 && random() < disturbance.lag ? 1 + Math.floor(random() * 4) : 0,
  });

  const methods: Record<string, (...args: never[]) => unknown> = {
    ...dynamo,
    keep: (_tenantId: string, batch: BatchInput, digest: string) => keep(batch, digest),
    read: (of: Pick<BatchInput, "sessionId" | "sensorId">, batchOffset: number) => {
      const known = objects.get(keyOf({ ...of, batchOffset }));
      // Erased since its session was read.
      if (!known) throw new UnavailableError("S3");
      return known.batch.readings;
    },
    drop: (of: Pick<BatchInput, "sessionId" | "sensorId">, batchOffset: number, digest: string) => {
      const key = keyOf({ ...of, batchOffset });
      if (objects.get(key)?.digest === digest) objects.delete(key);
    },
    removeAll: ({ sessionId, sensorId }: Pick<BatchInput, "sessionId" | "sensorId">) => {
      const own = [...objects.keys()].filter((key) => key.startsWith(`${sessionId} ${sensorId} `));
      for (const key of own) objects.delete(key);
      return own.length;
    },
  };
  let spawned = 0;
  const spawn = (id: number): Process => {
    const skewMs = Math.round((random() - 0.5) * 2 * weather.skewMs);
    const now = () => clock + skewMs;
    const ask = (method: string, args: readonly unknown[]) =>
      new Promise((resolve, reject) => {
        const attempt = current!;
        const perform = async () => {
          const asked = planted ? planted(attempt.operation, method, args) : args;
          return asked && await methods[method]!(...asked as never[]);
        };
        pending.push({ attempt, method, args, now: now(), perform, resolve, reject });
      });
    return { id, dead: false, skewMs, sessions: hostOf(spawned++, { ask, now, id: () => `m${ids++}` }) };
  };
  const processes = Array.from({ length: weather.processes }, (_, id) => spawn(id));

  function keep(batch: BatchInput, digest: string): "created" | "same" | "other" {
    const known = objects.get(keyOf(batch));
    if (known) return known.digest === digest ? "same" : "other";
    objects.set(keyOf(batch), { digest, batch });
    return "created";
  }

  function note(operation: Operation, process: Process, text: string): void {
    trace.push(`${((clock - START_AT) / 1_000).toFixed(0)}s p${process.id} ${operation.name}: ${text}`);
  }

  function start(operation: Operation): Attempt {
    const attempt: Attempt = { operation, process: processes[Math.floor(random() * processes.length)]!, isDone: false };
    running.push(attempt);
    note(operation, attempt.process, "asks");
    current = attempt;
    const finish = (outcome: { answer: unknown } | { error: unknown }) => {
      attempt.isDone = true;
      if (attempt.process.dead) return;
      const wasWaitedFor = running.includes(attempt);
      running = running.filter((other) => other !== attempt);
      note(operation, attempt.process, "error" in outcome ? `fails with ${String(outcome.error)}` : "is answered");
      const content = onAnswer(operation, outcome);
      if (!content && wasWaitedFor) ready.unshift(operation);
    };
    const items = () => dynamo.dump("sessions");
    const view: View = {
      now: () => clock + attempt.process.skewMs,
      peek: dynamo.peek,
      deleted: () => items().filter(({ deletedAt }) => deletedAt !== undefined).map(idIn),
      isChanged: (id) => items().some((item) => idIn(item) === id && (item.sk as string).endsWith("#CORRECTION")),
    };
    operation.run(attempt.process.sessions, view)
      .then((answer) => finish({ answer }), (error: unknown) => finish({ error }));
    return attempt;
  }

  function kill(process: Process): void {
    process.dead = true;
    counts.died++;
    pending = pending.filter((call) => call.attempt.process !== process);
    ready.unshift(...running.filter((attempt) => attempt.process === process).map((attempt) => attempt.operation));
    running = running.filter((attempt) => attempt.process !== process);
    processes[processes.indexOf(process)] = spawn(process.id);
  }

  /** Whoever was answered goes on to its next call; nobody else does. One that lost often pauses before that (`retryLost`). */
  async function goOn(attempt: Attempt): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve)); while (
      !attempt.isDone && !attempt.process.dead && !pending.some((call) => call.attempt === attempt)
    );
  }

  async function take(call: Call): Promise<void> {
    const { attempt: { operation, process }, method } = call;
    const isFault = disturbance.maxFaults > 0 && random() < disturbance.faults;
    const fault = isFault ? Math.floor(random() * 6) : -1;
    if (isFault) disturbance.maxFaults--;
    counts.calls++;
    current = call.attempt;
    if (fault === 0) {
      note(operation, process, `${method} and the process dies before it`);
      return kill(process);
    }
    if (fault === 1 || (fault === 2 && method !== "transact")) {
      note(operation, process, `${method} refused`);
      counts.refused++;
      return call.reject(new UnavailableError("DynamoDB"));
    }
    if (fault === 2) {
      note(operation, process, `${method} gives way to another`);
      counts.conflicts++;
      return call.resolve(false);
    }
    onCall(operation, method, call.args);
    writer = { operation, now: call.now };
    const outcome = await call.perform().then((value) => ({ value }), (error: Error) => ({ error }));
    writer = undefined;
    const failed = "error" in outcome;
    if (!failed && isLost(outcome.value)) counts.conflicts++;
    note(
      operation,
      process,
      `${method}${failed ? ` (${outcome.error.message})` : ""}${
        ["", "", "", " and the process dies", " but the reply is lost", ""][fault] ?? ""
      }`,
    );
    if (fault === 3) return kill(process);
    if (fault === 4) {
      counts.lost++;
      return call.reject(new UnavailableError("DynamoDB"));
    }
    if (fault === 5 && running.includes(call.attempt)) {
      note(operation, process, "is not waited for any longer");
      counts.abandoned++;
      running = running.filter((attempt) => attempt !== call.attempt);
      ready.unshift(operation);
    }
    if (failed) call.reject(outcome.error);
    else call.resolve(outcome.value);
  }

  return {
    dynamo,
    objects,
    trace,
    now: () => clock,

    /** Runs operations until each is answered and nothing is under way, or `isOver`. */
    async run(operations: readonly Operation[], isOver: () => boolean): Promise<void> {
      ready = [...operations];
      for (let step = 0; ready.length + pending.length > 0 && !isOver(); step++) {
        if (step > MAX_STEPS) throw new Error(`not done after ${MAX_STEPS} steps`);
        if (random() < 0.1) clock += random() < 0.15 ? 6 * 60_000 : 30_000;
        const isStart = ready.length > 0 && (pending.length === 0 || (running.length < AT_ONCE && random() < 0.35));
        if (isStart) {
          await goOn(start(ready.splice(Math.floor(random() ** 3 * ready.length), 1)[0]!));
          continue;
        }
        const call = pending.splice(Math.floor(random() * pending.length), 1)[0]!;
        await take(call);
        await goOn(call.attempt);
      }
    },

    /** From now on nothing fails and no index lags; time passes. */
    calm(passedMs: number): void {
      disturbance.maxFaults = 0;
      disturbance.lag = 0;
      clock += passedMs;
    },
  };
}

function idIn({ sk }: Item): string {
  return (sk as string).split("#")[0]!;
}

function keyOf({ sessionId, sensorId, batchOffset }: { sessionId: string; sensorId: string; batchOffset: number }) {
  return `${sessionId} ${sensorId} ${batchOffset}`;
}
