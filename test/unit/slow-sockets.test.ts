import { expect, test } from "vitest";
import { createTelemetry } from "../../api/core/telemetry.ts";
import { createEngine } from "../../api/entry/http/graphql.ts";
import { createSockets } from "../../api/entry/http/websocket.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

type Message = { type: string; payload?: { data: { count: number } } };

test("a socket that does not take what was sent is given nothing more, then goes on", async () => {
  const { app } = createTinyApp();
  const sockets = createSockets({ app, engine: createEngine(app, createTelemetry()), clock: Date.now });
  const sent: Message[] = [];
  let heard = () => {};
  const socket = {
    readyState: WebSocket.OPEN,
    bufferedAmount: 0,
    onopen: () => {},
    onmessage: (() => {}) as (event: { data: string }) => void,
    send: (text: string) => (sent.push(JSON.parse(text) as Message), heard()),
    close: () => {},
  };
  const until = (type: string) =>
    new Promise<void>((resolve) => {
      heard = () => sent.some((message) => message.type === type) && resolve();
      heard();
    });
  const request = new Request("http://localhost/graphql", {
    headers: { "sec-websocket-protocol": "graphql-transport-ws" },
  });
  const upgrade = () => ({ socket: socket as never, response: new Response() });
  sockets.accept(request, upgrade, { address: "127.0.0.1", release: () => {} });
  socket.onopen();
  socket.onmessage({ data: '{"type":"connection_init"}' });
  await until("connection_ack");
  socket.send = (text) => {
    sent.push(JSON.parse(text) as Message);
    // The second message fills the way to the client.
    if (sent.filter(({ type }) => type === "next").length === 2) socket.bufferedAmount = 1_000_000;
    heard();
  };
  socket.onmessage({ data: '{"id":"s","type":"subscribe","payload":{"query":"subscription { count(to: 5) }"}}' });
  await until("next");
  socket.onmessage({ data: '{"type":"ping"}' });
  await until("pong");
  while (socket.bufferedAmount === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(sent.filter(({ type }) => type === "next")).toHaveLength(2);
  socket.bufferedAmount = 0;
  await until("complete");
  expect(sent.flatMap(({ payload }) => payload?.data.count ?? [])).toEqual([1, 2, 3, 4, 5]);
});
