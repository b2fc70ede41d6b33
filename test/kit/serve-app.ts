import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { TestApp } from "./app.ts";

/** Serves an app's GraphQL on a free port of 127.0.0.1. `instead` may answer a request in its place. */
export async function serveApp(
  api: TestApp,
  instead: () => Response | undefined = () => undefined,
): Promise<{ url: string; stop: () => void }> {
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const headers = { "content-type": "application/json", authorization: request.headers.authorization! };
      const answered = instead() ?? await api.http.fetch(new Request(url, { method: "POST", headers, body }));
      response.writeHead(answered.status, { "content-type": "application/json" });
      response.end(await answered.text());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  return {
    url,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
