import type { DatabaseSync } from "node:sqlite";
import { parseObject } from "../collection/card-data.ts";
import { getRow, run } from "../collection/rows.ts";

/**
 * Brings a collection of scheduler 1 to scheduler 2, as Anki does before it goes on with one: in the log, good and easy of
 * learning become 3 and 4; cards that are relearned say so, and keep no steps of the day beside those that are left.
 * Nothing happens where it was done before. Source: ankitects/anki, rslib/src/scheduler/upgrade.rs and v2_upgrade.sql.
 */
export function upgradeScheduler(db: DatabaseSync): boolean {
  const row = getRow<{ conf: string }>(db, "select conf from col limit 1");
  const conf = parseObject(row?.conf ?? "");
  const version = conf["schedVer"];
  if (typeof version === "number" && version >= 2) return false;
  run(db, "update revlog set ease = ease + 1 where ease in (2, 3) and type in (0, 2)");
  run(db, "update cards set type = 3 where type = 2 and queue in (1, 3)");
  run(db, "update cards set left = left % 1000 where left >= 1000");
  run(db, "update col set conf = ?", JSON.stringify({ ...conf, schedVer: 2 }));
  return true;
}
