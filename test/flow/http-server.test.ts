import { createClient as createSseClient } from "graphql-sse";
import { type Client, createClient as createWsClient } from "graphql-ws";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect as netConnect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";

const ROOT = join(import.meta.dirname, "../..");
const children = new Set<ChildProcess>();

/** A Deno process that serves the tiny app. `said` gives what it says next. */
function start(env: Record<string, string> = {}) {
  const child = spawn(
    join(ROOT, "node_modules/.bin/deno"),
    ["run", "-A", "--unstable-no-legacy-abort", join(ROOT, "test/kit/http-server.ts")],
    { env: { ...process.env, PORT: "0", LOG_LEVEL: "info", ...env }, stdio: ["ignore", "pipe", "inherit"] },
  );
  children.add(child);
  const exited = once(child, "exit").then(() => children.delete(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (): Promise<Record<string, unknown>> => JSON.parse((await lines.next()).value);
  return { child, exited, said };
}

async function serve(env: Record<string, string> = {}) {
  const { child, exited, said } = start(env);
  const { url } = await said() as { url: string };
  const stop = async () => {
    child.kill("SIGTERM");
    const last = await said();
    await exited;
    return last as { lines: string[] };
  };
  return { url: `${url}/graphql`, base: url, said, stop };
}

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve({ MAX_BODY_BYTES: "4096", CORS_ORIGINS: "https://board.example" });
});
afterAll(async () => {
  await server.stop();
  for (const child of children) child.kill("SIGKILL");
});

const ask = (url: string, query: string) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query }) });
const sse = (url: string, query: string, headers: Record<string, string> = {}) =>
  createSseClient({ url, headers, retryAttempts: 0 }).iterate({ query });
const wsUrl = (url: string) => url.replace("http:", "ws:");

/** A graphql-ws client, and how its socket ends. */
function connect(url: string, { token, origin }: { token?: string; origin?: string } = {}) {
  class Socket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols, origin === undefined ? {} : { origin });
    }
  }
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  const client = createWsClient({
    url: wsUrl(url),
    webSocketImpl: Socket,
    retryAttempts: 0,
    lazy: false,
    ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    onNonLazyError: () => {},
    on: { closed: (event) => ended.resolve(event as { code: number; reason: string }) },
  });
  return { client, closed: ended.promise };
}

async function all(client: Client, query: string): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const result of client.iterate({ query })) results.push(result);
  return results;
}

describe("event streams", () => {
  test("a subscription comes event by event and completes", async () => {
    const values: unknown[] = [];
    for await (const { data } of sse(server.url, "subscription { count(to: 3) }")) values.push(data);
    expect(values).toEqual([{ count: 1 }, { count: 2 }, { count: 3 }]);
  });

  test("a stream that fails says so in its last event, masked", async () => {
    const results = [];
    for await (const result of sse(server.url, "subscription { failing }")) results.push(result);
    expect(results).toMatchObject([{ data: { failing: 1 } }, { errors: [{ extensions: { code: "INTERNAL" } }] }]);
    expect(JSON.stringify(results)).not.toContain("secret");
  });

  test("a token good for longer than a timer can wait does not end its stream", async () => {
    const stream = sse(server.url, "subscription { count(to: 2) }", { authorization: "Bearer good" });
    const values = [];
    for await (const { data } of stream) values.push(data);
    expect(values).toEqual([{ count: 1 }, { count: 2 }]);
  });
});

describe("sockets", () => {
  test("queries, mutations and subscriptions are answered, and the viewer is the token's", async () => {
    const { client } = connect(server.url, { token: "good" });
    expect(await all(client, "{ who }")).toEqual([{ data: { who: "ada" } }]);
    expect(await all(client, "mutation { add }")).toMatchObject([{ data: { add: expect.any(Number) } }]);
    expect(await all(client, "subscription { count(to: 2) }")).toEqual([{ data: { count: 1 } }, {
      data: { count: 2 },
    }]);
    await client.dispose();
  });

  test("a socket without a token has no viewer", async () => {
    const { client } = connect(server.url);
    expect(await all(client, "{ who contextKeys }")).toEqual([
      { data: { who: null, contextKeys: ["viewer", "requestId", "header", "from"] } },
    ]);
    await client.dispose();
  });

  test("a token that does not hold closes the socket with 4403 and the reason", async () => {
    const { code, reason } = await connect(server.url, { token: "bad" }).closed;
    expect([code, reason]).toEqual([4403, "The token does not hold. Log in again."]);
  });

  test("a check of tokens that cannot be made closes the socket with 1013, to be tried again", async () => {
    expect((await connect(server.url, { token: "down" }).closed).code).toBe(1013);
  });

  test("a socket ends with its token, and says so", async () => {
    const { code, reason } = await connect(server.url, { token: "brief" }).closed;
    expect([code, reason]).toEqual([4403, "token expired"]);
  });

  test("errors are masked, and known ones keep their code and nothing of HTTP", async () => {
    const { client } = connect(server.url);
    const [boom] = await all(client, "{ boom }");
    expect(boom).toMatchObject({
      data: { boom: null },
      errors: [{ path: ["boom"], extensions: { code: "INTERNAL" } }],
    });
    expect(JSON.stringify(boom)).not.toContain("secret");
    const [unavailable] = await all(client, "{ unavailable }") as [{ errors: { extensions: object }[] }];
    expect(unavailable.errors[0]!.extensions).toEqual({ code: "UNAVAILABLE", retryable: true });
    const failing = await all(client, "subscription { failing }").catch((errors: unknown) => errors);
    expect(failing).toMatchObject([{ extensions: { code: "INTERNAL" } }]);
    expect(JSON.stringify(failing)).not.toContain("secret");
    await client.dispose();
  });

  test("documents have the limits that they have over HTTP", async () => {
    const { client } = connect(server.url);
    const deep = "{ " + "nested { ".repeat(12) + "name" + " }".repeat(13);
    await expect(all(client, deep)).rejects.toMatchObject([{ extensions: { code: "QUERY_TOO_DEEP" } }]);
    await expect(all(client, "{ rows(first: 100000) { nodes { id } } }")).rejects.toMatchObject([
      { extensions: { code: "QUERY_TOO_COSTLY" } },
    ]);
    await client.dispose();
  });

  test("a message beyond the limit closes the socket with 1009", async () => {
    const { client, closed } = connect(server.url);
    all(client, `{ hello } #${"é".repeat(2_050)}`).catch(() => {});
    expect((await closed).code).toBe(1009);
  });

  test("the 101st operation at once is refused and the others go on", async () => {
    const { client } = connect(server.url);
    const open = Array.from({ length: 100 }, () => client.iterate({ query: "subscription { ticks }" }));
    await Promise.all(open.map((stream) => stream.next()));
    await expect(all(client, "{ hello }")).rejects.toMatchObject([{ extensions: { code: "TOO_MANY_SUBSCRIPTIONS" } }]);
    await open[0]!.return!();
    expect(await all(client, "{ hello }")).toEqual([{ data: { hello: "world" } }]);
    await client.dispose();
  });

  test("a page of another site opens no socket, one of an allowed origin or the same host does", async () => {
    const refused = new WebSocket(wsUrl(server.url), "graphql-transport-ws", { origin: "https://evil.example" });
    const [, response] = await once(refused, "unexpected-response");
    expect(response.statusCode).toBe(403);
    for (const origin of ["https://board.example", server.base]) {
      const { client } = connect(server.url, { origin });
      expect(await all(client, "{ hello }")).toEqual([{ data: { hello: "world" } }]);
      await client.dispose();
    }
  });

  test.each([
    { authorization: "Bearer good" },
    { Authorization: "Bearer good" },
    { headers: { AUTHORIZATION: "Bearer good" } },
  ])("the token is found in connection_init as %j", async (connectionParams) => {
    const client = createWsClient({ url: wsUrl(server.url), webSocketImpl: WebSocket, connectionParams });
    expect(await all(client, "{ who }")).toEqual([{ data: { who: "ada" } }]);
    await client.dispose();
  });

  test("the token is found in the head of the request that opens the socket", async () => {
    class Socket extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers: { authorization: "Bearer good" } });
      }
    }
    const client = createWsClient({ url: wsUrl(server.url), webSocketImpl: Socket });
    expect(await all(client, "{ who }")).toEqual([{ data: { who: "ada" } }]);
    await client.dispose();
  });

  test("a token that ends closes the socket with 4403 and ends its subscriptions with no error", async () => {
    for (let i = 0; i < 10; i++) {
      const { client, closed } = connect(server.url, { token: "brief" });
      const ended = client.iterate({ query: "subscription { untilExpiry }" }).next().catch((error: unknown) => error);
      expect((await closed).code).toBe(4403);
      expect(await ended).toMatchObject({ code: 4403 });
    }
  });

  test.each(["graphql-ws,graphql-transport-ws", "graphql-ws, graphql-transport-ws", "graphql-transport-ws,x"])(
    "our protocol is found in the list %j",
    async (list) => {
      const handshake = {
        connection: "upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol": list,
      };
      const asking = request(server.url, { headers: handshake }).end();
      const [response, socket] = await once(asking, "upgrade") as [IncomingMessage, Duplex];
      expect(response.headers["sec-websocket-protocol"]).toBe("graphql-transport-ws");
      socket.destroy();
    },
  );

  test("a socket that speaks another protocol is refused with its name", async () => {
    const [, response] = await once(new WebSocket(wsUrl(server.url), "graphql-ws"), "unexpected-response");
    expect(response.statusCode).toBe(400);
  });
});

describe("a client that leaves", () => {
  test("ends its event stream's subscription", async () => {
    const one = await serve();
    const stream = sse(one.url, "subscription { ticks }");
    await stream.next();
    await stream.return!();
    expect(await (await ask(one.url, "{ untilStreamsEnd }")).json()).toMatchObject({ data: {} });
    expect(await one.said()).toEqual({ isWaiting: true });
    await one.stop();
  });

  test("ends its socket's subscriptions", async () => {
    const one = await serve();
    const { client } = connect(one.url);
    await client.iterate({ query: "subscription { ticks }" }).next();
    await client.dispose();
    expect(await (await ask(one.url, "{ untilStreamsEnd }")).json()).toMatchObject({ data: {} });
    expect(await one.said()).toEqual({ isWaiting: true });
    await one.stop();
  });
});

describe("a stop", () => {
  test("ends streams and sockets first, and finishes what is under way", async () => {
    const one = await serve();
    const stream = sse(one.url, "subscription { ticks }");
    expect((await stream.next()).value.data).toEqual({ ticks: 1 });
    const { client, closed } = connect(one.url);
    const socketStream = client.iterate({ query: "subscription { ticks }" });
    await socketStream.next();
    const slow = ask(one.url, "{ untilStreamsEnd }");
    expect(await one.said()).toEqual({ isWaiting: true });
    const streamEnd = stream.next().then(() => "complete", () => "cut");
    const { lines } = await one.stop();
    expect(await (await slow).json()).toEqual({ data: { untilStreamsEnd: "streams ended" } });
    expect(await streamEnd).toBe("cut");
    expect(await closed).toMatchObject({ code: 1001 });
    // It did not wait for the drain time, or it would say that something was left.
    expect(lines).toEqual([]);
    // Deno says it in words, Node by a code.
    const refused = { cause: { message: expect.stringMatching(/ECONNREFUSED|Connection refused/) } };
    await expect(ask(one.url, "{ hello }")).rejects.toMatchObject(refused);
  });

  test("waits no longer than the drain time", async () => {
    const one = await serve({ DRAIN_SECONDS: "0" });
    const never = ask(one.url, "{ never }").then(() => "answered", () => "cut");
    expect(await one.said()).toEqual({ isWaiting: true });
    const { lines } = await one.stop();
    expect(lines.join()).toContain("Requests were left at the end of the drain time.");
    expect(await never).toBe("cut");
  });
});

test("a port that is taken is named, with what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const { said, exited } = start({ PORT: `${port}` });
  const { error, message } = await said();
  await exited;
  other.close();
  expect(error).toBe("ListenError");
  expect(message).toContain(`Port ${port} of 127.0.0.1 is taken.`);
  expect(message).toContain("PORT=");
});

/** Deno's own server closes after a body of 2 KB: behind a load balancer each such request would open a connection. */
test.each([100, 2_048, 4_000])("a connection takes the next request after a body of %i bytes", async (bytes) => {
  const { hostname, port } = new URL(server.base);
  const socket = netConnect(Number(port), hostname);
  const body = JSON.stringify({ query: "{ hello }" }).padEnd(bytes);
  const post =
    `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n${body}`;
  let said = "";
  try {
    for (const answers of [1, 2]) {
      socket.write(post);
      while ((said.match(/HTTP\/1\.1 \d/g) ?? []).length < answers) said += (await once(socket, "data"))[0];
    }
    expect(said).not.toMatch(/^connection: close/im);
  } finally {
    socket.destroy();
  }
});
