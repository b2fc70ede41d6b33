import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { setTimeout as pause } from "node:timers/promises";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import pMap from "p-map";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { AppError, UnavailableError } from "../core/errors.ts";
import type { Written } from "../core/writes.ts";
import { nameOf, translating } from "./faults.ts";

export type Item = Record<string, unknown>;

/** An expression with its names (`#x`) and values (`:x`). */
export type Expression = { expression: string; names?: Record<string, string>; values?: Item };

export type QueryOptions = ReadOptions & {
  index?: string;
  key: Expression;
  filter?: Expression;
  limit?: number;
  startKey?: Item | undefined;
  descending?: boolean;
};

/** How one or several items are read: what was written a moment ago too, and what has expired and is still there. */
export type ReadOptions = { consistent?: boolean | undefined; expired?: boolean | undefined };

export type DynamoOptions = {
  /** Hears what each request cost. */
  onCost?: ((cost: Cost) => void) | undefined;
  /** Decides when a request is made. */
  inTurn?: (<T>(call: () => Promise<T>, kind: Cost["kind"]) => Promise<T>) | undefined;
  /** Every read is consistent, but for those of indexes, which cannot be. */
  strict?: boolean | undefined;
  /** Without one nothing expires. */
  clock?: Clock | undefined;
};

/** One part of a transaction: an item put whole, changed, or removed. */
export type TransactWrite =
  | { table: string; put: Item; condition?: Expression }
  | { table: string; key: Item; change: Expression; condition?: Expression }
  | { table: string; remove: Item; condition?: Expression };

/** What one request cost, in write units (1 KB) or read units (4 KB), index arms included. */
export type Cost = { operation: string; table: string; units: number; kind: "read" | "write" };

export type Dynamo = ReturnType<typeof createDynamo>;

const ATTEMPTS_FOR_UNPROCESSED = 8;
const ATTEMPTS_WHERE_BUSY = 8;
const INSERTS_A_REQUEST = 25;
const INSERTS_AT_ONCE = 8;
/** Of a statement of a batch: it was not done, and may be tried again. */
const PASSING_CODES: readonly string[] = [
  "InternalServerError",
  "ProvisionedThroughputExceeded",
  "RequestLimitExceeded",
  "ThrottlingError",
  "TransactionConflict",
];

/**
 * DynamoDB as the stores use it. What has expired (`ttl`) is deleted days later and until then not given, to nobody who does not
 * ask for it by `expired`: who writes on the condition of what is there, and who counts or removes all that is there.
 */
export function createDynamo(
  client: DynamoDBClient,
  { onCost, inTurn = (call) => call(), strict = false, clock }: DynamoOptions = {},
) {
  const counted = onCost ? { ReturnConsumedCapacity: "INDEXES" as const } : {};
  const note = (
    operation: string,
    kind: Cost["kind"],
    consumed: { TableName?: string | undefined; CapacityUnits?: number | undefined } | undefined,
  ) => onCost?.({ operation, kind, table: consumed?.TableName ?? "", units: consumed?.CapacityUnits ?? 0 });
  const live = (items: readonly Item[], expired: boolean | undefined) => liveOf(items, expired ? undefined : clock?.());
  const run = <T>(call: () => Promise<T>, kind: Cost["kind"] = "read") =>
    inTurn(() => translating("DynamoDB", () => unlessBusy(call)), kind);
  const write = <T>(call: () => Promise<T>) => run(call, "write");

  async function put(table: string, item: Item, condition?: Expression): Promise<void> {
    const done = await client.send(
      new PutItemCommand({ TableName: table, Item: toValues(item), ...conditionOf(condition), ...counted }),
    );
    note("PutItem", "write", done.ConsumedCapacity);
  }

  async function update(table: string, key: Item, change: Expression, condition?: Expression): Promise<Item> {
    const done = await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toValues(key),
        UpdateExpression: change.expression,
        ...conditionOf(condition),
        ...merged(change, condition),
        ReturnValues: "ALL_NEW",
        ...counted,
      }),
    );
    note("UpdateItem", "write", done.ConsumedCapacity);
    return fromValues(done.Attributes) ?? {};
  }

  /** Each statement of a batch has a verdict of its own: those that failed for the moment are tried again. */
  async function insert(table: string, items: readonly Item[]): Promise<boolean[]> {
    const written: (boolean | undefined)[] = items.map(() => undefined);
    for (let attempt = 0;; attempt++) {
      const left = items.flatMap((item, i) => written[i] === undefined ? [{ item, i }] : []);
      if (left.length === 0) return written as boolean[];
      if (attempt === ATTEMPTS_FOR_UNPROCESSED) throw new UnavailableError("DynamoDB");
      if (attempt > 0) await pause(2 ** attempt * 10);
      const done = await client.send(
        new BatchExecuteStatementCommand({ Statements: left.map(({ item }) => insertOf(table, item)), ...counted }),
      );
      for (const consumed of done.ConsumedCapacity ?? []) note("BatchExecuteStatement", "write", consumed);
      for (const [n, { i }] of left.entries()) {
        const code = done.Responses?.[n]?.Error?.Code;
        if (code === undefined || code === "DuplicateItem") written[i] = code === undefined;
        else if (!PASSING_CODES.includes(code)) {
          throw new AppError("INTERNAL", `DynamoDB refused a statement: ${code}`);
        }
      }
    }
  }

  return {
    /** One item, or undefined. Reads its own writes where `consistent`. */
    get: (table: string, key: Item, { consistent = strict, expired }: ReadOptions = {}): Promise<Item | undefined> =>
      run(async () => {
        const got = await client.send(
          new GetItemCommand({ TableName: table, Key: toValues(key), ConsistentRead: consistent, ...counted }),
        );
        note("GetItem", "read", got.ConsumedCapacity);
        const item = fromValues(got.Item);
        return item && live([item], expired)[0];
      }),

    /** The items that exist, in no order. Any number of keys; a hundred to a request. */
    batchGet: (
      table: string,
      keys: readonly Item[],
      { consistent = strict, expired }: ReadOptions = {},
    ): Promise<Item[]> =>
      run(async () => {
        const items: Item[] = [];
        for (let from = 0; from < keys.length; from += 100) {
          let request: BatchGetItemCommandOutput["UnprocessedKeys"] = {
            [table]: { Keys: keys.slice(from, from + 100).map(toValues), ConsistentRead: consistent },
          };
          for (let attempt = 0; request?.[table]; attempt++) {
            if (attempt === ATTEMPTS_FOR_UNPROCESSED) throw new UnavailableError("DynamoDB");
            if (attempt > 0) await pause(2 ** attempt * 10);
            const got: BatchGetItemCommandOutput = await client.send(
              new BatchGetItemCommand({ RequestItems: request, ...counted }),
            );
            note("BatchGetItem", "read", got.ConsumedCapacity?.[0]);
            items.push(...(got.Responses?.[table] ?? []).map((item) => unmarshall(item)));
            request = got.UnprocessedKeys;
          }
        }
        return live(items, expired);
      }),

    /** Writes an item whole, whatever was there. */
    put: (table: string, item: Item): Promise<void> => write(() => put(table, item)),

    /** Writes an item whole if the condition holds of what is there; else changes nothing. */
    putIf: (table: string, item: Item, condition: Expression): Promise<Written<Item>> =>
      write(() => unlessRefused(async () => (await put(table, item, condition), item))),

    /**
     * Writes each of the items whose key is free, 25 to a request, at the cost of a write each; gives which were written.
     * No key may come twice. Where the reply to a request is lost, what it wrote is found to be there at the next try.
     */
    insertAll: async (table: string, items: readonly Item[]): Promise<boolean[]> => {
      const batches = Array.from(
        { length: Math.ceil(items.length / INSERTS_A_REQUEST) },
        (_, i) => items.slice(i * INSERTS_A_REQUEST, (i + 1) * INSERTS_A_REQUEST),
      );
      const insertNext = (batch: readonly Item[]) => write(() => insert(table, batch));
      return (await pMap(batches, insertNext, { concurrency: INSERTS_AT_ONCE })).flat();
    },

    /** Changes an item and gives it as it is afterwards. */
    update: (table: string, key: Item, change: Expression): Promise<Item> => write(() => update(table, key, change)),

    /** Changes an item if the condition holds of it; else changes nothing. */
    updateIf: (table: string, key: Item, change: Expression, condition: Expression): Promise<Written<Item>> =>
      write(() => unlessRefused(() => update(table, key, change, condition))),

    /** Removes an item; removing what is not there is no error. */
    remove: (table: string, key: Item): Promise<void> =>
      write(async () => {
        const removed = await client.send(new DeleteItemCommand({ TableName: table, Key: toValues(key), ...counted }));
        note("DeleteItem", "write", removed.ConsumedCapacity);
      }),

    /**
     * Writes all parts or none, at twice the units: for what is rare. False, and nothing is changed, where a condition does
     * not hold, or another transaction was at the same items.
     */
    transact: (parts: readonly TransactWrite[]): Promise<boolean> =>
      write(async () => {
        try {
          const written = await client.send(
            new TransactWriteItemsCommand({ TransactItems: parts.map(transactItem), ...counted }),
          );
          for (const consumed of written.ConsumedCapacity ?? []) note("TransactWriteItems", "write", consumed);
          return true;
        } catch (error) {
          if (isConflict(error)) return false;
          throw error;
        }
      }),

    /**
     * One page of a query: at most 1 MB, and at most `limit` items before the filter and what has expired. `next` is the `startKey` of the page
     * after it.
     */
    query: (table: string, options: QueryOptions): Promise<{ items: Item[]; next: Item | undefined }> =>
      run(async () => {
        const page = await client.send(
          new QueryCommand({
            TableName: table,
            ...(options.index ? { IndexName: options.index } : {}),
            ...keyOf(options),
            ...(options.limit ? { Limit: options.limit } : {}),
            ...(options.startKey ? { ExclusiveStartKey: toValues(options.startKey) } : {}),
            ScanIndexForward: !options.descending,
            ConsistentRead: options.consistent ?? (strict && options.index === undefined),
            ...counted,
          }),
        );
        note("Query", "read", page.ConsumedCapacity);
        const items = (page.Items ?? []).map((item) => unmarshall(item));
        return { items: live(items, options.expired), next: fromValues(page.LastEvaluatedKey) };
      }),

    /** How many items a key has, and how many of them pass the filter: at the cost of reading them, without their way here. */
    count: (
      table: string,
      { key, filter }: Pick<QueryOptions, "key" | "filter">,
    ): Promise<{ all: number; passing: number }> =>
      run(async () => {
        const sum = { all: 0, passing: 0 };
        let startKey: Record<string, AttributeValue> | undefined;
        do {
          const page = await client.send(
            new QueryCommand({
              TableName: table,
              Select: "COUNT",
              ...keyOf({ key, ...(filter ? { filter } : {}) }),
              ...(startKey ? { ExclusiveStartKey: startKey } : {}),
              ...counted,
            }),
          );
          note("Query", "read", page.ConsumedCapacity);
          sum.all += page.ScannedCount ?? 0;
          sum.passing += page.Count ?? 0;
          startKey = page.LastEvaluatedKey;
        } while (startKey);
        return sum;
      }),
  };
}

/** As DynamoDB takes it. Done here and not by the SDK's document client, whose part of a request is a third of its cost. */
function toValues(item: Item): Record<string, AttributeValue> {
  return marshall(item, { removeUndefinedValues: true });
}

function fromValues(values: Record<string, AttributeValue> | undefined): Item | undefined {
  return values && unmarshall(values);
}

/** Those of the items whose time has not come. */
export function liveOf(items: readonly Item[], now: number | undefined): Item[] {
  return items.filter(({ ttl }) => now === undefined || typeof ttl !== "number" || ttl * SECOND_MS >= now);
}

function keyOf(options: Pick<QueryOptions, "key" | "filter">) {
  return {
    KeyConditionExpression: options.key.expression,
    ...(options.filter ? { FilterExpression: options.filter.expression } : {}),
    ...merged(options.key, options.filter),
  };
}

function merged(...parts: (Expression | undefined)[]) {
  const names = Object.assign({}, ...parts.map((part) => part?.names)) as Record<string, string>;
  const values = Object.assign({}, ...parts.map((part) => part?.values)) as Item;
  return {
    ...(Object.keys(names).length > 0 ? { ExpressionAttributeNames: names } : {}),
    ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: toValues(values) } : {}),
  };
}

function conditionOf(condition: Expression | undefined) {
  if (!condition) return {};
  return {
    ConditionExpression: condition.expression,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    ...merged(condition),
  };
}

function transactItem(part: TransactWrite) {
  const condition = part.condition ? { ConditionExpression: part.condition.expression } : {};
  if ("put" in part) {
    return { Put: { TableName: part.table, Item: toValues(part.put), ...condition, ...merged(part.condition) } };
  }
  if ("remove" in part) {
    return { Delete: { TableName: part.table, Key: toValues(part.remove), ...condition, ...merged(part.condition) } };
  }
  const { table: TableName, key, change } = part;
  const UpdateExpression = change.expression;
  return {
    Update: { TableName, Key: toValues(key), UpdateExpression, ...condition, ...merged(change, part.condition) },
  };
}

/**
 * Again where a transaction was at the item at that moment: nothing was written, and the SDK does not try again itself. Its
 * last failure is one that passes.
 */
async function unlessBusy<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (nameOf(error) !== "TransactionConflictException" || attempt === ATTEMPTS_WHERE_BUSY) throw error;
      await pause(2 ** attempt * 5);
    }
  }
}

function insertOf(table: string, item: Item) {
  const own = toValues(item);
  const names = Object.keys(own).map((name) => `'${name}': ?`).join(", ");
  return { Statement: `INSERT INTO "${table}" VALUE {${names}}`, Parameters: Object.values(own) };
}

/** Whether a transaction was given up because of a condition or of another transaction, and not of a fault. */
function isConflict(error: unknown): boolean {
  const reasons = error instanceof TransactionCanceledException ? error.CancellationReasons ?? [] : [];
  return reasons.some(({ Code: code }) => code === "ConditionalCheckFailed" || code === "TransactionConflict");
}

async function unlessRefused(write: () => Promise<Item>): Promise<Written<Item>> {
  try {
    return { ok: true, current: await write() };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { ok: false, current: fromValues(error.Item) };
  }
}
