import type { Item } from "../../api/aws/dynamo.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { DAY_MS, HOUR_MS } from "../../api/core/clock.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { TABLE_OF } from "../../api/metrics/progress.ts";
import { tables } from "../../api/resources.ts";
import { createMemoryDynamo, inParts, isLost, type Written } from "../kit/memory-dynamo.ts";
import { createMapping, type Mapping } from "./metrics-mapping.ts";
import { createStores } from "./metrics-stores.ts";
import { createStreamModel } from "./metrics-stream.ts";
import {
  type Attempt,
  type Counts,
  drawing,
  faultsOf,
  type Invocation,
  type Operation,
  PLANTED,
  type Process,
  type Waiting,
  type Weather,
} from "./metrics-weather.ts";
import { METHODS, type Services, STREAMED, wire, type WorldDynamo } from "./metrics-wiring.ts";
import type { Random } from "./random.ts";
import { hostOf } from "./sessions-hosts.ts";

export const START_AT = Date.UTC(2026, 5, 1, 12, 20);
const AT_ONCE = 6;
const MAX_STEPS = 30_000;

export type World = ReturnType<typeof createWorld>;

/**
 * Processes of the service and functions that count, over one store and its streams, and one scheduler: each call to the
 * store and each turn of a reader waits until the scheduler takes it. A call is done, refused, held, repeated by its
 * client, done with its reply lost, or its process dies before or after it.
 */
export function createWorld({ random, weather, counts, onWrite }: {
  random: Random;
  weather: Weather;
  counts: Counts;
  /** `isExpiry`: removed because its time had come. */
  onWrite: (written: readonly Written[], isExpiry: boolean) => void;
}) {
  const trace: string[] = [];
  const streams = Object.fromEntries(STREAMED.map((table) => [table, createStreamModel(random, weather.heat)]));
  const { below, chance, pick } = drawing(random);
  let clock = START_AT;
  let { maxFaults, maxDisturbances, lag, stale, conflicts, early } = weather;
  let waiting: Waiting[] = [];
  let running: Attempt[] = [];
  let ready: Operation[] = [];
  let invocations: Invocation[] = [];
  /** When an item was written last, by table and key. */
  const writtenAt = new Map<string, number>();
  let isExpiry = false;
  let [step, hosts, ids] = [0, 0, 0];
  let lastError: unknown;
  const { inTime, ...storeFaults } = faultsOf(() => ({ lag, stale, conflicts, early }), random, weather.cuts);
  const dynamo = createMemoryDynamo(tables, {
    onWrite: (written) => {
      counts.writes++;
      for (const { table, key, before, after } of written) {
        if (table === "buckets") counts.counted++;
        writtenAt.set(`${table} ${key}`, clock);
        if (!(table in streams)) continue;
        counts.streamed++;
        const { pk, sk } = (after ?? before)!;
        const arrivedAt = Math.floor(clock / 1_000) * 1_000;
        const split = streams[table]!.append({ keys: { pk, sk }, before, after, isExpiry, arrivedAt });
        if (split !== undefined) noteShards(split);
      }
      onWrite(written, isExpiry);
    },
    ...storeFaults,
    conflicts: () => !isExpiry && storeFaults.conflicts(),
    clock: () => clock,
  });

  const stores = createStores({ dynamo, random, counts, newId: () => `${ids++}`, streams });

  /** Streams keep what was written for a day, and are some hours late to drop it. */
  function pass(ms: number): void {
    clock += ms;
    note(`${(ms / HOUR_MS).toFixed(1)} hours pass`);
    for (const stream of Object.values(streams)) stream.trim(clock - DAY_MS - below(6 * HOUR_MS));
  }

  function note(text: string): void {
    trace.push(`${((clock - START_AT) / 1_000).toFixed(0)}s ${text}`);
  }

  const noteShards = (change: string): void => (counts.reshards++, note(change));

  function spawn(name: string, isDirect = false): Process {
    const skewMs = Math.round((random() - 0.5) * 2 * weather.skewMs);
    const now = () => clock + skewMs;
    const ask = (method: string, args: readonly unknown[]) => {
      const perform = async () => await stores.methods[method]!(...args as never[]);
      if (isDirect) return perform();
      const label = METHODS.includes(method) ? `${method} ${String(args[0])}` : method;
      return new Promise<unknown>((resolve, reject) =>
        waiting.push({ owner: own, label, heldUntil: 0, perform, resolve, reject })
      );
    };
    const own: Process = {
      name,
      skewMs,
      dead: false,
      pausedUntil: 0,
      services: wire({
        dynamo: inParts(
          Object.fromEntries(
            METHODS.map((method) => [method, (...args: unknown[]) => ask(method, args)]),
          ) as unknown as WorldDynamo,
          inTime,
        ),
        raw: { keep: (...args) => ask("keepRaw", args) as ReturnType<Parameters<typeof wire>[0]["raw"]["keep"]> },
        objects: {
          find: (...args: unknown[]) => ask("findObject", args),
          replace: (...args: unknown[]) => ask("replaceObject", args),
          remove: (...args: unknown[]) => ask("removeObject", args),
        } as unknown as Parameters<typeof wire>[0]["objects"],
        send: (queue, body) => ask("send", [queue, body]) as Promise<void>,
        sessions: hostOf(hosts++, { ask, now, id: () => `m${ids++}` }),
        clock: now,
        caughtUpAt: (source) => caughtUpAt(TABLE_OF[source as keyof typeof TABLE_OF]),
        // As a beat tells it, whose place in the stream says what came before it: clocks of processes are not the table's.
        isPast: (source, at) => caughtUpAt(TABLE_OF[source as keyof typeof TABLE_OF]) >= at - skewMs,
        post: (body) => ask("post", [body]) as Promise<{ ms: number; status: number }>,
        async *readRange(arn, shard, first, last) {
          const table = /table\/(\w+)\//.exec(arn)![1]!;
          yield await ask("readRange", [table, shard, first, last]) as StreamRecord[];
        },
      }),
    };
    return own;
  }

  const spawnAll = (name: string, length: number) => Array.from({ length }, (_, i) => spawn(`${name} ${i}`));
  const [processes, functions] = [spawnAll("process", weather.processes), spawnAll("function", weather.functions)];
  const mappings: (Mapping & { table: string })[] = STREAMED.flatMap((table) =>
    Array.from({ length: weather.mappings }, (_, i) => ({
      table,
      ...createMapping({
        name: `${table} ${i}`,
        stream: streams[table]!,
        random,
        counts,
        turn: (lease) =>
          new Promise((resolve, reject) =>
            waiting.push({ owner: lease, label: "turn", heldUntil: 0, resolve: () => resolve(), reject })
          ),
        invoke: (records) => invoke(table, records),
        giveUp: (records) => giveUp(table, records),
      }),
    }))
  );

  /** By the reader that is farthest; what is given up counts as read. What was written at this very moment is read, too. */
  const caughtUpAt = (name: string) =>
    Math.max(...mappings.flatMap((own) => own.table === name ? [(own.behindSince() ?? clock + 1) - 1] : []));

  function invoke(table: (typeof STREAMED)[number], records: readonly StreamRecord[]): Promise<boolean> {
    const process = pick(functions);
    return new Promise((resolve) => {
      const invocation: Invocation = { process, fail: () => finish(false) };
      const finish = (isDone: boolean) => {
        if (!invocations.includes(invocation)) return;
        invocations = invocations.filter((other) => other !== invocation);
        resolve(isDone);
      };
      invocations.push(invocation);
      note(
        `${process.name} takes ${records.length} of ${table}, ${records[0]!.sequence} to ${records.at(-1)!.sequence}`,
      );
      const own = weather.planted ? records.map((one) => ({ ...one, shard: PLANTED[weather.planted!](one) })) : records;
      process.services.ingest(table, own).then(() => finish(true), (error: unknown) => {
        if (!(error instanceof UnavailableError)) lastError = error;
        finish(false);
      });
    });
  }

  /** A part that failed too often goes to the late queue, as Lambda says it. */
  function giveUp(table: string, records: readonly StreamRecord[]): boolean {
    if (!weather.givesUp || maxFaults === 0) return false;
    const [first, last] = [records[0]!, records.at(-1)!];
    note(`${first.shard}, ${first.sequence} to ${last.sequence}, is given up`);
    void stores.sendFailure(table, records, weather.keepsFailures, clock);
    return true;
  }

  /** Some messages of the late queue, to one of the functions; what is not done comes again, and sometimes what is done. */
  function takeLate(): void {
    const messages = stores.takeLate();
    counts.late += messages.length;
    const process = pick(functions);
    note(`${process.name} takes ${messages.length} late messages`);
    const finish = (failed: readonly string[]) => {
      if (!invocations.includes(own)) return;
      invocations = invocations.filter((other) => other !== own);
      stores.finishLate(messages, (id) => !failed.includes(id) && !(maxFaults > 0 && chance(0.2)));
    };
    const own: Invocation = { process, fail: () => finish(messages.map(({ id }) => id)) };
    invocations.push(own);
    process.services.ingestLate(messages).then(({ failed }) => finish(failed), own.fail);
  }

  function start(operation: Operation): void {
    const attempt: Attempt = { operation, process: pick(processes) };
    running.push(attempt);
    const finish = (error?: Error) => {
      if (attempt.process.dead || !running.includes(attempt)) return;
      running = running.filter((other) => other !== attempt);
      if (error) note(`${operation.name} fails with ${error.message}`);
      if (error instanceof UnavailableError) ready.unshift(operation);
    };
    operation.run(attempt.process.services, { now: () => clock + attempt.process.skewMs, peek: dynamo.peek })
      .then(() => finish(), (error: Error) => finish(error));
  }

  function kill(process: Process): void {
    process.dead = true;
    counts.died++;
    note(`${process.name} dies`);
    const group = processes.includes(process) ? processes : functions;
    group[group.indexOf(process)] = spawn(process.name);
    ready.unshift(...running.filter((attempt) => attempt.process === process).map(({ operation }) => operation));
    running = running.filter((attempt) => attempt.process !== process);
    for (const invocation of invocations.filter((own) => own.process === process)) invocation.fail();
  }

  /** Something that happens beside the calls. */
  async function disturb(): Promise<void> {
    maxDisturbances--;
    switch (below(11)) {
      case 0:
      case 9:
      case 10:
        return noteShards(streams[pick(STREAMED)]!.reshard());
      case 1:
      case 2:
        return note(pick(mappings).handOver());
      case 3:
        return note(pick(mappings).restart());
      case 4:
        return note(pick(mappings).pause(clock + HOUR_MS));
      case 5:
        return kill(pick([...processes, ...functions]));
      case 6:
        return await expire();
      case 7: {
        const attempt = running[below(running.length)];
        if (!attempt) return;
        counts.abandoned++;
        note(`${attempt.operation.name} is asked of another process meanwhile`);
        running = running.filter((other) => other !== attempt);
        return void ready.unshift(attempt.operation);
      }
      case 8:
        if (invocations.length === 0) return;
        counts.abandoned++;
        note("an invocation takes too long and goes on");
        return pick(invocations).fail();
    }
  }

  /**
   * Removes an item whose time has come; records have none and may go at any moment. What is written with its time behind
   * it (events of long ago) stays for a day, as it mostly does: a stream's record is of use only with its journey's chunks.
   */
  async function expire(): Promise<void> {
    // What is given up of an expiry is not told before an audit, which then takes the thing for one that never was.
    if (weather.givesUp) return;
    const lastOf = ({ pk, sk }: Item) => (table: string) => writtenAt.get(`${table} ${JSON.stringify([pk, sk])}`) ?? 0;
    const isOver = (item: Item) =>
      (item.ttl as number) * 1_000 < clock && STREAMED.map(lastOf(item)).every((at) => at < clock - DAY_MS);
    const over = STREAMED.flatMap((table) => dynamo.dump(table).map((item) => ({ table, item })))
      .filter(({ table, item }) => table === "records" || isOver(item));
    if (over.length === 0) return;
    // A table first: there are many more records than journeys.
    const from = pick([...new Set(over.map(({ table }) => table))]);
    const { table, item } = pick(over.filter(({ table }) => table === from));
    counts.expired++;
    note(`${table} ${item.pk as string} ${item.sk as string} expires`);
    isExpiry = true;
    await dynamo.remove(table, item);
    isExpiry = false;
  }

  async function take(one: Waiting): Promise<void> {
    const { label, perform } = one;
    if (!perform) return one.resolve(undefined);
    const process = one.owner as Process;
    const fault = maxFaults > 0 && chance(weather.faults) ? below(6) : -1;
    if (fault >= 0) maxFaults--;
    counts.calls++;
    if (fault === 0) {
      note(`${process.name} ${label}: dies before it`);
      return kill(process);
    }
    if (fault === 1) {
      counts.refused++;
      note(`${process.name} ${label}: refused`);
      return one.reject(new UnavailableError("DynamoDB"));
    }
    if (fault === 2) {
      counts.held++;
      note(`${process.name} ${label}: takes long`);
      waiting.push({ ...one, heldUntil: step + below(400) });
      return;
    }
    const settle = () => perform().then((value) => ({ value }), (error: Error) => ({ error }));
    let outcome = await settle();
    if (fault === 3) {
      // The client of the store asks again by itself where a reply is lost.
      counts.repeated++;
      outcome = await settle();
    }
    const isConflict = "value" in outcome && isLost(outcome.value);
    if (isConflict) counts.conflicts++;
    const more = ["", "", "", ", and again", ", the reply is lost", ", and dies"][fault] ?? "";
    note(`${process.name} ${label}${isConflict ? ": condition" : ""}${more}`);
    if (fault === 4) {
      counts.lost++;
      return one.reject(new UnavailableError("DynamoDB"));
    }
    if (fault === 5) return kill(process);
    if ("error" in outcome) one.reject(outcome.error);
    else one.resolve(outcome.value);
  }

  for (const mapping of mappings) mapping.takeNew();

  return {
    ...{ dynamo, trace, streams },
    isInDoubt: () => stores.isInDoubt(),
    told: stores.told,
    now: () => clock,
    /** The services of a reader whom nothing disturbs and for whom nobody waits. */
    reader: (): Services => spawn("reader", true).services,

    /** Runs operations until each is answered, all streams are read and nothing is under way, or `isOver`. */
    async run(operations: readonly Operation[], isOver: () => boolean): Promise<void> {
      ready = [...operations];
      const until = step + MAX_STEPS;
      while (!isOver()) {
        if (++step > until) throw new Error(`not done after ${MAX_STEPS} steps; the last error: ${String(lastError)}`);
        if (chance(0.05)) clock += chance(0.1) ? 6 * 60_000 : 20_000;
        waiting = waiting.filter(({ owner }) => !owner.dead);
        const hasLate = stores.hasLate();
        if (waiting.length + ready.length === 0 && !hasLate) return;
        if (maxDisturbances > 0 && chance(weather.disturbances)) await disturb();
        const able = waiting.filter(({ owner, heldUntil }) => heldUntil <= step && owner.pausedUntil <= clock);
        const isStart = ready.length > 0 && (able.length === 0 || (running.length < AT_ONCE && chance(0.2)));
        if (hasLate && (able.length === 0 || chance(0.1))) takeLate();
        else if (isStart) start(ready.splice(Math.floor(random() ** 3 * ready.length), 1)[0]!);
        else if (able.length === 0) clock += 60_000;
        else {
          const one = pick(able);
          waiting.splice(waiting.indexOf(one), 1);
          if (!one.owner.dead) await take(one);
        }
        // Whoever was answered goes on to its next call; nobody else does.
        await new Promise((resolve) => setImmediate(resolve));
      }
    },

    /** What could not be counted is mended by a person, and sent again; gives how many it was. */
    mend(): number {
      const mended = stores.mend();
      note(`${mended} late messages are mended and sent again`);
      return mended;
    },

    /** From now on nothing fails, dies or lags; time passes. */
    calm(passedMs: number): void {
      [maxFaults, maxDisturbances, lag, stale, conflicts, early] = [0, 0, 0, 0, 0, 0];
      pass(passedMs);
    },

    /** Hours later, all that was written being read: shards were replaced and split, and some is delivered once more. */
    later(): void {
      pass(HOUR_MS + below(8 * HOUR_MS));
      for (const stream of Object.values(streams)) {
        for (let left = below(4); left > 0; left--) noteShards(stream.reshard());
      }
      for (const mapping of mappings) if (chance(0.4)) note(mapping.restart(chance(0.5)));
    },

    /** Fails and dies again, as at the beginning. */
    storm(): void {
      ({ maxFaults, maxDisturbances, lag, stale, conflicts, early } = weather);
    },
  };
}
