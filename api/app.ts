import type { GraphQLSchema } from "graphql";
import type { Viewer } from "./auth/viewer.ts";
import type { Config } from "./config.ts";
import type { Log } from "./core/log.ts";

/** What entries start from: the service, put together and not yet listening. */
export type App = {
  config: Config;
  log: Log;
  schema: GraphQLSchema;
  /** The viewer of an Authorization header; undefined without one. Throws UnauthenticatedError where the token does not hold. */
  authenticate: (authorization: string | null | undefined) => Promise<Viewer | undefined>;
  /** What resolvers get as context, fresh for each operation. */
  contextFor: (request: { viewer: Viewer | undefined; requestId: string }) => object;
  /** Each dependency by name: "ok", or what is wrong in a few words. Holds no secret. */
  checkDependencies: () => Promise<Record<string, string>>;
  [Symbol.asyncDispose]: () => Promise<void>;
};
