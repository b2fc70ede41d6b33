// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type OutlookQueryVariables = Exact<{
  deckId?: string | null | undefined;
  days: number;
  timeZone?: string | null | undefined;
}>;


export type OutlookQuery = { decks: Array<{ deckId: string, name: string }>, reviewForecast: { overdue: number, beyond: number, dailyLoad: number, days: Array<{ start: string, due: number }> } | null, deckStats: { new: number, learning: number, relearning: number, young: number, mature: number, suspended: number, buried: number, averageInterval: number | null, averageRetrievability: number | null } | null };

export const Outlook = document<OutlookQuery, OutlookQueryVariables>(
  "query Outlook($deckId: String, $days: Int!, $timeZone: TimeZone) { decks(timeZone: $timeZone) { deckId name } reviewForecast(deckId: $deckId, days: $days, timeZone: $timeZone) { overdue beyond dailyLoad days { start due } } deckStats(deckId: $deckId, timeZone: $timeZone) { new learning relearning young mature suspended buried averageInterval averageRetrievability } }",
);
