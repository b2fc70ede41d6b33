import * as v from "valibot";
import { parseInput, words } from "../core/check.ts";
import { InvalidInputError } from "../core/errors.ts";
import { DEFAULT_IDLE_MS, DEFAULT_KEEP_MS, LIMITS, type Sensor } from "./model.ts";
import { DEFAULT_PLAUSIBLE, parsePlausible, type Plausible, type PlausibleInput } from "./plausible.ts";
import type { createSettings } from "./settings.ts";
import type { SessionStore } from "./store.ts";

/** What holds for sessions of a tenant, or of one sensor; `own` names what is set for that sensor itself. */
export type SettingsShown = Plausible & {
  idleMs: number;
  keepMs: number;
  own: readonly ("idleMs" | keyof Plausible)[];
};

const renaming = v.object({
  sensorId: words(LIMITS.idChars),
  name: v.nullish(words(LIMITS.nameChars)),
});

/** Settings of tenants and sensors, and sensors' names. All throw InvalidInputError for input that can never work. */
export function createConfiguring({ store, settings }: {
  store: SessionStore;
  settings: ReturnType<typeof createSettings>;
}) {
  return {
    /** Sets how sessions of a tenant, or of one sensor, end and are kept; holds for sessions that begin from now on. */
    async configure(
      tenantId: string,
      { sensorId, idleMs, keepDays, plausible = {} }: {
        sensorId?: string | undefined;
        idleMs?: number | undefined;
        keepDays?: number | undefined;
        plausible?: PlausibleInput | undefined;
      },
    ): Promise<void> {
      if (sensorId !== undefined && !v.is(words(LIMITS.idChars), sensorId)) {
        throw invalid("sensorId", `must be 1 to ${LIMITS.idChars} characters and no control characters`);
      }
      if (idleMs !== undefined && (idleMs < LIMITS.idleMinMs || idleMs > LIMITS.idleMaxMs)) {
        throw invalid("idleTimeout", `must be ${LIMITS.idleMinMs} to ${LIMITS.idleMaxMs} milliseconds, got ${idleMs}`);
      }
      if (keepDays !== undefined && (keepDays < LIMITS.keepMinDays || keepDays > LIMITS.keepMaxDays)) {
        throw invalid("keepDays", `must be ${LIMITS.keepMinDays} to ${LIMITS.keepMaxDays}, got ${keepDays}`);
      }
      if (sensorId !== undefined && keepDays !== undefined) {
        throw invalid("keepDays", "is of the tenant; leave sensorId out to set it");
      }
      const limits = parsePlausible(plausible);
      const hasLimits = Object.keys(limits).length > 0;
      if (idleMs === undefined && keepDays === undefined && !hasLimits) {
        throw invalid("idleTimeout", "nothing to set was given");
      }
      const keepMs = keepDays === undefined ? undefined : keepDays * 86_400_000;
      if (idleMs !== undefined || keepMs !== undefined) await store.putIdle(tenantId, sensorId, { idleMs, keepMs });
      if (hasLimits) await store.putPlausible(tenantId, sensorId, limits);
      settings.forget(tenantId);
    },

    /** What holds for a tenant, or for one of its sensors. */
    async settingsOf(tenantId: string, sensor: Sensor | undefined): Promise<SettingsShown> {
      const { idleMs = DEFAULT_IDLE_MS, keepMs = DEFAULT_KEEP_MS, plausible, bySensor } = await settings.of(tenantId);
      const own = sensor && bySensor && Object.hasOwn(bySensor, sensor.sensorId)
        ? bySensor[sensor.sensorId]
        : undefined;
      const limits = Object.keys(own ?? {}) as (keyof Plausible)[];
      return {
        ...{ ...DEFAULT_PLAUSIBLE, ...plausible, ...own, keepMs },
        idleMs: sensor?.idleMs ?? idleMs,
        own: [...(sensor?.idleMs === undefined ? [] : ["idleMs" as const]), ...limits],
      };
    },

    /** Gives a sensor the name that people call it by; null takes it away. Undefined where nothing came from it yet. */
    async renameSensor(tenantId: string, input: unknown): Promise<Sensor | undefined> {
      const { sensorId, name } = parseInput(renaming, input);
      return await store.nameSensor(tenantId, sensorId, name ?? undefined);
    },
  };
}

function invalid(field: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path: [field], message }]);
}
