import { CloudwatchEventRule } from "@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js";
import { CloudwatchEventTarget } from "@cdktf/provider-aws/lib/cloudwatch-event-target/index.js";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config/index.js";
import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission/index.js";
import type { TerraformStack } from "cdktf";
import { fullName, ruleSeconds, schedules, type ScheduleSpec } from "../api/resources.ts";
import type { DeployedFunction } from "./functions.ts";
import type { Stage } from "./stages.ts";

const MINUTE_SECONDS = 60;

/** Adds a rule for each schedule of `api/resources.ts`, which starts the function `schedule` with the job's name. */
export function addSchedules(
  stack: TerraformStack,
  stage: Stage,
  { schedule }: { schedule: DeployedFunction },
): CloudwatchEventRule[] {
  // A start that waited, or failed, is worth nothing once the next is due: starts that pile up would only hold each other up.
  new LambdaFunctionEventInvokeConfig(stack, "schedule-invocations", {
    functionName: schedule.lambda.functionName,
    maximumEventAgeInSeconds: MINUTE_SECONDS,
    maximumRetryAttempts: 0,
  });
  return Object.values<ScheduleSpec>(schedules).map((spec) => {
    const rule = new CloudwatchEventRule(stack, `schedule-${spec.name}`, {
      name: fullName(stage.prefix, spec),
      description: spec.about,
      scheduleExpression: rateOf(ruleSeconds(spec)),
    });
    for (const [id, part] of partsOf(spec)) {
      new CloudwatchEventTarget(stack, `schedule-${spec.name}-target${id}`, {
        rule: rule.name,
        arn: schedule.lambda.arn,
        input: JSON.stringify({ job: spec.name, ...part }),
        // What could not be started in time is started by the next.
        retryPolicy: { maximumEventAgeInSeconds: ruleSeconds(spec), maximumRetryAttempts: 5 },
      });
    }
    new LambdaPermission(stack, `schedule-${spec.name}-permission`, {
      statementId: spec.name,
      action: "lambda:InvokeFunction",
      functionName: schedule.lambda.functionName,
      principal: "events.amazonaws.com",
      sourceArn: rule.arn,
    });
    return rule;
  });
}

/** Each part is a function of its own, started at once. */
function partsOf({ parts = 1 }: ScheduleSpec): [string, object][] {
  return parts === 1 ? [["", {}]] : Array.from({ length: parts }, (_, part) => [`-${part}`, { part }]);
}

/** EventBridge counts in whole minutes, and minds the plural. */
export function rateOf(seconds: number): string {
  const minutes = Math.ceil(seconds / MINUTE_SECONDS);
  return minutes === 1 ? "rate(1 minute)" : `rate(${minutes} minutes)`;
}
