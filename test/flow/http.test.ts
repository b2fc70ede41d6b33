import { describe, expect, test } from "vitest";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { post } from "../kit/post.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const { app, lines, states, counts } = createTinyApp({ CORS_ORIGINS: "https://board.example" });
let now = 0;
const http = createHttp(app, { clock: () => now });
const get = (path: string, headers: Record<string, string> = {}) =>
  http.fetch(new Request(`http://localhost${path}`, { headers }));
const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe("routes", () => {
  test("a query is answered over POST and over GET", async () => {
    expect((await post(http, "{ hello }")).body).toEqual({ data: { hello: "world" } });
    expect(await (await get("/graphql?query={hello}")).json()).toEqual({ data: { hello: "world" } });
  });

  test("GET never mutates", async () => {
    const before = counts.added;
    const response = await get("/graphql?query=mutation{add}");
    expect(response.status).toBe(405);
    expect(counts.added).toBe(before);
  });

  test("health answers 200 always", async () => {
    expect((await get("/health")).status).toBe(200);
  });

  test("ready names each dependency, and checks at most once a second", async () => {
    now = 10_000;
    const before = counts.checks;
    await Promise.all([get("/ready"), get("/ready")]);
    const good = await get("/ready");
    expect([good.status, await good.json()]).toEqual([200, {
      ready: true,
      dependencies: { dynamodb: "ok", s3: "ok" },
    }]);
    expect(counts.checks).toBe(before + 1);
    states["s3"] = "no answer";
    now += 999;
    expect((await get("/ready")).status).toBe(200);
    now += 1;
    const bad = await get("/ready");
    states["s3"] = "ok";
    expect([bad.status, await bad.json()]).toEqual([503, {
      ready: false,
      dependencies: { dynamodb: "ok", s3: "no answer" },
    }]);
  });

  test("metrics are Prometheus text with operations by type and outcome", async () => {
    await post(http, "mutation { add }");
    await post(http, "{ broken }");
    await post(http, "{ hello", as("bad"));
    const response = await get("/metrics");
    const text = await response.text();
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(text).toContain('sojourn_graphql_request_seconds_count{operation_type="mutation",outcome="ok"}');
    expect(text).toContain('sojourn_graphql_request_seconds_count{operation_type="query",outcome="failed"}');
    expect(text).toContain('sojourn_graphql_request_seconds_count{operation_type="unknown",outcome="refused"}');
    expect(text).toContain("process_cpu_seconds_total");
  });

  test("the root says where the API is, and an unknown path is 404 in JSON", async () => {
    expect(await (await get("/")).text()).toContain("/graphql");
    const response = await get("/nothing?x=1");
    expect(response.status).toBe(404);
    expect((await response.json()).errors[0].extensions.code).toBe("NOT_FOUND");
  });

  test("GraphiQL is a page, and no page where it is off", async () => {
    const html = { accept: "text/html,*/*" };
    expect((await get("/graphql", html)).headers.get("content-type")).toBe("text/html; charset=utf-8");
    const off = createHttp(createTinyApp({ GRAPHIQL: "off" }).app);
    const response = await off.fetch(new Request("http://localhost/graphql", { headers: html }));
    expect(response.headers.get("content-type")).toMatch(/json/);
  });
});

describe("who asks", () => {
  test("a token's viewer reaches the resolvers, and without a token there is none", async () => {
    expect((await post(http, "{ who }", as("good"))).body.data).toEqual({ who: "ada" });
    expect((await post(http, "{ who }")).body.data).toEqual({ who: null });
  });

  test("a token that does not hold answers 401 and says so", async () => {
    const { status, headers, body } = await post(http, "{ hello }", as("bad"));
    expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    expect(body.errors![0]).toEqual({
      message: "The token does not hold. Log in again.",
      extensions: { code: "UNAUTHENTICATED" },
    });
  });

  test("a check of tokens that cannot be made answers 503, to be tried again", async () => {
    const { status, headers, body } = await post(http, "{ hello }", as("down"));
    expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
    expect(body.errors![0]!.extensions).toEqual({ code: "UNAVAILABLE", retryable: true });
  });

  test("resolvers see the app's context and nothing of the request", async () => {
    expect((await post(http, "{ contextKeys }", as("good"))).body.data).toEqual({
      contextKeys: ["viewer", "requestId", "header", "from"],
    });
  });

  test("a usable request id is kept, any other replaced, and both are answered", async () => {
    const kept = await post(http, "{ requestId }", { headers: { "x-request-id": "abc-1_Z" } });
    expect([kept.headers.get("x-request-id"), kept.body.data]).toEqual(["abc-1_Z", { requestId: "abc-1_Z" }]);
    for (const id of ["a b", "x".repeat(65), ""]) {
      const made = await post(http, "{ requestId }", { headers: { "x-request-id": id } });
      expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(made.body.data).toEqual({ requestId: made.headers.get("x-request-id") });
    }
    expect((await get("/nothing")).headers.get("x-request-id")).not.toBeNull();
  });
});

describe("errors", () => {
  test("an unknown failure is masked, and logged in one line with its request id", async () => {
    lines.length = 0;
    const { status, body } = await post(http, "query Q { boom hello }", { headers: { "x-request-id": "r7" } });
    expect(status).toBe(200);
    expect(body.data).toEqual({ boom: null, hello: "world" });
    expect(body.errors).toMatchObject([{ path: ["boom"], extensions: { code: "INTERNAL", requestId: "r7" } }]);
    expect(body.errors![0]!.message).toMatch(/^Something went wrong on our side\./);
    expect(JSON.stringify(body)).not.toContain("secret");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: "error", requestId: "r7", operation: "Q", error: { name: "TypeError", message: "a secret detail" } },
    ]);
  });

  test("a failure that leaves nothing to answer has the status of its kind", async () => {
    const statusOf = async (query: string) => (await post(http, query)).status;
    expect(await statusOf("{ unavailable }")).toBe(503);
    expect(await statusOf("{ unauthenticated }")).toBe(401);
    expect(await statusOf("{ forbidden }")).toBe(403);
    expect(await statusOf("{ broken }")).toBe(500);
    expect(await statusOf("{ invalid }")).toBe(200);
  });

  test("an answer in part is 200, with the error beside it", async () => {
    const { status, headers, body } = await post(http, "{ hello unavailable }");
    expect([status, headers.get("retry-after")]).toEqual([200, null]);
    expect(body.errors![0]!.extensions).toEqual({ code: "UNAVAILABLE", retryable: true });
  });

  test("errors known by name carry code and fields, and nothing of HTTP", async () => {
    const { body } = await post(http, "{ invalid }");
    expect(body.errors![0]!.extensions).toEqual({
      code: "INVALID_INPUT",
      fields: [{ path: ["name"], message: "must not be empty" }],
    });
  });

  test("INTERNAL is masked also where it is thrown by name", async () => {
    expect(JSON.stringify((await post(http, "{ internal }")).body)).not.toContain("secret");
  });

  test("a value that a scalar refuses is told to the caller and not logged", async () => {
    lines.length = 0;
    for (
      const [query, variables] of [["query ($n: Even) { even(n: $n) }", { n: 3 }], ["{ even(n: 3) }", {}]] as const
    ) {
      const { body } = await post(http, query, { variables });
      expect(body.errors![0]!.message).toContain("must be even");
      expect(body.errors![0]!.extensions["code"]).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/);
    }
    expect(lines).toEqual([]);
  });
});

describe("pages of other sites", () => {
  const preflight = (origin: string) =>
    http.fetch(
      new Request("http://localhost/graphql", {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      }),
    );

  test("an allowed origin may ask, send its token and read both ids", async () => {
    const asked = await preflight("https://board.example");
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("https://board.example");
    expect(asked.headers.get("access-control-allow-headers")).toBe("authorization,content-type");
    const { headers } = await post(http, "{ hello }", { headers: { origin: "https://board.example" } });
    expect(headers.get("access-control-allow-origin")).toBe("https://board.example");
    expect(headers.get("access-control-expose-headers")).toBe("x-request-id, x-session-id");
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("vary")).toContain("origin");
  });

  test("refusals can be read by an allowed origin too", async () => {
    const { status, headers } = await post(http, "{ hello }", {
      headers: { origin: "https://board.example", authorization: "Bearer bad" },
    });
    expect([status, headers.get("access-control-allow-origin")]).toEqual([401, "https://board.example"]);
  });

  test("any other origin is refused and never reflected", async () => {
    const asked = await preflight("https://evil.example");
    expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([403, null]);
    expect((await asked.json()).errors[0].message).toContain("CORS_ORIGINS");
    const { headers } = await post(http, "{ hello }", { headers: { origin: "https://evil.example" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  test("what a page can send without asking changes nothing", async () => {
    const before = counts.added;
    for (
      const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", undefined]
    ) {
      const response = await http.fetch(
        new Request("http://localhost/graphql", {
          method: "POST",
          headers: type === undefined ? {} : { "content-type": type },
          body: new TextEncoder().encode('{"query":"mutation{add}"}'),
        }),
      );
      expect(response.status).toBe(415);
    }
    expect(counts.added).toBe(before);
  });
});

describe("event streams", () => {
  async function open() {
    const own = createTinyApp();
    const server = createHttp(own.app);
    const response = await server.fetch(
      new Request("http://localhost/graphql", {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: '{"query":"subscription { ticks }"}',
      }),
    );
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes('data: {"data":{"ticks":1}}')) text += (await reader.read()).value;
    return { ...own, server, response, reader };
  }

  test("a subscription is an event stream", async () => {
    const { response, reader } = await open();
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(response.headers.get("x-request-id")).not.toBeNull();
    await reader.cancel();
  });

  test("a client that leaves ends its subscription", async () => {
    const { reader, streamsEnded } = await open();
    await reader.cancel();
    expect(await streamsEnded).toBe("streams ended");
  });

  test("a server that stops ends its streams without `complete`, is not ready, and is alive", async () => {
    const { server, reader, streamsEnded } = await open();
    server.endStreams();
    let rest = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) rest += part.value;
    expect(rest).not.toContain("complete");
    await streamsEnded;
    expect((await server.fetch(new Request("http://localhost/ready"))).status).toBe(503);
    expect((await server.fetch(new Request("http://localhost/health"))).status).toBe(200);
  });

  test("an operation whose answer no type fits is not begun", async () => {
    const accepting = (query: string, accept: string) => post(http, query, { headers: { accept } });
    const before = counts.added;
    expect((await accepting("subscription { ticks }", "application/json")).status).toBe(406);
    expect((await accepting("mutation { add }", "image/png")).status).toBe(406);
    expect(counts.added).toBe(before);
  });

  test("an entry that answers at once begins nothing that it could not answer, whatever is accepted", async () => {
    const own = createTinyApp({ MAX_SUBSCRIPTIONS_PER_TOKEN: "1", MAX_BATCH: "2" });
    const server = createHttp(own.app, { atOnce: true });
    const ask = async (
      query: string | string[],
      accept: string,
      more: Record<string, string> = {},
      method = "POST",
    ) => {
      const body = JSON.stringify(Array.isArray(query) ? query.map((one) => ({ query: one })) : { query });
      const headers = { "content-type": "application/json", authorization: "Bearer good", accept, ...more };
      const init = { method, headers, body };
      const answer = await server.fetch(new Request("http://localhost/graphql", init));
      return [answer.status, await answer.text()];
    };
    const none = [406, expect.stringContaining("NO_STREAMS")];
    const accepts = ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0, application/json", "*/*", "text/*"];
    // More often than a token may subscribe: none keeps its place.
    for (const accept of accepts) expect(await ask("subscription { ticks }", accept)).toEqual(none);
    for (const accept of ["text/event-stream", "multipart/mixed", "text/event-stream, multipart/*;q=0.5"]) {
      expect(await ask("mutation { add }", accept)).toEqual([406, expect.stringContaining("NOT_ACCEPTABLE")]);
    }
    expect(own.counts.added).toBe(0);
    const answered = [200, expect.stringContaining('{"data":{"add":1}}')];
    expect(await ask("mutation { add }", "text/event-stream, application/json;q=0.1")).toEqual(answered);
    const batch = await ask(["{ hello }", "subscription { ticks }"], "application/json");
    expect(batch).toEqual([200, expect.stringMatching(/^\[\{"data":\{"hello":"world"\}\},.*NO_STREAMS/)]);
    // Nor does a client reserve or use a stream of several operations.
    expect(await ask("", "text/event-stream", {}, "PUT")).toEqual(none);
    expect(await ask("mutation { add }", "application/json", { "x-graphql-event-stream-token": "t" })).toEqual(none);
    expect(own.counts.added).toBe(1);
  });

  test("a subscription that is refused answers with its status and no stream", async () => {
    const { status, body } = await post(http, "subscription { forbidden }");
    expect([status, body.errors![0]!.extensions]).toEqual([403, { code: "FORBIDDEN" }]);
  });
});
