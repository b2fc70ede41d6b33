import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KEEP_MS } from "../../api/journeys/model.ts";
import { costTable, formatUsd } from "../../infra/cost-table.ts";
import { ASSUMED, choicesOf, costsOf, FIFTY, SINGLE, tasksFor, totalOf } from "../../infra/costs.ts";
import { type Price, PRICES, usdOf } from "../../infra/prices.ts";
import { socketFloor, socketMonth } from "../../infra/subscriber-costs.ts";
import { SWITCHES } from "../kit/synth.ts";
import { synthStage } from "../kit/synth-stage.ts";

describe("the costs", () => {
  test("are what README says (npm run generate)", () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    expect(readme).toContain(`<!-- costs -->\n${costTable()}\n<!-- /costs -->`);
  });

  test("of writes are units by their price, and nothing that is sent costs nothing", () => {
    const batches = 100 / 50 * 730 * 3_600;
    // To record, to count, and what a journey of one batch costs once.
    const written = batches * (6 + 7 + 6) * 0.7625 / 1_000_000;
    const { dynamodb, s3 } = costsOf("functions", 100);
    expect(dynamodb).toBeGreaterThan(written);
    expect(dynamodb).toBeLessThan(written * 2);
    expect(s3).toBeGreaterThan(batches * 5.4 / 1_000_000);
    expect(costsOf("functions", 0).s3).toBe(0);
  });

  test("grow with the events, and by more than half where each comes by itself", () => {
    const totals = [0, 1, 100, 10_000].map((rate) => totalOf(costsOf("functions", rate)));
    expect(totals).toEqual([...totals].sort((a, b) => a - b));
    expect(totalOf(costsOf("functions", 100, SINGLE))).toBeGreaterThan(1.5 * totalOf(costsOf("functions", 100, FIFTY)));
  });

  test("of containers begin with two of them", () => {
    expect(tasksFor(0)).toBe(2);
    expect(tasksFor(1_000)).toBe(20);
    expect(costsOf("container", 0).serving).toBeGreaterThan(costsOf("functions", 0).serving);
  });

  test("count the metrics that alarms watch, and those that logs are counted into", () => {
    const counts = (way: "functions" | "container") => {
      const stack = synthStage({
        SOJOURN_RUN: way,
        ...(way === "container" ? { SOJOURN_IMAGE: "a.example/b:1" } : {}),
      });
      const watched = Object.values(stack.all("aws_cloudwatch_metric_alarm"))
        .map(({ metric_query: queries }) =>
          queries ? (queries as { metric?: object }[]).filter((q) => q.metric).length : 1
        );
      const names = Object.values(stack.all("aws_cloudwatch_log_metric_filter"))
        .map(({ metric_transformation: { name } }) => String(name));
      return { alarms: watched.reduce((sum, count) => sum + count, 0), custom: new Set(names).size };
    };
    const { alarmMetrics, customMetrics } = ASSUMED;
    expect(counts("functions")).toEqual({ alarms: alarmMetrics.functions, custom: customMetrics });
    expect(counts("container")).toEqual({ alarms: alarmMetrics.container, custom: customMetrics });
  });

  test("of what is switched on besides are by the request, and for what stands there", () => {
    const [idle, busy] = [choicesOf(0), choicesOf(10_000)];
    const requests = 10_000 / 50 * 730 * 3_600;
    expect(idle).toMatchObject({ edge: 0, firewall: 9 });
    expect(idle.private).toBeGreaterThan(2 * 730 * 0.052);
    expect(busy.edge).toBeGreaterThanOrEqual(requests * 1.2 / 1_000_000);
    expect(busy.firewall - idle.firewall).toBeCloseTo(requests * 0.6 / 1_000_000, 6);
    const acl = synthStage(SWITCHES.domain).one("aws_wafv2_web_acl");
    expect(acl.rule).toHaveLength(ASSUMED.firewallRules);
    const { all } = synthStage(SWITCHES.private);
    expect(Object.keys(all("aws_nat_gateway"))).toHaveLength(2);
    const logs = Object.values(all("aws_s3_bucket_lifecycle_configuration")).find(({ bucket }) =>
      bucket.includes("balancer")
    )!;
    expect(logs.rule).toContainEqual(
      expect.objectContaining({ expiration: [{ days: 30 * ASSUMED.balancerLogMonths }] }),
    );
  });

  test("of a subscriber are above what API Gateway takes, and below a twentieth of a dollar for eight hours a day", () => {
    expect(socketMonth(1_000)).toBeGreaterThan(socketFloor());
    expect(socketFloor()).toBeGreaterThan(0.05);
    expect(socketMonth(10, 8 / 24)).toBeLessThan(0.05);
    expect(socketMonth(1_000, 8 / 24)).toBeLessThan(0.03);
    expect(costTable()).toContain("Five cents a month are enough for 4 hours a day alone, for 12 as one of ten");
  });

  test("keep journeys for as long as the service does", () => {
    expect(ASSUMED.journeyMonths * 30 * 86_400_000).toBe(KEEP_MS);
  });
});

test("a price is lower beyond its first step", () => {
  expect(usdOf({ usd: 2, per: 1, unit: "x", beyond: { units: 10, usd: 1 } }, 15)).toBe(25);
  expect(usdOf({ usd: 2, per: 10, unit: "x" }, 15)).toBe(3);
});

test("a price names its unit, and a day that was", () => {
  const days = Object.values<Price>(PRICES).flatMap(({ readOn }) => readOn ?? []);
  expect(days.filter((day) => !/^20\d\d-\d\d-\d\d$/.test(day))).toEqual([]);
});

test("sums are given with two digits", () => {
  expect([0, 0.04, 0.75, 7.449, 12.3, 118, 7_756, 12_628].map(formatUsd)).toEqual([
    ...["0", "< 0.1", "0.8", "7.4", "12", "120", "7,800", "13,000"],
  ]);
});
