import type { DeckStats as DeckStatsModel } from "../api/anki/queue/deck-stats.ts";
import type { Forecast } from "../api/anki/queue/forecast.ts";
import type { ReviewDay as ReviewDayModel, ReviewStats as ReviewStatsModel } from "../api/anki/queue/review-stats.ts";
import { builder, entries } from "./builder.ts";
import { TimeRange } from "./common.ts";

const DAY_MS = 86_400_000;
const ZONE = "The person's zone: their day begins at 4 in it. As the collection says where absent.";
const DECK = "A deck with those below it; the whole collection where absent.";

const ReviewDay = builder.objectRef<ReviewDayModel>("ReviewDay").implement({
  description: "One day's answers.",
  access: "REVIEW",
  fields: (t) => ({
    start: t.expose("startAt", { type: "DateTime", description: "When the day began." }),
    reviews: t.exposeInt("reviews", { description: "Answers." }),
    again: t.exposeInt("again", { description: "Answers AGAIN." }),
    timeSpent: t.expose("timeSpentMs", {
      type: "Milliseconds",
      description: "Time that the person took, all answers together.",
    }),
  }),
});

const ReviewStats = builder.objectRef<ReviewStatsModel>("ReviewStats").implement({
  description: "Numbers over the viewer's review log.",
  access: "REVIEW",
  fields: (t) => ({
    reviews: t.exposeInt("reviews", { description: "Answers." }),
    retention: t.exposeFloat("retention", {
      nullable: true,
      description: "Reviews of learned cards that were known, among all of them; 0 to 1; null where there were none.",
    }),
    byDay: t.expose("byDay", {
      type: [ReviewDay],
      description: "The days with answers, ascending. A day begins at 4 in the time zone asked for.",
    }),
  }),
});

const ForecastDay = builder.objectRef<Forecast["days"][number]>("ForecastDay").implement({
  description: "What will be due on a day.",
  access: "REVIEW",
  fields: (t) => ({
    start: t.expose("startAt", { type: "DateTime", description: "When the day begins." }),
    due: t.exposeInt("due", { description: "Cards that are due on it; on the first, also what learning has left." }),
  }),
});

const ReviewForecast = builder.objectRef<Forecast>("ReviewForecast").implement({
  description: "What will be due if nothing is answered meanwhile. New and suspended cards have no day.",
  access: "REVIEW",
  fields: (t) => ({
    overdue: t.exposeInt("overdue", { description: "Cards whose day has passed." }),
    days: t.expose("days", { type: [ForecastDay], description: "Each day from today on, also those without a card." }),
    beyond: t.exposeInt("beyond", { description: "Cards that are due later than the last of the days." }),
    dailyLoad: t.exposeInt("dailyLoad", { description: "How many reviews a day that makes in the long run." }),
  }),
});

const inMs = (days: number | undefined) => (days === undefined ? undefined : Math.round(days * DAY_MS));

const DeckStats = builder.objectRef<DeckStatsModel>("DeckStats").implement({
  description: "How far cards are learned. Suspended and buried ones count as such alone.",
  access: "REVIEW",
  fields: (t) => ({
    new: t.exposeInt("fresh", { description: "Never answered." }),
    learning: t.exposeInt("learning", { description: "In their first steps." }),
    relearning: t.exposeInt("relearning", { description: "Forgotten, and in their steps again." }),
    young: t.exposeInt("young", { description: "Learned, with an interval below 21 days." }),
    mature: t.exposeInt("mature", { description: "Learned, with an interval of 21 days and more." }),
    suspended: t.exposeInt("suspended", { description: "Kept out until somebody brings them back." }),
    buried: t.exposeInt("buried", { description: "Kept out until tomorrow." }),
    averageInterval: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "Mean interval of learned cards; null without any.",
      resolve: ({ averageInterval }) => inMs(averageInterval),
    }),
    averageEase: t.exposeFloat("averageEase", {
      nullable: true,
      description: "SM-2's mean ease of learned cards, 2.5 is 250 %; null without any.",
    }),
    averageStability: t.field({
      type: "Milliseconds",
      nullable: true,
      description: "FSRS's mean stability: after so long 90 % are known; null where no card has its memory.",
      resolve: ({ averageStability }) => inMs(averageStability),
    }),
    averageDifficulty: t.exposeFloat("averageDifficulty", {
      nullable: true,
      description: "FSRS's mean difficulty, 1 to 10; null where no card has its memory.",
    }),
    averageRetrievability: t.exposeFloat("averageRetrievability", {
      nullable: true,
      description: "How likely a learned card is known now by FSRS, 0 to 1; null where no card has its memory.",
    }),
  }),
});

entries.queryFields((t) => ({
  reviewStats: t.field({
    type: ReviewStats,
    description: "Numbers over the viewer's review log.",
    access: "REVIEW",
    args: {
      range: t.arg({ type: TimeRange, required: true, description: "Which answers, by their time." }),
      timeZone: t.arg({ type: "TimeZone", required: true, defaultValue: "UTC", description: "Whose days." }),
      deckId: t.arg.string({ description: "Answers of the cards of a deck and those below it; all where absent." }),
    },
    resolve: (_, { range, timeZone, deckId }, { viewer, services }) =>
      services.reviews.stats(viewer, range, timeZone, deckId),
  }),

  reviewForecast: t.field({
    type: ReviewForecast,
    nullable: true,
    description: "What will be due; null without a collection or such a deck.",
    access: "REVIEW",
    cost: { own: 20, rows: "days" },
    args: {
      deckId: t.arg.string({ description: DECK }),
      days: t.arg.int({ required: true, defaultValue: 30, description: "How many days, 1 to 366." }),
      timeZone: t.arg({ type: "TimeZone", description: ZONE }),
    },
    resolve: (_, args, { viewer, services }) => services.reviews.forecast(viewer, args),
  }),
  deckStats: t.field({
    type: DeckStats,
    nullable: true,
    description: "How far the viewer's cards are learned; null without a collection or such a deck.",
    access: "REVIEW",
    cost: { own: 20 },
    args: {
      deckId: t.arg.string({ description: DECK }),
      timeZone: t.arg({ type: "TimeZone", description: ZONE }),
    },
    resolve: (_, args, { viewer, services }) => services.reviews.deckStats(viewer, args),
  }),
}));
