import { createHash } from "node:crypto";
import type { PauseSaid, Stretch } from "./pauses-oracle.ts";
import { type Act, actsOf, holderOf, pausersOf } from "./sessions-spec-acts.ts";
import { devicesOf, measuredFrom } from "./sessions-spec-devices.ts";
import { type Draft, type End, factOf, reach } from "./sessions-spec-draft.ts";

/**
 * What the sessions of a sensor are, as a function of the set of what was said about it, written down a second time: it
 * takes everything at once, keeps nothing between two calls, and shares no code with the service. Only what people say of
 * sessions has an order among itself: each saw what the one before had made.
 */

/** A named session, or whichever holds the motion event of that instant. */
export type Of = { id: string } | { motionAt: number };

export type Said =
  /** A motion event, by its number or by its instant, and until when it lasted. */
  | { kind: "motion"; at: number; seq?: number; boot?: string; endedAt?: number }
  /** The sensor says that motion ceased. */
  | { kind: "cleared"; at: number; seq?: number; boot?: string }
  | {
    kind: "batch";
    id: string;
    offset: number;
    readings: number[];
    startedAt?: number;
    durationMs?: number;
    /** Until when its device can have measured that. */
    measuredBy?: number;
    final?: boolean;
  }
  | { kind: "create"; id: string; startedAt: number }
  | { kind: "end"; of: Of; at: number }
  /** Motion that an update told of a session, by the service's clock. */
  | { kind: "told"; of: Of; at: number }
  /** That a session was paused, went on, or both. */
  | PauseSaid & { kind: "pause"; of: Of }
  /** A person's: `startedAt` makes it a session of its own, which reaches `until` at least; undefined takes it back. */
  | {
    kind: "correct";
    id: string;
    startedAt: number | undefined;
    until: number;
    endedAt: number | undefined;
    pauses?: readonly Stretch[] | undefined;
    /** It was deleted by that: it has motion up to its last one then, and takes in none after that. */
    keptUntil?: number | undefined;
    /** At which other sensor it was. */
    shownAt?: string | undefined;
  }
  /** Readings of a batch that were kept aside, and are of its session now, however far they lie from the others. */
  | { kind: "admitted"; id: string; offset: number; readings: number[] }
  /**
   * A person's: all of these are `into`, and it goes on until the extent of `last`. With `startedAt` its start is stated. The
   * splits that made one of another of them (`healed`, by what they made) are none any more.
   */
  | {
    kind: "merge";
    members: string[];
    into: string;
    last: string;
    of: Of;
    until: number;
    startedAt: number | undefined;
    healed: string[];
  }
  /** A person's: what lies from the instant on is the session `id`. Of the `anchors` something was said of it before. */
  | { kind: "split"; id: string; from: string; of: Of; at: number; anchors: number[] };

/** A session as it must be once the sweeper has come. */
export type Fact = {
  id: string | undefined;
  shownAt?: string | undefined;
  startedAt: number;
  lastMotionAt: number;
  endedAt: number;
  by: "CORRECTED" | "EXPLICIT" | "FINAL" | "IDLE";
  duration: number;
  motions: number;
  samples: number;
  /** How long it was paused. */
  paused: number;
};

export type Whole = { fact: Fact; pauses: Stretch[] };

/** Motion lasts no longer. */
const LONGEST_MS = 30 * 24 * 60 * 60_000;

/** What a person says of a session. */
type Corrected = {
  start?: number | undefined;
  until: number;
  end?: number | undefined;
  pauses?: readonly Stretch[] | undefined;
  keptUntil?: number | undefined;
  shownAt?: string | undefined;
};

/** What is said of a motion event, and so of whichever session holds it. */
type Anchored = {
  ends: Map<number, End[]>;
  bridges: Map<number, number[]>;
  reported: Map<number, number[]>;
  pauses: Map<number, PauseSaid[]>;
  lasting: Map<number, number[]>;
};

export function sessionsOf(said: readonly Said[], idleMs: number): Fact[] {
  return pausedSessionsOf(said, idleMs).map(({ fact }) => fact);
}

/** The same with the stretches in which each was paused. */
export function pausedSessionsOf(said: readonly Said[], idleMs: number): Whole[] {
  const line = lineOf(said, idleMs);
  return line.map((draft, i) => factOf(draft, line[i + 1], idleMs));
}

/** Where the motion ends that a session has, of an id that somebody gave, or which motion opened then. */
export function motionEndOf(said: readonly Said[], idleMs: number, id: string, startedAt: number): number {
  const line = lineOf(said, idleMs);
  const named = line.findIndex((draft) => draft.id === id);
  const at = named >= 0 ? named : line.findIndex((draft) => draft.id === undefined && draft.start === startedAt);
  const heard = line[at]?.heard ?? [];
  return heard.length > 0 ? Math.max(...heard) + 1 : startedAt;
}

function lineOf(said: readonly Said[], idleMs: number): Draft[] {
  const { walls, anchored } = wallsOf(said);
  const line: Draft[] = [];
  const spans = spansOf(said);
  let next = 0;
  for (const at of [...heardOf(said), Infinity]) {
    for (; next < walls.length && walls[next]!.start <= at; next++) {
      const wall = walls[next]!;
      const span = spans.find(({ from, to }) => from < wall.start && wall.start <= to);
      const before = line.at(-1);
      if (span && before) before.until = Math.min(before.until, wall.start);
      line.push(span ? { ...wall, until: span.to } : wall);
    }
    if (at === Infinity) break;
    let holder = line.at(-1);
    const isSame = holder?.heard.includes(at);
    if (!holder || (!isSame && (at > reach(holder, idleMs) || at >= (holder.keptUntil ?? Infinity)))) {
      holder = { ...nobody(), start: at, own: at };
      line.push(holder);
    }
    if (!holder.heard.includes(at)) {
      holder.ends.push(...anchored.ends.get(at) ?? []);
      holder.bridges.push(...(anchored.bridges.get(at) ?? []).map((until) => ({ until, from: at })));
      holder.reported.push(...anchored.reported.get(at) ?? []);
      holder.pauses.heard.push(...anchored.pauses.get(at) ?? []);
      holder.lasting.heard.push(...anchored.lasting.get(at) ?? []);
    }
    holder.heard.push(at);
    holder.until = spans.find(({ from }) => from === at)?.to ?? -Infinity;
  }
  return line;
}

function nobody(): Draft {
  return {
    ...{ id: undefined, start: NaN, own: NaN, created: false, final: undefined, measured: undefined, samples: 0 },
    ...{ corrected: undefined, ends: [], bridges: [], reported: [], heard: [] },
    ...{ until: -Infinity, pauses: { own: [], heard: [], corrected: undefined }, lasting: { own: [], heard: [] } },
  };
}

/** From each motion to when it ceased: the first time after it, unless other motion comes before that, or it is too late. */
function spansOf(said: readonly Said[]): { from: number; to: number }[] {
  const motions = heardOf(said);
  const cleared = said.flatMap((one) => (one.kind === "cleared" ? [one.at] : []));
  return [...new Set(motions)].flatMap((from) => {
    const to = Math.min(...cleared.filter((at) => at > from));
    const isOpen = motions.some((at) => at > from && at <= to) || to - from > LONGEST_MS;
    return isOpen ? [] : [{ from, to }];
  });
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

/** Sessions whose starts are stated, in the order of these; and what is said of motion events. */
function wallsOf(said: readonly Said[]) {
  const acts = actsOf(said);
  const whole = (id: string) => holderOf(acts, id, -Infinity);
  const devices = devicesOf(said);
  const anchored: Anchored = {
    ...{ ends: new Map(), bridges: new Map(), reported: new Map() },
    ...{ pauses: new Map(), lasting: new Map() },
  };
  const own = {
    ends: new Map<string, End[]>(),
    bridges: new Map<string, number[]>(),
    reported: new Map<string, number[]>(),
    pauses: new Map<string, PauseSaid[]>(),
    lasting: new Map<string, number[]>(),
  };
  const add = <K, V>(map: Map<K, V[]>, key: K, value: V) => void map.set(key, [...map.get(key) ?? [], value]);
  for (const [i, one] of said.entries()) {
    if (one.kind === "pause") pausesSaid(one, i);
    if (one.kind === "motion" && one.endedAt !== undefined && one.endedAt > one.at) {
      add(anchored.lasting, one.at, one.endedAt);
      for (const id of laterHalves(one.at, i)) add(own.lasting, id, one.endedAt);
    }
    if (one.kind !== "end" && one.kind !== "told") continue;
    const { of, at } = one;
    if ("motionAt" in of) {
      // A split of what motion opened takes with it what was said of the later part; what is said of motion there after it is
      // said of whatever holds that motion then.
      const act = acts.find((other) =>
        other.kind === "split" && other.anchors.includes(of.motionAt) && other.at <= at &&
        i < said.indexOf(other)
      );
      if (act?.kind === "split") addOwn(act.id, at);
      else if (one.kind === "end") add(anchored.ends, of.motionAt, { at });
      else add(anchored.reported, of.motionAt, at);
    } else addOwn(of.id, at);
    function addOwn(id: string, at: number) {
      const holder = holderOf(acts, id, at);
      if (one.kind === "end") add(own.ends, holder, { at });
      else add(own.reported, holder, at);
    }
  }
  /** Said of a motion event it goes wherever that goes; a split gives what was said before to its later half as well. */
  function pausesSaid({ of, from, to, until }: Said & { kind: "pause" }, i: number): void {
    const pause = { from, to, until };
    if ("motionAt" in of) add(anchored.pauses, of.motionAt, pause);
    const isLater = (act: Act) => said.indexOf(act) > i;
    const ids = "id" in of ? pausersOf(acts, of.id, isLater) : laterHalves(of.motionAt, i);
    for (const id of ids) add(own.pauses, id, pause);
  }
  function laterHalves(motionAt: number, i: number): Set<string> {
    const ids = acts.flatMap((act) => (
      act.kind === "split" && act.anchors.includes(motionAt) && i < said.indexOf(act) ? [act.id] : []
    ));
    return new Set(ids.flatMap((one) => [...pausersOf(acts, one, (act) => said.indexOf(act) > i)]));
  }
  const corrected = new Map<string, Corrected>();
  const starts = new Map<string, number>();
  /** Whose start a person had corrected before it became a part of another: their device's word of it is beaten for good. */
  const beaten = new Set<string>();
  for (const [i, act] of acts.entries()) {
    const later = acts.slice(i + 1);
    if (act.kind === "correct") {
      const { startedAt: start, until, endedAt: end, pauses, keptUntil, shownAt } = act;
      corrected.set(act.id, { start, until, end, pauses, keptUntil, shownAt });
    } else if (act.kind === "merge") {
      const first = corrected.get(act.into);
      for (const { id } of devices) {
        const holder = holderOf(acts.slice(0, i), id, -Infinity);
        const isIn = holder !== act.into && act.members.includes(holder);
        if (isIn && corrected.get(holder)?.start !== undefined) beaten.add(id);
      }
      corrected.set(act.into, {
        start: first?.start,
        until: first?.until ?? -Infinity,
        end: corrected.get(act.last)?.end,
        shownAt: first?.shownAt,
      });
      // What a person had not said otherwise holds of it, also where a guess had come before that.
      const parts = act.members.filter((id) => id === act.into || corrected.get(id)?.start === undefined);
      startBy(act.into, Math.min(act.startedAt ?? Infinity, ...parts.map((id) => starts.get(id) ?? Infinity)));
      bridge(act.of, act.until, later);
    } else {
      const before = corrected.get(act.from);
      if (before) corrected.set(act.from, { ...before, end: undefined });
      corrected.set(act.id, { start: act.at, until: -Infinity, end: before?.end, shownAt: before?.shownAt });
      starts.set(act.id, act.at);
      if ("id" in act.of) startBy(act.from, act.at - 1);
      const isHealed = later.some((other) => other.kind === "merge" && other.healed.includes(act.id));
      if (!isHealed) addCut(act, later);
      for (const anchor of new Set(act.anchors)) {
        const known = anchored.bridges.get(anchor) ?? [];
        anchored.bridges.set(anchor, known.map((until) => Math.min(until, act.at)));
        for (const until of known.filter((one) => one > act.at)) bridge({ id: act.id }, until, later);
      }
    }
  }
  function startBy(id: string, at: number): void {
    if (at < (starts.get(id) ?? Infinity)) starts.set(id, at);
  }
  function addCut(act: Act & { kind: "split" }, later: readonly Act[]): void {
    const cut = { at: act.at, isCut: true };
    const of = act.of;
    const next = "motionAt" in of
      ? later.find((other) => other.kind === "split" && other.anchors.includes(of.motionAt) && other.at <= act.at)
      : undefined;
    if (next?.kind === "split") add(own.ends, holderOf(later, next.id, act.at - 1), cut);
    else if ("motionAt" in of) add(anchored.ends, of.motionAt, cut);
    else add(own.ends, holderOf(later, of.id, act.at - 1), cut);
  }
  function bridge(of: Of, until: number, later: readonly Act[]): void {
    if ("motionAt" in of) return add(anchored.bridges, of.motionAt, until);
    const { id } = of;
    const i = later.findIndex((act) =>
      (act.kind === "merge" && act.members.includes(id)) || (act.kind === "split" && act.from === id && until > act.at)
    );
    const [act, rest] = [later[i], later.slice(i + 1)];
    if (act?.kind === "merge") bridge({ id: act.into }, until, rest);
    else if (act?.kind === "split") {
      bridge({ id }, act.at, rest);
      bridge({ id: act.id }, until, rest);
    } else add(own.bridges, id, until);
  }
  const stated = new Set([
    ...devices.map(({ id }) => whole(id)),
    ...[...corrected].filter(([, { start }]) => start !== undefined).map(([id]) => whole(id)),
    ...[...starts.keys()].map(whole),
  ]);
  const walls = [...stated].map((id): Draft => {
    const by = corrected.get(id);
    const held = devices.flatMap((device) => device.readings.filter((at) => holderOf(acts, device.id, at) === id));
    const first = devices.filter((device) => whole(device.id) === id && !beaten.has(device.id));
    const last = devices.filter((device) => device.hasBatches && holderOf(acts, device.id, Infinity) === id);
    const isShared = acts.some((act) =>
      (act.kind === "merge" && act.into === id) || (act.kind === "split" && (act.from === id || act.id === id))
    );
    const start = by?.start ?? Math.min(...first.map((device) => device.start), starts.get(id) ?? Infinity);
    const reported = own.reported.get(id) ?? [];
    const pauses = { own: own.pauses.get(id) ?? [], heard: [], corrected: by?.pauses };
    const extent = Math.max(start, by?.start === undefined ? -Infinity : by.until, ...held, ...reported);
    const measures = last.map((device) => {
      const from = isShared ? device.start : start;
      return from + (measuredFrom(from, device) ?? 0);
    });
    return {
      ...{
        id,
        shownAt: by?.shownAt,
        start,
        own: extent,
        samples: held.length,
        heard: [],
        reported,
        pauses,
        lasting: { own: own.lasting.get(id) ?? [], heard: [] },
        until: -Infinity,
        keptUntil: by?.keptUntil,
      },
      created: devices.some((device) => device.id === id && device.isCreated),
      final: last.length > 0 && last.every((device) => device.isFinal) ? Math.max(...measures, extent) : undefined,
      measured: isShared || !last[0] ? undefined : measuredFrom(start, last[0]),
      corrected: by?.end,
      ends: own.ends.get(id) ?? [],
      bridges: (own.bridges.get(id) ?? []).map((until) => ({ until })),
    };
  });
  return { walls: walls.sort(inLine), anchored };
}

/** Of several that begin at one instant, what was deleted and had no motion comes first. */
function inLine(a: Draft, b: Draft): number {
  const rank = ({ start, keptUntil = Infinity }: Draft) => keptUntil <= start ? 0 : 1;
  return a.start - b.start || rank(a) - rank(b) || (tieOf(a.id!) < tieOf(b.id!) ? -1 : 1);
}

/** Which of several sessions that begin at one instant comes first: the hashes of their ids say it, whoever came first. */
export function tieOf(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}
