import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen, type Listening } from "../../api/entry/http/listen.ts";
import { WebSocket } from "ws";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { startSockets } from "../kit/sockets.ts";

/** Where something stands in front (ORIGIN_SECRET), nobody comes past it. */
const SECRET = "0123456789abcdef0123456789abcdef";
let api: TestApp;
let server: Listening;
beforeAll(async () => {
  api = await startTestApp({ env: { ORIGIN_SECRET: SECRET, PORT: "0" } });
  server = await listen(api.app);
});
afterAll(async () => {
  await server.stop();
  await api.stop();
});

const said = { none: {}, wrong: { "x-origin-secret": `${SECRET}x` }, right: { "x-origin-secret": SECRET } };

describe("what does not come by the front", () => {
  test.each(["/graphql", "/", "/collect?key=sjw_x", "/sojourn.js", "/metrics", "/media/x"])(
    "is refused at %s",
    async (path) => {
      for (const how of ["none", "wrong"] as const) {
        const response = await fetch(`${server.url}${path}`, { headers: said[how] });
        expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("PAST_THE_FRONT")]);
      }
      expect((await fetch(`${server.url}${path}`, { headers: said.right })).status).not.toBe(403);
    },
  );

  test.each(["/health", "/ready"])("may ask %s, as load balancers do", async (path) => {
    expect((await fetch(`${server.url}${path}`)).status).toBe(200);
  });

  test("opens no socket, of a server or of functions", async () => {
    const open = (headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", {
          headers,
        });
        socket.on("open", () => {
          socket.close();
          resolve(101);
        });
        socket.on("unexpected-response", (_, response) => {
          response.resume();
          resolve(response.statusCode!);
        });
        socket.on("error", () => {});
      });
    expect(await open(said.none)).toBe(403);
    expect(await open(said.right)).toBe(101);
    const on = await startSockets({ env: { ORIGIN_SECRET: SECRET } });
    try {
      const connect = (headers: Record<string, string>) =>
        on.service().messages.connect(
          "c",
          (name) => ({ "sec-websocket-protocol": "graphql-transport-ws", ...headers })[name],
          "203.0.113.7",
        );
      expect(await connect(said.none)).toMatchObject({ statusCode: 403 });
      expect(await connect(said.right)).toMatchObject({ statusCode: 200 });
    } finally {
      await on.stop();
    }
  });
});
