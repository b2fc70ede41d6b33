import { gunzipSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import { createObjects } from "../../api/aws/objects.ts";
import type { TestSystem } from "./local.ts";

export type Row = Record<string, unknown>;

/** What a Parquet file holds, as rows. */
export const rowsOf = (body: Uint8Array): Promise<Row[]> =>
  parquetReadObjects({ file: Uint8Array.from(body).buffer }) as Promise<Row[]>;

/** The bucket of raw events: each object of a tenant with what it holds as text, whatever its form. */
export async function dumpBucket({ clients, prefix }: Pick<TestSystem, "clients" | "prefix">, tenantId: string) {
  const objects = createObjects(clients.s3, `${prefix}-events`);
  const found: { key: string; rows?: Row[]; text: string }[] = [];
  for await (const page of objects.list("")) {
    for (const { key } of page.filter((one) => one.key.includes(`tenant=${tenantId}/`))) {
      const { body, metadata } = await objects.get(key);
      found.push({ key, ...await contentOf(key, body, metadata) });
    }
  }
  return found;
}

export async function contentOf(key: string, body: Uint8Array, metadata: object = {}) {
  const meta = JSON.stringify(metadata);
  if (key.endsWith(".parquet")) {
    const rows = await rowsOf(body);
    // The bytes too: statistics hold texts, and what is not compressed.
    const text = JSON.stringify(rows, (_, value) => typeof value === "bigint" ? String(value) : value as unknown);
    return { rows, text: meta + text + Buffer.from(body).toString("latin1") };
  }
  return { text: meta + (key.endsWith(".gz") ? gunzipSync(body) : Buffer.from(body)).toString("utf8") };
}
