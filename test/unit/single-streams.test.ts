import { expect, test } from "vitest";
import { setImmediate as turn } from "node:timers/promises";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const TICKS = "subscription { ticks }";
/** Under way until a subscription to `ticks` ends. */
const SLOW = "{ untilStreamsEnd }";

/** A reserved stream that is open, with what came over it. */
async function open(env: Record<string, string> = {}) {
  const { app } = createTinyApp(env);
  const http = createHttp(app);
  const ask = (method: string, search = "", own: Record<string, string> = {}, body?: object) => {
    const headers = { authorization: "Bearer good", "content-type": "application/json", ...own };
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    return http.fetch(new Request(`http://localhost/graphql${search}`, init));
  };
  const token = await (await ask("PUT")).text();
  const named = { "x-graphql-event-stream-token": token };
  const response = await ask("GET", `?token=${token}`, { accept: "text/event-stream" });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  void (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })();
  return {
    send: async (id: string, query: string) =>
      (await ask("POST", "", named, { query, extensions: { operationId: id } })).status,
    end: async (id: string) => (await ask("DELETE", `?operationId=${id}`, named)).status,
    /** What has come since it was last asked, event by event. */
    came: async () => {
      for (let i = 0; i < 100; i++) await turn();
      const events = text.split("\n\n").filter((event) => event.startsWith("event"));
      text = "";
      return events.map((event) => event.replaceAll(/event: |\ndata:/g, ""));
    },
    close: () => reader.cancel(),
    /** How many subscriptions the token may still open, beyond this stream. */
    free: async () => {
      const others = await Promise.all(
        Array.from({ length: 5 }, () => ask("POST", "", { accept: "text/event-stream" }, { query: TICKS })),
      );
      const opened = others.filter(({ status }) => status === 200);
      await Promise.all(opened.map(({ body }) => body!.cancel()));
      return opened.length;
    },
  };
}

test("an id of a stream is one operation's, also where two come at once", async () => {
  const { send, came, close, free } = await open({ MAX_SUBSCRIPTIONS_PER_TOKEN: "3" });
  expect((await Promise.all([send("a", TICKS), send("a", TICKS)])).sort()).toEqual([202, 409]);
  expect(await came()).toEqual(['next {"id":"a","payload":{"data":{"ticks":1}}}']);
  await close();
  expect(await free()).toBe(3);
});

test("a stream has a hundred operations at once, also where all come at once", async () => {
  const { send, close, free } = await open({ MAX_SUBSCRIPTIONS_PER_TOKEN: "200" });
  const statuses = await Promise.all(Array.from({ length: 103 }, (_, i) => send(`${i}`, TICKS)));
  expect([202, 429].map((status) => statuses.filter((one) => one === status).length)).toEqual([100, 3]);
  await close();
  expect(await free()).toBe(5);
});

test("an id that was ended is the next operation's alone, whatever the one before it still gives", async () => {
  const { send, end, came, close, free } = await open({ MAX_SUBSCRIPTIONS_PER_TOKEN: "3" });
  await send("z", TICKS);
  expect(await send("a", SLOW)).toBe(202);
  await came();
  expect(await end("a")).toBe(200);
  expect(await send("a", TICKS)).toBe(202);
  expect(await came()).toEqual(['complete {"id":"a"}', 'next {"id":"a","payload":{"data":{"ticks":1}}}']);
  // Now the first one has its answer.
  await end("z");
  expect(await came()).toEqual(['complete {"id":"z"}']);
  expect(await send("a", TICKS)).toBe(409);
  await end("a");
  expect(await came()).toEqual(['complete {"id":"a"}']);
  expect(await send("a", "{ hello }")).toBe(202);
  expect(await came()).toEqual(['next {"id":"a","payload":{"data":{"hello":"world"}}}', 'complete {"id":"a"}']);
  await close();
  expect(await free()).toBe(3);
});

test("one that is ended while it begins is read no more, also where nothing ever came of it", async () => {
  const { send, end, came } = await open();
  await send("slow", SLOW);
  const begun = send("a", "subscription { silence }");
  // At each moment of its beginning.
  const ends: Promise<number>[] = [];
  for (let i = 0; i < 300; i++) {
    ends.push(end("a"));
    await Promise.resolve();
  }
  await Promise.all([begun, ...ends]);
  expect(await came()).toContain('next {"id":"slow","payload":{"data":{"untilStreamsEnd":"streams ended"}}}');
});

test("what cannot begin keeps neither its id nor a place", async () => {
  const { send, end, came, free } = await open({ MAX_SUBSCRIPTIONS_PER_TOKEN: "3" });
  for (const query of ["{ nothing }", "subscription { nothing }"]) expect(await send("a", query)).toBe(400);
  for (let i = 0; i < 4; i++) {
    await send("a", "subscription { forbidden }");
    await came();
  }
  expect(await free()).toBe(3);
  expect(await send("a", TICKS)).toBe(202);
  for (const id of ["b", "c"]) await send(id, TICKS);
  // More than its token may have: the id is free once one of them is over.
  expect(await send("d", TICKS)).toBe(429);
  await end("a");
  expect(await send("d", TICKS)).toBe(202);
});
