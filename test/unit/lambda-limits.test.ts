import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { expect, test } from "vitest";
import { EVENT_BYTES, toRequest, toResult } from "../../api/entry/lambda/events.ts";

const eventOf = (body: string) =>
  ({
    ...{
      rawPath: "/graphql",
      rawQueryString: "",
      headers: { "content-type": "application/json" },
      body,
      isBase64Encoded: false,
    },
    requestContext: { http: { method: "POST" }, domainName: "api", stage: "$default", requestId: "r" },
  }) as unknown as APIGatewayProxyEventV2;

test("a body has as many bytes as a function takes, and not one more", async () => {
  const most = toRequest(eventOf("x".repeat(EVENT_BYTES))) as Request;
  expect((await most.text()).length).toBe(EVENT_BYTES);
  const more = toRequest(eventOf("x".repeat(EVENT_BYTES + 1))) as Response;
  expect([more.status, await more.text()]).toEqual([413, expect.stringContaining("BODY_TOO_LARGE")]);
});

test("an answer has as many bytes as a function gives, with all that is put around it, and not one more", async () => {
  const answer = (length: number) =>
    toResult(new Response("x".repeat(length), { headers: { "content-type": "text/plain" } }));
  const around = JSON.stringify(await answer(0)).length;
  const most = await answer(EVENT_BYTES - around);
  expect([most.statusCode, JSON.stringify(most).length]).toEqual([200, EVENT_BYTES]);
  const more = await answer(EVENT_BYTES - around + 1);
  expect([more.statusCode, more.body]).toEqual([500, expect.stringContaining("ANSWER_TOO_LARGE")]);
});
