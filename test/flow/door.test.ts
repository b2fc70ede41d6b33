import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen, type Listening } from "../../api/entry/http/listen.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";

/** What a client can send that no library of clients does: each is answered or closed, and the next one is served. */
let api: TestApp;
let server: Listening;
let token: string;
beforeAll(async () => {
  api = await startTestApp({ env: { PORT: "0", MAX_BATCH: "10", RATE_LOGINS: "off", RATE_ADDRESS: "off" } });
  server = await listen(api.app);
  token = await api.token("door");
});
afterAll(async () => {
  await server.stop();
  await api.stop();
});

const asked = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
const own = () => ({ authorization: `Bearer ${token}` });
// oxlint-disable-next-line no-explicit-any
const json = async (response: Response): Promise<any> => await response.json();

/** Sends bytes over a connection of its own; gives the first line that comes back, or how it was closed. */
function raw(head: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(head));
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (heard.includes("\r\n")) {
        resolve(heard.split("\r\n", 1)[0]!);
        socket.destroy();
      }
    }).on("close", () => resolve("closed")).on("error", () => {});
  });
}

/** An open socket after its login; `ended` gives how it is closed. */
async function open(options: { perMessageDeflate?: boolean; headers?: Record<string, string> } = {}, init = own()) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", options);
  const said: { type: string; payload?: unknown }[] = [];
  const ended = new Promise<number>((resolve) => socket.on("close", resolve));
  const ready = new Promise((resolve) =>
    socket.on("message", (data: Buffer) => {
      said.push(JSON.parse(data.toString()) as { type: string });
      resolve(undefined);
    })
  );
  socket.on("error", () => {});
  socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: init })));
  await Promise.race([ready, ended]);
  return { socket, ended, said };
}

const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
};

describe("over HTTP", () => {
  const deep = (n: number) => "[".repeat(n) + "]".repeat(n);

  test.each([
    ["a batch", () => `[${Array.from({ length: 10 }, () => `{"query":"{a}","variables":{"a":${deep(90)}}}`).join()}]`],
    ["extensions", () => `{"query":"{a}","extensions":{"persistedQuery":${deep(5_000)}}}`],
    ["a hash of a persisted query", () => `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":${deep(70)}}}}`],
    ["an operation of a stream", () => `{"query":"{a}","extensions":{"operationId":${deep(70)}}}`],
  ])("JSON that is too deep in %s is refused", async (_name, body) => {
    for (const headers of [{}, own()] as Record<string, string>[]) {
      const answer = await asked(body(), headers);
      expect([answer.status, (await json(answer)).errors[0].extensions.code]).toEqual([400, "BODY_TOO_COMPLEX"]);
    }
  });

  test("a batch holds one login in all its operations, as a request does", async () => {
    const one = { query: `mutation { login(input: { username: "nobody", password: "wrong" }) { __typename } }` };
    const answers = await json(await asked(JSON.stringify(Array.from({ length: 10 }, () => one))));
    const codes = answers.map(({ errors }: { errors?: { extensions: { code: string } }[] }) =>
      errors?.[0]!.extensions.code ?? "answered"
    );
    expect(codes.sort()).toEqual([...Array.from({ length: 9 }, () => "ONE_LOGIN_A_REQUEST"), "answered"]);
  });

  test("forms that hold operations are no way around the JSON", async () => {
    const body = `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{"query":"{a}"}\r\n--x--\r\n`;
    const answer = await asked(body, { "content-type": "multipart/form-data; boundary=x", ...own() });
    expect(answer.status).toBe(415);
  });

  test.each([
    ["one header of 40 KB", `GET /graphql HTTP/1.1\r\nhost: x\r\nx-a: ${"a".repeat(40_000)}\r\n\r\n`, /^HTTP\/1.1 431/],
    [
      "thousands of headers",
      `GET /graphql HTTP/1.1\r\nhost: x\r\n${Array.from({ length: 8_000 }, (_, i) => `a${i}: b\r\n`).join("")}\r\n`,
      /^HTTP\/1.1 431/,
    ],
    [
      "lists in every header that is read",
      `GET /graphql?query={viewer{tenantId}} HTTP/1.1\r\nhost: x\r\naccept: ${"a/b;q=0.1,".repeat(600)}\r\n` +
      `accept-encoding: ${"br,".repeat(2_000)}\r\nx-forwarded-for: ${"1.1.1.1,".repeat(1_000)}\r\n\r\n`,
      /^HTTP\/1.1 4/,
    ],
    [
      "two lengths",
      "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
      /^HTTP\/1.1 400/,
    ],
    [
      "a length and chunks",
      "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1.1 400/,
    ],
    ["a negative length", "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n", /^HTTP\/1.1 400/],
    ["a target that is no address", "GET \\\\.. HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1.1 4/],
    ["names of members", "GET /__proto__?token=__proto__ HTTP/1.1\r\nhost: x\r\n\r\n", /^HTTP\/1.1 404/],
    [
      "another protocol",
      "GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
      /^HTTP\/1.1 400/,
    ],
  ])("%s are answered with what is wrong", async (_name, head, line) => {
    expect(await raw(head)).toMatch(line);
    expect((await asked(`{"query":"{ viewer { tenantId } }"}`, own())).status).toBe(200);
  });

  test("a hundred requests may be ahead of their answers on a connection, and one more ends it", async () => {
    const request = `GET /health HTTP/1.1\r\nhost: x\r\n\r\n`;
    const ask = (count: number) =>
      new Promise<{ answers: number; isCut: boolean }>((resolve) => {
        let heard = "";
        const socket = connect(server.port, "127.0.0.1", () => socket.write(request.repeat(count)));
        const answers = () => heard.split("HTTP/1.1 200 OK").length - 1;
        socket.on("data", (bytes) => {
          heard += bytes.toString("latin1");
          if (answers() < count) return;
          resolve({ answers: answers(), isCut: false });
          socket.destroy();
        }).on("close", () => resolve({ answers: answers(), isCut: true })).on("error", () => {});
      });
    expect(await ask(100)).toEqual({ answers: 100, isCut: false });
    expect(await ask(2_000)).toMatchObject({ isCut: true });
    expect((await asked(`{"query":"{ viewer { tenantId } }"}`, own())).status).toBe(200);
  });
});

describe("over a socket", () => {
  test("compression is not taken, and what comes compressed closes it", async () => {
    const { socket, ended } = await open({ perMessageDeflate: true });
    expect(socket.extensions).toBe("");
    // The bit that says "compressed", which was never agreed on.
    (socket as unknown as { _socket: { write: (bytes: Buffer) => void } })._socket
      .write(Buffer.from([0xC1, 0x81, 0, 0, 0, 0, 0x61]));
    expect(await ended).toBe(1002);
  });

  test("an id of an operation beyond 128 characters closes it, since each message would carry it", async () => {
    const { socket, ended, said } = await open();
    const query = "subscription { metricBuckets(sources: [TASKS], size: ONE_MINUTE) { bucket { count } } }";
    socket.send(JSON.stringify({ id: "i".repeat(128), type: "subscribe", payload: { query } }));
    await until(() => said.some(({ type }) => type === "next"));
    socket.send(JSON.stringify({ id: "i".repeat(129), type: "subscribe", payload: { query } }));
    expect(await ended).toBe(4400);
    expect(said.filter(({ type }) => type === "error")).toEqual([]);
  });

  test.each([
    ["a close with a reason that is too long", Buffer.from([0x88, 0xFE, 0x10, 0, 1, 2, 3, 4]), 1002],
    ["a close with a code that is none", Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0xFF, 0xFF]), 1002],
    ["a ping that is too long", Buffer.from([0x89, 0xFE, 0x10, 0, 1, 2, 3, 4]), 1002],
    ["text that is no UTF-8", Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE]), 1007],
    ["a length of 2^63", Buffer.from([0x81, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ])("%s closes it", async (_name, frame, code) => {
    const { socket, ended } = await open();
    (socket as unknown as { _socket: { write: (bytes: Buffer) => void } })._socket.write(frame);
    expect(await ended).toBe(code);
  });

  test("a message of more than a thousand fragments closes it", async () => {
    const { socket, ended } = await open();
    for (let i = 0; i < 1_100; i++) socket.send("x", { fin: false });
    expect(await ended).toBe(1008);
  });

  test("JSON that is too deep closes it with what is wrong", async () => {
    const { socket, ended } = await open();
    socket.send(`{"id":"a","type":"subscribe","payload":{"query":"{a}","variables":{"a":${"[".repeat(100)}`);
    expect(await ended).toBe(4400);
  });

  test("pings without end, whose answers nobody reads, end it", async () => {
    const { socket, ended } = await open();
    const bare = (socket as unknown as { _socket: { pause: () => void; write: (bytes: Buffer) => boolean } })._socket;
    bare.pause();
    const ping = Buffer.concat([Buffer.from([0x89, 0xFD, 0, 0, 0, 0]), Buffer.alloc(125)]);
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
    let isOver = false;
    void ended.then(() => isOver = true);
    for (let i = 0; i < 400 && !isOver; i++) {
      bare.write(many);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    expect(isOver).toBe(true);
  });
});

test("what is open is in the measurements, and a socket's client in the audit log", async () => {
  const measured = async (kind: string) => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^sojourn_open\\{kind="${kind}"\\} (\\d+)`, "m").exec(text)?.[1]);
  };
  const [sockets, streams] = [await measured("sockets"), await measured("streams")];
  const { socket, ended, said } = await open({ headers: { "user-agent": "sensor/7" } });
  const leave = new AbortController();
  await fetch(`${server.url}/graphql`, {
    method: "POST",
    signal: leave.signal,
    headers: { "content-type": "application/json", accept: "text/event-stream", ...own() },
    body: JSON.stringify({ query: "subscription { sessionChanged { sessionId } }" }),
  });
  expect([await measured("sockets"), await measured("streams")]).toEqual([sockets + 1, streams + 1]);
  expect(await measured("connections")).toBeGreaterThan(1);
  expect(await (await fetch(`${server.url}/metrics`)).text()).toContain('sojourn_connections_shed{reason="ceiling"} 0');
  socket.send(JSON.stringify({
    id: "a",
    type: "subscribe",
    payload: { query: "mutation { configureSessions(input: {}) { __typename } }" },
  }));
  await until(() => said.some(({ type }) => type === "complete"));
  const { data } = await api.ask("door", "{ auditLog(first: 5) { nodes { kind subject client } } }");
  expect(data.auditLog.nodes).toContainEqual({
    kind: "ADMIN_ACTION",
    subject: "Mutation.configureSessions",
    client: "sensor/7",
  });
  socket.close();
  leave.abort();
  await ended;
});
