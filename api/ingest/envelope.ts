import * as v from "valibot";
import { TENANT_PATTERN, TENANT_RULE } from "../core/ids.ts";
import { unwrap } from "./wrapping.ts";

/** What a message of the ingest queue holds: of one tenant, what one of the recording mutations takes. */
export type Envelope =
  & { tenantId: string }
  & (
    | { kind: "events"; list: readonly unknown[] }
    | { kind: "metrics"; list: readonly unknown[] }
    | { kind: "batch" | "motion"; input: object }
  );

const tenant = v.pipe(
  v.string("must be text"),
  v.regex(TENANT_PATTERN, `must be ${TENANT_RULE}`),
);
const input = v.custom<object>((value) => typeof value === "object" && value !== null, "must be an object");
const listOf = (what: string) =>
  v.pipe(
    v.array(v.unknown(), "must be a list"),
    v.minLength(1, `must hold 1 to 500 ${what}, has 0`),
    v.maxLength(500, (issue) => `must hold 1 to 500 ${what}, has ${issue.input.length}`),
  );
/** Between sending and taking a message hours may pass: nobody could tell a wrong clock from the wait. */
const SENT_AT = "is no field of a message, since a message can wait; correct the times before it is sent";
const message = <Entries extends v.ObjectEntries>(entries: Entries) =>
  v.strictObject({ tenant, ...entries }, ({ expected, path }) => {
    if (expected !== "never") return "is missing";
    return path?.[0]?.key === "sentAt" ? SENT_AT : "is no field of a message";
  });
const KINDS = {
  events: message({ events: listOf("events") }),
  metrics: message({ metrics: listOf("records") }),
  batch: message({ batch: input }),
  motion: message({ motion: input }),
};

/** What a message may hold beside its tenant. */
export const KIND_NAMES = Object.keys(KINDS) as (keyof typeof KINDS)[];

/**
 * The envelope of a message, or the reason why it is none. A message has `tenant` and one of `events` (as `recordEvents`
 * takes them), `metrics` (as the records of `recordMetrics`), `batch` (as `ingestSessionBatch`) and `motion` (as
 * `recordMotion`), also as SNS and EventBridge wrap it.
 */
export function parseEnvelope(body: string): { envelope: Envelope } | { reason: string } {
  const unwrapped = unwrap(body);
  if ("reason" in unwrapped) return unwrapped;
  const { content } = unwrapped;
  const kinds = KIND_NAMES.filter((kind) => content[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    return { reason: "body: must have exactly one of events, metrics, batch and motion" };
  }
  const parsed = v.safeParse(KINDS[kind], content);
  if (!parsed.success) {
    return { reason: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "body"}: ${issue.message}`).join("; ") };
  }
  const { tenant: tenantId } = parsed.output;
  if ("events" in parsed.output) return { envelope: { tenantId, kind: "events", list: parsed.output.events } };
  if ("metrics" in parsed.output) return { envelope: { tenantId, kind: "metrics", list: parsed.output.metrics } };
  const own = "batch" in parsed.output ? parsed.output.batch : parsed.output.motion;
  return { envelope: { tenantId, kind: kind as "batch" | "motion", input: own } };
}

/** The tenant that a message names, also one that is wrong otherwise; undefined where it names none. */
export function tenantOfBody(body: string): string | undefined {
  const unwrapped = unwrap(body);
  const named = v.safeParse(tenant, "reason" in unwrapped ? undefined : unwrapped.content.tenant);
  return named.success ? named.output : undefined;
}
