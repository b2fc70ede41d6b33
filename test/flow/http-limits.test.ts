import { getIntrospectionQuery } from "graphql";
import { describe, expect, test } from "vitest";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { post } from "../kit/post.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const make = (env: Record<string, string> = {}) => createHttp(createTinyApp(env).app);
const http = make();

async function refusalOf(query: string, env?: Record<string, string>, variables?: object) {
  const { status, body } = await post(env ? make(env) : http, query, {
    variables: variables ?? {},
    headers: { accept: "application/graphql-response+json" },
  });
  expect(body).not.toHaveProperty("data");
  return { status, message: body.errors![0]!.message, code: body.errors![0]!.extensions["code"] };
}

function send(body: BodyInit | null, headers: Record<string, string> = {}, env?: Record<string, string>) {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body, duplex: "half" };
  return (env ? make(env) : http).fetch(new Request("http://localhost/graphql", init));
}
async function errorOf(response: Response) {
  const { errors: [{ message, extensions }] } = await response.json();
  return { status: response.status, code: extensions.code, message };
}

describe("bodies", () => {
  const env = { MAX_BODY_BYTES: "1024" };
  const long = JSON.stringify({ query: "{ hello }", variables: { x: "x".repeat(2_000) } });

  test("a body that announces too much is refused by its length", async () => {
    const { status, code, message } = await errorOf(await send(long, { "content-length": `${long.length}` }, env));
    expect([status, code]).toEqual([413, "BODY_TOO_LARGE"]);
    expect(message).toBe(
      `The body has ${long.length} bytes; at most 1024 are allowed. Send it in parts; a collection goes where collectionUploadUrl says.`,
    );
  });

  test("a body that announces nothing is counted as it comes, and read no further than the limit", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 512;
        controller.enqueue(new Uint8Array(512).fill(32));
      },
    });
    const { status, message } = await errorOf(await send(endless, {}, env));
    expect([status, message]).toEqual([
      413,
      "The body has more than 1024 bytes; at most 1024 are allowed. Send it in parts; a collection goes where collectionUploadUrl says.",
    ]);
    expect(sent).toBeLessThan(5_000);
  });

  test("a body that is not announced and fits is read", async () => {
    const pieces = ['{"query":', '"{ hello }"}'].map((piece) => new TextEncoder().encode(piece));
    const body = new ReadableStream({
      pull(controller) {
        const piece = pieces.shift();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    });
    expect(await (await send(body)).json()).toEqual({ data: { hello: "world" } });
  });

  test("only JSON is taken, whatever else is named in the refusal", async () => {
    const { status, code, message } = await errorOf(await send("{ hello }", { "content-type": "application/graphql" }));
    expect([status, code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    expect(message).toBe("Send application/json; this request has content-type application/graphql.");
  });

  test("a body that is no JSON object says what it is", async () => {
    for (const [body, what] of [["{", "is no JSON"], ["", "is empty"], ["[]", "is a list"], ["1", "is no object"]]) {
      const { status, code, message } = await errorOf(await send(body!));
      expect([status, code]).toEqual([400, "BAD_REQUEST"]);
      expect(message).toContain(`The body ${what}`);
    }
  });

  test("a subscription that accepts JSON only is told which type to accept", async () => {
    const response = await send('{"query":"subscription { count(to: 1) }"}', { accept: "application/json" });
    const { status, message } = await errorOf(response);
    expect(status).toBe(406);
    expect(message).toContain("text/event-stream");
  });
});

describe("documents", () => {
  const deep = (levels: number) => "{ " + "nested { ".repeat(levels - 1) + "name" + " }".repeat(levels);

  test("depth counts fields, through fragments too", async () => {
    expect((await post(http, deep(12))).body.errors).toBeUndefined();
    const refused = await refusalOf(deep(13));
    expect(refused).toMatchObject({ status: 400, code: "QUERY_TOO_DEEP" });
    expect(refused.message).toContain("nests 13 levels of fields; at most 12 are allowed");
    const hidden =
      "{ nested { ...A } } fragment A on Nested { nested { ...B } } fragment B on Nested { nested { name } }";
    expect((await refusalOf(hidden, { MAX_QUERY_DEPTH: "3" })).message).toContain("nests 4 levels");
  });

  test("aliases are counted, through fragments too", async () => {
    const aliases = Array.from({ length: 31 }, (_, i) => `a${i}: hello`).join(" ");
    expect(await refusalOf(`{ ${aliases} }`)).toMatchObject({ status: 400, code: "QUERY_TOO_MANY_ALIASES" });
    const spread = "{ ...A ...B } fragment A on Query { a: hello b: hello } fragment B on Query { ...A c: hello }";
    expect((await refusalOf(spread, { MAX_QUERY_ALIASES: "4" })).message).toContain("has 5 aliases; at most 4");
  });

  test("tokens are counted as they are read", async () => {
    const refused = await refusalOf(`{ ${"hello ".repeat(3_000)} }`);
    expect(refused).toMatchObject({ status: 400, code: "QUERY_TOO_LONG" });
    expect(refused.message).toContain("more than 2000 tokens");
  });

  test("directives are counted", async () => {
    const refused = await refusalOf(`{ ${"hello @include(if: true) ".repeat(51)} }`);
    expect(refused).toMatchObject({ status: 400, code: "QUERY_TOO_MANY_DIRECTIVES" });
  });

  test("each refusal of one document is told", async () => {
    const { body } = await post(
      make({ MAX_QUERY_DEPTH: "2", MAX_QUERY_ALIASES: "0" }),
      "{ a: nested { nested { name } } }",
    );
    expect(body.errors!.map((error) => error.extensions["code"])).toEqual([
      "QUERY_TOO_DEEP",
      "QUERY_TOO_MANY_ALIASES",
    ]);
  });

  test("what GraphiQL asks first fits every default limit", async () => {
    const query = getIntrospectionQuery({
      schemaDescription: true,
      inputValueDeprecation: true,
      directiveIsRepeatable: true,
      specifiedByUrl: true,
      oneOf: true,
    });
    const { status, body } = await post(http, query);
    expect([status, body.errors]).toEqual([200, undefined]);
  });

  test("introspection that is off is refused, and errors suggest no names", async () => {
    const env = { INTROSPECTION: "off" };
    for (const query of ["{ __schema { queryType { name } } }", '{ __type(name: "Row") { name } }']) {
      const refused = await refusalOf(query, env);
      expect(refused).toMatchObject({ status: 400, code: "INTROSPECTION_OFF" });
      expect(refused.message).toContain("INTROSPECTION=on");
    }
    expect((await post(make(env), "{ __typename }")).body.data).toEqual({ __typename: "Query" });
    const colors = "query ($c: Color) { color(is: $c) }";
    for (
      const [query, variables] of [["{ helo }", {}], ["{ color(is: GREE) }", {}], [colors, { c: "GREE" }]] as const
    ) {
      expect((await refusalOf(query, undefined, variables)).message).toContain("Did you mean");
      const { message } = await refusalOf(query, env, variables);
      expect(message).not.toMatch(/Did you mean|hello|GREEN/);
    }
  });
});

describe("cost", () => {
  const page = "query ($n: Int) { rows(first: $n) { nodes { id } } }";

  test("a page counts once for each row that it may have", async () => {
    // rows 1 + n * (nodes 1 + id 1)
    const env = { MAX_QUERY_COST: "21" };
    expect((await post(make(env), page, { variables: { n: 10 } })).body.errors).toBeUndefined();
    const refused = await refusalOf(page, env, { n: 11 });
    expect(refused).toMatchObject({ status: 400, code: "QUERY_TOO_COSTLY" });
    expect(refused.message).toContain("asks for 23 fields with its pages counted in full; at most 21 are allowed");
  });

  test("a page that does not say its size counts with its default, or 25", async () => {
    expect((await post(make({ MAX_QUERY_COST: "21" }), "{ rows { nodes { id } } }")).body.errors).toBeUndefined();
    expect((await refusalOf("{ pages { nodes { id } } }", { MAX_QUERY_COST: "50" })).message).toContain("asks for 51");
  });

  test("pages within pages multiply", async () => {
    const inner = "{ rows(first: 100) { nodes { rows(first: 100) { nodes { id } } } } }";
    expect((await refusalOf(inner)).message).toContain("asks for 20201 fields");
  });

  test("a costly page does not spoil the same document with a smaller one", async () => {
    const one = make({ MAX_QUERY_COST: "21" });
    for (const [n, isRefused] of [[500, true], [5, false], [500, true]] as const) {
      expect((await post(one, page, { variables: { n } })).body.errors !== undefined).toBe(isRefused);
    }
  });

  test("a condition that changes changes the cost", async () => {
    const one = make({ MAX_QUERY_COST: "21" });
    const query = "query ($on: Boolean!, $n: Int = 5) { rows(first: $n) @include(if: $on) { nodes { id } } hello }";
    const isRefused = async (variables: object) => (await post(one, query, { variables })).body.errors !== undefined;
    expect(await isRefused({ on: false, n: 100 })).toBe(false);
    expect(await isRefused({ on: true, n: 100 })).toBe(true);
    expect(await isRefused({ on: true })).toBe(false);
    expect(await isRefused({ on: true, n: null })).toBe(true);
  });

  test("a variable that is wrong is told as graphql-js tells it", async () => {
    const { status, message, code } = await refusalOf(page, {}, { n: "many" });
    expect([status, code]).toEqual([400, "BAD_USER_INPUT"]);
    expect(message).toContain('Variable "$n" got invalid value "many"');
  });

  test("a negative page buys nothing", async () => {
    const query = "{ a: rows(first: -1000) { nodes { id } } b: rows(first: 20) { nodes { id } } }";
    expect(await refusalOf(query, { MAX_QUERY_COST: "21" })).toMatchObject({ code: "QUERY_TOO_COSTLY" });
  });

  test("fragments that grow without end are not looked at to the end", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `F${i}`);
    const fragments = names.map((name, i) =>
      `fragment ${name} on Query { ${i < 19 ? `...F${i + 1} ...F${i + 1}` : "hello"} }`
    );
    const refused = await refusalOf(`{ ...F0 } ${fragments.join(" ")}`);
    expect(refused).toMatchObject({ code: "QUERY_TOO_REPETITIVE" });
    const wide = names.map((name, i) =>
      `fragment ${name} on Query { ${i < 14 ? `...F${i + 1} ...F${i + 1} ...F${i + 1}` : `a${i}: hello`} }`
    );
    expect((await refusalOf(`{ ...F0 } ${wide.join(" ")}`)).code).toMatch(/^QUERY_TOO_/);
  });
});
