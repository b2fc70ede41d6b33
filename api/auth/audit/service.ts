import * as v from "valibot";
import type { Clock } from "../../core/clock.ts";
import { RateLimitedError } from "../../core/errors.ts";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { createCursors, type Page, parseFirst } from "../../core/page.ts";
import { createCounter, createMemoryLimiter } from "../../rates/counters.ts";
import type { AuditEntry, AuditKind } from "./model.ts";
import type { AuditStore } from "./store.ts";

export type Audit = ReturnType<typeof createAudit>;

/** What happened. Without a tenant it is a line of the log only, or whoever guesses names would fill the table. */
export type Happening = {
  kind: AuditKind;
  tenantId?: string | undefined;
  userId?: string | undefined;
  subject: string;
  detail?: string | undefined;
  from: { address?: string | undefined; client?: string | undefined };
};

/** Most refusals that are kept of a tenant: a client that asks for what it may not does so again and again. */
const KEPT_REFUSALS = { points: 60, seconds: 60 };
const MAX_ENTRIES = 100;
const MAX_CHARS = 300;
const POSITION = v.object({ at: v.number(), entryId: v.string() });

/** Keeps who did what, when, from where: a line of the log each, and an item that admins of the tenant can read. */
export function createAudit({ store, keptMs, clock, ids, log }: {
  store: AuditStore;
  keptMs: number;
  clock: Clock;
  ids: Ids;
  log: Log;
}) {
  const refusals = createCounter({
    name: "refusals",
    what: "refusals",
    rate: KEPT_REFUSALS,
    limiter: createMemoryLimiter,
    clock,
  });

  async function isKept({ kind, tenantId }: Happening): Promise<boolean> {
    if (tenantId === undefined) return false;
    if (kind !== "REFUSED") return true;
    try {
      await refusals.count(tenantId);
      return true;
    } catch (error) {
      if (error instanceof RateLimitedError) return false;
      throw error;
    }
  }

  return {
    /** Never fails: what cannot be kept is in the log, which says so. */
    async note(happening: Happening): Promise<void> {
      const { kind, tenantId, userId, subject, detail, from } = happening;
      const entry = {
        entryId: ids(),
        at: clock(),
        kind,
        userId,
        subject: subject.slice(0, MAX_CHARS),
        detail: detail?.slice(0, MAX_CHARS),
        address: from.address,
        client: from.client?.slice(0, MAX_CHARS),
      };
      log.info("audit", { tenantId, ...entry, at: undefined });
      try {
        if (await isKept(happening)) await store.putEntry({ ...entry, tenantId: tenantId! }, keptMs);
      } catch (error) {
        log.error("An entry of the audit log could not be kept.", { entryId: entry.entryId, error });
      }
    },

    /** A tenant's entries, latest first. Throws InvalidInputError where `first` or `after` cannot be. */
    async list(tenantId: string, first: number, after: string | null | undefined): Promise<Page<AuditEntry>> {
      const cursors = createCursors("audit", tenantId, POSITION);
      const limit = parseFirst(first, MAX_ENTRIES);
      const position = cursors.decode(after);
      const entries = await store.listEntries(tenantId, limit + 1, position);
      return {
        edges: entries.slice(0, limit).map((node) => ({
          cursor: cursors.encode({ at: node.at, entryId: node.entryId }),
          node,
        })),
        hasNextPage: entries.length > limit,
        hasPreviousPage: position !== undefined,
      };
    },
  };
}
