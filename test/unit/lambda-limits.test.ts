import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { afterEach, expect, test, vi } from "vitest";
import { EVENT_BYTES, toRequest, toResult } from "../../api/entry/lambda/events.ts";
import { partOf } from "../../api/entry/lambda/parts.ts";
import { FunctionTimeoutError, within } from "../../api/entry/lambda/runtime.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
afterEach(() => void vi.useRealTimers());

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

test("a function says that it is not done half a second before its time is over, and not earlier", async () => {
  vi.useFakeTimers();
  const context = { getRemainingTimeInMillis: () => 30_000, functionName: "push" } as Context;
  const outcomes: unknown[] = [];
  const work = (ms: number) =>
    within(context, () => new Promise((resolve) => void setTimeout(resolve, ms, "done"))).catch((error: unknown) =>
      error
    );
  for (const ms of [29_499, 29_501]) {
    const outcome = work(ms);
    await vi.advanceTimersByTimeAsync(29_500);
    outcomes.push(await outcome);
  }
  expect(outcomes).toEqual(["done", new FunctionTimeoutError("not done 500 ms before the time limit of push")]);
  expect(outcomes[1]).toBeInstanceOf(FunctionTimeoutError);
});

test("a part is one of as many as its job has, and begins nothing more a minute before the function's end", () => {
  expect(partOf("audit-metrics", undefined, NOW)).toBeUndefined();
  expect([0, 3].map((index) => partOf("audit-metrics", index, NOW))).toEqual([
    { index: 0, of: 4, untilAt: NOW - 60_000 },
    { index: 3, of: 4, untilAt: NOW - 60_000 },
  ]);
  expect(partOf("deliver-webhooks", 0, NOW)).toMatchObject({ index: 0, of: 1 });
  for (const none of [-1, 4, 1.5, "1", null]) {
    expect(() => partOf("audit-metrics", none, NOW)).toThrow("part must be a whole number from 0 to 3");
  }
  expect(() => partOf("deliver-webhooks", 1, NOW)).toThrow("part must be a whole number from 0 to 0");
});
