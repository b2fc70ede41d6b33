import type { SessionUpdate } from "../api/sessions/watch.ts";
import { builder, streams } from "./builder.ts";
import { Session } from "./sessions.ts";

builder.objectField(Session, "cursor", (t) =>
  t.string({
    nullable: true,
    description:
      "Of a session that `sessionChanged` gave: pass the last one as `after` to go on there, of whatever sensor. Null elsewhere: a list goes on from `feedCursor`.",
    resolve: (session) => (session as Partial<SessionUpdate>).cursor,
  }));

streams.subscriptionFields((t) => ({
  sessionChanged: t.field({
    type: Session,
    description:
      "Sessions of the tenant as they start, change and end: from now on, or with `after` also those that changed since, each as it is by then.",
    access: "SESSIONS_READ",
    args: {
      sensorId: t.arg.string({
        description: "Only those at this sensor, and one that a person moved to another, once, as it is there.",
      }),
      after: t.arg.string({ description: "The `cursor` of the last session received, or the `feedCursor` of a list." }),
    },
    subscribe: (_, { sensorId, after }, { viewer, services, signal }) =>
      services.watchSessions(viewer.tenantId, sensorId, after, signal),
    resolve: (message) => message,
  }),
}));
