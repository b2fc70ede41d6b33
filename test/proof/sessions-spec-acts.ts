import type { Of, Said } from "./sessions-spec.ts";

/** What people did to sessions, each after what they had done before. */
export type Act = Said & { kind: "correct" | "merge" | "split" };

export function actsOf(said: readonly Said[]): Act[] {
  return said.filter((one): one is Act => ["correct", "merge", "split"].includes(one.kind));
}

/** Who holds what was said or sent of an id at an instant, after what people said. */
export function holderOf(acts: readonly Act[], id: string, at: number): string {
  let holder = id;
  for (const act of acts) {
    if (act.kind === "merge" && act.members.includes(holder)) holder = act.into;
    if (act.kind === "split" && act.from === holder && at >= act.at) holder = act.id;
  }
  return holder;
}

/**
 * A person's word of the start of a session that motion opened is taken back: what was said of it meanwhile, and done to it, is
 * said of its first motion event from now on.
 */
export function saidOfMotion(said: readonly Said[], id: string, motionAt: number): Said[] {
  const acts = actsOf(said);
  const isOf = (of: Of, at: number) => "id" in of && holderOf(acts, of.id, at) === id;
  return said.map((one) => {
    if (one.kind === "end" || one.kind === "told") return isOf(one.of, one.at) ? { ...one, of: { motionAt } } : one;
    if (one.kind === "pause") return isOf(one.of, -Infinity) ? { ...one, of: { motionAt } } : one;
    if (one.kind === "merge") return isOf(one.of, one.until - 1) ? { ...one, of: { motionAt } } : one;
    if (one.kind !== "split" || !isOf(one.of, one.at - 1)) return one;
    return { ...one, of: { motionAt }, anchors: [...one.anchors, motionAt] };
  });
}

/**
 * Who has what was said of pauses of an id before these splits: what they split off it knows it, too. What had been split off it by
 * then was told itself, and may have lost it since: with a merge that was taken back it went to where it lies (NB.12258).
 */
export function pausersOf(acts: readonly Act[], id: string, isLater: (split: Act) => boolean): Set<string> {
  const all = new Set([id]);
  for (const act of acts) {
    if (act.kind === "split" && all.has(act.from) && isLater(act)) all.add(act.id);
    if (act.kind !== "merge" || !act.members.some((one) => all.delete(one))) continue;
    for (const one of act.members) all.delete(one);
    all.add(act.into);
  }
  return all;
}

/** A session whose start nothing stated began when its first batch arrived. */
export function withGuesses(said: readonly Said[], guesses: ReadonlyMap<string, number>): Said[] {
  const stated = (id: string) =>
    said.some((one) =>
      (one.kind === "create" && one.id === id) ||
      (one.kind === "batch" && one.id === id && (one.startedAt !== undefined || one.readings.length > 0))
    );
  return said.map((one) => {
    if (one.kind !== "batch" || stated(one.id)) return one;
    return { ...one, startedAt: guesses.get(one.id)! };
  });
}
