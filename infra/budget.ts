import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget/index.js";
import type { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic/index.js";
import type { TerraformStack } from "cdktf";
import type { Stage } from "./stages.ts";

/** Told when so many percent are spent, and when the month is going to end above all of it. */
const SPENT_PERCENT = 80;
const FORECAST_PERCENT = 100;

/**
 * Adds a budget for the month over all that carries the installation's tag. It counts from the day on which the account's
 * billing console has `installation` as a cost allocation tag, and sees nothing before.
 */
export function addBudget(stack: TerraformStack, stage: Stage, { topic }: { topic: SnsTopic }): void {
  if (stage.budgetUsd === undefined || stage.isEmulated) return;
  const tell = (notificationType: string, threshold: number) => ({
    comparisonOperator: "GREATER_THAN",
    notificationType,
    threshold,
    thresholdType: "PERCENTAGE",
    subscriberSnsTopicArns: [topic.arn],
  });
  new BudgetsBudget(stack, "budget", {
    name: stage.prefix,
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitAmount: stage.budgetUsd.toFixed(2),
    limitUnit: "USD",
    costFilter: [{ name: "TagKeyValue", values: [`user:installation$${stage.prefix}`] }],
    notification: [tell("ACTUAL", SPENT_PERCENT), tell("FORECASTED", FORECAST_PERCENT)],
  });
}
