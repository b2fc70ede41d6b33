import DataLoader from "dataloader";

const MAX_BATCH = 100;

/** Finds by id; what is asked for at the same moment is asked for together, a hundred ids at most. */
export function createLoader<T>(find: (ids: readonly string[]) => Promise<Map<string, T>>) {
  const loads = new DataLoader<string, T | undefined>(async (ids) => {
    const found = await find(ids);
    return ids.map((id) => found.get(id));
  }, { maxBatchSize: MAX_BATCH, cache: false });
  return (id: string) => loads.load(id);
}
