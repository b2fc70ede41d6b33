import { type Pause as PauseShown, pausesOf } from "../api/sessions/pauses.ts";
import { activeDurationOf, correctedPartsOf } from "../api/sessions/rules.ts";
import { builder } from "./builder.ts";
import { Session, wholeOf } from "./sessions.ts";

const Pause = builder.objectRef<PauseShown>("Pause").implement({
  description: "A stretch of a session that is no activity.",
  access: "SESSIONS_READ",
  fields: (t) => ({
    from: t.expose("from", { type: "DateTime", description: "When it began; not before the session." }),
    to: t.field({
      type: "DateTime",
      nullable: true,
      description: "When it ended, at the latest with the session; null while it lasts.",
      resolve: ({ to }) => to,
    }),
  }),
});

const CorrectedPart = builder.enumType("CorrectedPart", {
  description: "What `correctSession` corrects of a session.",
  values: {
    START: { description: "When it began." },
    END: { description: "When it ended." },
    SENSOR: { description: "At which sensor it was." },
    PAUSES: { description: "What its pauses were." },
  },
});

builder.objectFields(Session, (t) => ({
  corrected: t.field({
    type: [CorrectedPart],
    description:
      "What a person corrected: it holds against whatever devices say, until `correctSession` takes it back by null.",
    // Rows of lists do not know.
    resolve: async (session, _, { loadSession }) => correctedPartsOf(await wholeOf(session, loadSession)),
  }),
  pauses: t.field({
    type: [Pause],
    description: "Its pauses, as far as they lie in it, in their order; empty where nobody said of any.",
    // A row of a list says whether there are any.
    resolve: async (session, _, { loadSession }) =>
      session.pausedMs === 0 ? [] : pausesOf(await wholeOf(session, loadSession)),
  }),
  activeDuration: t.field({
    type: "Milliseconds",
    nullable: true,
    description: "`duration` without its pauses; null while active.",
    resolve: activeDurationOf,
  }),
}));

export const PAUSE_ENDS = {
  from: "When it was paused, by whoever says so. Left out where only its end is known.",
  to: "When it went on; not before `from`. Left out while the pause lasts: say it later, in any order.",
};

export const PauseInput = builder.inputType("PauseInput", {
  description:
    "What is said of a pause: when it began, when it ended, or both. It depends on all that was said, not on the order: a begin lasts until the next end, what was said with both ends is paused as a whole, and pauses that meet are one.",
  fields: (t) => ({
    from: t.field({ type: "DateTime", description: PAUSE_ENDS.from }),
    to: t.field({ type: "DateTime", description: PAUSE_ENDS.to }),
  }),
});
