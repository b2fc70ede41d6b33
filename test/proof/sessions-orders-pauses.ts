import { isDeepStrictEqual } from "node:util";
import { inLine } from "../../api/sessions/line.ts";
import type { Session } from "../../api/sessions/model.ts";
import type { Sessions } from "../../api/sessions/service.ts";
import type { PauseSaid } from "./pauses-oracle.ts";
import type { Of, Said } from "./sessions-spec.ts";

/** A pause of which no end is known keeps its session going for so long. */
const OPEN_MS = 60 * 60_000;

type World = { host: Sessions; tenantId: string };
type Told = Said & { kind: "pause" };

export function ofSession(
  { isStated, sessionId, startedAt }: Pick<Session, "isStated" | "sessionId" | "startedAt">,
): Of {
  return isStated ? { id: sessionId } : { motionAt: startedAt };
}

/** The session that an id leads to. */
export async function leadOf({ host, tenantId }: World, sessionId: string): Promise<Session | undefined> {
  let session = (await host.find(tenantId, [sessionId])).get(sessionId);
  while (session?.mergedInto !== undefined) {
    const into = session.mergedInto;
    session = (await host.find(tenantId, [into])).get(into);
  }
  return session;
}

/** A session with all that people split off it, and off that. */
export async function familyOf(world: World, session: Session): Promise<Session[]> {
  const found = new Map([[session.sessionId, session]]);
  for (const one of found.values()) {
    for (const into of intoOf(one)) {
      const next = await leadOf(world, into);
      if (next && !found.has(next.sessionId)) found.set(next.sessionId, next);
    }
  }
  return [...found.values()];
}

function intoOf({ ends, pieces = [], isStated, said }: Session): string[] {
  // A cut that came with motion was made of another session.
  const own = ends.filter(({ anchor }) => anchor === undefined || !(said?.isStated ?? isStated));
  return [...own, ...pieces].flatMap(({ into }) => into ?? []);
}

/** Pauses as they are said of each of these sessions. */
export function pausesToldOf(family: readonly Session[], pauses: readonly PauseSaid[]): Told[] {
  return family.flatMap((one) =>
    pauses.map(({ from, to }): Told => ({
      ...{ kind: "pause", of: ofSession(one), from, to },
      ...(to === undefined ? { until: from! + OPEN_MS } : {}),
    }))
  );
}

/** The pauses that sessions know, by what they were said of. */
export function knownPauses(sessions: readonly Session[]): string[] {
  return sessions.flatMap(({ reported }) => reported).flatMap(({ pause, anchor }) => (
    pause ? nameOf({ ...pause, of: anchor === undefined ? undefined : { motionAt: anchor } }) : []
  ));
}

/** What the later half of a split knows of pauses as it begins, which is its own. */
export function givenPauses(second: Session): string[] {
  return knownPauses([second]).map((name) => `${name} ${second.sessionId}`);
}

/**
 * What was said since a merge or a split, once that is taken back: pauses are said of those of its sessions (`after`) in
 * which they lie, or else of the last that had begun by then. What was known before (`knew`) is none that came since, and what came with motion stays with that. `before`
 * are they and what they made, as they were until now; `began` says when those had begun that motion had opened: they begin there again
 * before other motion joins them, which may take their ids elsewhere (OA.80964).
 */
export function movePauses(
  since: readonly Said[],
  knew: ReadonlySet<string>,
  before: readonly Session[],
  after: readonly Session[],
  began: ReadonlyMap<string, number>,
): Said[] {
  const isOf = ({ of, from, to }: Told) =>
    before.some((session) =>
      isDeepStrictEqual(ofSession(session), of) &&
      session.reported.some(({ pause, anchor }) =>
        pause?.from === from && pause?.to === to && anchor === ("id" in of ? undefined : of.motionAt)
      )
    );
  const asGiven = (one: Session) => {
    const startedAt = began.get(one.sessionId);
    return startedAt === undefined ? one : { ...one, startedAt, isStated: false };
  };
  const line = after.map(asGiven).sort(inLine);
  return since.flatMap((one): Said[] => {
    if (one.kind !== "pause" || !isOf(one)) return [one];
    if (knew.has(nameOf(one)) || ("id" in one.of && knew.has(`${nameOf(one)} ${one.of.id}`))) return [];
    const at = Math.max(one.from ?? -Infinity, one.to ?? -Infinity);
    const holders = line.filter(({ startedAt }, i) => (
      startedAt <= at && (line[i + 1]?.startedAt ?? Infinity) > (one.from ?? at)
    ));
    return splitOff(holders.length > 0 ? holders : [line[0]!], line).map((own) => ({ ...one, of: saidOf(own, one) }));
  });
}

/** Of what a session has it: of its first motion as it was taken back, which other motion may have joined by then (FA.9667). */
function saidOf(session: Session, { from, to }: Told): Of {
  const known = session.reported.find(({ pause }) => pause?.from === from && pause?.to === to);
  return known?.anchor === undefined ? ofSession(session) : { motionAt: known.anchor };
}

/** Sessions with those of a line that had been split off them, which know what is said of them. */
function splitOff(sessions: readonly Session[], line: readonly Session[]): Session[] {
  const family = [...sessions];
  for (const one of family) {
    const ids = intoOf(one);
    family.push(...line.filter((other) => ids.includes(other.sessionId) && !family.includes(other)));
  }
  return family;
}

/** Whichever session it was said of, where that is named. */
function nameOf({ from, to, of }: PauseSaid & { of?: Of | undefined }): string {
  return `${from ?? ""} ${to ?? ""} ${of && "motionAt" in of ? of.motionAt : ""}`;
}
