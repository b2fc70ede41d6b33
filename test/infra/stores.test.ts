import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createJobs } from "../../api/jobs/jobs.ts";
import { buckets, fullName, queues, ruleSeconds, schedules, type ScheduleSpec, tables } from "../../api/resources.ts";
import { type Described, describeRunning, describeSynthesised } from "../kit/describe.ts";
import { startTestSystem, type TestSystem } from "../kit/local.ts";
import { createSynthKit, SWITCHES } from "../kit/synth.ts";

const kit = createSynthKit();
afterAll(kit.remove);
const PREFIX = "equal";

describe("what is stored exists once", () => {
  let system: TestSystem;
  let running: Described;
  beforeAll(async () => {
    system = await startTestSystem({ prefix: PREFIX });
    running = await describeRunning(system.clients);
  });
  afterAll(() => system.stop());

  test("api/resources.ts names as many tables, buckets and queues as the local system has", () => {
    expect(Object.keys(running.tables)).toEqual(Object.values(tables).map((spec) => fullName(PREFIX, spec)).sort());
    expect(running.buckets).toEqual(Object.values(buckets).map((spec) => fullName(PREFIX, spec)).sort());
    const names = Object.values(queues).flatMap((spec) => [spec, spec.deadLetter]);
    expect(Object.keys(running.queues)).toEqual(names.map((spec) => fullName(PREFIX, spec)).sort());
  });

  test("the local stage makes what the local system makes for itself", () => {
    expect(describeSynthesised(kit.synth({ ...SWITCHES.local, NAME_PREFIX: PREFIX }))).toEqual(running);
  });

  test.each(["functions", "container", "both", "none"] as const)("%s makes the same, Athena and logs aside", (name) => {
    const made = describeSynthesised(kit.synth({ ...SWITCHES[name], NAME_PREFIX: PREFIX, SOJOURN_ANALYTICS: "off" }));
    const buckets = made.buckets.filter((bucket) => bucket !== `${PREFIX}-balancer-logs`);
    expect({ ...made, buckets }).toEqual(running);
  });
});

describe("each schedule", () => {
  test("is a rule that starts its job as often as EventBridge can", () => {
    const { aws_cloudwatch_event_rule: rules, aws_cloudwatch_event_target: targets } =
      kit.synth(SWITCHES.functions).resource;
    expect(Object.fromEntries(Object.values(rules!).map((rule) => [rule["name"], rule["schedule_expression"]])))
      .toEqual({
        "sojourn-audit-metrics": "rate(5 minutes)",
        "sojourn-compact-events": "rate(360 minutes)",
        "sojourn-end-idle-sessions": "rate(1 minute)",
        "sojourn-remove-tenants": "rate(5 minutes)",
        "sojourn-save-reviews": "rate(1 minute)",
        "sojourn-follow-journeys": "rate(1 minute)",
        "sojourn-judge-alerts": "rate(1 minute)",
        "sojourn-deliver-webhooks": "rate(1 minute)",
      });
    expect(Object.values(schedules).map(ruleSeconds)).toEqual([60, 60, 60, 60, 60, 21_600, 300, 300]);
    const started = Object.values(targets!).map(({ input }) => JSON.parse(input) as { job: string; part?: number });
    expect([...new Set(started.map(({ job }) => job))].sort())
      .toEqual(Object.values(schedules).map(({ name }) => name).sort());
    // The audit of all tenants is done by four functions at once, each of which has five minutes, and goes on where it was.
    expect(started.filter(({ part }) => part !== undefined)).toEqual(
      [0, 1, 2, 3].map((part) => ({ job: "audit-metrics", part })),
    );
    expect(Object.values<ScheduleSpec>(schedules).every(({ parts = 1 }) => parts <= 5)).toBe(true);
  });

  test("has a job of that name", () => {
    const nothing = (() => {}) as never;
    const jobs = createJobs({
      sessions: { sweep: nothing },
      sweepReviews: nothing,
      followJourneys: nothing,
      judgeAlerts: nothing,
      deliverWebhooks: nothing,
      compactEvents: nothing,
      audit: {} as never,
      removeTenants: nothing,
    });
    expect(jobs.map(({ name }) => name).sort()).toEqual(Object.values(schedules).map(({ name }) => name).sort());
  });
});
