import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayCall, nextTryAt, urlFault } from "../../api/webhooks/rules.ts";
import { createSend } from "../../api/webhooks/send.ts";
import { createSecret, signedHeaders } from "../../api/webhooks/signature.ts";
import { wireType } from "../../api/webhooks/store.ts";

const DAY_MS = 86_400_000;
const MESSAGE = { headers: {}, type: "alert.changed", body: "{}" };
const to = (url: string) => ({ url, tenantId: "shop" });

describe("a signature", () => {
  // The example of the libraries of Standard Webhooks.
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
  const body = '{"test": 2432232314}';
  const now = 1_614_265_330_000;

  test("has a secret of 32 random bytes, as Standard Webhooks writes it", () => {
    const [one, other] = [createSecret(), createSecret()];
    for (const secret of [one, other]) expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
    expect(one).not.toBe(other);
  });

  test("is as Standard Webhooks computes it", () => {
    expect(signedHeaders(id, body, now, { secret })).toEqual({
      "webhook-id": id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test("is doubled while an old secret is still good, and not a moment longer", () => {
    const before = { secret: "whsec_" + Buffer.from("before").toString("base64"), until: now + 1 };
    const both = signedHeaders(id, body, now, { secret, before })["webhook-signature"].split(" ");
    expect(both).toHaveLength(2);
    expect(signedHeaders(id, body, now + 1, { secret, before })["webhook-signature"].split(" ")).toHaveLength(1);
  });
});

test("what failed is tried again after growing pauses, and given up after a day", () => {
  const tries = [0];
  for (;;) {
    const next = nextTryAt(tries.length, 0, tries.at(-1)!);
    if (next === undefined) break;
    tries.push(next);
  }
  expect(tries.map((at) => Math.round(at / 1_000)).slice(0, 5)).toEqual([0, 5, 35, 155, 755]);
  expect(tries).toHaveLength(11);
  expect(tries.at(-1)).toBeGreaterThan(23 * 3_600_000);
  expect(tries.at(-1)).toBeLessThan(DAY_MS);
  // However slowly the job comes round.
  expect(nextTryAt(3, 0, DAY_MS)).toBeUndefined();
});

describe("an address", () => {
  test.each([
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:db8::1",
    "3fff::1",
    // IPv4 in the last bits, also where it was written so long ago, and where it was translated.
    "::7f00:1",
    "::127.0.0.1",
    "::808:808",
    "::ffff:0:127.0.0.1",
    // Teredo, ORCHID, benchmarks, and all else that is kept below 2001::/23.
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    // Of sites, to be thrown away, of segments, and what nobody was ever given.
    "fec0::1",
    "100::1",
    "100:0:0:1::1",
    "5f00::1",
    "200::1",
    "4000::1",
    "e000::1",
    "192.0.0.8",
    "192.88.99.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.175.48.1",
    "198.51.100.1",
    "203.0.113.1",
    "nonsense",
  ])("%s is never called from the internet's side", (address) => {
    expect(mayCall(address, "internet")).toBe(false);
  });

  test.each(["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"])(
    "%s may be called",
    (address) => {
      expect(mayCall(address, "internet")).toBe(true);
    },
  );

  test("of an instance of one's own reaches this machine, and nothing else beside the internet", () => {
    expect(["127.0.0.1", "::1", "8.8.8.8"].map((address) => mayCall(address, "machine"))).toEqual([true, true, true]);
    expect(["10.0.0.1", "169.254.169.254", "192.168.1.1", "fe80::1"].map((address) => mayCall(address, "machine")))
      .toEqual([false, false, false, false]);
  });

  test.each([
    ["ftp://example.com/", /https/],
    ["http://example.com/", /https/],
    ["https://me:secret@example.com/", /password/],
    ["https://me@example.com/", /password/],
    ["https://:secret@example.com/", /password/],
    ["https://example.com/#x", /fragment/],
    ["https://127.0.0.1/", /public/],
    ["https://2130706433/", /public/],
    ["https://0x7f.1/", /public/],
    ["https://[::1]/", /public/],
    ["https://[::127.0.0.1]/", /public/],
    ["https://[::ffff:169.254.169.254]/", /public/],
    ["example.com", /such as/],
    ["", /such as/],
  ])("%s is refused when it is given", (url, why) => {
    expect(urlFault(url, "internet")).toMatch(why);
  });

  test("with TLS and a name is taken", () => {
    expect(urlFault("https://example.com:8443/hooks?x=1", "internet")).toBeUndefined();
    expect(urlFault("http://127.0.0.1:4001/", "machine")).toBeUndefined();
  });
});

describe("a request to a receiver", () => {
  const paths: string[] = [];
  let server: http.Server;
  let port: number;
  beforeAll(async () => {
    server = http.createServer((request, response) => {
      paths.push(request.url!);
      if (request.url === "/never") return;
      if (request.url === "/there") return void response.writeHead(302, { location: "/elsewhere" }).end();
      if (request.url === "/endless") return void response.writeHead(200).write("x".repeat(100_000));
      response.writeHead(200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => server.closeAllConnections());

  const post = (path: string, options: Parameters<typeof createSend>[0] = { reach: "machine" }) =>
    createSend(options)(to(`http://127.0.0.1:${port}${path}`), MESSAGE);

  test("is not made where a name means an address inside, whatever it meant before", async () => {
    const answers = ["93.184.216.34", "10.0.0.1"];
    for (const inside of ["10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"]) {
      const send = createSend({ reach: "machine", resolve: () => Promise.resolve([{ address: inside, family: 4 }]) });
      expect(await send(to(`http://rebind.example:${port}/x`), MESSAGE)).toMatchObject({
        error: expect.stringMatching(/public address/),
      });
    }
    // Of several addresses one is enough to refuse.
    const resolve = () => Promise.resolve(answers.map((address) => ({ address, family: 4 })));
    expect((await createSend({ reach: "internet", resolve })(to("https://two.example/"), MESSAGE)).error).toMatch(
      /public/,
    );
    expect(paths).toEqual([]);
  });

  test("is not made without TLS, or to this machine, but by an instance of one's own", async () => {
    expect((await post("/x", { reach: "internet" })).error).toMatch(/public/);
    expect(paths).toEqual([]);
    expect(await post("/x")).toMatchObject({ status: 200 });
    expect(paths.splice(0)).toEqual(["/x"]);
  });

  test("follows no redirect", async () => {
    expect(await post("/there")).toMatchObject({ status: 302 });
    expect(paths.splice(0)).toEqual(["/there"]);
  });

  test("ends in time, and reads no more of an answer than it needs", async () => {
    expect((await post("/never", { reach: "machine", timeoutMs: 50 })).error).toBe("no answer within 0.05 seconds");
    expect(await post("/endless")).toMatchObject({ status: 200 });
  });

  test("says where nobody listens, and what is no name", async () => {
    const send = createSend({ reach: "machine" });
    expect((await send(to("http://127.0.0.1:1/"), MESSAGE)).error).toBe("nobody listens there");
    const unknown = createSend({
      reach: "internet",
      resolve: () => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" })),
    });
    expect((await unknown(to("https://no.such.example/"), MESSAGE)).error).toBe("its name is not known");
  });
});

test("a type is written small on the wire", () => {
  expect(wireType("ALERT_CHANGED")).toBe("alert.changed");
});

test("an answer that does not end is cut off: what a receiver says is of no interest", async () => {
  const gone = Promise.withResolvers<void>();
  const server = http.createServer((_request, response) => {
    const chunk = Buffer.alloc(16_384);
    const more = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", more).on("close", () => gone.resolve());
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const send = createSend({ reach: "machine", timeoutMs: 3_600_000 });
  expect(await send(to(`http://127.0.0.1:${port}/`), MESSAGE)).toMatchObject({ status: 200 });
  await gone.promise;
  server.close();
});
