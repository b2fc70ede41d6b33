import type { Item } from "../../api/aws/dynamo.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import type { PauseSaid } from "./pauses-oracle.ts";
import type { Of, Said } from "./sessions-spec.ts";
import { idOf, partOf, sensorIn } from "./sessions-taken-back.ts";

type Must = (holds: boolean, law: string, detail: unknown) => void;
type Kept = PauseSaid & { anchor?: number | undefined };
type Told = Said & { kind: "pause" };

/** What was said of pauses, as the items of sessions show it: none is lost or doubled, whatever people do meanwhile. */
export function createPausesSaid(said: Map<string, Said[]>) {
  /** By sensor. */
  const names = new Map<string, Set<string>>();
  const toldAt = (sensorId: string) => (said.get(sensorId) ?? []).filter((one): one is Told => one.kind === "pause");
  const say = (sensorId: string, one: Told) => {
    const isKnown = toldAt(sensorId).some((other) => nameOf(other) === nameOf(one) && isSameOf(other.of, one.of));
    if (!isKnown) said.set(sensorId, [...said.get(sensorId) ?? [], one]);
    names.set(sensorId, (names.get(sensorId) ?? new Set()).add(nameOf(one)));
  };

  return {
    toldAt,

    /** What a message told of a session, beside what was known of it. */
    told(sensorId: string, before: Item | undefined, after: Item): void {
      const known = pausesIn(before).map(formatted);
      for (const one of pausesIn(after)) if (!known.includes(formatted(one))) say(sensorId, saidBy(idOf(after), one));
    },

    isSaid: (sensorId: string, pause: PauseSaid) => names.get(sensorId)?.has(nameOf(pause)) ?? false,

    /**
     * What was said since is kept where a merge or a split is taken back: of the last session that had begun by then. `before` are
     * the sessions as they were before it, and `until` what had been told by then.
     */
    undone(
      sensorId: string,
      written: readonly Written[],
      before: ReadonlyMap<string, Item | undefined>,
      until: readonly Told[],
      joins: boolean,
      must: Must,
    ): void {
      // The same of a session and of motion is two; what came with motion stays with that.
      const keyOf = (one: Kept) => `${nameOf(one)} ${one.anchor ?? ""}`;
      const then = new Set([...before.values()].flatMap(pausesIn).map(keyOf));
      const own = written.filter(({ after }) => after && partOf(after) === "SESSION");
      const was = own.filter((one) => isShown(one.before) && before.has(idOf(one.before!))).flatMap((one) => (
        pausesIn(one.before).filter((kept) => isOwn(one.before!, kept) && !then.has(keyOf(kept)))
          .map((kept) => saidBy(idOf(one.before!), kept))
      ));
      const since = new Set(was.map(nameOf));
      if (since.size === 0) return;
      const shown = own.filter(({ after }) => isShown(after)).map(({ after }) => after!);
      const isMoved = (one: Told) =>
        since.has(nameOf(one)) && !until.includes(one) && was.some(({ of }) => isSameOf(of, one.of));
      said.set(sensorId, said.get(sensorId)!.filter((one) => !(one.kind === "pause" && isMoved(one))));
      for (const after of shown) {
        for (const one of pausesIn(after)) if (since.has(nameOf(one))) say(sensorId, saidBy(idOf(after), one));
      }
      for (const name of since) {
        const holders = shown.filter((after) => pausesIn(after).some((one) => nameOf(one) === name));
        // Another may have known it before, which is not written (BA.6698); that none is lost the end says.
        if (holders.length === 0) continue;
        const at = Math.max(...name.split(" ").map((one) => (one === "" ? -Infinity : Number(one))));
        const taken = shown.filter((after) => before.has(idOf(after)));
        const [first, ...others] = taken.sort((a, b) => Number(a.startedAt) - Number(b.startedAt));
        const last = others.findLast(({ startedAt }) => Number(startedAt) <= at) ?? first;
        // What motion opened begins elsewhere by now (BB.5874).
        const isSure = !joins && taken.every(({ isStated }) => isStated === true);
        must(!isSure || holders.includes(last!), "a pause goes to the session that had begun by then", [name, shown]);
      }
    },

    /** In the end each pause that was said is in a session of its sensor, and none of them has one twice. */
    check(items: readonly Item[], isErased: (sensorId: string) => boolean, must: Must): void {
      const sessions = items.filter((item) => partOf(item) === "SESSION" && item.mergedInto === undefined);
      for (const [sensorId, all] of names) {
        const own = sessions.filter((item) => sensorIn(item) === sensorId);
        const kept = new Set(own.flatMap(pausesIn).map(nameOf));
        const lost = [...all].filter((name) => !kept.has(name));
        must(lost.length === 0 || isErased(sensorId), "no pause is lost", [sensorId, lost]);
        for (const item of own) {
          const texts = pausesIn(item).map((one) => `${nameOf(one)} ${one.anchor ?? ""}`);
          must(new Set(texts).size === texts.length, "no pause is kept twice", [idOf(item), texts]);
        }
      }
    },
  };
}

/** Whether it was said of the session itself, and not of other motion that lies in it. */
function isOwn(item: Item, { anchor }: Kept): boolean {
  return anchor === (item.isStated === true ? undefined : item.startedAt);
}

function isShown(item: Item | undefined): boolean {
  return item !== undefined && item.mergedInto === undefined;
}

function saidBy(id: string, { anchor, ...pause }: Kept): Told {
  return { kind: "pause", of: anchor === undefined ? { id } : { motionAt: anchor }, ...pause };
}

/** The pauses of an item: instants in base 36, and the motion event by which one is known. */
export function pausesIn(item: Item | undefined): Kept[] {
  return ((item?.pauses ?? []) as string[]).map((text) => {
    const [from, to, until, anchor] = text.split(".").map((part) => (part === "" ? undefined : parseInt(part, 36)));
    return { from, to, until, anchor };
  });
}

function formatted({ from, to, until, anchor }: Kept): string {
  return JSON.stringify([from, to, until, anchor]);
}

function nameOf({ from, to }: PauseSaid): string {
  return `${from ?? ""} ${to ?? ""}`;
}

function isSameOf(a: Of, b: Of): boolean {
  return "id" in a ? "id" in b && a.id === b.id : "motionAt" in b && a.motionAt === b.motionAt;
}
