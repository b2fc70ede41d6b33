import type { Percentiles as PercentilesModel } from "../api/analytics/bins.ts";
import type * as Model from "../api/analytics/model.ts";
import type { JourneyOutcome as Outcome } from "../api/journeys/model.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";
import { JourneyOutcome } from "./journeys.ts";
import { Sensor } from "./sessions.ts";

/** Numbers over up to 400 days weigh as much as so many fields: that is what they read. */
const ANALYTICS_COST = { own: 100 };

const rangeArgs = builder.args((t) => ({
  range: t.field({
    type: TimeRange,
    required: true,
    description: "At most 400 days; widened to whole quarter-hours.",
  }),
  timeZone: t.field({
    type: "TimeZone",
    required: true,
    defaultValue: "UTC",
    description: "What days, weeks, months and hours are meant by.",
  }),
  dayStartsAt: t.int({
    required: true,
    defaultValue: 0,
    description:
      "The hour at which days begin, 0 to 23 on clocks of the time zone: with 4, what happens until 04:00 is of the day before. Weeks and months follow; hours of the week do not.",
  }),
}));

const Weekday = builder.enumType("FirstWeekday", {
  description: "On which day weeks begin.",
  values: { MONDAY: { description: "As ISO 8601 has it." }, SUNDAY: { description: "As in North America." } },
});

const sessionArgs = builder.args((t) => ({
  weekStartsOn: t.field({
    type: Weekday,
    required: true,
    defaultValue: "MONDAY",
    description: "On which day weeks begin.",
  }),
}));

const SensorOrder = builder.enumType("SensorOrder", {
  description: "What sensors are ranked by.",
  values: {
    SESSIONS: { description: "Sessions that started in the range." },
    ACTIVE_TIME: { description: "Time of their sessions that lies in the range; costs as much again." },
  },
});

const IS_OPEN = "Whether it goes on now, so that its numbers still grow.";

const Percentiles = builder.objectRef<PercentilesModel>("Percentiles").implement({
  description: "Lengths of time by nearest rank: of n in ascending order, the p-th percentile is number ⌈p·n/100⌉.",
  access: "HOLDER",
  fields: (t) => ({
    p50: t.expose("p50", { type: "Milliseconds", description: "Half are at most as long." }),
    p95: t.expose("p95", { type: "Milliseconds", description: "95 % are at most as long." }),
    p99: t.expose("p99", { type: "Milliseconds", description: "99 % are at most as long." }),
  }),
});

const SessionPeriod = builder.objectRef<Model.SessionPeriod>("SessionPeriod").implement({
  description: "Sessions that started in a day, week or month; of the first and the last period, those in the range.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    start: t.expose("start", {
      type: "DateTime",
      description: "When the period starts in the time zone asked for; may lie before the range.",
    }),
    isOpen: t.exposeBoolean("isOpen", { description: IS_OPEN }),
    activeTime: t.field({
      type: "Milliseconds",
      description:
        "Time between start and end of sessions that are over, as far as it lies in the period and in the range, whenever they started.",
      resolve: (period) => period.activeTime(),
    }),
    sessions: t.exposeInt("sessions", { description: "Sessions that started in it." }),
    motionEvents: t.exposeInt("motionEvents", { description: "Motion events of these sessions." }),
    totalDuration: t.expose("totalDuration", { type: "Milliseconds", description: "Of the completed ones." }),
    playbackSuccessRate: t.exposeFloat("playbackSuccessRate", {
      nullable: true,
      description: "Sessions whose playback started, among those that tried; 0 to 1; null where none tried.",
    }),
  }),
});

const HourOfWeek = builder.objectRef<Model.HourOfWeek>("HourOfWeek").implement({
  description: "One hour of the week.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    weekday: t.exposeInt("weekday", { description: "1 is Monday, 7 is Sunday." }),
    hour: t.exposeInt("hour", { description: "0 to 23, on clocks of the time zone asked for." }),
    sessions: t.exposeInt("sessions", { description: "Sessions that started in it, over all weeks of the range." }),
    activeTime: t.field({
      type: "Milliseconds",
      description: "Time between start and end of sessions that are over that lies in it, over all weeks of the range.",
      resolve: (hour) => hour.activeTime(),
    }),
  }),
});

const SensorActivity = builder.objectRef<Model.SensorActivity>("SensorActivity").implement({
  description: "What one sensor did.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    sensor: t.expose("sensor", { type: Sensor, description: "Which sensor." }),
    sessions: t.exposeInt("sessions", { description: "Its sessions that started in the range." }),
    motionEvents: t.exposeInt("motionEvents", { description: "Motion events of these sessions." }),
    activeTime: t.field({
      type: "Milliseconds",
      description:
        "Time between start and end of its sessions that are over, as far as it lies in the range, whenever they started.",
      resolve: (activity) => activity.activeTime(),
    }),
  }),
});

const SessionAnalytics = builder.objectRef<Model.SessionAnalytics>("SessionAnalytics").implement({
  description: "Numbers over the sessions that started in a range.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    totalSessions: t.exposeInt("totalSessions", { description: "All of them." }),
    activeSessions: t.exposeInt("activeSessions", { description: "Those that go on." }),
    completedSessions: t.exposeInt("completedSessions", { description: "Those that are over." }),
    totalMotionEvents: t.exposeInt("totalMotionEvents", {
      description: "Motion events of all of them, active or over.",
    }),
    averageMotionEventsPerSession: t.exposeFloat("averageMotionEventsPerSession", {
      nullable: true,
      description: "Motion events for each session; null without sessions.",
    }),
    totalDuration: t.expose("totalDuration", { type: "Milliseconds", description: "Of completed sessions." }),
    activeTime: t.field({
      type: "Milliseconds",
      description:
        "Time between start and end, on the clock, of sessions that are over, as far as it lies in the range, whenever they started. Of sessions at the same time each counts.",
      resolve: (numbers) => numbers.activeTime(),
    }),
    averageDuration: t.expose("averageDuration", {
      type: "Milliseconds",
      nullable: true,
      description: "Of completed sessions, exact but for rounding; null where there are none.",
    }),
    durationPercentiles: t.field({
      type: Percentiles,
      nullable: true,
      description: "Of completed sessions; at most 2 % off. Null where there are none.",
      resolve: (numbers) => numbers.durationPercentiles(),
    }),
    averageTimeBetweenSessions: t.field({
      type: "Milliseconds",
      nullable: true,
      description:
        "From the first start to the last, divided by the number of sessions less one; null where there are less than two. Where the first or the last session is deleted and others started in the same quarter-hour, their average start stands for it.",
      resolve: (numbers) => numbers.averageTimeBetweenSessions(),
    }),
    peakHour: t.int({
      nullable: true,
      description:
        "Hour of the day, 0 to 23 in the time zone asked for, with the most sessions; the earliest of equals; null without sessions.",
      resolve: (numbers) => numbers.peakHour(),
    }),
    sessionsWithPlayback: t.exposeInt("sessionsWithPlayback", { description: "Sessions whose playback started." }),
    playbackSuccessRate: t.exposeFloat("playbackSuccessRate", {
      nullable: true,
      description: "Sessions whose playback started, among those that tried; 0 to 1; null where none tried.",
    }),
    byDay: t.field({
      type: [SessionPeriod],
      description: "Every day that the range touches, ascending, without gaps.",
      cost: { rows: 402 },
      resolve: (numbers) => numbers.byDay(),
    }),
    byWeek: t.field({
      type: [SessionPeriod],
      description: "Every week that the range touches, ascending, without gaps. Weeks start as `weekStartsOn` says.",
      cost: { rows: 59 },
      resolve: (numbers) => numbers.byWeek(),
    }),
    byMonth: t.field({
      type: [SessionPeriod],
      description: "Every month that the range touches, ascending, without gaps.",
      cost: { rows: 15 },
      resolve: (numbers) => numbers.byMonth(),
    }),
    byHourOfWeek: t.field({
      type: [HourOfWeek],
      description: "7 x 24 cells, the first day of the week first, in the time zone asked for.",
      cost: { rows: 168 },
      resolve: (numbers) => numbers.byHourOfWeek(),
    }),
    topSensors: t.field({
      type: [SensorActivity],
      description: "Those with most first; of equals, by their ids. Sensors with nothing are left out.",
      args: {
        first: t.arg.int({ required: true, defaultValue: 10, description: "Most sensors to list, 1 to 100." }),
        by: t.arg({
          type: SensorOrder,
          required: true,
          defaultValue: "SESSIONS",
          description: "What they are ranked by.",
        }),
      },
      cost: { rows: "first" },
      resolve: (numbers, { first, by }) => numbers.topSensors(first, by),
    }),
  }),
});

const LabelCount = builder.objectRef<Model.LabelCount>("LabelCount").implement({
  description: "How many sessions carry a label.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    label: t.exposeString("label", { description: "The label." }),
    sessions: t.exposeInt("sessions", { description: "Sessions that carry it." }),
  }),
});

const OutcomeCount = builder.objectRef<{ outcome: Outcome; journeys: number }>("OutcomeCount").implement({
  description: "How many journeys came to an outcome.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    outcome: t.expose("outcome", { type: JourneyOutcome, description: "The outcome." }),
    journeys: t.exposeInt("journeys", { description: "Journeys with it; 0 where there are none." }),
  }),
});

const JourneyPeriod = builder.objectRef<Model.JourneyPeriod>("JourneyPeriod").implement({
  description: "Journeys that started on a day; of the first and the last day, those in the range.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    start: t.expose("start", {
      type: "DateTime",
      description: "When the day starts in the time zone asked for; may lie before the range.",
    }),
    isOpen: t.exposeBoolean("isOpen", { description: IS_OPEN }),
    journeys: t.exposeInt("journeys", { description: "Journeys that started on it." }),
    events: t.exposeInt("events", { description: "Events of these journeys." }),
    conversions: t.exposeInt("conversions", {
      description: "Those with GOAL_REACHED, FORM_COMPLETED, CTA_CLICKED or LINK_CLICKED.",
    }),
  }),
});

const JourneyAnalytics = builder.objectRef<Model.JourneyAnalytics>("JourneyAnalytics").implement({
  description: "Numbers over the journeys that started in a range.",
  access: "JOURNEYS_READ",
  fields: (t) => ({
    totalJourneys: t.exposeInt("totalJourneys", { description: "All of them." }),
    totalEvents: t.exposeInt("totalEvents", { description: "Events of all of them, each once." }),
    outcomes: t.expose("outcomes", {
      type: [OutcomeCount],
      description:
        "Each outcome with its journeys, strongest first. A journey becomes ABANDONED here at most a minute late.",
    }),
    conversionRate: t.exposeFloat("conversionRate", {
      nullable: true,
      description:
        "Journeys with GOAL_REACHED, FORM_COMPLETED, CTA_CLICKED or LINK_CLICKED among all; 0 to 1; null without journeys.",
    }),
    averageMessages: t.exposeFloat("averageMessages", {
      nullable: true,
      description: "Messages sent and received for each journey; null without journeys.",
    }),
    durationPercentiles: t.field({
      type: Percentiles,
      nullable: true,
      description: "From the first event to the last; at most 2 % off. Null without journeys.",
      resolve: (numbers) => numbers.durationPercentiles(),
    }),
    byDay: t.field({
      type: [JourneyPeriod],
      description: "Every day that the range touches, ascending, without gaps.",
      cost: { rows: 402 },
      resolve: (numbers) => numbers.byDay(),
    }),
  }),
});

builder.objectFields(Sensor, (t) => ({
  analytics: t.field({
    type: SessionAnalytics,
    description: "Numbers over its sessions that started in a range; what happened a second ago may be missing.",
    args: { ...rangeArgs, ...sessionArgs },
    cost: ANALYTICS_COST,
    resolve: ({ sensorId }, { range, ...calendar }, { viewer, services }) =>
      services.analytics.sessions(viewer.tenantId, sensorId, range, calendar),
  }),
}));

entries.queryFields((t) => ({
  sessionAnalytics: t.field({
    type: SessionAnalytics,
    description:
      "Numbers over the sessions that started in a range; what happened a second ago may be missing. Sessions that are deleted because their time has come stay counted.",
    access: "SESSIONS_READ",
    args: { ...rangeArgs, ...sessionArgs },
    cost: ANALYTICS_COST,
    resolve: (_, { range, ...calendar }, { viewer, services }) =>
      services.analytics.sessions(viewer.tenantId, undefined, range, calendar),
  }),

  sessionLabels: t.field({
    type: [LabelCount],
    description:
      "The labels that people gave to sessions that started on the UTC days of a range, most sessions first; of equals, by their text. What happened a second ago may be missing. Sessions that are deleted because their time has come stay counted.",
    access: "SESSIONS_READ",
    args: {
      range: t.arg({
        type: TimeRange,
        required: true,
        description: "At most 400 days; widened to whole days of UTC.",
      }),
      first: t.arg.int({ required: true, defaultValue: 100, description: "Most labels to list, 1 to 1,000." }),
    },
    cost: { own: 100, rows: "first" },
    resolve: (_, { range, first }, { viewer, services }) => services.analytics.labels(viewer.tenantId, range, first),
  }),

  journeyAnalytics: t.field({
    type: JourneyAnalytics,
    description:
      "Numbers over the journeys that started in a range; what happened a second ago may be missing. Journeys that are deleted because their time has come stay counted.",
    access: "JOURNEYS_READ",
    args: rangeArgs,
    cost: ANALYTICS_COST,
    resolve: (_, { range, ...calendar }, { viewer, services }) =>
      services.analytics.journeys(viewer.tenantId, range, calendar),
  }),
}));
