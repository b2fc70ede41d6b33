import type { Parked as ParkedModel } from "../api/parked/model.ts";
import { builder, entries } from "./builder.ts";
import { notFound, NotFoundError } from "./errors.ts";
import { forwardArgs, pagesOf } from "./lists.ts";

const ParkedKind = builder.enumType("ParkedKind", {
  description: "What is parked.",
  values: {
    RECORD: { description: "A change of a table, which was not counted in its turn. It stays until it is." },
    MESSAGE: {
      description: "A message of the queue `ingest`, or the part of it that was refused. It stays for 14 days.",
    },
  },
});

const Parked = builder.objectRef<ParkedModel>("Parked").implement({
  description: "Something that could not be taken, with its reason. Nothing of it is counted.",
  access: "ADMIN",
  fields: (t) => ({
    parkedId: t.exposeID("parkedId", { description: "What `retryParked` takes." }),
    kind: t.expose("kind", { type: ParkedKind, description: "What it is." }),
    parkedAt: t.expose("parkedAt", { type: "DateTime", description: "When it was parked, or parked again." }),
    bytes: t.exposeInt("bytes", { description: "How large it is." }),
    reason: t.exposeString("reason", { description: "Why it could not be taken." }),
    preview: t.exposeString("preview", { description: "Its first 500 characters, as JSON." }),
  }),
});

const { Connection: ParkedConnection } = pagesOf(Parked, {
  access: "ADMIN",
  one: "parked thing",
  many: "parked things",
  cursor: "Good as `after` of `parked`.",
});

const RetryParkedInput = builder.inputType("RetryParkedInput", {
  description: "What to try again.",
  fields: (t) => ({ parkedId: t.id({ required: true, description: "Which." }) }),
});

const RetryParkedPayload = builder.objectRef<{ __typename: "RetryParkedPayload"; parkedId: string }>(
  "RetryParkedPayload",
).implement({
  description: "It was sent to its queue once more.",
  access: "ADMIN",
  fields: (t) => ({
    parkedId: t.exposeID("parkedId", { description: "As asked. What cannot be taken now either is parked again." }),
  }),
});

const RetryParkedResult = builder.unionType("RetryParkedResult", {
  description: "That it was sent, or that nothing of that id is parked.",
  types: [RetryParkedPayload, NotFoundError],
});

entries.queryFields((t) => ({
  parked: t.field({
    type: ParkedConnection,
    description: "What of this tenant could not be taken, and why: records first, then messages. Expected: nothing.",
    access: "ADMIN",
    args: forwardArgs("parked things", { first: 25, most: 50 }),
    cost: { rows: "first" },
    resolve: (_, { first, after }, { viewer, services }) => services.parked.list(viewer.tenantId, first, after),
  }),
}));

entries.mutationFields((t) => ({
  retryParked: t.field({
    type: RetryParkedResult,
    description:
      "Sends something that is parked to its queue again, once its reason is mended. It counts once, however often.",
    access: "ADMIN",
    args: { input: t.arg({ type: RetryParkedInput, required: true, description: "Which." }) },
    resolve: async (_, { input: { parkedId } }, { viewer, services }) =>
      await services.parked.retry(viewer.tenantId, String(parkedId))
        ? { __typename: "RetryParkedPayload" as const, parkedId: String(parkedId) }
        : notFound("Nothing of this id is parked: it was taken meanwhile, or its time is over."),
  }),
}));
