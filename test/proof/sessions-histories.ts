import { type PauseSaid } from "./pauses-oracle.ts";
import { createRandom, type Random } from "./random.ts";
import { aside, coarse, lasting, moved, numbered } from "./sessions-histories-harder.ts";
import type { Of, Said } from "./sessions-spec.ts";

const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const IDLE_MS = 5 * MINUTE;
/** No clock is believed that says so long after the start of a history. */
const FAR_MS = 4 * 60 * MINUTE;
export const START = Date.UTC(2026, 5, 1, 12);

/** What a person does: to which of the sessions that are there, and where in it. */
export type Act = {
  act: "merge" | "split" | "correct" | "undo" | "undo any" | "delete" | "restore" | "admit" | "drop";
  place: number;
  part: number;
  n: number;
  /** Of a correction: to no length, or its pauses by parts of the session; null takes these back. */
  more?: "no length" | null | readonly (readonly [number, number])[];
  /** Of a correction: at which other sensor it was; null takes that back. */
  shownAt?: string | null;
};
/** What is sent: what is said, a batch with its pauses, or what a person does. */
export type Sent = Said | SentBatch | Act;
export type SentBatch = Said & { kind: "batch" } & { pauses?: readonly PauseSaid[] };

/**
 * Half of the histories have people who merge, split and correct meanwhile; half of each sessions that begin at one instant. The
 * seed says it, so that one that failed is told again alone.
 */
export function kindOf(seed: string): Kind {
  const random = createRandom(`${seed} kind`);
  const kind = { isCorrected: random() < 0.5, isTied: random() < 0.5, isClearing: random() < 0.4 };
  const more = { isTakenBack: random() < 0.4, isPaused: random() < 0.35, isExact: random() < 0.25 };
  return {
    ...kind,
    ...more,
    isCoarse: random() < 0.35,
    isNumbered: random() < 0.35,
    isLasting: random() < 0.3,
    isMoved: random() < 0.3,
    isAside: random() < 0.25,
  };
}

/**
 * `isTakenBack`: people also delete, restore and take back what they did, and what is said is said of many more sessions.
 * `isPaused`: sessions are paused, too. `isExact`: people often split and correct at the very instants of a session. `isCoarse`,
 * `isNumbered`, `isLasting`, `isMoved` (sessions to another sensor), `isAside` (clocks that nobody believes): `sessions-histories-harder.ts`.
 */
export type Kind = Partial<
  Record<
    | "isCorrected"
    | "isTied"
    | "isClearing"
    | "isTakenBack"
    | "isPaused"
    | "isExact"
    | "isCoarse"
    | "isNumbered"
    | "isLasting"
    | "isMoved"
    | "isAside",
    boolean
  >
>;

/**
 * 3 to some 20 things said about one sensor within half an hour. No two named sessions begin at the same instant; where
 * they are tied most of them do.
 */
export function historyOf(random: Random, kind: Kind): Sent[] {
  const plain = plainHistoryOf(random, kind);
  const lasted = kind.isLasting ? lasting(plain, random) : plain;
  const own = kind.isNumbered ? numbered(lasted, random) : lasted;
  const near = kind.isCoarse ? coarse(own, random, START, IDLE_MS / 2) : own;
  const placed = kind.isMoved ? moved(near, random) : near;
  return kind.isAside ? aside(placed, random, START + FAR_MS) : placed;
}

function plainHistoryOf(
  random: Random,
  { isCorrected, isTied, isClearing, isTakenBack, isPaused, isExact }: Kind,
): Sent[] {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const pick = <V>(values: readonly V[]): V => values[below(values.length)]!;
  const said: Said[] = [];
  const instants: number[] = [];
  const isNumbered = chance(0.4);
  let at = START + below(10) * MINUTE;
  for (let i = 0; i < 2 + below(9); i++) {
    instants.push(at);
    said.push({
      kind: "motion",
      at,
      ...(isNumbered ? { seq: i, ...(chance(0.3) ? { boot: pick(["x", "y"]) } : {}) } : {}),
    });
    at += pick([SECOND, 30 * SECOND, 2 * MINUTE, 4 * MINUTE, IDLE_MS, IDLE_MS + 1, 6 * MINUTE]);
  }
  if (isClearing) {
    for (let i = 0; i < 1 + below(5); i++) {
      const since = pick(instants);
      said.push({
        kind: "cleared",
        at: since + pick([0, 1, SECOND, 3 * MINUTE, IDLE_MS, 12 * MINUTE, 40 * MINUTE]),
        ...(isNumbered ? { seq: 100 + i } : {}),
      });
    }
  }
  const ids: string[] = [];
  const tiedAt = isTied ? pick([...instants, START + below(1_800) * SECOND]) : undefined;
  for (let i = 0; i < (isTied ? 3 : below(3)); i++) {
    const id = `n${i}`;
    ids.push(id);
    const from = tiedAt ?? START + below(1_800) * SECOND + 100 + i;
    if (chance(0.5)) said.push({ kind: "create", id, startedAt: from + (isTied ? 0 : below(3) * MINUTE) });
    if (chance(0.3) && said.at(-1)?.kind === "create") continue;
    const isFinal = chance(0.5);
    for (let offset = 0; offset < 1 + below(3); offset++) {
      const readings = Array.from(
        { length: 1 + below(3) },
        (_, n) => from + (offset * 3 + n) * pick([SECOND, MINUTE, 7 * MINUTE]),
      );
      // A clock that was wrong for a while, for a whole batch or for one reading of it.
      const wrong = !isCorrected && chance(0.15) ? pick([1, 2, 2]) * 36 * 60 * MINUTE : 0;
      const isWhole = chance(0.7);
      const sent = readings.map((one, n) => (isWhole || n === 0 ? one - wrong : one));
      said.push({
        ...{ kind: "batch", id, offset, readings: sent },
        ...(chance(0.2) ? { startedAt: from - below(120) * SECOND - (isWhole ? wrong : 0) } : {}),
        ...(chance(0.3) ? { durationMs: below(20) * MINUTE } : {}),
        ...(isFinal && offset === 0 ? { final: true } : {}),
      });
    }
  }
  const target = (): Of => ids.length > 0 && chance(0.5) ? { id: pick(ids) } : { motionAt: pick(instants) };
  for (let i = 0; i < below(isTakenBack ? 5 : 3); i++) {
    // The same end is said of several sessions.
    const same = isTakenBack && chance(0.4) ? said.findLast((one) => one.kind === "end") : undefined;
    said.push({ kind: "end", of: target(), at: same?.at ?? START + below(2_400) * SECOND });
  }
  if (chance(0.3)) said.push({ kind: "told", of: { motionAt: pick(instants) }, at: below(1_000) });
  for (let i = 0; isTakenBack && i < below(3); i++) said.push({ kind: "told", of: target(), at: 1_000 + i });
  const acts: Act[] = [];
  const kinds = [
    ...(["merge", "merge", "split", "split", "correct", "undo"] as const),
    ...(isTakenBack ? (["undo any", "undo any", "undo any", "delete", "delete", "restore", "restore"] as const) : []),
  ];
  for (let n = 0; isCorrected && n < (isTakenBack ? 2 + below(6) : 1 + below(4)); n++) {
    const act = pick(kinds);
    const place = random();
    const part = random();
    const exact = isExact && chance(0.5) ? pick([0, 0.5, 1]) : part;
    acts.push({ act, place, part: exact, n, ...(act === "correct" ? corrected() : {}) });
  }
  return [...isPaused ? withPauses() : said, ...acts];

  function corrected(): Pick<Act, "more"> {
    if (isExact && chance(0.3)) return { more: "no length" };
    if (!isPaused || chance(0.5)) return {};
    const stretch = (): [number, number] => {
      const from = random() * 1.4 - 0.2;
      return [from, from + random() * 0.6];
    };
    return { more: chance(0.2) ? null : Array.from({ length: below(3) }, stretch) };
  }

  /** Pauses, by messages of their own and in batches: begun, ended, or both; some begun by one message and ended by another. */
  function withPauses(): Sent[] {
    const near = () =>
      pick(instants) + pick([-MINUTE, 0, 0, SECOND, MINUTE, 4 * MINUTE, IDLE_MS, 20 * MINUTE, 70 * MINUTE]);
    const paused = (): PauseSaid => {
      const from = near();
      if (chance(0.3)) return { from };
      return chance(0.3) ? { to: near() } : { from, to: from + pick([0, SECOND, MINUTE, 6 * MINUTE, 30 * MINUTE]) };
    };
    const all: Sent[] = said.map((one) => (
      one.kind === "batch" && chance(0.3) ? { ...one, pauses: Array.from({ length: 1 + below(2) }, paused) } : one
    ));
    for (let i = 0; i < 1 + below(4); i++) {
      const of = target();
      const { from, to } = paused();
      if (from !== undefined && to !== undefined && chance(0.5)) {
        all.push({ kind: "pause", of, from }, { kind: "pause", of: chance(0.8) ? of : target(), to });
      } else all.push({ kind: "pause", of, from, to });
    }
    return all;
  }
}
