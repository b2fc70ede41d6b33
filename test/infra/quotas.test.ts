import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KEEP_ALIVE_MS } from "../../api/entry/http/server.ts";
import { functions, type FunctionSpec } from "../../api/functions.ts";
import { GIVE_UP_SECONDS, queues, schedules, type ScheduleSpec } from "../../api/resources.ts";
import { SWITCHES } from "../kit/synth.ts";
import { type Loose, synthStage } from "../kit/synth-stage.ts";

/**
 * What AWS refuses, or does otherwise than meant, that can be seen without an account: its quotas, and times that must fit into
 * each other. Numbers are of AWS's documentation (Service quotas; Lambda with SQS; API Gateway; IAM; CloudWatch).
 */
const stack = synthStage(SWITCHES.both);
/** All resources of a type; there are some. */
function all(type: string): Loose[] {
  const found = Object.values(stack.all(type));
  expect([type, found.length > 0]).toEqual([type, true]);
  return found;
}
const specs = Object.values<FunctionSpec>(functions);
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe("times fit into each other", () => {
  const taking = specs.flatMap(({ name, timeoutSeconds, queues: uses }) =>
    Object.entries(uses).filter(([, use]) => use === "take").map(([queue]) =>
      [name, timeoutSeconds, queue as keyof typeof queues] as const
    )
  );

  test.each(taking)(
    "%s: a message stays hidden for six times the %i seconds of its function (%s)",
    (_, seconds, queue) => {
      expect(queues[queue].visibilitySeconds).toBeGreaterThanOrEqual(6 * seconds);
    },
  );

  test("a request's function ends before API Gateway does, and says so itself", () => {
    for (const { timeout_milliseconds: ms } of all("aws_apigatewayv2_integration")) {
      expect(ms).toBeGreaterThanOrEqual(functions.http.timeoutSeconds * 1_000);
      expect(ms).toBeLessThanOrEqual(30_000);
    }
    expect(functions.sockets.timeoutSeconds).toBeLessThanOrEqual(29);
    expect(functions.stream.timeoutSeconds).toBeLessThanOrEqual(900);
  });

  test("the load balancer ends idle connections before the container does, or requests on their way would fail", () => {
    const idleMs = stack.one("aws_lb").idle_timeout * 1_000;
    expect(KEEP_ALIVE_MS.proxied).toBeGreaterThan(idleMs);
    const { container_definitions: text } = stack.one("aws_ecs_task_definition");
    expect(/"name":"TRUST_PROXY","value":"(\d)"/.exec(text)![1]).not.toBe("0");
    // CloudFront's kept connections to the load balancer end first, too, and streams say something before any of them.
    for (
      const { origin } of Object.values(synthStage(SWITCHES["domain-container"]).all("aws_cloudfront_distribution"))
    ) {
      for (const { custom_origin_config: custom } of origin as Loose[]) {
        expect(custom.origin_keepalive_timeout * 1_000).toBeLessThan(idleMs);
        expect(custom.origin_read_timeout).toBeGreaterThan(12);
      }
    }
  });

  test("a part of a stream is given up while the stream still keeps it", () => {
    expect(GIVE_UP_SECONDS).toBeLessThan(24 * 3_600);
    for (const one of Object.values(stack.all("aws_lambda_event_source_mapping"))) {
      if (one.starting_position === undefined) continue;
      expect(one.maximum_record_age_in_seconds).toBe(GIVE_UP_SECONDS);
      expect(one.tumbling_window_in_seconds).toBeLessThanOrEqual(900);
    }
  });

  test("a group's lease outlives whoever holds it, and a reminder comes after it", () => {
    const lease = /LEASE_MS = (\d+) \* SECOND_MS/.exec(read("api/sockets/store.ts"))![1]!;
    const remind = /REMIND_SECONDS = (\d+)/.exec(read("api/entry/lambda/socket-messages.ts"))![1]!;
    expect(Number(lease)).toBeGreaterThan(Math.max(functions.push.timeoutSeconds, functions.sockets.timeoutSeconds));
    expect(Number(remind)).toBeGreaterThan(Number(lease));
    // SQS delays no longer than a quarter of an hour.
    expect(Number(remind)).toBeLessThanOrEqual(900);
  });
});

describe("quotas are kept", () => {
  test("of functions: 4 KB of variables, 64 characters of a name, memory that new accounts have", () => {
    for (const one of all("aws_lambda_function")) {
      expect(bytesOf(one.environment.variables)).toBeLessThan(4_096);
      expect(String(one.function_name).length + 24).toBeLessThanOrEqual(64);
      expect(one.memory_size).toBeLessThanOrEqual(3_008);
    }
  });

  test("of roles: 10,240 characters of policies in one, 64 of a name", () => {
    const policies = all("aws_iam_role_policy");
    for (const [role, own] of Map.groupBy(policies, (one) => String(one.role))) {
      const size = own.reduce((sum, one) => sum + String(one.policy).replaceAll(/\s/g, "").length, 0);
      // References become ARNs of some 90 characters, which are no longer than they are.
      expect([role, size < 10_240]).toEqual([role, true]);
    }
  });

  test("of the schedule's concurrency: all that is due at once starts, beside what is still at work from before", () => {
    const starts = Object.values<ScheduleSpec>(schedules).reduce((sum, { parts = 1 }) => sum + parts, 0);
    // Else the alarm of throttles would ring where nothing is wrong.
    expect(stack.one("aws_lambda_function", "function-schedule").reserved_concurrent_executions)
      .toBeGreaterThanOrEqual(2 * starts);
  });

  test("of reserved concurrency: a hundred stay for what reserves none", () => {
    const reserved = all("aws_lambda_function")
      .reduce((sum, one) => sum + (Number(one.reserved_concurrent_executions) || 0), 0);
    // Of the thousand that an account has after its first weeks.
    expect(reserved).toBeLessThanOrEqual(900);
  });

  test("of tables: 20 indexes, and of stream readers two", () => {
    for (const one of all("aws_dynamodb_table")) {
      expect(((one.global_secondary_index ?? []) as Loose[]).length).toBeLessThanOrEqual(20);
    }
    const streams = all("aws_lambda_event_source_mapping").map((one) => String(one.event_source_arn));
    const readers = Map.groupBy(streams.filter((arn) => arn.includes(".stream_arn")), (arn) => arn);
    expect(Math.max(...[...readers.values()].map(({ length }) => length))).toBeGreaterThan(0);
    for (const [stream, own] of readers) expect([stream, own.length <= 2]).toEqual([stream, true]);
  });

  test("of alarms: ten metrics, 1,024 characters, 255 of a name", () => {
    for (const one of all("aws_cloudwatch_metric_alarm")) {
      // The one above ten is their sum.
      expect(((one.metric_query ?? []) as Loose[]).length).toBeLessThanOrEqual(11);
      expect(String(one.alarm_description).length).toBeLessThanOrEqual(1_024);
      expect(String(one.alarm_name).length).toBeLessThanOrEqual(255);
    }
  });
});

test("events of functions are those that AWS's documentation shows", () => {
  const recorded = readdirSync(new URL("../fixtures/lambda", import.meta.url)).map((name) => name.replace(".json", ""));
  expect(recorded).toEqual(
    expect.arrayContaining([
      ...["apigateway-v1", "apigateway-v2", "dynamodb", "dynamodb-window", "function-url", "sqs", "stream-failure"],
      ...["socket-connect", "socket-message", "socket-disconnect", "s3-created", "s3-test", "balancer", "eventbridge"],
    ]),
  );
});

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}
