import { BatchWriteItemCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import pMap from "p-map";
import { strictEqual } from "node:assert/strict";
import type { Item } from "../../api/aws/dynamo.ts";
import { deviceAttributes, keyOf, sensorKeyOf } from "../../api/sessions/item.ts";
import { DEFAULT_IDLE_MS, DEFAULT_KEEP_MS, type Session } from "../../api/sessions/model.ts";
import { addNumber, noNumbers } from "../../api/sessions/numbers.ts";
import { applyMotion, stand, startOf } from "../../api/sessions/rules.ts";

const ITEMS_OF_A_REQUEST = 25;
const CONCURRENCY = 8;

export type Of = { tenantId: string; sensorId: string; sessionId: string };

/** A session with one motion event, which has the number 0, as the service would have written it. */
export function sessionAt(of: Of, startedAt: number, { isOver }: { isOver: boolean }): Session {
  const device = startOf(startedAt, false, addNumber(noNumbers(), 0), startedAt);
  const people = { labels: [], notes: null, pinned: false, version: 1 };
  const kept = { idleMs: DEFAULT_IDLE_MS, keepMs: DEFAULT_KEEP_MS, createdAt: startedAt };
  const fresh: Session = {
    ...of,
    ...device,
    ...people,
    ...kept,
    userId: "u",
    playback: { started: false },
    revision: 1,
  };
  const active = applyMotion(fresh, { at: startedAt, seq: 0 }, startedAt);
  return stand({ ...active, status: isOver ? "COMPLETED" : "ACTIVE" }, isOver ? Infinity : startedAt);
}

/** Puts sessions into the table `PREFIX-sessions`, and the last of each sensor as the sensor's latest. */
export async function fill(client: DynamoDBClient, prefix: string, sessions: readonly Session[]): Promise<void> {
  const latest = new Map(sessions.map((session) => [sensorKeyOf(session.tenantId, session.sensorId), session]));
  const puts = [
    ...sessions.map((session) => ({ table: `${prefix}-sessions`, item: itemOf(session) })),
    ...[...latest].map(([pk, { tenantId: tenant, sensorId, sessionId }]) => (
      { table: `${prefix}-sensors`, item: { pk, tenant, sensorId, latest: sessionId } }
    )),
  ];
  const starts = Array.from({ length: Math.ceil(puts.length / ITEMS_OF_A_REQUEST) }, (_, i) => i * ITEMS_OF_A_REQUEST);
  await pMap(starts, async (from) => {
    const byTable = Object.groupBy(puts.slice(from, from + ITEMS_OF_A_REQUEST), (put) => put.table);
    const requests = Object.entries(byTable).map(([table, own]) => [
      table,
      own!.map(({ item }) => ({ PutRequest: { Item: marshall(item, { removeUndefinedValues: true }) } })),
    ]);
    const written = await client.send(new BatchWriteItemCommand({ RequestItems: Object.fromEntries(requests) }));
    strictEqual(Object.keys(written.UnprocessedItems ?? {}).length, 0);
  }, { concurrency: CONCURRENCY });
}

function itemOf(session: Session): Item {
  const keepSeconds = session.keepMs / 1_000;
  const ttl = Math.ceil(session.updatedAt / 1_000) + keepSeconds;
  return { ...keyOf(session.tenantId, session.sessionId), ...deviceAttributes(session), keepSeconds, ttl };
}
