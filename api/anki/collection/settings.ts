import type { DatabaseSync } from "node:sqlite";
import { readCollection } from "./collection.ts";
import { parseObject } from "./card-data.ts";
import { objectOf, toOptions } from "./options.ts";
import { getRow } from "./rows.ts";

/** A preset of options, which decks share. */
export type PresetView = {
  presetId: number;
  name: string;
  newPerDay: number;
  reviewsPerDay: number;
  learnStepsMin: readonly number[];
  relearnStepsMin: readonly number[];
  maxIntervalDays: number;
  desiredRetention: number;
  fsrsParameters: readonly number[];
  weekdayShares: readonly number[];
  deckIds: number[];
};

/** How a collection is scheduled. */
export type SettingsView = { scheduler: "FSRS" | "SM2"; rollover: number; presets: PresetView[] };

/** The settings of a collection, presets by their names. */
export function readSettings(db: DatabaseSync): SettingsView {
  const { usesFsrs, rollover, decks } = readCollection(db);
  const { dconf } = getRow<{ dconf: string }>(db, "select dconf from col limit 1")!;
  const presets = Object.entries(parseObject(dconf)).map(([id, json]) => {
    const options = toOptions(json);
    const { name } = objectOf(json);
    return {
      ...options,
      presetId: Number(id),
      name: typeof name === "string" ? name : "",
      desiredRetention: options.desiredRetention ?? 0.9,
      deckIds: [...decks.values()].filter(({ optionsId }) => optionsId === Number(id)).map(({ id }) => id),
    };
  });
  return {
    scheduler: usesFsrs ? "FSRS" : "SM2",
    rollover,
    presets: presets.sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
