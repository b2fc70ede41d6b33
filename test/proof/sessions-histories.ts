import type { Random } from "./random.ts";
import type { Said } from "./sessions-spec.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const IDLE_MS = 5 * MINUTE;
export const START = Date.UTC(2026, 5, 1, 12);

/** What a person does: to which of the sessions that are there, and where in it. */
export type Act = {
  act: "merge" | "split" | "correct" | "undo" | "undo any" | "delete" | "restore";
  place: number;
  part: number;
  n: number;
};
export type Sent = Said | Act;

/** `isTakenBack`: people also delete, restore and take back what they did, and what is said is said of many more sessions. */
export type Kind = Partial<Record<"isCorrected" | "isTied" | "isClearing" | "isTakenBack", boolean>>;

/**
 * 3 to some 20 things said about one sensor within half an hour. No two named sessions begin at the same instant; where
 * they are tied most of them do.
 */
export function historyOf(random: Random, { isCorrected, isTied, isClearing, isTakenBack }: Kind): Sent[] {
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
  const target = () => ids.length > 0 && chance(0.5) ? { id: pick(ids) } : { motionAt: pick(instants) };
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
    acts.push({ act: pick(kinds), place: random(), part: random(), n });
  }
  return [...said, ...acts];
}
