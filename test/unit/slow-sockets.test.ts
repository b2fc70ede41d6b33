import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { createTelemetry } from "../../api/core/telemetry.ts";
import { createEngine } from "../../api/entry/http/graphql.ts";
import { createSockets } from "../../api/entry/http/websocket.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

type Message = { type: string; payload?: { data: { count: number } } };

/** A socket whose client takes what it is sent when it likes. */
class FakeSocket extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  sent: Message[] = [];
  heard = () => {};
  send(text: string) {
    this.sent.push(JSON.parse(text) as Message);
    this.heard();
  }
  say(text: string) {
    this.emit("message", Buffer.from(text), false);
  }
  until(type: string): Promise<void> {
    return new Promise((resolve) => {
      this.heard = () => this.sent.some((message) => message.type === type) && resolve();
      this.heard();
    });
  }
  close() {}
  terminate() {}
  ping() {}
}

test("a socket that does not take what was sent is given nothing more, then goes on", async () => {
  const { app } = createTinyApp();
  const sockets = createSockets({ app, engine: createEngine(app, createTelemetry()), clock: Date.now });
  const socket = new FakeSocket();
  sockets.attach(socket, { address: "127.0.0.1", release: () => {} });
  socket.say('{"type":"connection_init"}');
  await socket.until("connection_ack");
  socket.send = function (text) {
    this.sent.push(JSON.parse(text) as Message);
    // The second message fills the way to the client.
    if (this.sent.filter(({ type }) => type === "next").length === 2) this.bufferedAmount = 64 * 1024 + 1;
    this.heard();
  };
  socket.say('{"id":"s","type":"subscribe","payload":{"query":"subscription { count(to: 5) }"}}');
  await socket.until("next");
  socket.say('{"type":"ping"}');
  await socket.until("pong");
  while (socket.bufferedAmount === 0) await new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(socket.sent.filter(({ type }) => type === "next")).toHaveLength(2);
  socket.bufferedAmount = 64 * 1024;
  await socket.until("complete");
  expect(socket.sent.flatMap(({ payload }) => payload?.data.count ?? [])).toEqual([1, 2, 3, 4, 5]);
  socket.emit("close", 1000, Buffer.from(""));
});
