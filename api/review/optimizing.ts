import type { Clock } from "../core/clock.ts";
import { InvalidInputError } from "../core/errors.ts";
import { readSettings, type SettingsView } from "../anki/collection/settings.ts";
import type { Optimized } from "../anki/schedule/optimize.ts";
import { type Workers, WorkLimitError } from "../anki/work/pool.ts";
import type { Changes } from "./changes.ts";
import type { Copies } from "./copies.ts";
import { invalid } from "./edit-checks.ts";
import { parseOptimizePreset } from "./edit-model.ts";
import type { Person } from "./model.ts";

/** A function has 29 seconds. */
const OPTIMIZE_MS = 25_000;

export type OptimizedPreset = Omit<Optimized, "parameters"> & {
  settings: SettingsView;
  parameters: number[];
  isBetter: boolean;
};

/** FSRS's parameters, learned from a person's own answers. They are set where they predict better than those that are there. */
export function createOptimizePreset(
  { changes, copies, workers, clock }: { changes: Changes; copies: Copies; workers: Workers; clock: Clock },
) {
  return async function optimizePreset(person: Person, input: unknown): Promise<OptimizedPreset> {
    const { editId, presetId, dryRun, timeZone } = parseOptimizePreset(input);
    const lease = await changes.leaseOf(person, timeZone);
    const bytes = await copies.read(lease, (file) => {
      if (!readSettings(file.db).presets.some((preset) => preset.presetId === presetId)) {
        throw invalid("presetId", "is no preset of this collection; `reviewSettings` lists them");
      }
      return file.toBytes();
    });
    const { parameters, reviews, ...losses } = await learned(person, bytes, presetId, timeZone);
    if (!parameters) {
      throw invalid("presetId", `has ${reviews} reviews that came a day or more after another; 64 are needed at least`);
    }
    const isBetter = losses.logLossAfter < losses.logLossBefore;
    const set = { fsrsParameters: parameters };
    const after = isBetter && !dryRun
      ? (await changes.change(person, editId, ["optimizePreset", presetId], () => ({
        command: { do: "setPreset", presetId, set },
        made: 0,
      }))).lease
      : lease;
    return { settings: await changes.read(after, readSettings), parameters, reviews, ...losses, isBetter };
  };

  async function learned(
    { tenantId }: Person,
    bytes: Uint8Array,
    presetId: number,
    zone: string | null | undefined,
  ): Promise<Optimized> {
    try {
      return await workers.run(tenantId, OPTIMIZE_MS, (ask) => ask.optimized(bytes, presetId, { at: clock(), zone }));
    } catch (error) {
      if (!(error instanceof WorkLimitError)) throw error;
      throw new InvalidInputError([{
        path: ["presetId"],
        message: `takes more ${error.limit} than is given to one request`,
      }]);
    }
  }
}
