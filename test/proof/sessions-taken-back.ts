import { isDeepStrictEqual } from "node:util";
import type { Item } from "../../api/aws/dynamo.ts";
import { MINUTE_MS } from "../../api/core/clock.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import type { Input } from "./sessions-inputs.ts";
import { createPausesSaid } from "./sessions-pauses-said.ts";
import type { Said } from "./sessions-spec.ts";

type Corrected = {
  sensorId: string;
  added: Said[];
  before: Map<string, Item | undefined>;
  paused: ReturnType<ReturnType<typeof createPausesSaid>["toldAt"]>;
};
type Must = (holds: boolean, law: string, detail: unknown) => void;

/** What of a session only people and statements move: an undo gives all of it back as it was. */
const GIVEN_BACK = ["labels", "notes", "pinned", "corrected", "shownAt", "isStated", "deletedAt", "mergedInto"];
const SETS = ["ends", "bridges"];
/** What people write. */
const PEOPLES = ["labels", "notes", "pinned"];
/** What another session that joins it adds nothing to. */
const KEPT_APART = ["corrected", "shownAt", "deletedAt", "mergedInto"];

/**
 * What people take back: after it a session is what it was before, and what they had said is said no more. Knows the items
 * alone.
 */
export function createTakenBack(said: Map<string, Said[]>, mergedInto: Map<string, string>) {
  /** Of the newest merge or split of a session: what was said by it, and how its sessions were before. */
  const corrections = new Map<string, Corrected>();
  const pauses = createPausesSaid(said);
  const deletions = new Map<string, { added: Said[]; before: Item }>();
  const forget = (added: readonly Said[]) => {
    for (const [sensorId, all] of said) said.set(sensorId, all.filter((one) => !added.includes(one)));
  };

  return {
    deletions,
    pauses,

    /** It is another session by now. */
    forgetId(sessionId: string): void {
      corrections.delete(sessionId);
      deletions.delete(sessionId);
    },

    /** A merge or a split was written. */
    corrected(sensorId: string, written: readonly Written[], added: Said[]): void {
      const item = written.find(({ after }) => after && partOf(after) === "CORRECTION")?.after;
      if (!item) return;
      // Others that the line moved with it are not its sessions: what comes to them later is none of its affair.
      const { sessions } = JSON.parse(item.correction as string) as { sessions: { sessionId: string }[] };
      const before = new Map(sessions.map(({ sessionId }) => [
        sessionId,
        written.find(({ after }) => after && partOf(after) === "SESSION" && idOf(after) === sessionId)?.before,
      ]));
      corrections.set(idOf(item), { sensorId, added, before, paused: pauses.toldAt(sensorId) });
    },

    undone(written: readonly Written[], must: Must): void {
      const gone = written.find(({ before, after }) => before && !after && partOf(before) === "CORRECTION");
      const main = gone && idOf(gone.before!);
      const correction = main === undefined ? undefined : corrections.get(main);
      if (!correction) return must(false, "what is taken back was done", [main]);
      corrections.delete(main!);
      forget(correction.added);
      const own = written.flatMap(({ after }) => (after && partOf(after) === "SESSION" ? [after] : []));
      const then = written.flatMap(({ before }) => (before && partOf(before) === "SESSION" ? [before] : []));
      for (const after of own) {
        if (after.mergedInto === undefined) mergedInto.delete(idOf(after));
        else mergedInto.set(idOf(after), after.mergedInto as string);
      }
      // What motion opened may have become a part of its neighbour by motion that came since, with what people wrote there and
      // what was said of it: also one that the correction had joined, and that motion keeps joined (L5.165).
      const joins = written.some(({ before, after }) =>
        after?.mergedInto !== undefined &&
        (before?.mergedInto === undefined || placed(correction.before.get(idOf(after))))
      );
      pauses.undone(correction.sensorId, written, correction.before, correction.paused, joins, must);
      for (const after of own) {
        const was = correction.before.get(idOf(after));
        if (!was || after.mergedInto !== undefined) continue;
        const isBack = (field: string) => {
          if (SETS.includes(field)) return isSetBack(after, was, field);
          const [is, had] = [valueOf(after, field), valueOf(was, field)];
          return joins && !KEPT_APART.includes(field) ? isAmong(had, is) : isDeepStrictEqual(is, had);
        };
        // What is said of motion goes wherever that lies: to another now, or from another that had it.
        const isSetBack = (after: Item, was: Item, field: string) => {
          const [is, had] = [setOf(after[field]), setOf(was[field])];
          const [left, come] = [own, then].map((all) => anchoredIn(all, after, field)) as [string[], string[]];
          const isLeft = had.every((one) => is.includes(one) || left.includes(one));
          return isLeft && (joins || is.every((one) => had.includes(one) || come.includes(one)));
        };
        const differ = [...GIVEN_BACK, ...SETS].filter((field) => !isBack(field));
        must(differ.length === 0, "after an undo a session is what it was before", [
          idOf(after),
          ...differ.map((field) => [field, after[field], was[field]]),
        ]);
      }
    },

    deleted(own: readonly Written[], added: Said[], must: Must): void {
      const done = own.find(({ before, after }) => after!.deletedAt !== undefined && before?.deletedAt === undefined);
      if (!done) return must(false, "a deletion deletes a session", own);
      deletions.set(idOf(done.after!), { added, before: done.before! });
    },

    restored(own: readonly Written[], must: Must): void {
      const done = own.find(({ before, after }) => after!.deletedAt === undefined && before?.deletedAt !== undefined);
      const deletion = done && deletions.get(idOf(done.after!));
      if (!deletion) return must(false, "what is restored was deleted", own);
      deletions.delete(idOf(done.after!));
      forget(deletion.added);
      // What motion opened meanwhile may join it by that, with what people wrote there.
      const joins = own.some(({ before, after }) =>
        after!.mergedInto !== undefined && before?.mergedInto === undefined
      );
      const fields = joins ? ["corrected", "isStated", "shownAt"] : [...GIVEN_BACK, "playback"];
      // A batch of which another holds a part counts, also what of it lies in what is deleted (CB.9530).
      must(num(done.after!.samples) >= num(deletion.before.samples), "samples are restored", idOf(done.after!));
      for (const field of done.after!.mergedInto === undefined ? fields : []) {
        const [is, had] = [valueOf(done.after!, field), valueOf(deletion.before, field)];
        // What lost its motion to it while it was deleted has brought along what people wrote there (GB.7463).
        const isBack = PEOPLES.includes(field) ? isAmong(had, is) : isDeepStrictEqual(is, had);
        must(isBack, `${field} is restored`, [
          idOf(done.after!),
          done.after![field],
          deletion.before[field],
        ]);
      }
    },
  };
}

type Erased = { until: number; isDone: boolean; hash: string };

/** What an erasure leaves of a sensor, and that none of it comes back. Others' sessions are none of its affair. */
export function createErasures() {
  const erased = new Map<string, Erased>();
  /** Motion that was counted at each sensor, as the stream shows it, by its minutes. */
  const arrived = new Map<string, Map<number, number>>();
  /** At which sensor each session is, also those that began after an erasure. */
  const sensors = new Map<string, string>();

  return {
    erased,
    sensors,
    arrived,

    /** Whether a write is of a sensor that was erased, of which the laws of what was said do not hold any more. */
    onWrite(written: readonly Written[], input: Input, must: Must): boolean {
      if (input.kind === "erase") {
        for (const { after } of written) {
          if (!after || partOf(after) !== "RECEIPT") continue;
          erased.set(input.sensorId, { until: num(after.until), isDone: after.isDone === true, hash: idOf(after) });
        }
        return true;
      }
      const sessions = written.filter(({ before, after }) => partOf((after ?? before)!) === "SESSION");
      const sensorId = sensorOf(sessions[0]) ?? ("sensorId" in input ? input.sensorId : undefined);
      if (sensorId === undefined) return false;
      for (const { before, after } of sessions) sensors.set(idOf((after ?? before)!), sensorId);
      for (const { before, after } of sessions) {
        if (after && num(after.motions) > num(before?.motions)) add(minutesOf(arrived, sensorId), num(after.motionAt));
      }
      const own = erased.get(sensorId);
      // What the line still names of it is tidied up (BB.7924).
      if (own?.isDone && written.some(({ after }) => after)) {
        const at = "at" in input ? input.at : input.kind === "create" ? input.startedAt : undefined;
        must(at === undefined || at > own.until, "what was erased does not come back", [input, own]);
      }
      return own !== undefined;
    },

    /** Once all is over and the sensor was erased once more: nothing of it is anywhere, and each motion was taken out of its count. */
    check(items: readonly Item[], objects: readonly string[], sessions: ReadonlyMap<string, string>, must: Must): void {
      for (const [sensorId, { until, hash }] of erased) {
        const since = items.filter((item) => sensorIn(item) === sensorId && num(placeIn(item).startedAt) > until);
        const alive = new Set(since.map(idOf));
        const own = [...sessions].filter(([id, sensor]) => sensor === sensorId && !alive.has(id));
        const ids = new Set(own.map(([id]) => id));
        const left = items.filter((item) => idOf(item) === sensorId || ids.has(idOf(item)));
        const old = left.filter((item) => {
          const at = (item.at ?? placeIn(item).startedAt) as number | undefined;
          return partOf(item) !== "M" && !(at !== undefined && at > until);
        });
        must(old.length === 0, "an erased sensor is in no table", [sensorId, old]);
        const batches = objects.filter((key) => ids.has(key.split(" ")[0]!) && key.split(" ")[1] === sensorId);
        must(batches.length === 0, "no reading of an erased sensor is kept", [sensorId, batches]);
        const taken = items.filter((item) => idOf(item) === hash).flatMap((item) =>
          (item.erasedMotions ?? []) as number[]
        );
        const held = [...left, ...since].reduce((sum, item) => sum + heldOf(item), 0);
        const counted = minutesOf(arrived, sensorId);
        const all = [...counted.values()].reduce((sum, n) => sum + n, 0);
        must(taken.length + held === all, "what is erased is taken out of its counts, once", [
          sensorId,
          { taken: taken.length, held, arrived: all },
        ]);
        const out = new Map<number, number>();
        for (const at of taken) add(out, at);
        const wrong = [...out].filter(([minute, n]) => n > (counted.get(minute) ?? 0));
        must(wrong.length === 0, "what is erased is taken out of the minutes in which it was counted", [
          sensorId,
          wrong,
        ]);
      }
    },
  };
}

function minutesOf(minutes: Map<string, Map<number, number>>, sensorId: string): Map<number, number> {
  return minutes.get(sensorId) ?? minutes.set(sensorId, new Map()).get(sensorId)!;
}

function add(minutes: Map<number, number>, at: number): void {
  const minute = Math.floor(at / MINUTE_MS);
  minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
}

/** What nobody wrote is left out, or empty; what was said stands in no order. */
function valueOf(item: Item, field: string): unknown {
  const value = SETS.includes(field) ? setOf(item[field]) : item[field];
  return value === false || (Array.isArray(value) && value.length === 0) ? undefined : value;
}

/** What is said of motion that other sessions hold. */
function anchoredIn(all: readonly Item[], own: Item, field: string): string[] {
  const others = all.filter((other) => idOf(other) !== idOf(own) && placed(other));
  return setOf(others.flatMap((other) => listOf(other, field)).filter(({ anchor }) => anchor !== undefined));
}

/** Whether a session has what it had, and maybe what another brought along. */
function isAmong(had: unknown, is: unknown): boolean {
  if (had === undefined || had === is) return true;
  if (Array.isArray(had)) return had.every((one) => ((is ?? []) as unknown[]).includes(one));
  return typeof had === "string" && typeof is === "string" && is.includes(had);
}

/** Whether a session was one of its own. */
function placed(item: Item | undefined): boolean {
  return item !== undefined && item.mergedInto === undefined;
}

/** How much motion the sessions of a write hold more than before. */
export function heldIn(written: readonly Written[]): number {
  return written.reduce((sum, { before, after }) => sum + heldOf(after) - heldOf(before), 0);
}

function heldOf(item: Item | undefined): number {
  return shownOf(item, "motions") + shownOf(item, "moved");
}

/** A number of a session; none of one that is a part of another. */
export function shownOf(item: Item | undefined, field: string): number {
  return item && item.mergedInto === undefined && partOf(item) === "SESSION" ? num(item[field]) : 0;
}

function sensorOf(written: Written | undefined): string | undefined {
  return sensorIn((written?.after ?? written?.before) ?? {});
}

export function sensorIn(item: Item): string | undefined {
  const { sensorKey, tenant } = placeIn(item) as { sensorKey?: string; tenant?: string };
  return sensorKey?.slice(tenant!.length + 1);
}

/** Where a session is in its lists, or was. */
function placeIn(item: Item): Item {
  return (item.was ?? item) as Item;
}

export function idOf(item: Item): string {
  return typeof item.sk === "string" ? item.sk.split("#")[0]! : "";
}

export function partOf(item: Item): string | undefined {
  return typeof item.sk === "string" ? item.sk.split("#")[1] : undefined;
}

export function num(value: unknown): number {
  return (value as number | undefined) ?? 0;
}

function listOf(item: Item, field: string): { anchor?: number }[] {
  return (item[field] ?? []) as { anchor?: number }[];
}

function setOf(list: unknown): string[] {
  return ((list ?? []) as object[]).map((one) =>
    JSON.stringify(Object.entries(one).map((field) => JSON.stringify(field)).sort())
  ).sort();
}
