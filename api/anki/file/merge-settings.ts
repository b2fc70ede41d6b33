import type { Col, Json } from "./col.ts";

/** What Anki takes for settings that a person's own collection does not name: one that never heard of FSRS is of SM-2. */
const UNSAID: Readonly<Record<string, unknown>> = { fsrs: false };

/** Whose settings hold where two collections differ: those of the later change, where neither is or both are a person's. */
export type Whose = "ours" | "theirs" | "later";

/** Presets say when they were changed, the other settings do not. */
export type Holds = { settings: Whose; presets: Whose };

/** What of `col.conf` decides about days and schedules. */
const SETTINGS = [
  "fsrs",
  "rollover",
  "localOffset",
  "newSpread",
  "collapseTime",
  "dayLearnFirst",
  "fsrsShortTermWithStepsEnabled",
  "newCardsIgnoreReviewLimit",
  "applyAllParentLimits",
  "loadBalancerEnabled",
] as const;

/** Whether settings are a person's own: packages of decks carry the defaults, without what Anki notes while it runs. */
export function isOwn({ conf }: Pick<Col, "conf">): boolean {
  return ["fsrs", "localOffset", "lastUnburied"].some((key) => conf[key] !== undefined);
}

/**
 * Whoever imports their own collection means its settings too. Where both are a person's, the later ones hold: a file's are as
 * late as its last change, since settings in it do not say when they were changed; those that are here say it (`setAt`,
 * both in epoch ms). Presets say it everywhere.
 */
export function whoseSettings(
  into: Pick<Col, "conf"> & { setAt: number },
  from: Pick<Col, "conf"> & { setAt: number },
): Holds {
  const [isOurs, isTheirs] = [isOwn(into), isOwn(from)];
  const isLater = !isOurs || into.setAt <= from.setAt;
  const settings = isTheirs && isLater ? "theirs" : isOurs ? "ours" : "later";
  return { settings, presets: isOurs && isTheirs ? "later" : settings };
}

/** Takes settings over, and says which, and which differ. Gives whether any changed. */
export function mergeSettings(into: { conf: Json }, from: { conf: Json }, whose: Whose, told: string[]): boolean {
  let isChanged = false;
  // What neither names stays unnamed, where ours is known for a person's own without it.
  const isKnown = isOwn(into);
  const unsaid = (key: string) =>
    whose === "theirs" && (into.conf[key] !== undefined || !isKnown) ? UNSAID[key] : undefined;
  for (const key of SETTINGS) {
    const [ours, theirs] = [into.conf[key], from.conf[key] ?? unsaid(key)];
    if (theirs === undefined || JSON.stringify(ours) === JSON.stringify(theirs)) continue;
    if (whose === "theirs" || (whose === "later" && ours === undefined)) {
      told.push(
        `setting ${key} is ${JSON.stringify(theirs)} now${ours === undefined ? "" : `, was ${JSON.stringify(ours)}`}`,
      );
      into.conf[key] = theirs;
      isChanged = true;
    } else {told.push(
        `setting ${key} is ${JSON.stringify(theirs)} in the file and stays ${JSON.stringify(ours ?? null)}`,
      );}
  }
  if (Number(from.conf.nextPos ?? 0) > Number(into.conf.nextPos ?? 0)) {
    into.conf.nextPos = from.conf.nextPos;
    isChanged = true;
  }
  return isChanged;
}
