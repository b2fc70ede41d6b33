import { entries } from "./builder.ts";

entries.queryFields((t) => ({
  feedCursor: t.string({
    description:
      "Where feeds stand now. Ask for it in one request with what you list, and pass it as `after` of `sessionChanged` or `alertChanged`: you miss nothing that changes after the list was read. What changed in the seconds before comes once more.",
    access: "SIGNED_IN",
    resolve: (_, __, { viewer, services }) => services.feedCursor(viewer.tenantId),
  }),
}));
