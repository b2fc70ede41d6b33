/** Serves the service's schema, resolvers and tokens by the door that `DOOR` names, for http.ts. Prints where. */
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import fastify from "fastify";
import mercurius from "mercurius";
import process from "node:process";
import { createApp } from "../../api/app.ts";
import { parseConfig } from "../../api/config.ts";
import { listen } from "../../api/entry/http/listen.ts";
import { silentLog } from "../kit/local.ts";

const app = await createApp(parseConfig(process.env), { log: silentLog });

/** What resolvers get, as ours makes it: after the token was checked and the request counted. */
async function contextOf(authorization: string | undefined) {
  const viewer = await app.authenticate(authorization);
  await app.rates.request("127.0.0.1", viewer);
  return app.contextFor({ viewer, requestId: "bench", header: {}, address: "127.0.0.1" } as never);
}

async function serve(door: string | undefined): Promise<string> {
  if (door === "mercurius") {
    const server = fastify();
    await server.register(mercurius, {
      schema: app.schema,
      context: async (request) => ({ ...await contextOf(request.headers.authorization) }),
    });
    return await server.listen({ host: "127.0.0.1", port: 0 });
  }
  if (door === "apollo") {
    const server = new ApolloServer({ schema: app.schema });
    const { url } = await startStandaloneServer(server, {
      listen: { host: "127.0.0.1", port: 0 },
      context: async ({ req }) => await contextOf(req.headers.authorization),
    });
    return url;
  }
  return (await listen(app)).url;
}

const url = await serve(process.env["DOOR"]);
console.log(`listens on ${url} `);
