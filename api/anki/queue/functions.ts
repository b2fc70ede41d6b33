import type { DatabaseSync } from "node:sqlite";
import { FIELD_SEPARATOR } from "../collection/note-text.ts";
import { retrievability } from "./retrievability.ts";

const known = new WeakSet<DatabaseSync>();

/**
 * Teaches a database what orders and searches need and SQLite does not have on both runtimes: `sojourn_recall(days, stability,
 * decay)`, the chance that a card is known, `sojourn_plain(text)`, text in small letters without accents, and
 * `sojourn_field(flds, place)`, one field of a note, empty where it has none there.
 */
export function teach(db: DatabaseSync): void {
  if (known.has(db)) return;
  known.add(db);
  db.function(
    "sojourn_recall",
    { deterministic: true },
    (days, stability, decay) => retrievability(Math.max(0, Number(days)), Number(stability), Number(decay)),
  );
  db.function("sojourn_plain", { deterministic: true }, (text) => plainOf(String(text)));
  db.function(
    "sojourn_field",
    { deterministic: true },
    (flds, place) => String(flds).split(FIELD_SEPARATOR)[Number(place)] ?? "",
  );
}

export function plainOf(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}+/gu, "").toLowerCase();
}

/** FSRS's decay before its parameters held one. */
export const OLD_DECAY = 0.5;

/** SQL for the chance that a card is known today; by interval where FSRS has not seen it. */
export function recallSql(today: number, table = ""): string {
  const variable = (name: string) =>
    `case when json_valid(${table}data) then json_extract(${table}data, '$.${name}') end`;
  const due = `(case when ${table}odue <> 0 then ${table}odue else ${table}due end)`;
  const stability = `max(ifnull(${variable("s")}, ${table}ivl), 0.001)`;
  return `sojourn_recall(${today} - ${due} + ${table}ivl, ${stability}, ifnull(${variable("decay")}, ${OLD_DECAY}))`;
}
