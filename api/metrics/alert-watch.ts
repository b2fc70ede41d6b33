import { checkId } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import type { Hub } from "../live/hub.ts";
import { createLogFeed } from "../live/log-feed.ts";
import { ALERT_LIMITS, type AlertChange } from "./alert-model.ts";
import type { AlertStore } from "./alert-store.ts";
import { alertsKey } from "./alerts.ts";

export type AlertUpdate = { cursor: string; change: AlertChange };

/** Each change of an alert of the tenant (of one alert) as it happens, by whatever process; with `after` from there on. */
export function createAlertWatch(
  { alerts, hub, clock, pollMs }: { alerts: AlertStore; hub: Hub; clock: Clock; pollMs?: number | undefined },
) {
  const follow = createLogFeed<{ change: AlertChange }>({
    ...{ hub, clock, pollMs, formerKind: "alert changes as they happen", hubKey: alertsKey },
    async read(tenantId, alertId, sinceAt) {
      const changes = await alerts.listChanges(tenantId, { alertId, since: String(sinceAt).padStart(13, "0") });
      return changes.map((change) => ({ id: change.changeId, key: change.changeId, message: { change } }));
    },
  });

  return function watchAlerts(
    tenantId: string,
    alertId: string | null | undefined,
    after: string | null | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<AlertUpdate> {
    if (alertId !== null && alertId !== undefined) checkId("alertId", alertId, ALERT_LIMITS.idChars);
    return follow(tenantId, alertId ?? undefined, after, signal);
  };
}
