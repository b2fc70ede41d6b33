import type * as Model from "../api/metrics/alert-model.ts";
import type { AlertUpdate as AlertUpdateModel } from "../api/metrics/alert-watch.ts";
import { builder, entries, streams } from "./builder.ts";
import { errorType, InvalidInputError, notFound, NotFoundError, orInvalid } from "./errors.ts";
import { pagesOf } from "./lists.ts";
import { BucketSize } from "./metrics.ts";

const AlertMeasure = builder.enumType("AlertMeasure", {
  description: "What of a bucket is looked at.",
  values: {
    COUNT: { description: "How many records." },
    SUM: { description: "The sum of their numbers; 0 where there are none." },
    AVERAGE: { description: "The average of their numbers. A bucket without any is neither above nor below." },
    MIN: { description: "The least of their numbers. A bucket without any is neither above nor below." },
    MAX: { description: "The greatest of their numbers. A bucket without any is neither above nor below." },
  } satisfies Record<Model.AlertMeasure, object>,
});

const AlertCondition = builder.enumType("AlertCondition", {
  description: "On which side of the threshold an alert rings.",
  values: {
    ABOVE: { description: "Greater than the threshold." },
    BELOW: { description: "Less than the threshold; an empty bucket counts 0." },
  },
});

const AlertState = builder.enumType("AlertState", {
  description: "How an alert is.",
  values: {
    OK: { description: "It does not ring." },
    RINGING: { description: "As many buckets in a row as it asks for were above, or below." },
  } satisfies Record<Model.AlertState, object>,
});

const AlertReason = builder.enumType("AlertReason", {
  description: "Why an alert came into another state.",
  values: {
    BUCKET: { description: "A bucket was over, and was judged." },
    CONFIGURED: { description: "It rang, and got another rule: it begins anew." },
    DELETED: { description: "It rang, and was deleted." },
  },
});

const Alert = builder.objectRef<Model.Alert>("Alert").implement({
  description:
    "A number that is watched. Each bucket is judged once, a minute after it is over and when all that was recorded until then is counted; what comes later changes the bucket, and not what was judged.",
  access: "METRICS_READ",
  fields: (t) => ({
    alertId: t.exposeID("alertId", { description: "What its maker calls it, for programs." }),
    name: t.exposeString("name", { description: "What its maker calls it, for people." }),
    source: t.expose("source", { type: "MetricSource", description: "What is counted." }),
    size: t.expose("size", { type: BucketSize, description: "How long its buckets are." }),
    measure: t.expose("measure", { type: AlertMeasure, description: "What of a bucket is looked at." }),
    condition: t.expose("condition", { type: AlertCondition, description: "On which side it rings." }),
    threshold: t.exposeFloat("threshold", { description: "What a bucket has to be above, or below." }),
    lasting: t.exposeInt("lasting", { description: "So many buckets in a row have to be so before it rings." }),
    state: t.expose("state", { type: AlertState, description: "How it is." }),
    since: t.expose("since", {
      type: "DateTime",
      description: "The end of the bucket that brought it into its state.",
    }),
    judgedTo: t.expose("judgedTo", { type: "DateTime", description: "The end of the last bucket that was judged." }),
    version: t.int({
      description: "Grows with each change by a person, from 1 on; say it as `expectedVersion`.",
      resolve: ({ ruleVersion }) => ruleVersion,
    }),
    createdAt: t.expose("createdAt", { type: "DateTime", description: "When it was made." }),
    createdBy: t.exposeString("createdBy", { description: "The `sub` of who made it." }),
  }),
});

const AlertChange = builder.objectRef<Model.AlertChange>("AlertChange").implement({
  description: "An alert came into another state. Kept for 90 days.",
  access: "METRICS_READ",
  fields: (t) => ({
    changeId: t.exposeID("changeId", { description: "Names it; the same in `data` of a webhook." }),
    alertId: t.exposeID("alertId", { description: "Which alert." }),
    name: t.exposeString("name", { description: "What it was called then." }),
    state: t.expose("state", { type: AlertState, description: "How it is since." }),
    reason: t.expose("reason", { type: AlertReason, description: "Why." }),
    at: t.expose("at", { type: "DateTime", description: "When that was decided." }),
    source: t.expose("source", { type: "MetricSource", description: "What was counted." }),
    size: t.expose("size", { type: BucketSize, description: "How long its buckets were." }),
    measure: t.expose("measure", { type: AlertMeasure, description: "What of the bucket was looked at." }),
    threshold: t.exposeFloat("threshold", { description: "What it had to be above, or below." }),
    bucketStart: t.expose("bucketStart", {
      type: "DateTime",
      nullable: true,
      description: "Of the bucket that decided; null for another reason.",
    }),
    bucketEnd: t.expose("bucketEnd", { type: "DateTime", nullable: true, description: "Its end; excluded." }),
    value: t.exposeFloat("value", {
      nullable: true,
      description: "What the bucket came to; null where none of its records had a number.",
    }),
  }),
});

const { Connection: AlertChangeConnection } = pagesOf(AlertChange, {
  access: "METRICS_READ",
  one: "change",
  many: "changes",
  cursor: "Good as `after` of `alertHistory` with the same arguments.",
});

const AlertUpdate = builder.objectRef<AlertUpdateModel>("AlertUpdate").implement({
  description: "One message of the feed of alerts.",
  access: "METRICS_READ",
  fields: (t) => ({
    cursor: t.exposeString("cursor", {
      description: "Pass the last one received as `after` to go on where the feed broke off: nothing missed.",
    }),
    change: t.expose("change", { type: AlertChange, description: "What changed." }),
  }),
});

const AlertConflictError = errorType<Model.AlertConflict>("AlertConflictError", {
  description: "Somebody else changed the alert since. Nothing was done.",
  code: "VERSION_CONFLICT",
  message: "Which version it is at.",
  fields: (t) => ({
    current: t.expose("current", {
      type: Alert,
      nullable: true,
      description: "As it is now; null where it is no more.",
    }),
  }),
});

const ConfigureAlertInput = builder.inputType("ConfigureAlertInput", {
  description: "What to watch, and when to ring.",
  fields: (t) => ({
    alertId: t.id({
      required: true,
      description: "1 to 64 of A-Z, a-z, 0-9, `_`, `.` and `-`. One that is there is changed.",
    }),
    name: t.string({ required: true, description: "1 to 100 characters." }),
    source: t.field({ type: "MetricSource", required: true, description: "What is counted." }),
    size: t.field({ type: BucketSize, required: true, description: "How long the buckets are: at most an hour." }),
    measure: t.field({ type: AlertMeasure, description: "What of a bucket is looked at; COUNT where absent." }),
    condition: t.field({
      type: AlertCondition,
      required: true,
      description: "On which side of the threshold it rings.",
    }),
    threshold: t.float({ required: true, description: "What a bucket has to be above, or below." }),
    lasting: t.int({
      description: "So many buckets in a row have to be so, 1 to 100; 1 where absent. The first that is not ends it.",
    }),
    expectedVersion: t.int({
      description:
        "The `version` that the person saw, 0 for one that is to be made; another is answered with AlertConflictError. Where absent, what others changed since is written over.",
    }),
  }),
});

const DeleteAlertInput = builder.inputType("DeleteAlertInput", {
  description: "Which alert.",
  fields: (t) => ({
    alertId: t.id({ required: true, description: "The alert's id." }),
    expectedVersion: t.int({
      description:
        "The `version` that the person saw; another is answered with AlertConflictError. Where absent, it is ended whatever it is.",
    }),
  }),
});

const AlertPayload = builder.objectRef<{ __typename: "AlertPayload"; alert: Model.Alert }>("AlertPayload").implement({
  description: "An alert.",
  access: "ADMIN",
  fields: (t) => ({
    alert: t.expose("alert", {
      type: Alert,
      nullable: true,
      description: "As it is, or as it was before it was deleted.",
    }),
  }),
});

const ConfigureAlertResult = builder.unionType("ConfigureAlertResult", {
  description: "The alert, or why nothing was done.",
  types: [AlertPayload, AlertConflictError, InvalidInputError],
});
const DeleteAlertResult = builder.unionType("DeleteAlertResult", {
  description: "The alert that is no more, or why nothing was done.",
  types: [AlertPayload, NotFoundError, AlertConflictError, InvalidInputError],
});

/** A tenant has seldom more; at most a hundred. */
const ROWS = 25;

entries.queryFields((t) => ({
  alerts: t.field({
    type: [Alert],
    description: "This tenant's alerts by their names; at most 100.",
    access: "METRICS_READ",
    cost: { rows: ROWS },
    resolve: (_, __, { viewer, services }) => services.alerts.list(viewer.tenantId),
  }),

  alertHistory: t.field({
    type: AlertChangeConnection,
    description: "What alerts went through, latest first; of the last 90 days.",
    access: "METRICS_READ",
    args: {
      alertId: t.arg.id({ description: "Of one alert; of all where absent." }),
      first: t.arg.int({ required: true, defaultValue: 25, description: "Most changes on the page, 1 to 100." }),
      after: t.arg.string({ description: "The `endCursor` of the page before." }),
    },
    cost: { rows: "first" },
    resolve: (_, { alertId, first, after }, { viewer, services }) =>
      services.alerts.history(viewer.tenantId, {
        first,
        after,
        alertId: alertId == null ? undefined : String(alertId),
      }),
  }),
}));

entries.mutationFields((t) => ({
  configureAlert: t.field({
    type: ConfigureAlertResult,
    description:
      "Makes an alert, or changes the one of this id; at most 100 a tenant. It begins with the bucket that is running. Hear of it by `alertChanged`, and by a webhook for ALERT_CHANGED, which can be an SNS topic.",
    access: "ADMIN",
    args: { input: t.arg({ type: ConfigureAlertInput, required: true, description: "The alert." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => toResult(await services.alerts.configure(viewer.tenantId, viewer.userId, input))),
  }),

  deleteAlert: t.field({
    type: DeleteAlertResult,
    description: "Ends an alert. Its history stays.",
    access: "ADMIN",
    args: { input: t.arg({ type: DeleteAlertInput, required: true, description: "Which alert." }) },
    resolve: (_, { input }, { viewer, services }) =>
      orInvalid(async () => {
        const removed = await services.alerts.remove(viewer.tenantId, String(input.alertId), input);
        return removed ? toResult(removed) : notFound("There is no such alert.");
      }),
  }),
}));

streams.subscriptionFields((t) => ({
  alertChanged: t.field({
    type: AlertUpdate,
    description: "Each alert as it comes into another state, from now on, or with `after` from there on.",
    access: "METRICS_READ",
    args: {
      alertId: t.arg.id({ description: "One alert; all where absent." }),
      after: t.arg.string({ description: "The `cursor` of the last message received, or the `feedCursor` of a list." }),
    },
    subscribe: (_, { alertId, after }, { viewer, services, signal }) =>
      services.watchAlerts(viewer.tenantId, alertId == null ? undefined : String(alertId), after, signal),
    resolve: (message) => message,
  }),
}));

function toResult(done: Model.Alert | Model.AlertConflict) {
  return "__typename" in done ? done : { __typename: "AlertPayload" as const, alert: done };
}
