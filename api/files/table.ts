/** What a column holds; null where a row has nothing. Instants are epoch milliseconds. */
export type ColumnType = "text" | "integer" | "number" | "instant" | "flag";
export type Column = { name: string; type: ColumnType };
export type Cell = string | number | boolean | null | undefined;

/** A table that becomes a file: each row has a cell for each column. */
export type Table = { columns: readonly Column[]; rows: readonly (readonly Cell[])[] };

export type FileFormat = "CSV" | "PARQUET";
