import { expect, test } from "vitest";
import { createWorld, NOW } from "../kit/erasing-world.ts";

/** Sessions that the store deletes when their time has come, while one before them stays: it is pinned, or was changed since. */
const MIN = 60_000;
const at = (minute: number) => NOW + minute * MIN;
type Host = ReturnType<typeof createWorld>["other"];
type Seen = { sessionId: string; expectedVersion: number };
type Act = (host: Host, tenant: string, first: Seen) => Promise<unknown>;

const motion = (host: Host, tenant: string, minute: number, more: object = {}) =>
  host.recordMotion(tenant, "u", { sensorId: "hall", at: at(minute), ...more });
const ACTS: Record<string, Act> = {
  "corrects its end beyond what is gone": (host, tenant, first) => host.correct(tenant, { ...first, endedAt: at(-1) }),
  "corrects its end": (host, tenant, first) => host.correct(tenant, { ...first, endedAt: at(-40) }),
  "corrects its start": (host, tenant, first) => host.correct(tenant, { ...first, startedAt: at(-70) }),
  "says a pause": (host, tenant, { sessionId }) => host.recordPause(tenant, { sessionId, from: at(-59), to: at(-1) }),
  "says when it ended": (host, tenant, { sessionId }) => host.end(tenant, { sessionId, endedAt: at(-20) }),
  "ends it now": (host, tenant, { sessionId }) => host.end(tenant, { sessionId }),
  "splits it": (host, tenant, first) => host.split(tenant, { ...first, at: at(-59), newSessionId: "second" }),
  "deletes it": (host, tenant, first) => host.remove(tenant, first),
  "says motion of it": (host, tenant) => motion(host, tenant, -56),
  "says motion of then": (host, tenant) => motion(host, tenant, -29),
  "says motion of now": (host, tenant) => motion(host, tenant, 0),
  "says that its motion ceased": (host, tenant) => motion(host, tenant, -55, { state: "CLEARED" }),
  "says that motion ceased": (host, tenant) => motion(host, tenant, 0, { state: "CLEARED" }),
  "creates one in it": (host, tenant) =>
    host.create(tenant, "u", { sensorId: "hall", sessionId: "film", startedAt: at(-58) }),
  "creates one of then": (host, tenant) =>
    host.create(tenant, "u", { sensorId: "hall", sessionId: "film", startedAt: at(-30) }),
  "sends a batch": (host, tenant) =>
    host.ingestBatch(tenant, "u", {
      ...{ sessionId: "walk", sensorId: "hall", batchOffset: 0 },
      readings: [-58, -20].map((minute) => ({ at: at(minute), values: [minute] })),
    }),
};
const LINES: [name: string, starts: number[], gone: number[]][] = [
  ["the last", [-60, -30], [-30]],
  ["the one between", [-60, -30, -10], [-30]],
  ["the last of three", [-60, -30, -10], [-10]],
  ["all after the first", [-60, -30, -10], [-30, -10]],
];
const CASES = LINES.flatMap(([name, ...line]) =>
  [false, true].flatMap((isTidy) => [false, true].map((clears) => [name, isTidy, clears, ...line] as const))
);

async function createLine(tenant: string, starts: readonly number[], clears: boolean) {
  const world = createWorld();
  for (const minute of starts) {
    await motion(world.other, tenant, minute);
    await motion(world.other, tenant, minute + 2);
    if (clears) await motion(world.other, tenant, minute + 3, { state: "CLEARED" });
  }
  const { edges } = await world.other.list(tenant, { sensorId: "hall" }, { first: 9 });
  const idAt = (minute: number) => edges.find(({ node }) => node.startedAt === at(minute))!.node.sessionId;
  /** As the store deletes them; whoever met that has tidied their places. */
  const remove = async (minute: number, isTidy: boolean) => {
    for (const item of world.dynamo.dump("sessions")) {
      const isOf = item.sk === `${idAt(minute)}#SESSION` || (isTidy && item.session === idAt(minute));
      if (isOf) await world.dynamo.remove("sessions", item);
    }
  };
  return { ...world, idAt, remove };
}

test.each(CASES)(
  "%s is gone (its place too: %s; a sensor that says when motion ceases: %s): what is said before, of then and since is taken",
  async (name, isTidy, clears, starts, gone) => {
    for (const [act, say] of Object.entries(ACTS)) {
      const tenant = `${name} ${isTidy} ${clears} ${act}`;
      const { state, dynamo, other, idAt, remove } = await createLine(tenant, starts, clears);
      for (const minute of gone) await remove(minute, isTidy);
      const soon = async <T>(of: Promise<T>): Promise<T> => {
        state.requests = 0;
        return await of.catch((error: unknown) => expect.fail(`${act}: ${String(error)}`));
      };
      await soon(say(other, tenant, { sessionId: idAt(-60), expectedVersion: 1 }));
      // It goes on: nobody is told to try again for ever.
      state.now = at(20);
      expect(await soon(motion(other, tenant, 20))).toMatchObject({ started: true, duplicate: false });
      await soon(motion(other, tenant, 21, { state: "CLEARED" }));
      expect(await soon(motion(other, tenant, 20))).toMatchObject({ duplicate: true });
      const items = dynamo.dump("sessions");
      const places = items.filter(({ sk }) => (sk as string).startsWith("hall#T#"));
      const sessions = items.filter(({ sk, into }) => (sk as string).endsWith("#SESSION") && into === undefined);
      const named = new Set(places.map(({ session }) => `${session as string}#SESSION`));
      const unplaced = sessions.filter(({ sk, mergedInto }) => mergedInto === undefined && !named.has(sk as string));
      expect([act, unplaced]).toEqual([act, []]);
    }
  },
);

test("a sensor whose latest session names one that is gone goes on", async () => {
  const { state, dynamo, other, idAt, remove } = await createLine("stuck", [-60, -30], false);
  await remove(-30, true);
  const [sensor] = dynamo.dump("sensors").filter(({ pk }) => (pk as string).endsWith("#hall"));
  await dynamo.put("sensors", { ...sensor!, latest: idAt(-60) });
  state.requests = 0;
  expect(await motion(other, "stuck", -56)).toMatchObject({ started: false, session: { motionEventCount: 3 } });
  expect(await motion(other, "stuck", -10)).toMatchObject({ started: true });
});
