import type { CloudwatchMetricAlarm } from "@cdktf/provider-aws/lib/cloudwatch-metric-alarm/index.js";

/** How a release moves callers, and what takes it back: its own failure, and those of the alarms that have these ids. */
export function movedAndTakenBackBy(alarms: readonly CloudwatchMetricAlarm[], ids: readonly string[]) {
  const watched = alarms.filter((alarm) => ids.some((id) => alarm.node.id === `alarm-${id}`));
  return {
    deploymentStyle: { deploymentType: "BLUE_GREEN", deploymentOption: "WITH_TRAFFIC_CONTROL" },
    autoRollbackConfiguration: { enabled: true, events: ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"] },
    alarmConfiguration: {
      enabled: true,
      alarms: watched.map(({ alarmName }) => alarmName),
      ignorePollAlarmFailure: false,
    },
  };
}
