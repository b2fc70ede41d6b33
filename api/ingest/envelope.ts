import * as v from "valibot";
import { TENANT_PATTERN } from "../core/ids.ts";

/** What a message of the ingest queue holds: events of one tenant, as `recordEvents` takes them. */
export type Envelope = { tenantId: string; events: readonly unknown[] };

/** What became of a message. A throw instead means: not now, try again. */
export type Outcome =
  | { kind: "done" }
  /** It can never work; it is kept on the dead-letter queue with the reason. */
  | { kind: "park"; reason: string };

const envelope = v.object({
  tenant: v.pipe(
    v.string("must be text"),
    v.regex(TENANT_PATTERN, "must be 1 to 63 of a-z, A-Z, 0-9, _ and -, beginning with a letter or digit"),
  ),
  events: v.pipe(
    v.array(v.unknown(), "must be a list"),
    v.minLength(1, "must hold 1 to 500 events, has 0"),
    v.maxLength(500, (issue) => `must hold 1 to 500 events, has ${issue.input.length}`),
  ),
});

/** The envelope of a message, or the reason why it is none. */
export function parseEnvelope(body: string): { envelope: Envelope } | { reason: string } {
  let content: unknown;
  try {
    content = JSON.parse(body);
  } catch {
    return { reason: "body: must be JSON" };
  }
  const parsed = v.safeParse(envelope, content);
  if (!parsed.success) {
    return { reason: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "body"}: ${issue.message}`).join("; ") };
  }
  return { envelope: { tenantId: parsed.output.tenant, events: parsed.output.events } };
}
