import { LOST, retryLost } from "../core/writes.ts";
import type { Lines, Owner } from "./lines.ts";
import type { Session } from "./model.ts";

/** The last session that begins at or before an instant, as it is now: read again where the line moved meanwhile. */
export async function holderAt(
  lines: Pick<Lines, "around" | "findSensorState">,
  of: Owner,
  at: number,
): Promise<Session | undefined> {
  const { before } = await retryLost(async () => await lines.around(of, await lines.findSensorState(of), at) ?? LOST);
  return before;
}
