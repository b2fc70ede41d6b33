import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  Kind,
  visit,
} from "graphql";
import { type Context, sharedPartOf } from "../../../schema/context.ts";
import type { Viewer } from "../../auth/viewer.ts";

type Result = ExecutionResult | Promise<ExecutionResult>;
type Answered = AsyncGenerator<ExecutionResult, void, void>;
/** A message of a subscription's source, and what its subscribers get of it. */
export type Delivery = { message: unknown; result: ExecutionResult };

/**
 * Subscribes as graphql-js does, and executes a message once for all who are given the same object and ask the same of
 * it: same document, operation, variables that matter below the subscription's field, tenant and scopes. Of a viewer,
 * resolvers below a subscription's message get these alone.
 */
export function createSharedExecution() {
  const results = new WeakMap<object, Map<string, Result>>();
  const documents = new WeakMap<DocumentNode, number>();
  let documentCount = 0;

  function keyOf({ document, operationName, variableValues }: ExecutionArgs, viewer: Viewer | undefined): string {
    let id = documents.get(document);
    if (id === undefined) documents.set(document, id = ++documentCount);
    const values = valuesBelow(document, operationName, variableValues ?? {});
    return JSON.stringify([id, operationName, values, viewer?.tenantId, viewer?.scopes]);
  }

  function resultOf(message: unknown, key: string, args: ExecutionArgs): Result {
    const run = () =>
      execute({ ...args, rootValue: message, contextValue: sharedPartOf(args.contextValue as Context) });
    if (typeof message !== "object" || message === null) return run();
    let own = results.get(message);
    if (!own) results.set(message, own = new Map());
    let result = own.get(key);
    if (!result) own.set(key, result = run());
    return result;
  }

  return {
    async subscribe(args: ExecutionArgs, viewer: Viewer | undefined): Promise<Answered | ExecutionResult> {
      const source = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in source)) return source;
      const key = keyOf(args, viewer);
      return mapEach(source, (message) => resultOf(message, key, args));
    },

    /** The same with each message beside its result: what goes on later goes on from the message's cursor. */
    async deliver(
      args: ExecutionArgs,
      viewer: Viewer | undefined,
    ): Promise<AsyncGenerator<Delivery, void, void> | ExecutionResult> {
      const source = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in source)) return source;
      const key = keyOf(args, viewer);
      return mapEach(source, async (message) => ({ message, result: await resultOf(message, key, args) }));
    },
  };
}

/** Maps each value as it passes, and the error that ends it where `last` is given; ends its source when it is ended. */
export function mapEach<T, U>(
  source: AsyncIterable<T>,
  map: (value: T) => U | Promise<U>,
  last?: (error: unknown) => U,
): AsyncGenerator<U, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  const ended = { done: true, value: undefined } as const;
  let isOver = false;
  const mapped: AsyncGenerator<U, void, void> = {
    async next() {
      if (isOver) return ended;
      try {
        const result = await iterator.next();
        return result.done ? ended : { done: false, value: await map(result.value) };
      } catch (error) {
        if (!last) throw error;
        isOver = true;
        return { done: false, value: last(error) };
      }
    },
    async return() {
      await iterator.return?.();
      return ended;
    },
    async throw(error) {
      await iterator.return?.();
      throw error;
    },
    [Symbol.asyncIterator]: () => mapped,
    async [Symbol.asyncDispose]() {
      await iterator.return?.();
    },
  };
  return mapped;
}

const texts = new WeakMap<ExecutionResult, string>();

/** The result as JSON, made once however many it is sent to. Results with errors are the caller's own to translate. */
export function textOf(result: ExecutionResult): string {
  let text = texts.get(result);
  if (text === undefined) texts.set(result, text = JSON.stringify(result));
  return text;
}

const known = new WeakMap<DocumentNode, Map<string, string[]>>();

/**
 * What the variables say that are used anywhere but in the arguments of the subscription's own field: those are spent by then. One
 * that is left out is none that is null.
 */
export function valuesBelow(
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): unknown[] {
  return variablesBelow(document, operationName).map((name) =>
    Object.hasOwn(variables, name) ? [name, variables[name]] : [name]
  );
}

function variablesBelow(document: DocumentNode, operationName: string | null | undefined): string[] {
  const operation = getOperationAST(document, operationName);
  const cached = known.get(document) ?? new Map<string, string[]>();
  known.set(document, cached);
  const name = operation?.name?.value ?? "";
  let names = cached.get(name);
  if (!names) {
    const roots = new Set<unknown>(operation?.selectionSet.selections);
    const found = new Set<string>();
    visit(document, {
      [Kind.VARIABLE_DEFINITION]: () => false,
      [Kind.ARGUMENT]: (_node, _key, _parent, _path, ancestors) => roots.has(ancestors.at(-1)) ? false : undefined,
      [Kind.VARIABLE]: (node) => void found.add(node.name.value),
    });
    cached.set(name, names = [...found].sort());
  }
  return names;
}
