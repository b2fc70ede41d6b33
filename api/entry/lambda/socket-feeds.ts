import {
  type ExecutionResult,
  getArgumentValues,
  getOperationAST,
  getOperationRootType,
  GraphQLError,
  print,
} from "graphql";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import type { StillHub } from "../../live/hub.ts";
import { digestOf, type Question } from "../../sockets/model.ts";
import { AppError } from "../../core/errors.ts";
import { plain, rootCause } from "../http/errors.ts";
import { type Call, type Engine, isPlanned, type Planned } from "../http/graphql.ts";
import { type Params, toParams } from "../http/params.ts";
import { textOf, valuesBelow } from "../http/shared-results.ts";

/** What a feed has to give from a position on. */
export type News = {
  /** The payloads of `next`, as JSON. */
  messages: string[];
  /** The position after them. */
  end: string;
  /** What the hub tells of it. */
  keys: string[];
  /** Where whoever begins without a position goes on from, for a feed of what comes from now on. */
  begin?: string;
  /** What it gives changes with time too, though nothing is written. */
  fades: boolean;
  /** How it ended, where nothing follows: of itself, or with these errors as JSON. */
  over?: "complete" | { errors: string };
};

/** Feeds whose messages depend on who the viewer is, beyond tenant and scopes. */
const PERSONAL: readonly string[] = ["reviewSessionChanged"];

/** Subscriptions that nobody holds open: each is read from a position as far as there is something, for all who ask the same. */
export function createSocketFeeds({ app, engine, hub }: { app: App; engine: Engine; hub: StillHub }) {
  /** The question of a planned subscription, the group of those who ask it, and where this one begins. */
  function describe(planned: Planned, { query, operationName, variables }: Params, viewer: Viewer) {
    const operation = getOperationAST(planned.document, operationName)!;
    const [field] = operation.selectionSet.selections;
    const type = getOperationRootType(app.schema, operation);
    const definition = field?.kind === "Field" ? type.getFields()[field.name.value] : undefined;
    if (!definition || field?.kind !== "Field") {
      throw new GraphQLError("Ask for the subscription's field itself, outside of fragments.");
    }
    const { after, ...args } = getArgumentValues(definition, field, planned.variableValues);
    const question: Question = {
      tenantId: viewer.tenantId,
      scopes: [...viewer.scopes].sort(),
      userId: PERSONAL.includes(definition.name) ? viewer.userId : undefined,
      query: query ?? print(planned.document),
      operationName: operationName ?? undefined,
      variables: variables ?? {},
    };
    const below = valuesBelow(planned.document, operationName, variables ?? {});
    const { tenantId, scopes, userId } = question;
    const group = digestOf(tenantId, scopes, userId, question.query, operationName, Object.entries(args), below);
    return { question, group, position: typeof after === "string" ? after : "" };
  }

  /** Throws where a dependency does not answer, so that it is tried again. */
  async function read({ tenantId, scopes, userId = "", ...asked }: Question, position: string): Promise<News> {
    const viewer: Viewer = { tenantId, scopes, userId, expiresAt: Infinity, credential: "group" };
    const call = engine.createCall(crypto.randomUUID(), viewer);
    hub.take();
    const planned = engine.plan(call, toParams(asked));
    const failed = (errors: readonly unknown[]): News => {
      for (const error of errors) {
        const cause = rootCause(error);
        if (cause instanceof AppError && cause.retryable) throw cause;
      }
      const seen = engine.translate(errors, call).map(plain);
      const over = { errors: JSON.stringify(seen) };
      return { messages: [], end: position, keys: hub.take().keys, fades: false, over };
    };
    if (!isPlanned(planned)) return failed(planned);
    Object.assign(planned.contextValue as object, { resume: position });
    const messages: string[] = [];
    let end = position;
    try {
      const given = await engine.deliver(planned);
      if (!(Symbol.asyncIterator in given)) return failed(given.errors ?? []);
      for await (const { message, result } of given) {
        messages.push(textFor(result, call));
        end = cursorOf(message) ?? end;
      }
    } catch (error) {
      return { ...failed([error]), messages, end };
    }
    const { keys, rest } = hub.take();
    const begin = rest?.cursor;
    return {
      messages,
      end: begin ?? end,
      keys,
      fades: rest?.fades ?? false,
      ...(begin === undefined ? {} : { begin }),
      ...(rest ? {} : { over: "complete" }),
    };
  }

  function textFor(result: ExecutionResult, call: Call): string {
    if (!result.errors) return textOf(result);
    const { errors, ...rest } = engine.translateResult(result, call);
    return JSON.stringify({ ...rest, errors: errors!.map(plain) });
  }

  return { describe, read };
}

function cursorOf(message: unknown): string | undefined {
  const cursor = (message as { cursor?: unknown } | null)?.cursor;
  return typeof cursor === "string" ? cursor : undefined;
}
