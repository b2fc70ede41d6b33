/**
 * What the sessions of a sensor are, as a function of the set of what was said about it, written down a second time: it
 * takes everything at once, keeps nothing between two calls, and shares no code with the service.
 */

export type Said =
  /** A motion event, by its number or by its instant. */
  | { kind: "motion"; at: number; seq?: number; boot?: string }
  | {
    kind: "batch";
    id: string;
    offset: number;
    readings: number[];
    startedAt?: number;
    durationMs?: number;
    final?: boolean;
  }
  | { kind: "create"; id: string; startedAt: number }
  /** Of a named session, or of whichever holds the motion event of that instant. */
  | { kind: "end"; of: { id: string } | { motionAt: number }; at: number }
  /** Motion that an update told of a session, by the service's clock. */
  | { kind: "told"; of: { id: string } | { motionAt: number }; at: number };

/** A session as it must be once the sweeper has come. */
export type Fact = {
  id: string | undefined;
  startedAt: number;
  lastMotionAt: number;
  endedAt: number;
  by: "EXPLICIT" | "FINAL" | "IDLE";
  duration: number;
  motions: number;
  samples: number;
};

type Batch = Said & { kind: "batch" };
type Draft = {
  id: string | undefined;
  start: number;
  /** What is known of its extent without motion. */
  own: number;
  created: boolean;
  final: number | undefined;
  measured: number | undefined;
  samples: number;
  ends: number[];
  reported: number[];
  heard: number[];
};

export function sessionsOf(said: readonly Said[], idleMs: number): Fact[] {
  const named = namedOf(said);
  const motions = heardOf(said);
  const line: Draft[] = [];
  let next = 0;
  for (const at of [...motions, Infinity]) {
    for (; next < named.length && named[next]!.start <= at; next++) line.push(named[next]!);
    if (at === Infinity) break;
    let holder = line.at(-1);
    if (!holder || at > reach(holder, idleMs)) {
      holder = { ...nobody(), start: at, own: at };
      line.push(holder);
    }
    if (!holder.heard.includes(at)) {
      for (const one of said) {
        if (one.kind === "end" && "motionAt" in one.of && one.of.motionAt === at) holder.ends.push(one.at);
        if (one.kind === "told" && "motionAt" in one.of && one.of.motionAt === at) holder.reported.push(one.at);
      }
    }
    holder.heard.push(at);
  }
  return line.map((draft, i) => factOf(draft, line[i + 1], idleMs));
}

function nobody(): Draft {
  return {
    ...{ id: undefined, start: NaN, own: NaN, created: false, final: undefined, measured: undefined, samples: 0 },
    ...{ ends: [], reported: [], heard: [] },
  };
}

/** Distinct motion events in the order of their instants. */
function heardOf(said: readonly Said[]): number[] {
  const found = new Map<string, number>();
  for (const one of said) {
    if (one.kind !== "motion") continue;
    const identity = one.seq === undefined ? `at ${one.at}` : `${one.boot ?? ""} ${one.seq}`;
    if (!found.has(identity)) found.set(identity, one.at);
  }
  return [...found.values()].sort((a, b) => a - b);
}

function namedOf(said: readonly Said[]): Draft[] {
  const ids = new Set(said.flatMap((one) => (one.kind === "batch" || one.kind === "create" ? [one.id] : [])));
  return [...ids].map((id): Draft => {
    const batches = [...new Map(
      said.filter((one): one is Batch => one.kind === "batch" && one.id === id).map((one) => [one.offset, one]),
    ).values()];
    const creations = said.flatMap((one) => (one.kind === "create" && one.id === id ? [one.startedAt] : []));
    const readings = batches.flatMap((batch) => batch.readings);
    const start = Math.min(...creations, ...readings, ...batches.map((batch) => batch.startedAt ?? Infinity));
    const reported = said.flatMap((one) => (one.kind === "told" && "id" in one.of && one.of.id === id ? [one.at] : []));
    const own = Math.max(start, ...readings, ...reported);
    const measured = batches.filter((batch) => batch.durationMs !== undefined).sort((a, b) => b.offset - a.offset)[0]
      ?.durationMs;
    return {
      ...{ id, start, own, created: creations.length > 0, measured, samples: readings.length, reported, heard: [] },
      final: batches.some((batch) => batch.final) ? Math.max(start + (measured ?? 0), own) : undefined,
      ends: said.flatMap((one) => (one.kind === "end" && "id" in one.of && one.of.id === id ? [one.at] : [])),
    };
  }).sort((a, b) => a.start - b.start);
}

function endSaid(draft: Draft): number | undefined {
  return draft.ends.length > 0 ? Math.min(...draft.ends) : draft.final;
}

function lastOf(draft: Draft): number {
  return Math.max(draft.own, ...draft.heard, ...draft.reported);
}

function reach(draft: Draft, idleMs: number): number {
  return endSaid(draft) ?? lastOf(draft) + idleMs;
}

function factOf(draft: Draft, follower: Draft | undefined, idleMs: number): Fact {
  const lastMotionAt = lastOf(draft);
  const said = endSaid(draft);
  const isCut = said === undefined && follower?.created === true && draft.samples === 0 &&
    follower.start <= lastMotionAt + idleMs;
  const endedAt = said ?? (isCut ? Math.max(follower.start, lastMotionAt) : lastMotionAt);
  const by = draft.ends.length > 0 || isCut ? "EXPLICIT" : draft.final !== undefined ? "FINAL" : "IDLE";
  return {
    ...{ id: draft.id, startedAt: draft.start, lastMotionAt, endedAt, by, samples: draft.samples },
    duration: by !== "EXPLICIT" && draft.measured !== undefined ? draft.measured : Math.max(0, endedAt - draft.start),
    motions: draft.heard.length + draft.reported.length,
  };
}
