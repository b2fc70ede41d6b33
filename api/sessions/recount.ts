import type { Dynamo, Item } from "../aws/dynamo.ts";
import { MINUTE_MS } from "../core/clock.ts";
import { pages } from "../core/page.ts";
import { fromItem } from "./item.ts";
import type { LineStore } from "./line-store.ts";
import type { Session } from "./model.ts";

/** When each motion event of a session happened: those in its item, on sheets, and, to the minute, those that were reported. */
export async function instantsOf(lineStore: Pick<LineStore, "listHeard">, session: Session): Promise<number[]> {
  const { startedAt, lastHeardAt = startedAt, next, reported } = session;
  const until = Math.min(lastHeardAt, (next?.at ?? Infinity) - 1);
  const sheeted = session.hasSheets ? await lineStore.listHeard(session, startedAt, until) : [];
  const told = reported.flatMap(({ at, count, minutes }) =>
    minutes
      ? Object.entries(minutes).flatMap(([minute, n]) => Array<number>(n).fill(Number(minute) * MINUTE_MS))
      : Array<number>(count).fill(at)
  );
  return [...session.heard.map(({ at }) => at), ...sheeted.map(({ at }) => at), ...told];
}

/** The same of an item as a stream shows it; none where they are counted no more, or with another session. */
export function createMotionReader(lineStore: Pick<LineStore, "listHeard">) {
  return async (image: Item): Promise<number[]> => {
    const session = fromItem(image);
    if (!session || session.mergedInto !== undefined || session.deletedAt !== undefined) return [];
    return await instantsOf(lineStore, session);
  };
}

/** The motion events that are kept, as things to be counted again: of every session that touches the range. */
export function createMotionRecount(
  dynamo: Pick<Dynamo, "query" | "batchGet">,
  table: string,
  lineStore: Pick<LineStore, "listHeard">,
) {
  return async function* listMotion(tenantId: string, fromAt: number, toAt: number) {
    const read = (startKey?: Item) =>
      dynamo.query(table, {
        index: "byStart",
        key: {
          expression: "tenant = :tenant AND startedAt BETWEEN :first AND :last",
          values: { ":tenant": tenantId, ":first": 0, ":last": toAt - 1 },
        },
        // One that runs has no end; what is over had its motion before that.
        filter: {
          expression: "attribute_not_exists(endedAt) OR endedAt >= :from",
          values: { ":from": fromAt },
        },
        startKey,
        expired: true,
      });
    for await (const { items } of pages(read)) {
      const keys = items.map(({ pk, sk }) => ({ pk, sk }));
      const whole = keys.length > 0 ? await dynamo.batchGet(table, keys, { consistent: true, expired: true }) : [];
      for (const session of whole.flatMap((item) => fromItem(item) ?? [])) {
        if (session.mergedInto !== undefined || session.deletedAt !== undefined) continue;
        const instants = await instantsOf(lineStore, session);
        yield instants.filter((at) => at >= fromAt && at < toAt).map((at) => ({ at, arrivedAt: session.updatedAt }));
      }
    }
  };
}
