import { describe, expect, test } from "vitest";
import { fromLambdaRecord } from "../../api/aws/streams.ts";
import { toRequest } from "../../api/entry/lambda/events.ts";
import { parseNotification } from "../../api/ingest/failures.ts";
import { socketEvent } from "../kit/gateway.ts";
import { recorded } from "../kit/lambda-events.ts";

type SocketEvent = ReturnType<typeof socketEvent> & { headers?: object };

describe("an event of a socket, as AWS's documentation shows it", () => {
  test.each(
    [["CONNECT", "$connect"], ["MESSAGE", "$default"], ["DISCONNECT", "$disconnect"]] as const,
  )("%s has all that the stand-in gives to the functions, by the same names and kinds", (kind, route) => {
    const real = recorded<SocketEvent>(`socket-${kind.toLowerCase()}`);
    const ours = socketEvent(kind, "OELlTcuKIAMCLZQ=", kind === "CONNECT" ? { headers: {} } : {}) as SocketEvent;
    expect(real.requestContext.routeKey).toBe(route);
    expect(ours.requestContext.routeKey).toBe(route);
    const kindsOf = (context: object) =>
      Object.fromEntries(Object.entries(context).map(([name, one]) => [name, typeof one]));
    expect(kindsOf(real.requestContext)).toMatchObject(kindsOf(ours.requestContext));
    expect(Object.keys(real)).toEqual(expect.arrayContaining(Object.keys(ours)));
  });
});

describe("what S3 tells the queue of failed parts, as AWS's documentation shows it", () => {
  test("names the object, whose key is written as in a form", () => {
    expect(parseNotification(recorded("s3-created"))).toEqual([
      "aws/lambda/1a2b/shardId-000000000006/2026/01/31/2026-01-31T12.00.00-a b(1)",
    ]);
  });

  test("is at first only that it may", () => {
    expect(parseNotification(recorded("s3-test"))).toEqual([]);
  });

  test("is told apart from what EventBridge starts jobs with, and from a stream's own words", () => {
    expect(parseNotification(recorded("eventbridge"))).toBeUndefined();
    expect(parseNotification(recorded("stream-failure"))).toBeUndefined();
  });
});

describe("a part of a stream with a window, as AWS's documentation shows it", () => {
  test("names its shard, by which its records are known", () => {
    const { Records, shardId } = recorded<{ Records: never[]; shardId: string }>("dynamodb-window");
    const records = Records.map((record) => fromLambdaRecord(record, shardId));
    expect(records.map(({ shard, sequence }) => [shard, sequence])).toEqual(
      ["111", "222"].map((sequence) => ["shard123456789", sequence]),
    );
  });
});

test("a load balancer's event is refused in words: it calls containers", async () => {
  const refused = toRequest(recorded("balancer")) as Response;
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ errors: [{ message: expect.stringContaining("load balancer") }] });
});
