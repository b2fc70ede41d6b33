import type { Item } from "../../api/aws/dynamo.ts";

/** What an expression is worth for an item. Names and values are looked up as the request gives them. */
export type Scope = { item: Item; names: Record<string, string>; values: Item };
type Operand = (scope: Scope) => unknown;
type Path = (scope: Scope) => string[];
export type Condition = (scope: Scope) => boolean;
export type Change = (scope: Scope) => { set: Item; removed: string[] };
/** A parsed expression, and the placeholders that it uses: a request that gives others is refused. */
export type Parsed<T> = { run: T; placeholders: ReadonlySet<string> };

/** What DynamoDB refuses as a whole; a border turns it into our error. */
export class ExpressionError extends Error {}

const TOKEN = /\s*(?:([#:]?[A-Za-z_][A-Za-z0-9_]*)|(<=|>=|<>|[=<>(),+.-]))/y;

/** Reads a condition, key condition or filter, in the grammar that this project uses. Throws ExpressionError. */
export const parseCondition = remembering((text): Parsed<Condition> => {
  const reader = createReader(text);
  const run = either(reader);
  reader.end();
  return { run, placeholders: reader.placeholders };
});

/** Reads an update: SET, REMOVE and ADD (of numbers and sets) of attributes of the item. Throws ExpressionError. */
export const parseChange = remembering((text): Parsed<Change> => {
  const reader = createReader(text);
  const sets: [path: Path, value: Operand][] = [];
  const removals: Path[] = [];
  while (!reader.isDone()) {
    if (reader.accept("SET")) {
      do sets.push([reader.path(), (reader.expect("="), sum(reader))]); while (reader.accept(","));
    } else if (reader.accept("ADD")) {
      do sets.push(added(reader)); while (reader.accept(","));
    } else {
      reader.expect("REMOVE");
      do removals.push(reader.path()); while (reader.accept(","));
    }
  }
  const run: Change = (scope) => {
    // Within a map the whole of it is written, with one part of it changed.
    const whole: Item = {};
    const write = (path: string[], value: unknown) => {
      const [name] = path as [string];
      whole[name] = path.length === 1 ? value : withIn(whole[name] ?? scope.item[name], path.slice(1), value);
    };
    for (const [path, value] of sets) write(path(scope), present(value(scope)));
    const removed: string[] = [];
    for (const path of removals) {
      const names = path(scope);
      if (names.length > 1) write(names, undefined);
      else removed.push(names[0]!);
    }
    return { set: whole, removed };
  };
  return { run, placeholders: reader.placeholders };
});

/** An attribute that is not there is 0 to ADD. */
function added(reader: Reader): [path: Path, value: Operand] {
  const path = reader.path();
  const value = operand(reader);
  return [path, (scope) => {
    const [known, more] = [valueAt(scope.item, path(scope)), value(scope)];
    if (more instanceof Set) return new Set([...(known as Set<unknown> | undefined) ?? [], ...more]);
    return plus(known ?? 0, more);
  }];
}

function valueAt(item: Item, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Item | undefined)?.[name], item);
}

function withIn(map: unknown, [name, ...rest]: readonly string[], value: unknown): Item {
  const { [name!]: inner, ...others } = (map ?? refuse("a path leads through what is not there")) as Item;
  const next = rest.length === 0 ? value : withIn(inner, rest, value);
  return next === undefined ? others : { ...others, [name!]: next };
}

/** Exact, as DynamoDB adds; a number where that holds it. */
function plus(a: unknown, b: unknown): number | bigint {
  if (typeof a !== "bigint" && typeof b !== "bigint") {
    const sum = number(a) + number(b);
    if (!Number.isInteger(sum) || Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a as bigint) + BigInt(b as bigint);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : sum;
}

type Reader = ReturnType<typeof createReader>;

function createReader(text: string) {
  const tokens = tokensOf(text);
  const placeholders = new Set(tokens.filter((token) => token.startsWith("#") || token.startsWith(":")));
  let at = 0;
  return {
    placeholders,
    isDone: () => at === tokens.length,
    peek: () => tokens[at],
    next: () => tokens[at++] ?? refuse(`ends early: ${text}`),
    accept: (token: string) => tokens[at] === token && at++ >= 0,
    expect: (token: string) => tokens[at] === token ? at++ : refuse(`lacks ${token}: ${text}`),
    end: () => at === tokens.length || refuse(`goes on at ${tokens[at]}: ${text}`),
    /** The names that lead to a value: of an attribute, and where it is a map on into it. */
    path(): Path {
      const tokens = [this.next()];
      while (this.accept(".")) tokens.push(this.next());
      // What names itself is the same for every request.
      if (!tokens.some((token) => token.startsWith("#"))) return () => tokens;
      const nameOf = (token: string, names: Scope["names"]) =>
        token.startsWith("#") ? names[token] ?? refuse(`${token} has no name`) : token;
      const [first] = tokens as [string];
      if (tokens.length === 1) return ({ names }) => [nameOf(first, names)];
      return ({ names }) => tokens.map((token) => nameOf(token, names));
    },
  };
}

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text) ?? refuse(`cannot be read: ${text}`);
    tokens.push(match[1] ?? match[2]!);
  }
  return tokens;
}

function either(reader: Reader): Condition {
  let left = both(reader);
  while (reader.accept("OR")) left = joined(left, both(reader), (a, b) => a() || b());
  return left;
}

function both(reader: Reader): Condition {
  let left = single(reader);
  while (reader.accept("AND")) left = joined(left, single(reader), (a, b) => a() && b());
  return left;
}

function joined(a: Condition, b: Condition, join: (a: () => boolean, b: () => boolean) => boolean): Condition {
  return (scope) => join(() => a(scope), () => b(scope));
}

function single(reader: Reader): Condition {
  if (reader.accept("NOT")) {
    const negated = single(reader);
    return (scope) => !negated(scope);
  }
  if (reader.accept("(")) {
    const inner = either(reader);
    reader.expect(")");
    return inner;
  }
  return FUNCTIONS[reader.peek()!]?.(reader) ?? comparison(reader);
}

const FUNCTIONS: Record<string, (reader: Reader) => Condition> = {
  attribute_exists: (reader) => {
    const [value] = call(reader);
    return (scope) => value!(scope) !== undefined;
  },
  attribute_not_exists: (reader) => {
    const [value] = call(reader);
    return (scope) => value!(scope) === undefined;
  },
  begins_with: (reader) => {
    const [value, start] = call(reader);
    return (scope) => {
      const whole = value!(scope);
      return typeof whole === "string" && whole.startsWith(start!(scope) as string);
    };
  },
  contains: (reader) => {
    const [value, part] = call(reader);
    return (scope) => {
      const whole = value!(scope) as { includes?: (part: unknown) => boolean } | undefined;
      return whole?.includes?.(part!(scope)) ?? false;
    };
  },
};

function call(reader: Reader): Operand[] {
  reader.next();
  reader.expect("(");
  const operands = [operand(reader)];
  while (reader.accept(",")) operands.push(operand(reader));
  reader.expect(")");
  return operands;
}

const COMPARISONS: Record<string, (order: number) => boolean> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

function comparison(reader: Reader): Condition {
  const left = operand(reader);
  const operator = reader.next();
  if (operator === "BETWEEN") {
    const [from, to] = [operand(reader), (reader.expect("AND"), operand(reader))];
    return (scope) => {
      const [least, most] = [from(scope), to(scope)];
      // DynamoDB gives no empty answer there.
      if (compare(least, most) > 0) refuse("BETWEEN needs an upper bound that is no less than the lower one");
      return compare(left(scope), least) >= 0 && compare(left(scope), most) <= 0;
    };
  }
  if (operator === "IN") {
    reader.expect("(");
    const options = [operand(reader)];
    while (reader.accept(",")) options.push(operand(reader));
    reader.expect(")");
    return (scope) => options.some((option) => compare(left(scope), option(scope)) === 0);
  }
  const holds = COMPARISONS[operator] ?? refuse(`no operator: ${operator}`);
  const right = operand(reader);
  return (scope) => {
    const order = compare(left(scope), right(scope));
    // Values of two kinds are in no order, and not equal.
    return Number.isNaN(order) ? operator === "<>" : holds(order);
  };
}

function sum(reader: Reader): Operand {
  const left = operand(reader);
  const sign = reader.accept("+") ? 1 : reader.accept("-") ? -1 : 0;
  if (sign === 0) return left;
  const right = operand(reader);
  return (scope) => number(left(scope)) + sign * number(right(scope));
}

function operand(reader: Reader): Operand {
  const token = reader.peek();
  if (token?.startsWith(":")) {
    reader.next();
    return ({ values }) => token in values ? values[token] : refuse(`${token} has no value`);
  }
  if (token === "size") {
    const [value] = call(reader);
    return (scope) => sizeOf(value!(scope));
  }
  if (token === "if_not_exists") {
    const [value, otherwise] = call(reader);
    return (scope) => value!(scope) ?? otherwise!(scope);
  }
  if (token === "list_append") {
    const [head, tail] = call(reader);
    return (scope) => [...list(head!(scope)), ...list(tail!(scope))];
  }
  const path = reader.path();
  return (scope) => valueAt(scope.item, path(scope));
}

/** Less than, equal to or greater than 0; NaN where they are of two kinds. */
export function compare(a: unknown, b: unknown): number {
  if (typeof a !== typeof b || a === undefined) return NaN;
  if (typeof a === "number") return a - (b as number);
  if (typeof a === "string") return compareTexts(a, b as string);
  return JSON.stringify(a) === JSON.stringify(b) ? 0 : NaN;
}

/** From here on the units of a text stand in another order than its bytes: they may be halves of what lies beyond. */
const FIRST_HALF = 0xd800;

/** By their bytes, as DynamoDB does. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    const isPlain = left < FIRST_HALF || right < FIRST_HALF;
    return isPlain ? left - right : Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  return a.length - b.length;
}

function sizeOf(value: unknown): number | undefined {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  if (value instanceof Set) return value.size;
  return value && typeof value === "object" ? Object.keys(value).length : undefined;
}

function number(value: unknown): number {
  return typeof value === "number" ? value : refuse("an operand of + is no number");
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : refuse("an operand of list_append is no list");
}

function present(value: unknown): unknown {
  return value === undefined ? refuse("an operand refers to an attribute that does not exist") : value;
}

function refuse(message: string): never {
  throw new ExpressionError(message);
}

/** Some expressions name what they change, so there is no end of different ones. */
const MAX_REMEMBERED = 10_000;

function remembering<T>(parse: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const parsed = known.get(text) ?? parse(text);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(text, parsed);
    return parsed;
  };
}
