import type { Dynamo, Expression, Item } from "../aws/dynamo.ts";
import { pages } from "../core/page.ts";
import { fromItem, TOLD } from "./item.ts";
import type { LineStore } from "./line-store.ts";
import type { Session } from "./model.ts";
import { toldOf } from "./reports.ts";

/** When each motion event of a session happened: those in its item, on sheets, and, to the minute, those that were reported. */
export async function instantsOf(lineStore: Pick<LineStore, "listHeard">, session: Session): Promise<number[]> {
  const { startedAt, lastHeardAt = startedAt, next, reported } = session;
  const until = Math.min(lastHeardAt, (next?.at ?? Infinity) - 1);
  const sheeted = session.hasSheets ? await lineStore.listHeard(session, startedAt, until) : [];
  return [...session.heard.map(({ at }) => at), ...sheeted.map(({ at }) => at), ...toldOf(reported)];
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
    const sessions = (firstAt: number, lastAt: number, filter: Expression) => (startKey?: Item) =>
      dynamo.query(table, {
        index: "byStart",
        key: {
          expression: "tenant = :tenant AND startedAt BETWEEN :first AND :last",
          values: { ":tenant": tenantId, ":first": firstAt, ":last": lastAt },
        },
        filter,
        startKey,
        expired: true,
      });
    // One that runs has no end; what is over had its motion before that, but for what it was told of.
    const before = sessions(0, toAt - 1, {
      expression: "attribute_not_exists(endedAt) OR endedAt >= :from OR contains(done, :told)",
      values: { ":from": fromAt, ":told": TOLD },
    });
    // What begins after the range can have been told of motion before: its readings said later when it began.
    const after = sessions(toAt, Number.MAX_SAFE_INTEGER, {
      expression: "attribute_not_exists(endedAt) OR contains(done, :told)",
      values: { ":told": TOLD },
    });
    for (const read of [before, after]) {
      for await (const { items } of pages(read)) yield* instantsIn(items);
    }

    async function* instantsIn(items: readonly Item[]) {
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
