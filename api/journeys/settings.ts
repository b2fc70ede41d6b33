import type { Dynamo, Item } from "../aws/dynamo.ts";
import { itemKey } from "../core/keys.ts";
import type { Written } from "../core/writes.ts";
import { NO_GOALS } from "./goals.ts";
import { DEFAULT_KEEP_DAYS, type Goal, type JourneyPolicy } from "./model.ts";

/** What a tenant decided about its journeys, one item in the `journeys` table. `keepRawDays` undefined: for ever. */
export type JourneySettings = JourneyPolicy & { keepRawDays: number | undefined; changedAt: number | undefined };

/** That all raw events that arrived before an instant were removed, as the tenant said; and when. */
export type RawRemoval = { at: number; arrivedBefore: number };

/** No session has an empty id. */
export function settingsKey(tenantId: string): { pk: string; sk: string } {
  return itemKey(tenantId, "", "SETTINGS");
}

export function fromSettings(item: Item | undefined): JourneySettings {
  if (!item) return { goals: NO_GOALS, keepDays: DEFAULT_KEEP_DAYS, keepRawDays: undefined, changedAt: undefined };
  return {
    goals: { version: item.version as number, list: JSON.parse(item.goals as string) as Goal[] },
    keepDays: item.keepDays as number,
    keepRawDays: item.keepRawDays as number | undefined,
    changedAt: item.changedAt as number,
  };
}

export function createSettingsItems(dynamo: Dynamo, table: string) {
  return {
    async getSettings(tenantId: string): Promise<JourneySettings> {
      return fromSettings(await dynamo.get(table, settingsKey(tenantId), { consistent: true }));
    },

    async noteRawRemoval(tenantId: string, { at, arrivedBefore }: RawRemoval): Promise<void> {
      await dynamo.put(table, { ...itemKey(tenantId, "", "RAW"), at, arrivedBefore });
    },

    async findRawRemoval(tenantId: string): Promise<RawRemoval | undefined> {
      const item = await dynamo.get(table, itemKey(tenantId, "", "RAW"));
      return item && { at: item.at as number, arrivedBefore: item.arrivedBefore as number };
    },

    /** Writes the settings if they are as they were read; `before` says how. */
    async replaceSettings(
      tenantId: string,
      settings: JourneySettings,
      before: JourneySettings,
    ): Promise<Written<unknown>> {
      const { goals, keepDays, keepRawDays, changedAt } = settings;
      const item = {
        ...settingsKey(tenantId),
        version: goals.version,
        goals: JSON.stringify(goals.list),
        keepDays,
        ...(keepRawDays === undefined ? {} : { keepRawDays }),
        changedAt,
      };
      return await dynamo.putIf(
        table,
        item,
        before.changedAt === undefined ? { expression: "attribute_not_exists(pk)" } : {
          expression: "version = :version AND changedAt = :at",
          values: { ":version": before.goals.version, ":at": before.changedAt },
        },
      );
    },
  };
}
