import { type BasicType, parquetWriteBuffer } from "hyparquet-writer";
import type { Cell, ColumnType, Table } from "./table.ts";

const TYPES: Record<ColumnType, BasicType> = {
  text: "STRING",
  integer: "INT64",
  number: "DOUBLE",
  instant: "TIMESTAMP",
  flag: "BOOLEAN",
};
/** Readers skip groups of rows by what columns hold in them. */
const ROW_GROUP = 100_000;

/** The table as a Parquet file, compressed by Snappy: its columns are there also without rows. */
export function toParquet({ columns, rows }: Table): Uint8Array {
  return new Uint8Array(parquetWriteBuffer({
    columnData: columns.map(({ name, type }, i) => ({
      name,
      type: TYPES[type],
      nullable: true,
      data: rows.map((row) => valueOf(type, row[i])),
    })),
    rowGroupSize: ROW_GROUP,
    createdBy: "sojourn",
  }));
}

function valueOf(type: ColumnType, cell: Cell): unknown {
  if (cell === null || cell === undefined) return null;
  if (type === "integer") return BigInt(cell);
  return type === "instant" ? new Date(cell as number) : cell;
}
