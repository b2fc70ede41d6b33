import type { Item } from "../../api/aws/dynamo.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import type { Random } from "./random.ts";
import { ask } from "./sessions-asking.ts";
import { withPauses } from "./sessions-inputs-pauses.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** How many sessions are created at least, by which ids; how often people act, and how much; what is erased; where batches lie. */
const USUAL = {
  ...{ created: 0, known: 0.4, acting: 0.5, acts: 4 },
  ...{ erased: 0.1, erasedFrom: 0.3, empty: 0.15, ago: 12, over: 60 },
};
/** What is rare in life, often: erasures, ids that are used again, batches that hold no reading, by clocks that are right. */
export const HARD: typeof USUAL = {
  ...{ created: 1, known: 0.7, acting: 1, acts: 8 },
  ...{ erased: 0.7, erasedFrom: 0, empty: 0.65, ago: 0, over: 25 },
};

/** The world as an operation may look at it: the clock of the process that it asks, and the store at this moment. */
export type View = {
  now: () => number;
  peek: (table: string, key: Item) => Item | undefined;
  /** The sessions that are deleted now, and whether a merge or split of a session can be there to take back. */
  deleted?: () => string[];
  isChanged?: (sessionId: string) => boolean;
};

export type Motion = { kind: "motion"; sensorId: string; seq: number; at: number };
export type Cleared = { kind: "cleared"; sensorId: string; at: number };
export type Reading = { at: number; values: number[] };
export type Batch = {
  kind: "batch";
  sessionId: string;
  sensorId: string;
  batchOffset: number;
  readings: Reading[];
  startedAt?: number;
  durationMs?: number;
  final?: boolean;
  pauses?: Paused[];
};
export type Paused = { from?: number; to?: number };
export type Pause = Paused & { kind: "pause"; target: Target };
export type Creation = {
  kind: "create";
  sessionId: string;
  sensorId: string;
  startedAt?: number;
  playbackDeviceId?: string;
};
export type Update = { kind: "update"; target: Target; updateId: string; incrementMotionCount: boolean };
export type End = { kind: "end"; target: Target; endedAt?: number; playbackStopped: boolean };
export type Edit = { kind: "edit"; target: Target; label: string; pinned?: boolean; isStale: boolean };
export type Sweep = { kind: "sweep" };
/** What a person does to one of the sessions that are there when the operation is first asked. */
export type Act = {
  kind: "merge" | "split" | "correct" | "undo" | "delete" | "restore";
  sensorId: string;
  place: number;
  part: number;
  id: string;
  /** Of sessions with which it can be done, where there are some. */
  isApt?: true;
  /** Of a correction: its start is taken back, or its pauses are said, by parts of the session; none: they are taken back. */
  more?: "start" | readonly (readonly [number, number])[];
};
export type Erasure = { kind: "erase"; sensorId: string };
export type Input = Motion | Cleared | Batch | Creation | Update | End | Edit | Pause | Act | Erasure | Sweep;

/** A session by its id, or the one that is the sensor's latest when the operation is first asked. */
export type Target = { sessionId: string } | { latestOf: string };

/** What a person sent: it names the version that was seen. */
export type SentEdit = {
  sessionId: string;
  expectedVersion: number;
  labels: string[];
  notes: string;
  pinned: boolean | undefined;
};

export type Operation = {
  name: string;
  input: Input;
  /** The session that the target turned out to be; undefined: there was none. */
  sessionId?: string | undefined;
  sent: SentEdit[];
  /** What a person's act turned out to be; each try sends the same. */
  acted?: (sessions: Sessions) => Promise<unknown>;
  run: (sessions: Sessions, view: View) => Promise<unknown>;
};

/**
 * Some 10 to 40 operations over 1 to 3 sensors, in the order in which they are about to be sent. Where people take back, they also
 * delete, restore and erase. Random numbers of their own say what is said of pauses, if anything: so seeds stay what they were.
 */
export function operationsOf(
  random: Random,
  tenantId: string,
  startAt: number,
  idleMs: number,
  { takesBack = false, pausing, mix = USUAL }: {
    takesBack?: boolean;
    pausing?: Random | undefined;
    mix?: typeof USUAL | undefined;
  } = {},
): Operation[] {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const copies = () => chance(0.3) ? 2 + below(2) : 1;
  let placed: { input: Input; place: number }[] = [];
  const send = (input: Input, place = random()) => placed.push({ input, place });

  const sensors = many(1 + below(3), (i) => `s${i}`);
  const named: string[] = ["none"];
  for (const sensorId of sensors) {
    if (chance(0.75)) sendMotion(sensorId);
    if (chance(0.6)) many(1 + below(2), (i) => sendBatches(sensorId, `b${i}-${sensorId}`));
  }
  many(mix.created + below(3), (i) => {
    const sessionId = chance(mix.known) ? pick(named) : `c${i}`;
    named.push(sessionId);
    const sensorId = chance(0.1) ? pick(sensors) : /s\d$/.exec(sessionId)?.[0] ?? pick(sensors);
    const creation = { kind: "create" as const, sessionId, sensorId };
    const startedAt = startAt - below(20) * MINUTE;
    const whole: Creation = chance(0.5) ? { ...creation, startedAt } : creation;
    many(copies(), () => send(whole));
    if (chance(0.15)) send({ ...whole, playbackDeviceId: "other" });
  });
  const target = (): Target => chance(0.5) ? { sessionId: pick(named) } : { latestOf: pick(sensors) };
  many(below(5), (i) => {
    const update: Update = {
      kind: "update",
      target: target(),
      updateId: `u${below(i + 1)}`,
      incrementMotionCount: chance(0.7),
    };
    many(copies(), () => send(update));
  });
  many(below(4), () => {
    const end = { kind: "end" as const, target: target(), playbackStopped: chance(0.5) };
    const whole: End = chance(0.5) ? { ...end, endedAt: startAt - (below(12) - 6) * MINUTE } : end;
    many(copies(), () => send(whole));
  });
  many(below(7), (i) => {
    const edit: Edit = { kind: "edit", target: target(), label: `e${i}`, isStale: chance(0.1) };
    send(chance(0.5) ? { ...edit, pinned: chance(0.6) } : edit);
  });
  many(chance(mix.acting) ? below(mix.acts) : 0, (i) => {
    const kind = pick(["merge", "merge", "split", "split", "correct"] as const);
    const act: Act = { kind, sensorId: pick(sensors), place: random(), part: random(), id: `p${i}` };
    many(copies(), () => send(act));
  });
  if (takesBack) sendTakenBack();
  many(below(4), () => send({ kind: "sweep" }));
  if (pausing) placed = withPauses(placed, pausing, { sensors, named, startAt });
  return placed.sort((a, b) => a.place - b.place).map(({ input }, i) => operation(tenantId, input, i));

  function sendTakenBack(): void {
    // When there is something to merge or split, and it is taken back soon.
    many(chance(0.6) ? 1 + below(3) : 0, (i) => {
      const kind = pick(["merge", "merge", "split"] as const);
      const act: Act = { kind, sensorId: pick(sensors), place: random(), part: random(), id: `q${i}`, isApt: true };
      const place = 0.4 + random() * 0.8;
      many(copies(), () => send(act, place));
      if (chance(0.8)) many(copies(), () => send({ ...act, kind: "undo" }, place + 0.05 + random() * 0.2));
    });
    many(chance(0.3) ? 1 + below(2) : 0, () => {
      const act: Act = { kind: "delete", sensorId: pick(sensors), place: random(), part: 0, id: "" };
      const place = random();
      many(copies(), () => send(act, place));
      if (chance(0.6)) many(copies(), () => send({ ...act, kind: "restore" }, place + random() * 0.4));
    });
    if (chance(mix.erased)) {
      const erasure: Erasure = { kind: "erase", sensorId: pick(sensors) };
      many(copies(), () => send(erasure, mix.erasedFrom + random()));
    }
  }

  function sendMotion(sensorId: string): void {
    const count = 2 + below(7);
    const clears = chance(0.3);
    let at = startAt - below(40) * MINUTE;
    for (let seq = below(2); seq <= count && at < startAt + 8 * MINUTE; seq++) {
      many(
        copies(),
        (copy) => send({ kind: "motion", sensorId, seq, at }, (seq + random() * (copy + 1) * 2) / (count + 2)),
      );
      if (clears && chance(0.5)) {
        const ceased = at + pick([0, SECOND, MINUTE, idleMs + MINUTE, 4 * idleMs]);
        if (ceased < startAt + 8 * MINUTE) many(copies(), () => send({ kind: "cleared", sensorId, at: ceased }));
      }
      at += pick([0, SECOND, 30 * SECOND, 2 * MINUTE, 4 * MINUTE, idleMs, idleMs + 1, idleMs + 3 * MINUTE]);
    }
  }

  function sendBatches(sensorId: string, sessionId: string): void {
    const count = chance(0.02) ? 26 + below(6) : 1 + below(5);
    const first = startAt - (mix.ago + below(mix.over)) * MINUTE;
    const saysStart = chance(0.3);
    const saysDuration = chance(0.3);
    const isFinal = chance(0.6);
    named.push(sessionId);
    for (let batchOffset = 0; batchOffset < count; batchOffset++) {
      const at = first + batchOffset * 20 * SECOND;
      const readings = many(
        chance(mix.empty) ? 0 : 1 + below(3),
        (i) => ({ at: at + i * 5 * SECOND, values: [batchOffset, i] }),
      );
      const batch: Batch = {
        ...{ kind: "batch", sessionId, sensorId, batchOffset, readings },
        ...(saysStart && batchOffset === 0 ? { startedAt: first - below(10) * SECOND } : {}),
        ...(chance(0.05) ? { startedAt: at + MINUTE } : {}),
        ...(saysDuration && chance(0.7) ? { durationMs: (batchOffset + 1) * 20 * SECOND + below(SECOND) } : {}),
        ...(isFinal && batchOffset === count - 1 ? { final: true } : {}),
      };
      many(copies(), () => send(batch, chance(0.5) ? random() : (batchOffset + random() * 2) / (count + 1)));
      if (chance(0.02)) send({ ...batch, readings: [{ at: at + SECOND, values: [-1, -1] }] });
      if (chance(0.01)) send({ ...batch, sensorId: "stranger" });
    }
  }
}

function operation(tenantId: string, input: Input, i: number): Operation {
  const { kind } = input;
  const about = "seq" in input
    ? `${input.sensorId} ${input.seq}`
    : "batchOffset" in input
    ? `${input.sessionId} ${input.batchOffset}`
    : "";
  const own: Operation = {
    name: `#${i} ${kind} ${about}`.trim(),
    input,
    sent: [],
    run: (sessions, view) => ask(tenantId, own, sessions, view),
  };
  return own;
}
