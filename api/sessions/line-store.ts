import { createHash } from "node:crypto";
import type { Dynamo, Item, TransactWrite } from "../aws/dynamo.ts";
import { InvalidInputError } from "../core/errors.ts";
import { itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { LOST, retryLost } from "../core/writes.ts";
import { receiptKey } from "./erasures.ts";
import { formatAt, formatHeard, parseHeard } from "./heard.ts";
import { bootsAttribute, deviceChange, keyOf, numberAttributes, sensorKeyOf } from "./item.ts";
import { isPlaced, placeKeyOf } from "./line.ts";
import type { Heard, Sensor, Session } from "./model.ts";
import { mustBeSince } from "./plausible.ts";

/**
 * Access patterns of a sensor's line, in the table `sessions` beside the sessions (sk = sensor#part):
 *
 *  | what                                  | how                                                                    |
 *  |---------------------------------------|------------------------------------------------------------------------|
 *  | which sessions begin around an instant | consistent Query of the places, sk = …#T#<start>#<session>#            |
 *  | the motion events of a stretch        | consistent Query of the sheets, sk = …#M#<latest>#<hash>, and the tails in sessions |
 *  | when motion ceased, in a stretch      | consistent Query, sk = …#C#<at>#                                        |
 *  | any change of which sessions there are | a transaction: sessions, places, a sheet, and the sensor, if its revision is as it was read |
 */
export type LineStore = ReturnType<typeof createLineStore>;

/** What a change of a line writes; all of it or nothing. Sessions that are as they were read are not among it. */
export type LineChange = {
  sensor?: { now: Sensor; known: Sensor | undefined } | undefined;
  changes: readonly { session: Session; known: Session | undefined; takesPeoples?: boolean }[];
  /** Motion events that no session keeps in its own item any more. */
  sheet?: readonly Heard[];
  /** What else is written with it. */
  also?: readonly TransactWrite[];
};

/** Where a session lies; `key` is `placeKeyOf` it as it was written, `since` when the session was created that has it. */
export type LinePlace = { startedAt: number; sessionId: string; key: string; since?: number | undefined };
type Of = { tenantId: string; sensorId: string };

/** A sheet holds so many motion events: about 10 KB. */
const MAX_ON_SHEET = 500;
/** A transaction of DynamoDB has at most so many parts. */
const MAX_PARTS = 100;
/** The last instant that sorts as a text. */
const MAX_AT = 36 ** 9 - 1;

export function createLineStore(dynamo: Dynamo, tables: { sessions: string; sensors: string }) {
  async function query({ pk, from, to }: { pk: string; from: string; to: string }, limit?: number, descending = false) {
    const key = {
      expression: "pk = :pk AND sk BETWEEN :from AND :to",
      values: { ":pk": pk, ":from": from, ":to": to },
    };
    const read = (startKey?: Item) =>
      dynamo.query(tables.sessions, { key, descending, startKey, consistent: true, ...(limit ? { limit } : {}) });
    const found: Item[] = [];
    for await (const { items } of pages(read)) {
      found.push(...items);
      if (limit && found.length >= limit) break;
    }
    return found;
  }

  const partOf = ({ tenantId, sensorId }: Of, part: string) => itemKey(tenantId, sensorId, part);

  async function places(of: Of, from: string, to: string, limit: number, descending = false): Promise<LinePlace[]> {
    const { pk, sk } = partOf(of, `T#${from}`);
    const items = await query({ pk, from: sk, to: partOf(of, `T#${to}`).sk }, limit, descending);
    return items.map(fromPlaceItem);
  }

  return {
    /** The last session that begins at or before an instant, and the first that begins after it. */
    async around(of: Of, at: number): Promise<{ before: LinePlace | undefined; after: LinePlace | undefined }> {
      const [[before], [after]] = await Promise.all([
        places(of, "", `${formatAt(at)}~`, 1, true),
        places(of, `${formatAt(at)}~`, "~", 1),
      ]);
      return { before, after };
    },

    /** The last session that begins before another's place, and those that follow it there. */
    async before(of: Of, place: string): Promise<LinePlace | undefined> {
      const found = await places(of, "", place, 2, true);
      return found.find(({ key }) => key < place);
    },

    /** The last sessions that begin at or before an instant, the latest first. */
    until: (of: Of, at: number, limit: number): Promise<LinePlace[]> => places(of, "", `${formatAt(at)}~`, limit, true),

    /** When the sensor said that motion ceased, from one instant to another, in order; the first of them where so many are asked. */
    async listCleared(of: Of, fromAt: number, toAt: number, limit?: number): Promise<{ at: number; event: string }[]> {
      if (fromAt > toAt) return [];
      const { pk, sk: from } = partOf(of, `C#${formatAt(fromAt)}`);
      const items = await query({ pk, from, to: partOf(of, `C#${formatAt(Math.min(toAt, MAX_AT))}~`).sk }, limit);
      return items.map((item) => ({ at: item.at as number, event: item.event as string }));
    },

    /** That motion ceased, as a part of the change that shows it. */
    clearing: (of: Of, heard: Heard, ttl: number): TransactWrite => ({
      table: tables.sessions,
      put: { ...partOf(of, `C#${formatAt(heard.at)}#`), at: heard.at, event: formatHeard(heard), ttl },
    }),

    /** The sensor's last session. */
    async last(of: Of): Promise<LinePlace | undefined> {
      return (await places(of, "", "~", 1, true))[0];
    },

    /** Sessions by their places from one on, that one included. */
    from: (of: Of, place: string, limit: number): Promise<LinePlace[]> => places(of, place, "~", limit),

    /** The motion events on sheets that happened from one instant to another; none twice. */
    async listHeard(of: Of, fromAt: number, toAt: number): Promise<Heard[]> {
      const { pk, sk: from } = partOf(of, `M#${formatAt(fromAt)}`);
      const items = await query({ pk, from, to: partOf(of, "M#~").sk });
      return items.flatMap((item) => item.heard as string[]).map(parseHeard)
        .filter(({ at }) => fromAt <= at && at <= toAt);
    },

    /** Writes all of a change or nothing; false where something is not as it was read. */
    async commit(change: LineChange): Promise<boolean> {
      const parts = partsOf(change);
      if (parts.length > MAX_PARTS) throw tooLarge(change.changes.length);
      return await dynamo.transact(parts);
    },

    /** Items that take motion events out of all counts, for as long as they are there; `put` or `remove` as a part of a change. */
    takenOut({ tenantId, sensorId, sessionId }: Session, instants: readonly number[]): TransactWrite[] {
      return chunksOf(instants).map((takenOut, i) => (
        { table: tables.sessions, put: { ...takenOutKey({ tenantId, sensorId }, sessionId, i), takenOut } }
      ));
    },
    notTakenOut({ tenantId, sensorId, sessionId }: Session, count: number, from = 0): TransactWrite[] {
      return Array.from({ length: Math.max(0, count - from) }, (_, i) => (
        { table: tables.sessions, remove: takenOutKey({ tenantId, sensorId }, sessionId, from + i) }
      ));
    },

    /** A sensor at which a person says that something was, so that it is among the tenant's; as a part of a change. */
    sensorNamed: ({ tenantId, sensorId }: Of): TransactWrite => ({
      table: tables.sensors,
      key: { pk: sensorKeyOf(tenantId, sensorId) },
      change: {
        expression: "SET tenant = :tenant, sensorId = :sensorId",
        values: { ":tenant": tenantId, ":sensorId": sensorId },
      },
    }),

    /** Removes the place of a session that is no longer there; one of that id that is there again by now, at the same place, keeps it. */
    async removePlace(of: Of, { key, since }: Pick<LinePlace, "key" | "since">): Promise<void> {
      const place = partOf(of, `T#${key}`);
      const condition = since === undefined
        ? { expression: "attribute_not_exists(since)" }
        : { expression: "since = :since", values: { ":since": since } };
      await retryLost(async () => {
        const isDone = await dynamo.transact([{ table: tables.sessions, remove: place, condition }]);
        if (isDone) return true;
        const now = await dynamo.get(tables.sessions, place, { consistent: true });
        return now && now.since === since ? LOST : true;
      });
    },

    /** Removes what the line keeps of a session that was deleted when its time had come. */
    async forget(session: Session): Promise<void> {
      await dynamo.remove(tables.sessions, keyIn(placeItem(session)));
      const { startedAt, lastHeardAt, next } = session;
      if (lastHeardAt === undefined) return;
      const until = Math.min(lastHeardAt, (next?.at ?? Infinity) - 1);
      const { pk, sk: from } = partOf(session, `M#${formatAt(startedAt)}`);
      for (
        const { pk: sheet, sk, heard } of await query({ pk, from, to: partOf(session, `M#${formatAt(until)}~`).sk })
      ) {
        // A sheet may hold motion of several sessions: that of the others stays.
        const others = (heard as string[]).map(parseHeard).filter(({ at }) => at < startedAt || at > until);
        await dynamo.transact([
          { table: tables.sessions, remove: { pk: sheet, sk } },
          ...(others.length > 0 ? sheetParts(session, others) : []),
        ]);
      }
    },
  };

  function takenOutKey(of: Of, sessionId: string, i: number) {
    const name = createHash("sha256").update(sessionId).digest("base64url").slice(0, 16);
    return partOf(of, `X#${name}#${i}#`);
  }

  function partsOf({ sensor, changes, sheet = [], also = [] }: LineChange): TransactWrite[] {
    return [
      ...changes.map(({ session, known, takesPeoples = false }): TransactWrite => ({
        table: tables.sessions,
        key: keyOf(session.tenantId, session.sessionId),
        change: deviceChange({ ...session, revision: (known?.revision ?? 0) + 1 }, takesPeoples),
        condition: unchanged(known, takesPeoples || session.mergedInto !== undefined),
      })),
      ...changes.flatMap(({ session, known }) => placeParts(session, known)),
      ...(sheet.length > 0 ? sheetParts(changes[0]!.session, sheet) : []),
      ...(sensor ? sensorParts(sensor.now, sensor.known) : []),
      ...also,
    ];
  }

  function placeParts(session: Session, known: Session | undefined): TransactWrite[] {
    const table = tables.sessions;
    const isKept = session.mergedInto === undefined;
    const moved = known === undefined || known.mergedInto !== undefined || placeKeyOf(known) !== placeKeyOf(session);
    return [
      ...(known && (moved || !isKept) && known.mergedInto === undefined
        ? [{ table, remove: keyIn(placeItem(known)) }]
        : []),
      ...(moved && isKept ? [{ table, put: placeItem(session) }] : []),
    ];
  }

  function placeItem(session: Session) {
    const key = partOf(session, `T#${placeKeyOf(session)}`);
    return { ...key, at: session.startedAt, session: session.sessionId, since: session.createdAt };
  }

  function sheetParts(of: Of, heard: readonly Heard[]): TransactWrite[] {
    const ordered = [...heard].sort((a, b) => a.at - b.at);
    const sheets: TransactWrite[] = [];
    for (let from = 0; from < ordered.length; from += MAX_ON_SHEET) {
      const texts = ordered.slice(from, from + MAX_ON_SHEET).map(formatHeard);
      const hash = createHash("sha256").update(texts.join()).digest("base64url").slice(0, 12);
      const last = ordered[Math.min(from + MAX_ON_SHEET, ordered.length) - 1]!.at;
      sheets.push({
        table: tables.sessions,
        put: { ...partOf(of, `M#${formatAt(last)}#${hash}#`), heard: texts },
      });
    }
    return sheets;
  }

  /** The sensor, if it is as it was read: where nothing of it was there, also none may have come meanwhile and been erased. */
  function sensorParts(sensor: Sensor, known: Sensor | undefined): TransactWrite[] {
    const part = sensorPart(sensor, known);
    if (known?.revision !== undefined) return [part];
    const remove = receiptKey(sensor, (known?.erasures ?? 0) + 1);
    return [part, { table: tables.sessions, remove, condition: { expression: "attribute_not_exists(pk)" } }];
  }

  function sensorPart(sensor: Sensor, known: Sensor | undefined): TransactWrite {
    const { tenantId, sensorId, latestSessionId, clears, erasedUntil, numbers, boots = {} } = sensor;
    // Numbers lie with the sensor for as long as no session can have them.
    const own = numbers && latestSessionId === undefined ? numberAttributes(numbers) : {};
    const more = Object.entries({ ...own, latest: latestSessionId, clears, erasedUntil })
      .filter(([, value]) => value !== undefined);
    return {
      table: tables.sensors,
      key: { pk: sensorKeyOf(tenantId, sensorId) },
      change: {
        expression: "SET tenant = :tenant, sensorId = :sensorId, boots = :boots, revision = :revision" +
          more.map(([name]) => `, ${name} = :${name}`).join(""),
        values: {
          ":tenant": tenantId,
          ":sensorId": sensorId,
          ...Object.fromEntries(more.map(([name, value]) => [`:${name}`, value])),
          ":boots": bootsAttribute(boots),
          // After an erasure it goes on from its instant: nobody who read it before may take it for the same.
          ":revision": (known?.revision ?? erasedUntil ?? 0) + 1,
        },
      },
      condition: known?.revision !== undefined && known.revision > 0
        ? { expression: "revision = :known", values: { ":known": known.revision } }
        : { expression: "attribute_not_exists(revision)" },
    };
  }
}

/**
 * False where something would begin in a past of the sensor that is being erased, whose sessions were looked for already: to be
 * tried again once its motion is gone as well. Throws InvalidInputError where that is what was asked for.
 */
export function isSince(
  { changes, sensor }: LineChange,
  parts: readonly { next: Session; known: Session | undefined }[],
): boolean {
  const until = sensor?.now.erasedUntil;
  if (until === undefined) return true;
  const isNew = ({ session, known }: LineChange["changes"][number]) =>
    isPlaced(session) && !(known && isPlaced(known) && known.startedAt === session.startedAt);
  if (!changes.some((one) => isNew(one) && one.session.startedAt <= until)) return true;
  for (const { next, known = next } of parts) {
    mustBeSince(sensor!.now, "sessionId", known.startedAt);
    mustBeSince(sensor!.now, "startedAt", next.startedAt);
  }
  return false;
}

export function fromPlaceItem(item: Item): LinePlace {
  const key = (item.sk as string).split("#T#")[1]!;
  const since = item.since as number | undefined;
  return { startedAt: item.at as number, sessionId: item.session as string, key, since };
}

function tooLarge(sessions: number): InvalidInputError {
  const message =
    `would change ${sessions} sessions of the sensor at once, with their motion, more than one transaction holds; ` +
    "nothing was changed. Merge those that it takes in first, some at a time (mergeSessions), then say it again";
  return new InvalidInputError([{ path: ["sessionId"], message }]);
}

function chunksOf<T>(values: readonly T[]): T[][] {
  return Array.from(
    { length: Math.ceil(values.length / MAX_ON_SHEET) },
    (_, i) => values.slice(i * MAX_ON_SHEET, (i + 1) * MAX_ON_SHEET),
  );
}

function keyIn({ pk, sk }: Item): Item {
  return { pk, sk };
}

/** Holds while nobody wrote the session since, and it is no other of its id; with `peoples` also no person. */
export function unchanged(known: Session | undefined, peoples = false) {
  if (!known) return { expression: "attribute_not_exists(pk)" };
  const seen = {
    // One that was erased, and begun again by its device, has the same revisions once more.
    expression: "revision = :seen AND createdAt = :created",
    values: { ":seen": known.revision, ":created": known.createdAt },
  };
  if (!peoples) return seen;
  const unseen = known.version === 1 ? " OR attribute_not_exists(version)" : "";
  return {
    expression: `${seen.expression} AND (version = :seenVersion${unseen})`,
    values: { ...seen.values, ":seenVersion": known.version },
  };
}
