import { type GraphQLSchema, isObjectType } from "graphql";
import { createSchema } from "graphql-yoga";
import type { App } from "../../api/app.ts";
import type { Viewer } from "../../api/auth/viewer.ts";
import { parseConfig } from "../../api/config.ts";
import {
  AppError,
  ForbiddenError,
  InvalidInputError,
  UnauthenticatedError,
  UnavailableError,
} from "../../api/core/errors.ts";
import { endable } from "../../api/live/feed.ts";
import { atInstant } from "../../api/core/timer.ts";
import { createLog } from "../../api/core/log.ts";
import { NO_TRACER } from "../../api/core/trace.ts";
import { createMemoryLimiter } from "../../api/rates/counters.ts";
import { createRates } from "../../api/rates/rates.ts";
import { createShares } from "../../api/rates/shares.ts";
import { toExtensions } from "../../schema/cost.ts";

const typeDefs = /* GraphQL */ `
  scalar Even
  enum Color { RED GREEN }
  type Query {
    hello: String!
    who: String
    contextKeys: [String!]!
    requestId: String!
    boom: String
    broken: String!
    internal: String
    forbidden: String
    unauthenticated: String
    unavailable: String
    invalid: String
    even(n: Even): Boolean
    color(is: Color): Boolean
    nested: Nested!
    rows(first: Int = 10): RowConnection!
    pages(first: Int): RowConnection!
    never: String
    untilStreamsEnd: String
  }
  type Nested { nested: Nested! name: String! }
  type RowConnection { nodes: [Row!]! }
  type Row { id: ID! rows(first: Int = 10): RowConnection! }
  type Mutation { add: Int! }
  type Subscription { count(to: Int!): Int! ticks: Int! silence: Int! failing: Int! forbidden: Int! untilExpiry: Int! }
`;

type Context = { viewer: Viewer | undefined; requestId: string };
const rows = { nodes: [{ id: "1" }] };

/**
 * An App with a small schema of its own, for tests of the HTTP layer. Tokens: `good`; `brief`, which ends after 50 ms;
 * `down`, where the check itself fails; all others do not hold. `onWait` is told of each query that waits.
 */
export function createTinyApp(env: Record<string, string> = {}, onWait: () => void = () => {}) {
  const lines: string[] = [];
  const states: Record<string, string> = { dynamodb: "ok", s3: "ok" };
  const counts = { added: 0, checks: 0 };
  const ended = Promise.withResolvers<string>();
  const waitFor = <T>(promise: Promise<T>) => {
    onWait();
    return promise;
  };
  const fails = (error: Error) => () => {
    throw error;
  };
  const resolvers = {
    Even: {
      parseValue(value: unknown) {
        if (Number(value) % 2 !== 0) throw new TypeError("must be even");
        return value;
      },
    },
    Query: {
      hello: () => "world",
      who: (_: unknown, _args: unknown, { viewer }: Context) => viewer?.userId ?? null,
      contextKeys: (_: unknown, _args: unknown, context: Context) => Object.keys(context),
      requestId: (_: unknown, _args: unknown, { requestId }: Context) => requestId,
      boom: fails(new TypeError("a secret detail")),
      broken: fails(new TypeError("a secret detail")),
      internal: fails(new AppError("INTERNAL", "a secret detail")),
      forbidden: fails(new ForbiddenError("You need admin.")),
      unauthenticated: fails(new UnauthenticatedError("Send a token.")),
      unavailable: fails(new UnavailableError("dynamodb", new Error("socket hang up"))),
      invalid: fails(new InvalidInputError([{ path: ["name"], message: "must not be empty" }])),
      nested: () => ({}),
      rows: () => rows,
      pages: () => rows,
      never: () => waitFor(new Promise(() => {})),
      untilStreamsEnd: () => waitFor(ended.promise),
    },
    Nested: { nested: () => ({}), name: () => "n" },
    Row: { rows: () => rows },
    Mutation: { add: () => ++counts.added },
    Subscription: {
      count: {
        async *subscribe(_: unknown, { to }: { to: number }) {
          for (let i = 1; i <= to; i++) yield { count: i };
        },
      },
      ticks: { subscribe: () => oneThenSilence({ ticks: 1 }, () => ended.resolve("streams ended")) },
      silence: { subscribe: () => oneThenSilence(undefined, () => ended.resolve("streams ended")) },
      failing: {
        async *subscribe() {
          yield { failing: 1 };
          throw new TypeError("a secret detail");
        },
      },
      forbidden: { subscribe: fails(new ForbiddenError("You need metrics:read.")) },
      untilExpiry: {
        // As the service's own streams end: with an error at the very moment at which the socket's timer rings.
        subscribe: (_: unknown, _args: unknown, { viewer }: Context) =>
          // oxlint-disable-next-line require-yield
          endable(async function* (signal): AsyncGenerator<number> {
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          }, (end) =>
            atInstant(
              viewer?.expiresAt ?? 0,
              Date.now,
              () => end(new AppError("TOKEN_EXPIRED", "The token ended.")),
            )),
      },
    },
  };
  const config = parseConfig({ PORT: "0", ...env });
  const rates = createRates({ limits: config.rates, limiter: createMemoryLimiter, clock: Date.now });
  const app: App = {
    config,
    log: createLog("info", (line) => lines.push(line), () => 0),
    schema: withCosts(createSchema({ typeDefs, resolvers })),
    authenticate: async (authorization, { address } = {}) => {
      try {
        return await authenticate(authorization);
      } catch (error) {
        if (error instanceof UnauthenticatedError && address !== undefined) await rates.request(address, undefined);
        throw error;
      }
    },
    tracer: NO_TRACER,
    holds: () => Promise.resolve(true),
    onEnded: () => () => {},
    writeKeys: { find: () => Promise.reject(new UnauthenticatedError("There are no keys here.")) },
    collect: (_tenantId, body) => Promise.resolve({ verdicts: [], robots: (body as { events: [] }).events.length }),
    openMedia: () => Promise.resolve(undefined),
    shares: createShares({ clock: Date.now }),
    rates,
    contextFor: (request) => request,
    ingest: () => Promise.resolve({ failed: [] }),
    jobs: [],
    ingestStream: () => Promise.resolve(),
    giveUp: () => Promise.resolve(),
    atShard: () => {},
    streamGap: () => {},
    ingestLate: () => Promise.resolve({ failed: [] }),
    caughtUp: () => {},
    auditDifferences: () => 0,
    measurements: [],
    checkDependencies: () => {
      counts.checks += 1;
      return Promise.resolve({ ...states });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { app, lines, states, counts, streamsEnded: ended.promise };
}

/** Pages cost as the pages of our own schema do. */
function withCosts(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      if (field.args.some(({ name }) => name === "first")) field.extensions = toExtensions({ rows: "first" });
    }
  }
  return schema;
}

function authenticate(authorization: string | null | undefined): Promise<Viewer | undefined> {
  const viewer: Viewer = {
    userId: "ada",
    tenantId: "t1",
    scopes: [],
    expiresAt: Date.now() + 3_000_000_000,
    credential: "c",
  };
  if (authorization === null || authorization === undefined) return Promise.resolve(undefined);
  if (authorization === "Bearer good") return Promise.resolve(viewer);
  if (authorization === "Bearer brief") return Promise.resolve({ ...viewer, expiresAt: Date.now() + 50 });
  if (authorization === "Bearer down") return Promise.reject(new UnavailableError("identity provider"));
  return Promise.reject(new UnauthenticatedError("The token does not hold. Log in again."));
}

/** Gives one value, where there is one, and then none, until it is ended. */
function oneThenSilence<T>(value: T | undefined, onEnd: () => void): AsyncIterableIterator<T> {
  const end = Promise.withResolvers<IteratorResult<T>>();
  let given = false;
  return {
    next() {
      if (given || value === undefined) return end.promise;
      given = true;
      return Promise.resolve({ done: false, value });
    },
    return() {
      onEnd();
      end.resolve({ done: true, value: undefined });
      return end.promise;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
