import {
  type Dynamo,
  type Expression,
  type Item,
  liveOf,
  type QueryOptions,
  type ReadOptions,
  type TransactWrite,
} from "../../api/aws/dynamo.ts";
import { AppError, UnavailableError } from "../../api/core/errors.ts";
import type { Written as Outcome } from "../../api/core/writes.ts";
import type { IndexSpec, TableSpec } from "../../api/resources.ts";
import { compare, ExpressionError, parseChange, parseCondition, type Scope } from "./expressions.ts";

/** One item as it was and as it is; undefined: not there. */
export type Written = { table: string; key: string; before: Item | undefined; after: Item | undefined };

export type MemoryDynamo = ReturnType<typeof createMemoryDynamo>;

/** What the service asks of DynamoDB. */
export const DYNAMO_METHODS = [
  "get",
  "batchGet",
  "put",
  "putIf",
  "insertAll",
  "update",
  "updateIf",
  "remove",
  "transact",
  "query",
] as const satisfies (keyof Dynamo)[];

const MAX_LOG = 200;
/** A key condition begins with the partition. */
const PARTITION = /^(#?\w+) = (:\w+)( AND |$)/;

type Names = Omit<Scope, "item">;

/**
 * DynamoDB in memory: each call is done whole, at the moment of the call. `test/unit/memory-dynamo.test.ts` holds it equal
 * to the embedded DynamoDB. Items are never changed in place: whoever read one keeps what was read.
 */
export function createMemoryDynamo(
  specs: Record<string, TableSpec>,
  { onWrite, lag, stale, byTable, eventual, clock, conflicts, throttles, pageOf }: {
    /** Told of each write that was done, all items of a transaction at once. */
    onWrite?: (written: readonly Written[]) => void;
    /** How many writes back an index answers from; indexes of DynamoDB follow their table. */
    lag?: () => number;
    /** How many writes back a read answers from that does not ask to be consistent. */
    stale?: () => number;
    /** Such writes are those of the table that is read; else those of all. */
    byTable?: boolean;
    /** Whether a read that asks to be consistent is answered like one that does not: a fault that is planted. */
    eventual?: () => boolean;
    /** Whether another transaction is at the items: one is given up, a plain write unavailable when its tries are over. */
    conflicts?: () => boolean;
    /** Whether a request is throttled until its tries are over. */
    throttles?: () => boolean;
    /** After so many items a page of a query ends, as one of 1 MB does: there may be more, or none. */
    pageOf?: () => number;
    /** Without one nothing expires. What has expired stays until somebody removes it. */
    clock?: () => number;
  } = {},
) {
  const tables = new Map(Object.keys(specs).map((name) => [name, new Map<string, Item>()]));
  /** The same items by what queries ask for: by table, by the name of a partition's attribute, and by its value. */
  const partitions = new Map(
    Object.entries(specs).map(([table, { partition, indexes }]) => {
      const names = [partition, ...Object.values(indexes).map((index) => index.partition)].map(({ name }) => name);
      return [table, new Map(names.map((name) => [name, new Map<unknown, Map<string, Item>>()]))];
    }),
  );
  let log: Written[] = [];

  /** Every method answers later, and with the errors of `api/aws/dynamo.ts`. */
  const call = <A extends unknown[], T>(run: (...args: A) => T) => (...args: A): Promise<T> => {
    try {
      if (throttles?.()) throw new UnavailableError("DynamoDB");
      return Promise.resolve(run(...args));
    } catch (error) {
      const refused = () =>
        new AppError("INTERNAL", "DynamoDB refused a request: ValidationException", { cause: error });
      return Promise.reject(error instanceof ExpressionError ? refused() : error as Error);
    }
  };

  /** The same of a plain write. */
  const write = <A extends unknown[], T>(run: (...args: A) => T) =>
    call((...args: A): T => {
      if (conflicts?.()) throw new UnavailableError("DynamoDB");
      return run(...args);
    });

  function keyIn(table: string, item: Item): string {
    const { partition, sort } = specOf(table);
    const parts = sort ? [item[partition.name], item[sort.name]] : [item[partition.name]];
    if (parts.some((part) => typeof part !== "string" || part === "")) refuse("an item without its key");
    return JSON.stringify(parts);
  }

  const specOf = (table: string) => specs[table] ?? refuse(`no table ${table}`);
  const itemIn = (table: string, key: Item) => tables.get(table)!.get(keyIn(table, key));

  function commit(written: readonly Omit<Written, "before">[]): void {
    const done = written.map(({ table, key, after }): Written => {
      const items = tables.get(table)!;
      const before = items.get(key);
      if (after) items.set(key, after);
      else items.delete(key);
      for (const [name, groups] of partitions.get(table)!) {
        if (before && before[name] !== after?.[name]) groups.get(before[name])?.delete(key);
        if (after?.[name] === undefined) continue;
        if (!groups.has(after[name])) groups.set(after[name], new Map());
        groups.get(after[name])!.set(key, after);
      }
      return { table, key, before, after };
    });
    log.push(...done);
    if (log.length > 2 * MAX_LOG) log = log.slice(-MAX_LOG);
    // To remove what is not there changes nothing: no stream tells of it.
    onWrite?.(done.filter(({ before, after }) => before ?? after));
  }

  /** Checks a part without writing it: what it would leave, or undefined where its condition does not hold. */
  function planned(table: string, key: Item, change: Expression, condition: Expression | undefined) {
    const known = itemIn(table, key);
    const scope = scopeOf(change, condition);
    if (condition && !holds(condition, known, scope)) return undefined;
    const { set, removed } = parseChange(change.expression).run({ ...scope, item: known ?? {} });
    const after: Item = { ...key, ...known, ...set };
    for (const name of removed) if (name in after) delete after[name];
    return checked(table, after);
  }

  function checked(table: string, item: Item): Omit<Written, "before"> {
    const { partition, sort, indexes } = specOf(table);
    for (const key of [partition, sort, ...Object.values(indexes).flatMap((index) => [index.partition, index.sort])]) {
      const value = key && item[key.name];
      if (value !== undefined && typeof value !== (key!.type === "N" ? "number" : "string")) {
        refuse(`${key!.name} is of another type`);
      }
    }
    return { table, key: keyIn(table, item), after: item };
  }

  function plannedPart(part: TransactWrite) {
    if ("remove" in part) {
      if (part.condition && !holds(part.condition, itemIn(part.table, part.remove))) return undefined;
      return { table: part.table, key: keyIn(part.table, part.remove), after: undefined };
    }
    if (!("put" in part)) return planned(part.table, part.key, part.change, part.condition);
    if (part.condition && !holds(part.condition, itemIn(part.table, part.put))) return undefined;
    return checked(part.table, clean(part.put));
  }

  /** The items that an index shows, a moment old where it lags; of one partition, where the expression says which. */
  function itemsOf(table: string, isIndex: boolean, isConsistent: boolean, key: Expression, scope: Names): Item[] {
    const back = isIndex ? lag?.() ?? 0 : staleness(isConsistent);
    const [, token, value] = PARTITION.exec(key.expression) ?? [];
    if (token === undefined) return [...asOf(table, back).values()];
    const name = scope.names[token] ?? token;
    const groups = back === 0 ? partitions.get(table)!.get(name) : undefined;
    if (groups) return [...groups.get(scope.values[value!])?.values() ?? []];
    const found: Item[] = [];
    for (const item of asOf(table, back).values()) if (item[name] === scope.values[value!]) found.push(item);
    return found;
  }

  /** A table as it was so many writes ago. */
  function asOf(table: string, back: number): ReadonlyMap<string, Item> {
    if (back === 0) return tables.get(table)!;
    const then = new Map(tables.get(table));
    const isOwn = (written: Written) => written.table === table;
    const since = byTable ? log.filter(isOwn).slice(-back) : log.slice(-back).filter(isOwn);
    for (const { key, before } of since.reverse()) {
      if (before) then.set(key, before);
      else then.delete(key);
    }
    return then;
  }

  const staleness = (isConsistent: boolean) => isConsistent && !eventual?.() ? 0 : stale?.() ?? 0;
  const readOf = (table: string, options: ReadOptions | undefined) =>
    asOf(table, staleness(options?.consistent === true));
  const live = (items: readonly Item[], options: ReadOptions | undefined) =>
    liveOf(items, options?.expired ? undefined : clock?.());

  return {
    /** Every item of a table. */
    dump: (table: string): Item[] => [...tables.get(table)!.values()],
    /** One item without a call: what is there at this moment. */
    peek: itemIn,

    get: call((table: string, key: Item, options?: ReadOptions): Item | undefined => {
      const item = readOf(table, options).get(keyIn(table, key));
      return item && live([item], options)[0];
    }),

    batchGet: call((table: string, keys: readonly Item[], options?: ReadOptions) => {
      for (let from = 0; from < keys.length; from += 100) {
        const page = keys.slice(from, from + 100).map((key) => keyIn(table, key));
        if (new Set(page).size < page.length) refuse("a key twice in one request");
      }
      const items = readOf(table, options);
      return live(keys.map((key) => items.get(keyIn(table, key))).filter((item) => item !== undefined), options);
    }),

    put: write((table: string, item: Item) => commit([checked(table, clean(item))])),

    insertAll: write((table: string, items: readonly Item[]): boolean[] => {
      if (new Set(items.map((item) => keyIn(table, item))).size < items.length) refuse("a key twice in one request");
      return items.map((item) => {
        if (itemIn(table, item)) return false;
        commit([checked(table, clean(item))]);
        return true;
      });
    }),

    putIf: write((table: string, item: Item, condition: Expression): Outcome<Item> => {
      const known = itemIn(table, item);
      if (!holds(condition, known)) return { ok: false, current: known };
      commit([checked(table, clean(item))]);
      return { ok: true, current: item };
    }),

    update: write((table: string, key: Item, change: Expression): Item => {
      const plan = planned(table, key, change, undefined)!;
      commit([plan]);
      return plan.after!;
    }),

    updateIf: write((table: string, key: Item, change: Expression, condition: Expression): Outcome<Item> => {
      const plan = planned(table, key, change, condition);
      if (!plan) return { ok: false, current: itemIn(table, key) };
      commit([plan]);
      return { ok: true, current: plan.after! };
    }),

    remove: write((table: string, key: Item) => {
      const known = itemIn(table, key);
      if (known) commit([{ table, key: keyIn(table, key), after: undefined }]);
    }),

    /** What a hand other than the service's does: its condition is checked as it removes. */
    removeIf: call((table: string, key: Item, condition: Expression) => {
      if (!holds(condition, itemIn(table, key))) return false;
      commit([{ table, key: keyIn(table, key), after: undefined }]);
      return true;
    }),

    transact: call((parts: readonly TransactWrite[]) => {
      const keyOf = (part: TransactWrite) => "put" in part ? part.put : "remove" in part ? part.remove : part.key;
      const keys = parts.map((part) => part.table + keyIn(part.table, keyOf(part)));
      if (new Set(keys).size < keys.length || keys.length > 100) refuse("an item twice, or more than a hundred");
      if (conflicts?.()) return false;
      const plans = parts.map(plannedPart).filter((plan) => plan !== undefined);
      if (plans.length < parts.length) return false;
      commit(plans);
      return true;
    }),

    count: call((table: string, { key, filter }: Pick<QueryOptions, "key" | "filter">) => {
      const scope = scopeOf(key, filter);
      const all = itemsOf(table, false, false, key, scope).filter((item) => holds(key, item, scope));
      return { all: all.length, passing: all.filter((item) => !filter || holds(filter, item, scope)).length };
    }),

    query: call((table: string, options: QueryOptions) => {
      const spec = specOf(table);
      const index: IndexSpec | undefined = options.index === undefined
        ? undefined
        : spec.indexes[options.index] ?? refuse(`no index ${options.index}`);
      if (index && options.consistent) refuse("an index cannot be read consistently");
      const scope = scopeOf(options.key, options.filter);
      const keys = [spec.partition, ...(spec.sort ? [spec.sort] : [])].map((key) => key.name);
      const sorts = index ? [index.sort.name, ...keys] : keys;
      const shown = index ? [...keys, index.partition.name, index.sort.name] : keys;
      const inOrder = (a: Item, b: Item) =>
        sorts.reduce((order, name) => order || compare(a[name], b[name]), 0) * (options.descending ? -1 : 1);
      const { startKey, limit = Infinity } = options;
      const rows = itemsOf(table, index !== undefined, options.consistent === true, options.key, scope)
        .filter((item) => shown.every((name) => item[name] !== undefined) && holds(options.key, item, scope))
        .sort(inOrder)
        .filter((item) => !startKey || inOrder(item, startKey) > 0);
      const room = Math.min(limit, Math.max(1, pageOf?.() ?? Infinity));
      const page = rows.slice(0, room);
      const last = page.length === room ? page.at(-1) : undefined;
      const include = index?.include && [...shown, ...index.include];
      return {
        items: live(
          page.filter((item) => !options.filter || holds(options.filter, item, scope))
            .map((item) => include ? only(item, include) : item),
          options,
        ),
        next: last && only(last, [...new Set(shown)]),
      };
    }),
  } satisfies Dynamo & Record<"dump" | "peek" | "removeIf", unknown>;
}

/**
 * A store that does of a batch only so much at a time: what is unprocessed is asked for again, and others come between. `keeps`
 * says of each key or item whether it is done now.
 */
export function inParts<D extends Dynamo>(dynamo: D, keeps: () => boolean): D {
  const parts = <T>(all: readonly T[]) => {
    const [now, later] = [true, false].map((isNow) => (one: { isNow: boolean }) => one.isNow === isNow);
    const drawn = all.map((one, i) => ({ one, i, isNow: keeps() }));
    return [drawn.filter(now!), drawn.filter(later!)].filter((part) => part.length > 0);
  };
  return {
    ...dynamo,
    async batchGet(table: string, keys: readonly Item[], options?: ReadOptions) {
      const found: Item[] = [];
      for (const part of parts(keys)) found.push(...await dynamo.batchGet(table, part.map(({ one }) => one), options));
      return found;
    },
    async insertAll(table: string, items: readonly Item[]) {
      const written = items.map(() => false);
      for (const part of parts(items)) {
        const own = await dynamo.insertAll(table, part.map(({ one }) => one));
        for (const [n, { i }] of part.entries()) written[i] = own[n]!;
      }
      return written;
    },
  };
}

/** Whether what a write gave says that its condition did not hold. */
export function isLost(given: unknown): boolean {
  return given === false || (typeof given === "object" && given !== null && "ok" in given && given.ok === false);
}

function holds(condition: Expression, item: Item | undefined, scope = scopeOf(condition)): boolean {
  return parseCondition(condition.expression).run({ ...scope, item: item ?? {} });
}

/** The names and values of one request. Refuses those that none of its expressions uses, as DynamoDB does. */
function scopeOf(...parts: (Expression | undefined)[]): Names {
  const given = parts.filter((part) => part !== undefined);
  // The first may have dozens: those of the others are added to its own.
  const named = given.filter((part) => part.names);
  const names = named.length === 1 ? named[0]!.names! : Object.assign({}, ...named.map((part) => part.names));
  const values = clean(given[0]?.values ?? {});
  for (const part of given.slice(1)) Object.assign(values, clean(part.values ?? {}));
  const used = given.map((part) => parsed(part.expression).placeholders);
  const mustBeUsed = (name: string) => used.some((own) => own.has(name)) || refuse(`${name} is not used`);
  for (const name in names) mustBeUsed(name);
  for (const name in values) mustBeUsed(name);
  return { names, values };
}

const CHANGES = /^(SET|REMOVE|ADD) /;

function parsed(expression: string) {
  return CHANGES.test(expression) ? parseChange(expression) : parseCondition(expression);
}

function only(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(names.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]));
}

/** A copy without what is undefined, at any depth. */
function clean<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.filter((part) => part !== undefined).map(clean) as T;
  if (value instanceof Uint8Array || value instanceof Set) return value;
  const parts: [name: string, part: unknown][] = [];
  for (const [name, part] of Object.entries(value)) if (part !== undefined) parts.push([name, clean(part as unknown)]);
  return Object.fromEntries(parts) as T;
}

function refuse(message: string): never {
  throw new ExpressionError(message);
}
