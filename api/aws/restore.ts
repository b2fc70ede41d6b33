import {
  BatchWriteItemCommand,
  type BatchWriteItemCommandOutput,
  DescribeTableCommand,
  type DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  ScanCommand,
  UpdateTableCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { CopyObjectCommand, ListObjectsV2Command, ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { setTimeout as pause } from "node:timers/promises";
import pMap from "p-map";
import type { TableSpec } from "../resources.ts";
import { nameOf } from "./faults.ts";
import { ensureBucket, ensureTable } from "./provision.ts";

/** AWS restores a table in twenty minutes to hours. */
const MAX_WAIT_SECONDS = 24 * 3_600;
const ITEMS_A_REQUEST = 25;
const REQUESTS_AT_ONCE = 8;

export type Restorer = ReturnType<typeof createRestorer>;
export type Restored = { items: number; bytes: number };

/** Makes tables and buckets as others are, or were at an instant. What is there already is left alone: it throws. */
export function createRestorer({ dynamodb, s3 }: { dynamodb: DynamoDBClient; s3: S3Client }) {
  async function exists(table: string): Promise<boolean> {
    try {
      await dynamodb.send(new DescribeTableCommand({ TableName: table }));
      return true;
    } catch (error) {
      if (nameOf(error) === "ResourceNotFoundException") return false;
      throw error;
    }
  }

  return {
    exists,

    /** AWS's own restoration, from its continuous backups. */
    async fromBackup(from: string, to: string, spec: TableSpec, at: number | undefined): Promise<Restored> {
      const when = at === undefined ? { UseLatestRestorableTime: true } : { RestoreDateTime: new Date(at) };
      await dynamodb.send(
        new RestoreTableToPointInTimeCommand({ SourceTableName: from, TargetTableName: to, ...when }),
      );
      await waitUntilTableExists({ client: dynamodb, maxWaitTime: MAX_WAIT_SECONDS }, { TableName: to });
      // A restored table expires nothing.
      await ensureTable(dynamodb, to, { ...spec, stream: false });
      const { Table: made } = await dynamodb.send(new DescribeTableCommand({ TableName: to }));
      return { items: made?.ItemCount ?? 0, bytes: made?.TableSizeBytes ?? 0 };
    },

    /** The same by reading and writing every item, where there are no backups: for embedded stores. */
    async byCopy(from: string, to: string, spec: TableSpec): Promise<Restored> {
      await ensureTable(dynamodb, to, { ...spec, stream: false });
      const sum = { items: 0, bytes: 0 };
      let startKey: Record<string, never> | undefined;
      do {
        const page = await dynamodb.send(new ScanCommand({ TableName: from, ExclusiveStartKey: startKey }));
        const items = page.Items ?? [];
        const parts = Array.from(
          { length: Math.ceil(items.length / ITEMS_A_REQUEST) },
          (_, i) => items.slice(i * ITEMS_A_REQUEST, (i + 1) * ITEMS_A_REQUEST),
        );
        await pMap(parts, async (part) => {
          let left: BatchWriteItemCommandOutput["UnprocessedItems"] = {
            [to]: part.map((Item) => ({ PutRequest: { Item } })),
          };
          while (left && Object.keys(left).length > 0) {
            left = (await dynamodb.send(new BatchWriteItemCommand({ RequestItems: left }))).UnprocessedItems;
            if (left && Object.keys(left).length > 0) await pause(100);
          }
        }, { concurrency: REQUESTS_AT_ONCE });
        sum.items += items.length;
        sum.bytes += items.reduce((bytes, item) => bytes + JSON.stringify(item).length, 0);
        startKey = page.LastEvaluatedKey as typeof startKey;
      } while (startKey);
      return sum;
    },

    /** From now on what changes is in the table's stream. What was restored is not: it was counted where it comes from. */
    async openStream(table: string): Promise<void> {
      const StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" as const };
      await dynamodb.send(new UpdateTableCommand({ TableName: table, StreamSpecification }));
      await waitUntilTableExists({ client: dynamodb, maxWaitTime: MAX_WAIT_SECONDS }, { TableName: table });
    },

    /** Copies every object as it was at `at` from its versions, or as it is now. */
    async copyBucket(from: string, to: string, at: number | undefined): Promise<Restored> {
      await ensureBucket(s3, to);
      const sum = { items: 0, bytes: 0 };
      for await (const page of at === undefined ? listObjects(from) : listVersions(from, at)) {
        await pMap(page, async ({ key, version, bytes }) => {
          const source = `${from}/${key.split("/").map(encodeURIComponent).join("/")}`;
          const CopySource = version === undefined ? source : `${source}?versionId=${version}`;
          await s3.send(new CopyObjectCommand({ Bucket: to, Key: key, CopySource }));
          sum.items += 1;
          sum.bytes += bytes;
        }, { concurrency: REQUESTS_AT_ONCE });
      }
      return sum;
    },
  };

  async function* listObjects(bucket: string) {
    let ContinuationToken: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken }));
      yield (page.Contents ?? []).map(({ Key, Size }) => ({ key: Key!, version: undefined, bytes: Size ?? 0 }));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  /** Of each key the newest version that is not younger; none where that is the mark of its removal. */
  async function* listVersions(bucket: string, at: number) {
    let KeyMarker: string | undefined;
    let VersionIdMarker: string | undefined;
    let last: string | undefined;
    do {
      const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, KeyMarker, VersionIdMarker }));
      const all = [
        ...(page.Versions ?? []).map((one) => ({ ...one, isRemoval: false, bytes: one.Size ?? 0 })),
        ...(page.DeleteMarkers ?? []).map((one) => ({ ...one, isRemoval: true, bytes: 0 })),
      ].filter(({ LastModified }) => LastModified!.getTime() <= at)
        .sort((a, b) => a.Key === b.Key ? +b.LastModified! - +a.LastModified! : a.Key! < b.Key! ? -1 : 1);
      const found: { key: string; version: string | undefined; bytes: number }[] = [];
      for (const { Key: key, VersionId: version, isRemoval, bytes } of all) {
        if (key === last) continue;
        last = key;
        if (!isRemoval) found.push({ key: key!, version, bytes });
      }
      yield found;
      KeyMarker = page.NextKeyMarker;
      VersionIdMarker = page.NextVersionIdMarker;
    } while (KeyMarker !== undefined);
  }
}
