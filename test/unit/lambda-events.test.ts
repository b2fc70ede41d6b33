import { Buffer } from "node:buffer";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Context } from "aws-lambda";
import { fromLambdaRecord } from "../../api/aws/streams.ts";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { askedOf, EVENT_BYTES, refusal, toRequest, toResult } from "../../api/entry/lambda/events.ts";
import { FunctionTimeoutError, onQueue, within } from "../../api/entry/lambda/runtime.ts";
import { httpEvent, receivedOf, recorded, restEvent, sqsEvent } from "../kit/lambda-events.ts";
import { createTinyApp } from "../kit/tiny-app.ts";

const contextOf = (leftMs: number) =>
  ({ awsRequestId: "r", functionName: "test", getRemainingTimeInMillis: () => leftMs }) as Context;

async function read(event: Parameters<typeof toRequest>[0]) {
  const request = toRequest(event);
  if (request instanceof Response) throw new Error(await request.text());
  return request;
}

async function refusalOf(event: Parameters<typeof toRequest>[0]) {
  const response = toRequest(event) as Response;
  const { errors: [error] } = await response.json() as { errors: [{ message: string; extensions: { code: string } }] };
  return { status: response.status, code: error.extensions.code, message: error.message };
}

describe("an event of API Gateway", () => {
  test("as it was recorded becomes the request that it stands for", async () => {
    const request = await read(recorded("apigateway-v2"));
    expect([request.method, request.url]).toEqual([
      "GET",
      "https://r3pmxmplak.execute-api.us-east-2.amazonaws.com/nodejs-apig-function-1G3XMPLZXVXYI",
    ]);
    expect(request.headers.get("cookie")).toBe("s_fid=7AABXMPL1AFD9BBF-0643XMPL09956DE2; regStatus=pre-register");
    expect(request.headers.get("x-request-id")).toBe("JKJaXmPLvHcESHA");
    const url = await read(recorded("function-url"));
    expect([url.method, new URL(url.url).search, await url.text()]).toEqual([
      "POST",
      "?parameter1=value1&parameter1=value2&parameter2=value",
      "Hello from client!",
    ]);
    const rest = await read(
      { ...recorded<object>("apigateway-v1"), multiValueQueryStringParameters: { a: ["1", "&2"] } } as never,
    );
    expect([rest.method, new URL(rest.url).search]).toEqual(["GET", "?a=1&a=%262"]);
  });

  test("keeps the caller's request id and headers, and a body of either kind", async () => {
    const headers = { "x-request-id": "mine", "x-session-id": "s-1" };
    for (
      const event of [
        httpEvent({ headers, body: "é" }),
        httpEvent({ headers, body: "é", base64: true }),
        restEvent({ headers, body: "é" }),
      ]
    ) {
      const request = await read(event);
      expect([request.headers.get("x-request-id"), request.headers.get("x-session-id")]).toEqual(["mine", "s-1"]);
      expect(await request.text()).toBe("é");
    }
  });

  test("below a stage, at the stage and outside of it has the path that the service knows", async () => {
    const pathOf = async (path: string) => new URL((await read(httpEvent({ path }))).url).pathname;
    expect(await Promise.all(["/default/graphql", "/default", "/defaults/graphql"].map(pathOf))).toEqual([
      "/graphql",
      "/",
      "/defaults/graphql",
    ]);
  });

  test("that is none, or holds what no request can, is refused with the reason", async () => {
    expect(await refusalOf({} as never)).toMatchObject({ status: 400, code: "BAD_REQUEST" });
    expect(await refusalOf(httpEvent({ headers: { "a b": "c" } }))).toMatchObject({ status: 400, code: "BAD_REQUEST" });
    const large = await refusalOf(httpEvent({ body: "x".repeat(EVENT_BYTES + 1) }));
    expect(large).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
    expect(large.message).toContain("collectionUploadUrl");
  });
});

describe("an answer", () => {
  test("is text where it is text and else base64, with its cookies apart", async () => {
    const headers = new Headers({ "content-type": "application/graphql-response+json", "connection": "keep-alive" });
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    expect(await toResult(new Response("{}", { status: 201, headers }))).toEqual({
      statusCode: 201,
      headers: { "content-type": "application/graphql-response+json" },
      cookies: ["a=1", "b=2"],
      body: "{}",
      isBase64Encoded: false,
    });
    const bytes = new Response(new Uint8Array([0, 255]), { headers: { "content-type": "image/png" } });
    expect(await toResult(bytes)).toMatchObject({ body: "AP8=", isBase64Encoded: true });
  });

  test("has the bytes that it had, whatever they are, are called and are packed in", async () => {
    const bodies = [Buffer.from('{"é":"\u0000"}'), Buffer.from([0xef, 0xbb, 0xbf, 0x61]), Buffer.from([0, 200, 255])];
    const types = [
      "application/json",
      "text/plain; charset=utf-8",
      "text/html",
      "image/svg+xml",
      "font/woff2",
      undefined,
    ];
    for (const bytes of bodies) {
      for (const type of types) {
        for (const [encoding, packed] of [["br", brotliCompressSync(bytes)], ["gzip", gzipSync(bytes)], ["", bytes]]) {
          const headers = {
            ...(type ? { "content-type": type } : {}),
            ...(encoding ? { "content-encoding": encoding } : {}),
          };
          const result = await toResult(new Response(packed as Uint8Array<ArrayBuffer>, { headers: headers as never }));
          expect([type, encoding, receivedOf(result)]).toEqual([type, encoding, bytes]);
        }
      }
    }
  });

  test.each(["gzip, deflate, br", "gzip", "identity", ""])(
    "of more than 16 KB is the same where its client takes %j",
    async (accepted) => {
      const http = createHttp(createTinyApp().app);
      const query = `{ ${Array.from({ length: 30 }, (_, i) => `${"x".repeat(600)}${i}: hello`).join(" ")} }`;
      const headers = { "accept-encoding": accepted };
      const result = await toResult(await http.fetch(await read(httpEvent({ body: { query }, headers }))));
      expect(result.headers!["content-encoding"]).toBe(/br$|gzip$/.exec(accepted)?.[0]);
      const { data } = JSON.parse(receivedOf(result).toString()) as { data: Record<string, string> };
      expect(Object.keys(data)).toHaveLength(30);
    },
  );

  test("that Lambda could not give becomes an error that says what to do", async () => {
    // Quotes are written as two characters.
    for (const text of ["x".repeat(EVENT_BYTES), '"'.repeat(EVENT_BYTES / 2)]) {
      const { statusCode, body } = await toResult(new Response(text));
      expect([statusCode, JSON.parse(body!).errors[0].extensions.code]).toEqual([500, "ANSWER_TOO_LARGE"]);
    }
    // Whoever asked can still read it.
    const of = { "x-request-id": "mine", "vary": "origin", "access-control-allow-origin": "https://shop.example" };
    const long = new Response("x".repeat(EVENT_BYTES), { headers: { ...of, "content-encoding": "gzip" } });
    const { headers } = await toResult(long);
    expect(headers).toEqual({ ...of, "content-type": "application/json" });
    const fits = "x".repeat(EVENT_BYTES - 200);
    expect(await toResult(new Response(fits))).toMatchObject({ statusCode: 200, body: fits });
  });
});

test("what a function answers in the service's place is read by the pages that may read the service's, and by no others", async () => {
  const http = createHttp(createTinyApp({ CORS_ORIGINS: "https://shop.example" }).app);
  const ofPages = ({ headers }: Response) =>
    ["access-control-allow-origin", "access-control-expose-headers", "cross-origin-resource-policy", "vary"]
      .map((name) => headers.get(name)?.replace("accept-encoding, ", ""));
  const seen = [];
  for (const origin of ["https://shop.example", "https://other.example", undefined]) {
    const headers = origin === undefined ? {} : { Origin: origin };
    for (const path of ["/graphql", "/collect"]) {
      for (const event of [httpEvent({ path: `/default${path}`, headers }), restEvent({ path, headers })]) {
        const own = ofPages(http.mark(askedOf(event), refusal(504, "TIMEOUT", "It took too long.")));
        expect(own).toEqual(ofPages(await http.fetch(await read(event))));
        seen.push(own[0]);
      }
    }
  }
  expect(seen).toEqual([
    ...["https://shop.example", "https://shop.example", "*", "*"],
    ...[undefined, undefined, "*", "*"],
    ...[undefined, undefined, "*", "*"],
  ]);
  expect(ofPages(http.mark(askedOf({} as never), refusal(400, "BAD_REQUEST", "It is none.")))[0]).toBeUndefined();
});

test("of a batch only the messages that failed are tried again, with what was known of each", async () => {
  const seen: unknown[] = [];
  const handler = onQueue((messages) => {
    seen.push(...messages);
    return Promise.resolve({ failed: ["m1"] });
  });
  expect(await handler(sqsEvent([{}, {}], 3), contextOf(10_000))).toEqual({
    batchItemFailures: [{ itemIdentifier: "m1" }],
  });
  expect(seen[0]).toEqual({ id: "m0", body: "{}", receipt: "MessageReceiptHandle", receives: 3, attributes: {} });
});

test("work that is not done before the limit is given up by ourselves, with a word", async () => {
  await expect(within(contextOf(400), () => new Promise(() => {}))).rejects.toThrow(FunctionTimeoutError);
  await expect(within(contextOf(10_000), () => Promise.resolve(1))).resolves.toBe(1);
});

test("bytes in a stream's event are bytes again, whatever attributes are called", () => {
  const image = {
    B: { S: "text" },
    z: { B: "AP8=" },
    list: { L: [{ M: { B: { B: "AQ==" }, BS: { BS: ["Ag=="] } } }] },
  };
  const [record] = recorded<{ Records: object[] }>("dynamodb").Records as [{ dynamodb: object }];
  const { after, sequence } = fromLambdaRecord({ ...record, dynamodb: { ...record.dynamodb, NewImage: image } }, "s");
  const bytes = (value: unknown) => [...value as Uint8Array];
  const [{ B, BS }] = after!.list as [{ B: Uint8Array; BS: Set<Uint8Array> }];
  expect([after!.B, bytes(after!.z), bytes(B), bytes([...BS][0]), sequence]).toEqual([
    "text",
    [0, 255],
    [1],
    [2],
    "111",
  ]);
});
