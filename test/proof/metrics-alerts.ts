import type { Alert, AlertChange } from "../../api/metrics/alert-model.ts";
import { BUCKET_MINUTES, GRACE_MS } from "../../api/metrics/model.ts";
import type { Written } from "../kit/memory-dynamo.ts";
import type { Must } from "./metrics-end.ts";
import { START_AT } from "./metrics-world.ts";
import type { Oracle } from "./metrics-oracle.ts";
import type { Operation } from "./metrics-weather.ts";
import type { Services } from "./metrics-wiring.ts";
import type { Random } from "./random.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const SOURCES = ["ITEMS", "TASKS", "SESSIONS", "MOTION_EVENTS", "JOURNEYS", "JOURNEY_EVENTS", "REVIEWS"];
const HOOK_ID = "hook";

/**
 * Alerts that nobody judged for hours, over what the run records: judged and told by whatever process, while records are written, counted,
 * moved, split and delivered again. Each bucket is judged once, by what was recorded until it was over at least; each turn
 * is kept and told once.
 */
export function createAlertRun(random: Random, tenants: readonly string[], oracle: Oracle, now: () => number) {
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const changes = new Map<string, AlertChange>();
  const hooked = new Set<string>();
  /** Turns before somebody asked to be told of them. */
  const untold = new Set<string>();

  const alertOf = (tenantId: string, i: number): Alert => ({
    ...{ tenantId, alertId: `a${i}`, name: "a", source: pick(SOURCES), measure: "COUNT", createdBy: "u" },
    ...{ size: pick(["ONE_MINUTE", "FIVE_MINUTES", "FIFTEEN_MINUTES"] as const), lasting: 1 + below(2) },
    ...{ condition: pick(["ABOVE", "BELOW"] as const), threshold: pick([0, 1, 2]) + 0.5 },
    ...{ state: "OK", streak: 0, version: 1, ruleVersion: 1, createdAt: START_AT, since: START_AT },
    judgedTo: START_AT - 30 * MINUTE_MS - (START_AT % (15 * MINUTE_MS)),
  });

  /** What a bucket may hold in the eyes of whoever judges it: all that was written when it was over, and some of what came after. */
  function checkValue({ tenantId, source, bucketStart, bucketEnd, value = 0, changeId }: AlertChange): void {
    const own = oracle.moves.filter(({ series, at }) =>
      series === `${tenantId} ${source}` && at >= bucketStart! && at < bucketEnd!
    );
    const sum = (all: typeof own) => all.reduce((total, { n }) => total + n, 0);
    const isLater = ({ writtenAt }: (typeof own)[number]) => writtenAt > bucketEnd! + GRACE_MS;
    const first = sum(own.filter((move) => !isLater(move)));
    const [least, most] = [-1, 1].map((sign) => first + sum(own.filter((move) => isLater(move) && move.n === sign)));
    if (value >= least! && value <= most!) return;
    oracle.violations.push(
      `a bucket is judged with all of it: ${tenantId} ${changeId}: ${value}, not ${least} to ${most}`,
    );
  }

  return {
    /** The run's operations with some that judge and deliver among them. */
    among(operations: readonly Operation[]): Operation[] {
      const all = [...operations];
      const add = (name: string, run: Operation["run"]) => all.splice(below(all.length + 1), 0, { name, run });
      for (let i = 3 + below(8); i > 0; i--) add(`judge ${i}`, ({ alerts }) => alerts.sweep());
      for (let i = 1 + below(4); i > 0; i--) add(`deliver ${i}`, ({ deliver }) => deliver());
      const first = tenants.flatMap((tenantId) => [
        {
          name: `hook of ${tenantId}`,
          run: ({ webhooks }: Services) =>
            webhooks.putWebhook({
              ...{ tenantId, webhookId: HOOK_ID, name: "h", url: "https://example.com/", types: ["ALERT_CHANGED"] },
              ...{ createdAt: START_AT, createdBy: "u" },
              ...{ failingSince: undefined, pausedAt: undefined, pausedBecause: undefined, revokedAt: undefined },
            }, { secret: "whsec_c2VjcmV0" }),
        },
        ...Array.from({ length: 1 + below(4) }, (_, i) => {
          const alert = alertOf(tenantId, i);
          return {
            name: `alert ${i} of ${tenantId}`,
            run: ({ alertStore }: Services) => alertStore.write(undefined, alert),
          };
        }),
      ]);
      return [...first, ...all];
    },

    /** Looks at each write of an alert, and at each turn that is written with it. */
    onWrite(written: readonly Written[]): void {
      for (const { table, before, after } of written) {
        if (table === "webhooks" && after?.webhookId === HOOK_ID) hooked.add((after.pk as string).split("#")[0]!);
        if (table !== "buckets" || !after) continue;
        const [tenantId, part] = (after.pk as string).split("#") as [string, string];
        if (part === "alerts" && before) {
          const [from, to] = [before.judgedTo, after.judgedTo] as [number, number];
          const isWhole = to > from && (to - from) % (BUCKET_MINUTES[after.size as Alert["size"]] * MINUTE_MS) === 0;
          if (!isWhole) oracle.violations.push(`each bucket is judged once, in order: ${from} to ${to}`);
          if (to > now() + 30_000 - GRACE_MS) {
            oracle.violations.push(`a bucket is judged when it is over: ${to} at ${now()}`);
          }
        }
        if (part !== "changes") continue;
        const change = { ...after, tenantId, changeId: after.sk } as unknown as AlertChange;
        const key = `${tenantId} ${change.alertId} ${change.bucketEnd}`;
        if (changes.has(key)) oracle.violations.push(`each bucket turns an alert once: ${key}`);
        changes.set(key, change);
        if (!hooked.has(tenantId)) untold.add(change.changeId);
        checkValue(change);
      }
    },

    /** Judges and tells what is left; each turn is in the history, and was told, and nothing else was. */
    async atTheEnd(services: Services, told: readonly string[], must: Must): Promise<number> {
      // Months later nothing of it is kept, and months of empty minutes would be judged one after the other.
      if (now() > START_AT + DAY_MS) return changes.size;
      await services.alerts.sweep();
      await services.deliver();
      for (const tenantId of tenants) {
        const own = [...changes.values()].filter((change) => change.tenantId === tenantId);
        const kept = await services.alertStore.listChanges(tenantId, { since: "" });
        const byId = (ids: readonly string[]) => [...ids].sort();
        must(
          "the history holds each turn",
          byId(kept.map((one) => one.changeId)),
          byId(own.map((one) => one.changeId)),
        );
        for (const turns of Map.groupBy(own, ({ alertId }) => alertId).values()) {
          const states = turns.sort((a, b) => a.bucketEnd! - b.bucketEnd!).map(({ state }) => state);
          must("an alert rings and ends by turns", states, states.map((_, i) => (i % 2 === 0 ? "RINGING" : "OK")));
        }
      }
      const parsed = told.map((body) => JSON.parse(body) as { data: { changeId: string } });
      const heard = new Set(parsed.map(({ data }) => data.changeId));
      const expected = new Set(
        [...changes.values()].map(({ changeId }) => changeId).filter((id) => heard.has(id) || !untold.has(id)),
      );
      must(
        "each turn is told, and nothing else",
        [...heard].sort(),
        [...expected].sort(),
      );
      return changes.size;
    },
  };
}
