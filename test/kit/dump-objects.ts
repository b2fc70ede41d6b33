import { gunzipSync } from "node:zlib";
import type { TestSystem } from "./local.ts";
import { bucketOf } from "./stores.ts";

/** The raw events of a tenant as they lie: each object's key, its metadata and its lines, in the order of the keys. */
export async function dumpEvents(system: Pick<TestSystem, "memory" | "clients" | "prefix">, tenantId: string) {
  const objects = bucketOf(system, "events");
  const found: { key: string; metadata: Record<string, string>; lines: string[] }[] = [];
  for await (const page of objects.list(`events/tenant=${tenantId}/`)) {
    for (const { key } of page) {
      const { body, metadata } = await objects.get(key);
      found.push({ key, metadata, lines: gunzipSync(body).toString().split("\n").filter(Boolean) });
    }
  }
  return found;
}
