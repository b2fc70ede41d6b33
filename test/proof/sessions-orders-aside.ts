import type { Reading, Session } from "../../api/sessions/model.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import type { Act } from "./sessions-histories.ts";
import type { Said } from "./sessions-spec.ts";

type World = { host: Sessions; tenantId: string; sensorIds: readonly string[] };

/** The rows of all sessions, wherever people say that they were; those that begin last come first. */
export async function rowsOf({ host, tenantId, sensorIds }: World): Promise<Session[]> {
  const pages = await Promise.all(sensorIds.map((sensorId) => host.list(tenantId, { sensorId }, { first: 100 })));
  const rows = pages.flatMap(({ edges }, i) =>
    edges.map(({ node }): Session => ({ ...node, shownAt: i === 0 ? undefined : sensorIds[i] }))
  );
  return rows.sort((a, b) => b.startedAt - a.startedAt);
}

/** What a person does with one of what is kept aside, and what was said by that. */
export async function resolve(
  { host, tenantId, sensorIds: [sensorId] }: World,
  { act, place }: Act,
  readHeld: (sessionId: string, offset: number) => readonly Reading[],
): Promise<Said[] | undefined> {
  const all = await host.listQuarantined(tenantId, sensorId!);
  const ordered = all.filter(({ content }) => content.kind !== "apart").sort((a, b) =>
    a.quarantineId < b.quarantineId ? -1 : 1
  );
  const held = ordered[Math.floor(place * ordered.length)];
  if (!held) return undefined;
  const answer = await host.resolveQuarantined(tenantId, sensorId!, held.quarantineId, act === "admit");
  if (answer?.__typename !== "ResolveQuarantinedPayload") return undefined;
  if (!answer.admitted) return [];
  const { content } = held;
  if (content.kind === "motion") {
    const { state, ...event } = content;
    return [{ ...event, kind: state === "CLEARED" ? "cleared" : "motion" }];
  }
  if (content.kind !== "batch") return undefined;
  const { sessionId: id, batchOffset: offset } = content;
  return [{ kind: "admitted", id, offset, readings: readHeld(id, offset).map(({ at }) => at) }];
}
