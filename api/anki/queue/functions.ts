import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { FIELD_SEPARATOR } from "../collection/note-text.ts";
import type { Timing } from "../collection/timing.ts";
import { overdueOf, type Recalled, recallOf } from "./retrievability.ts";

const known = new WeakSet<DatabaseSync>();

/**
 * Teaches a database what orders and searches need and SQLite does not have on both runtimes: `sojourn_recall` and
 * `sojourn_overdue` of a card (`ofCard`), `sojourn_plain(text)`, text in small letters without accents, and
 * `sojourn_field(flds, place)`, one field of a note, empty where it has none there.
 */
export function teach(db: DatabaseSync): void {
  if (known.has(db)) return;
  known.add(db);
  const of = (measure: (card: Recalled, day: Pick<Timing, "today" | "nextDayAt">) => number) =>
  (
    data: SQLOutputValue,
    due: SQLOutputValue,
    ivl: SQLOutputValue,
    today: SQLOutputValue,
    nextDayAt: SQLOutputValue,
  ) =>
    measure(
      { data: String(data), due: Number(due), ivl: Number(ivl) },
      { today: Number(today), nextDayAt: Number(nextDayAt) },
    );
  db.function("sojourn_recall", { deterministic: true }, of(recallOf));
  db.function("sojourn_overdue", { deterministic: true }, of(overdueOf));
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

/** SQL for the chance that a card is known today, or for how far it is beyond what is wanted of it. */
export function ofCard(
  measure: "sojourn_recall" | "sojourn_overdue",
  { today, nextDayAt }: Pick<Timing, "today" | "nextDayAt">,
  table = "",
): string {
  const due = `(case when ${table}odue <> 0 then ${table}odue else ${table}due end)`;
  return `${measure}(${table}data, ${due}, ${table}ivl, ${today}, ${nextDayAt})`;
}
