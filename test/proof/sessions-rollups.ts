import { readCounters, sensorPk, SESSION_LETTERS, SLOT_MS, SLOTS_OF_DAY } from "../../api/analytics/cells.ts";
import { spentIn } from "../../api/analytics/time.ts";
import { toItemChanges } from "../../api/ingest/projections/rollups.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import type { Whole } from "./sessions-spec.ts";

const DAY_MS = SLOTS_OF_DAY * SLOT_MS;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

type Numbers = Record<"sessions" | "motions" | "durationMs" | "activeMs", Record<string, number>>;

/** The rollups of sessions, as all changes that the stream shows add up. */
export function createRollups() {
  const items = new Map<string, Map<string, number>>();

  return {
    onWrite(written: readonly Written[]): void {
      for (const { table, before, after } of written) {
        if (table !== "sessions") continue;
        const { pk } = (after ?? before)!;
        const place = { table, pk: pk as string, shard: "", sequence: "", arrivedAt: 0 } as const;
        for (const change of toItemChanges({ ...place, before, after })) {
          const name = `${change.pk} ${change.sk}`;
          const item = items.get(name) ?? new Map<string, number>();
          for (const [counter, n] of change.adds) item.set(counter, (item.get(counter) ?? 0) + n);
          items.set(name, item);
        }
      }
    },

    /** What they say of a sensor, by quarter-hours. */
    of(tenantId: string, sensorId: string): Numbers {
      const numbers: Numbers = { sessions: {}, motions: {}, durationMs: {}, activeMs: {} };
      for (const [name, counters] of items) {
        const [pk, sk] = [name.slice(0, name.lastIndexOf(" ")), name.slice(name.lastIndexOf(" ") + 1)];
        if (pk !== sensorPk(tenantId, sensorId) || !DAY.test(sk)) continue;
        const item = Object.fromEntries(counters);
        const day = Date.parse(sk) / DAY_MS;
        for (const { letter, place, n } of readCounters(item)) {
          const [kind] = Object.entries(SESSION_LETTERS).find(([, own]) => own === letter) ?? [];
          if (kind === "sessions" || kind === "motions" || kind === "durationMs") {
            add(numbers[kind], (day * SLOTS_OF_DAY + place) * SLOT_MS, n);
          }
        }
        // Of what begins on a day all lies in its item: a session here lasts less than a day.
        const range = { fromAt: day * DAY_MS, toAt: (day + 2) * DAY_MS };
        for (const [slot, ms] of spentIn(range, [{ day, item }])) add(numbers.activeMs, slot * SLOT_MS, ms);
      }
      return numbers;
    },
  };
}

/** The same counted from the sessions, by walking each of them. */
export function recounted(sessions: readonly Whole[]): Numbers {
  const numbers: Numbers = { sessions: {}, motions: {}, durationMs: {}, activeMs: {} };
  for (const { fact: { startedAt, endedAt, duration, motions }, pauses } of sessions) {
    const begin = Math.floor(startedAt / SLOT_MS) * SLOT_MS;
    add(numbers.sessions, begin, 1);
    add(numbers.motions, begin, motions);
    add(numbers.durationMs, begin, duration);
    for (let at = begin; at < endedAt; at += SLOT_MS) {
      const within = (from: number, to: number) => Math.max(0, Math.min(to, at + SLOT_MS) - Math.max(from, at));
      const paused = pauses.reduce((sum, { from, to }) => sum + within(from, to), 0);
      add(numbers.activeMs, at, within(startedAt, endedAt) - paused);
    }
  }
  return numbers;
}

function add(to: Record<string, number>, at: number, n: number): void {
  const name = new Date(at).toISOString();
  to[name] = (to[name] ?? 0) + n;
  if (to[name] === 0) delete to[name];
}
