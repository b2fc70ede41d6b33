import type { Session } from "../../api/sessions/model.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import type { Act, Edit, Operation, SentEdit, Target, View } from "./sessions-inputs.ts";

const MINUTE = 60_000;

/** Asks the service for what an operation says; each try says the same. */
export async function ask(tenantId: string, own: Operation, sessions: Sessions, view: View): Promise<unknown> {
  const { input } = own;
  switch (input.kind) {
    case "motion":
      return await sessions.recordMotion(tenantId, "u", input);
    case "cleared":
      return await sessions.recordMotion(tenantId, "u", { sensorId: input.sensorId, at: input.at, state: "CLEARED" });
    case "batch":
      return await sessions.ingestBatch(tenantId, "u", input);
    case "create":
      return await sessions.create(tenantId, "u", input);
    case "sweep":
      return await sessions.sweep();
    case "erase":
      return await sessions.eraseSensor(tenantId, input.sensorId);
    case "merge":
    case "split":
    case "correct":
    case "undo":
    case "delete":
    case "restore":
      own.acted ??= await actOf(tenantId, input, sessions, view);
      return await own.acted(sessions);
  }
  const sessionId = own.sessionId ??= idOf(tenantId, input.target, view);
  if (sessionId === undefined) return undefined;
  own.name = own.name.includes(" on ") ? own.name : `${own.name} on ${sessionId}`;
  if (input.kind === "pause") return await sessions.recordPause(tenantId, { ...input, sessionId });
  if (input.kind === "update") return await sessions.update(tenantId, { ...input, sessionId });
  if (input.kind === "end") return await sessions.end(tenantId, { ...input, sessionId });
  return await edit(tenantId, own, input, sessionId, sessions);
}

/** What a person who looks now decides. */
async function actOf(
  tenantId: string,
  { kind, sensorId, place, part, id, isApt, more }: Act,
  sessions: Sessions,
  view: View,
): Promise<(host: Sessions) => Promise<unknown>> {
  if (kind === "restore") {
    const deleted = view.deleted?.() ?? [];
    const sessionId = deleted[Math.floor(place * deleted.length)];
    return (host) => sessionId === undefined ? Promise.resolve(undefined) : host.restore(tenantId, { sessionId });
  }
  const { edges } = await sessions.list(tenantId, { sensorId }, { first: 100 });
  const found = await sessions.find(tenantId, edges.map(({ node }) => node.sessionId));
  const all = edges.flatMap(({ node }) => found.get(node.sessionId) ?? []).reverse();
  // Of those that a person merged or split, if any: else nothing can be taken back.
  const changed = kind === "undo"
    ? all.filter((session) => view.isChanged?.(session.sessionId))
    : isApt && kind === "merge" && all.length > 1
    ? all.slice(0, -1)
    : isApt && kind === "split"
    ? all.filter(({ startedAt, lastMotionAt }) => lastMotionAt > startedAt)
    : all;
  const first = changed[Math.floor(place * changed.length)];
  const seen = all.map(({ sessionId, version }) => ({ sessionId, expectedVersion: version }));
  return (host: Sessions): Promise<unknown> => {
    if (!first) return Promise.resolve(undefined);
    const index = all.indexOf(first);
    const span = isApt ? first.lastMotionAt - first.startedAt : Math.max(first.lastMotionAt - first.startedAt, MINUTE);
    const at = Math.ceil(first.startedAt + part * span);
    if (kind === "undo") return host.undo(tenantId, seen[index]);
    if (kind === "delete") return host.remove(tenantId, seen[index]);
    if (kind === "merge") return host.merge(tenantId, { sessions: seen.slice(index, index + 2) });
    if (kind === "split") return host.split(tenantId, { ...seen[index], at, newSessionId: `${id}-${sensorId}` });
    if (more === "start") return host.correct(tenantId, { ...seen[index], startedAt: null });
    if (more) return host.correct(tenantId, { ...seen[index], pauses: stretchesIn(first, more) });
    return host.correct(tenantId, { ...seen[index], ...(part < 0.5 ? { startedAt: at - span } : { endedAt: at }) });
  };
}

/** Pauses that a person says of a session that is seen; null takes them back. */
function stretchesIn({ startedAt, lastMotionAt }: Session, parts: readonly (readonly [number, number])[]) {
  const span = Math.max(lastMotionAt - startedAt, 5 * MINUTE);
  const at = (part: number) => Math.floor(startedAt + part * span);
  return parts.length === 0 ? null : parts.map(([from, to]) => ({ from: at(from), to: at(to) }));
}

function idOf(tenantId: string, target: Target, { peek }: View): string | undefined {
  if ("sessionId" in target) return target.sessionId;
  return peek("sensors", { pk: `${tenantId}#${target.latestOf}` })?.latest as string | undefined;
}

/** A person looks, and adds a label to those that are there; where somebody was quicker, looks again. */
async function edit(
  tenantId: string,
  own: Operation,
  input: Edit,
  sessionId: string,
  sessions: Sessions,
): Promise<unknown> {
  let seen = (await sessions.find(tenantId, [sessionId])).get(sessionId);
  while (seen?.mergedInto !== undefined) seen = (await sessions.find(tenantId, [seen.mergedInto])).get(seen.mergedInto);
  if (!seen || seen.labels.includes(input.label)) return undefined;
  const sent: SentEdit = {
    sessionId: seen.sessionId,
    expectedVersion: seen.version - (input.isStale ? 1 : 0),
    labels: [...seen.labels, input.label],
    notes: `${seen.notes ?? ""}${input.label}.`,
    pinned: input.pinned,
  };
  own.sent.push(sent);
  return await sessions.annotate(tenantId, { ...sent, pinned: sent.pinned ?? null });
}
