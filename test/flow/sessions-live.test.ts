import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import type { Session } from "../../api/sessions/model.ts";
import { sessionsKey } from "../../api/sessions/service.ts";
import { createSessionWatch } from "../../api/sessions/watch.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { type TestSystem } from "../kit/local.ts";
import { startMemorySystem } from "../kit/memory-system.ts";
import { batchOf, mutate, SESSION_FIELDS } from "../kit/sessions.ts";
import { openSse } from "../kit/sse.ts";

const MIN = 60_000;
const START = Date.now() - MIN;
const LONG_AGO = START - 24 * 60 * MIN;
const MAX_BEACONS = 200;
/** Of more sessions than this, changes by other processes are looked for among the newest. */
const NEWEST = 100;
const SUBSCRIBE =
  `subscription ($sensorId: String) { sessionChanged(sensorId: $sensorId) { ${SESSION_FIELDS} deletedAt mergedInto { sessionId } } }`;

let system: TestSystem;
/** Two processes' worth of service over one store. */
let api: TestApp;
let other: TestApp;
let beacons = 0;
/** How far the service's clock is ahead of ours. */
let passed = 0;
const clock = () => Date.now() + passed;

beforeAll(async () => {
  system = await startMemorySystem({ clock: () => START });
  api = await startTestApp({ system, clock });
  other = await startTestApp({ system, clock });
});
afterAll(async () => {
  await api.stop();
  await other.stop();
  await system.stop();
});

const iso = (at: number) => new Date(at).toISOString();
const motion = (on: TestApp, tenant: string, sensorId: string, seq: number, at = START + seq * 1_000) =>
  mutate(on, tenant, "recordMotion", { sensorId, seq, at: iso(at) });

type Given = {
  sessionId: string;
  sensor: { sensorId: string };
  status: string;
  motionEventCount: number;
  labels: string[];
  notes: string | null;
  version: number;
  playback: { started: boolean; failure: string | null };
  endReason: string | null;
  sampleCount: number;
  deletedAt: string | null;
  mergedInto: { sessionId: string } | null;
};

/**
 * Follows a tenant's sessions over SSE, and returns when the stream is known to be under way: "from now on" begins with
 * the first read, so sessions of long ago (beacons) are sent in until one is given. `next` leaves them out.
 */
async function follow(on: TestApp, tenantId: string, sensorId?: string) {
  const stream = await openSse<{ sessionChanged: Given }>(on, { tenantId, query: SUBSCRIBE, variables: { sensorId } });
  const read = async () => (await stream.next())!.data!.sessionChanged;
  let isUnderWay = false;
  const first = read().then(() => (isUnderWay = true));
  for (let i = 0; i < MAX_BEACONS && !isUnderWay; i++) {
    const batch = batchOf(`beacon-${beacons++}`, 0, LONG_AGO, 1);
    await mutate(on, tenantId, "ingestSessionBatch", { ...batch, sensorId: sensorId ?? "beacon", final: true });
  }
  await first;
  async function next(): Promise<Given> {
    const given = await read();
    return given.sessionId.startsWith("beacon-") ? await next() : given;
  }
  return {
    next,
    /** All that is given up to the one that holds this. */
    async until(isLast: (given: Given) => boolean): Promise<Given[]> {
      const all = [await next()];
      while (!isLast(all.at(-1)!)) all.push(await next());
      return all;
    },
    leave: stream.leave,
  };
}

describe("the subscription sessionChanged", () => {
  test("gives a session when it starts, at each change, and when it ends", async () => {
    const stream = await follow(api, "own");
    const { session } = await motion(api, "own", "hall", 1);
    expect(await stream.next()).toMatchObject({ sessionId: session.sessionId, status: "ACTIVE", motionEventCount: 1 });
    await motion(api, "own", "hall", 2);
    expect(await stream.next()).toMatchObject({ sessionId: session.sessionId, motionEventCount: 2 });
    await mutate(api, "own", "updateSession", {
      sessionId: session.sessionId,
      updateId: "u",
      playbackFailure: "No speaker.",
    });
    expect(await stream.next()).toMatchObject({ playback: { started: false, failure: "No speaker." } });
    await mutate(api, "own", "endSession", { sessionId: session.sessionId });
    expect(await stream.next()).toMatchObject({
      sessionId: session.sessionId,
      status: "COMPLETED",
      endReason: "EXPLICIT",
    });
    await stream.leave();
  });

  test("gives a device's batches, and its last one", async () => {
    const stream = await follow(api, "device");
    for (const offset of [0, 1]) {
      await mutate(api, "device", "ingestSessionBatch", batchOf("walk", offset, START));
      expect(await stream.next()).toMatchObject({
        sessionId: "walk",
        status: "ACTIVE",
        sampleCount: 10 * (offset + 1),
      });
    }
    await mutate(api, "device", "ingestSessionBatch", { ...batchOf("walk", 2, START), final: true });
    expect(await stream.next()).toMatchObject({ sessionId: "walk", status: "COMPLETED", sampleCount: 30 });
    await stream.leave();
  });

  test("gives what people write, with labels and notes, of a session that runs and of one that is over", async () => {
    const { session: { sessionId } } = await motion(api, "people", "hall", 1);
    const stream = await follow(api, "people");
    const edit = (expectedVersion: number, words: object, on = api) =>
      mutate(on, "people", "annotateSession", { sessionId, expectedVersion, ...words });
    await edit(1, { labels: ["walk"], notes: "Runs." });
    expect(await stream.next()).toMatchObject({ status: "ACTIVE", version: 2, labels: ["walk"], notes: "Runs." });
    await edit(2, { notes: "Edited elsewhere." }, other);
    expect(await stream.next()).toMatchObject({ version: 3, labels: ["walk"], notes: "Edited elsewhere." });
    await mutate(api, "people", "endSession", { sessionId });
    expect(await stream.next()).toMatchObject({ status: "COMPLETED", version: 3 });
    await edit(3, { labels: ["walk", "short"], notes: "Over." });
    expect(await stream.next()).toMatchObject({ version: 4, labels: ["walk", "short"], notes: "Over." });
    await edit(4, { notes: "Over, and edited elsewhere." }, other);
    expect(await stream.next()).toMatchObject({ version: 5, notes: "Over, and edited elsewhere." });
    await stream.leave();
  });

  test.each([["here", () => api], ["by another process", () => other]])(
    "gives what becomes a part of another %s, what is deleted, and what comes back",
    async (_, on) => {
      const tenant = `joined-${beacons++}`;
      const record = async (seq: number, minutes: number) =>
        (await motion(on(), tenant, "hall", seq, START + (minutes - 30) * MIN)).session.sessionId as string;
      const [early, late] = [await record(1, 0), await record(2, 8)];
      const stream = await follow(api, tenant);
      // What another process does to what no list holds is told by the stream alone.
      await record(3, 4).then(api.settle);
      const told = new Map<string, Given>();
      while (told.get(late)?.mergedInto?.sessionId !== early || told.get(early)?.motionEventCount !== 3) {
        const one = await stream.next();
        told.set(one.sessionId, one);
      }
      const { version: expectedVersion } = told.get(early)!;
      await mutate(on(), tenant, "deleteSession", { sessionId: early, expectedVersion }).then(api.settle);
      expect((await stream.until(({ deletedAt }) => deletedAt !== null)).at(-1)).toMatchObject({ sessionId: early });
      await mutate(on(), tenant, "restoreSession", { sessionId: early }).then(api.settle);
      const back = await stream.until(({ sessionId, deletedAt }) => sessionId === early && deletedAt === null);
      expect(back.at(-1)).toMatchObject({ motionEventCount: 3 });
      await stream.leave();
    },
  );

  test.each([["here", () => api], ["by another process", () => other]])(
    "of one sensor gives what a person moves to it %s, and once more what they move away from it",
    async (_, on) => {
      const tenant = `moved-${beacons++}`;
      const { session: { sessionId } } = await motion(api, tenant, "hall", 1);
      const streams = await Promise.all(["hall", "door", "attic"].map((sensorId) => follow(api, tenant, sensorId)));
      let version = 1;
      const correct = async (sensorId: string | null) => {
        const input = { sessionId, expectedVersion: version++, sensorId };
        await mutate(on(), tenant, "correctSession", input).then(api.settle);
      };
      const sees = async (which: number, sensorId: string, seen: number) => {
        const isSo = (one: Given) => one.sensor.sensorId === sensorId && one.version === seen;
        const told = await streams[which]!.until(isSo);
        expect(told.at(-1)).toMatchObject({ sessionId });
        return told.map((one) => one.version);
      };
      await correct("door");
      await Promise.all([sees(0, "door", 2), sees(1, "door", 2)]);
      const edit = { sessionId, expectedVersion: version++, notes: "At the door." };
      await mutate(on(), tenant, "annotateSession", edit).then(api.settle);
      await sees(1, "door", 3);
      await correct("attic");
      await Promise.all([sees(1, "attic", 4), sees(2, "attic", 4)]);
      await correct(null);
      const [, toldInHall] = await Promise.all([sees(2, "hall", 5), sees(0, "hall", 5)]);
      // What becomes of it elsewhere nobody there is told.
      expect(toldInHall).toEqual([5]);
      await Promise.all(streams.map((stream) => stream.leave()));
    },
  );

  test("gives what another process does", async () => {
    const stream = await follow(api, "elsewhere");
    const { session: { sessionId } } = await motion(other, "elsewhere", "hall", 1);
    expect(await stream.next()).toMatchObject({ sessionId, status: "ACTIVE", motionEventCount: 1 });
    await motion(other, "elsewhere", "hall", 2);
    expect(await stream.next()).toMatchObject({ sessionId, motionEventCount: 2 });
    passed = 10 * MIN;
    await other.app.jobs.find((job) => job.name === "end-idle-sessions")!.run();
    expect(await stream.next()).toMatchObject({ sessionId, status: "COMPLETED", endReason: "IDLE" });
    await stream.leave();
    passed = 0;
  });

  test("gives each state at most once and the last one always, whoever writes", async () => {
    const stream = await follow(api, "crowd");
    const all = Array.from({ length: 24 }, (_, i) => motion(i % 2 ? api : other, "crowd", "hall", i + 1));
    const given = stream.until((session) => session.motionEventCount === 24);
    await Promise.all(all);
    const counts = (await given).map((session) => session.motionEventCount);
    expect(new Set(counts).size).toBe(counts.length);
    // Repeats change nothing, so the next that is given is the end.
    for (let seq = 1; seq <= 24; seq++) await motion(seq % 2 ? api : other, "crowd", "hall", seq);
    const [{ sessionId }] = await given as [Given];
    await mutate(api, "crowd", "endSession", { sessionId });
    expect(await stream.next()).toMatchObject({ sessionId, status: "COMPLETED", motionEventCount: 24 });
    await stream.leave();
  });

  test("gives changes apart that come within one millisecond", async () => {
    const frozen = await startTestApp({ system, clock: () => START });
    const { session: { sessionId } } = await motion(frozen, "frozen", "hall", 1, START);
    const stream = await follow(frozen, "frozen");
    for (const playbackFailure of ["No speaker.", "No network."]) {
      await mutate(frozen, "frozen", "updateSession", { sessionId, updateId: playbackFailure, playbackFailure });
      expect(await stream.next()).toMatchObject({ playback: { failure: playbackFailure } });
    }
    await stream.leave();
    await frozen.stop();
  });

  test("gives only what is at the sensor, where one is named", async () => {
    const stream = await follow(api, "sensors", "kitchen");
    await motion(api, "sensors", "hall", 1);
    await motion(other, "sensors", "hall", 2);
    const { session } = await motion(api, "sensors", "kitchen", 1);
    expect(await stream.next()).toMatchObject({ sessionId: session.sessionId, motionEventCount: 1 });
    await motion(api, "sensors", "hall", 3);
    await motion(other, "sensors", "kitchen", 2);
    expect(await stream.next()).toMatchObject({ sessionId: session.sessionId, motionEventCount: 2 });
    await stream.leave();
  });

  test("gives nothing of another tenant, not even at a sensor of the same name", async () => {
    const [all, one] = [await follow(api, "mine"), await follow(api, "mine", "kitchen")];
    for (const on of [api, other]) await motion(on, "theirs", "kitchen", on === api ? 1 : 2);
    const { session } = await motion(api, "mine", "kitchen", 1);
    expect((await all.next()).sessionId).toBe(session.sessionId);
    expect((await one.next()).sessionId).toBe(session.sessionId);
    await all.leave();
    await one.leave();
  });

  test("gives a session with many newer ones too, where this process changes it", async () => {
    const { session: { sessionId } } = await motion(api, "many", "oldest", 1);
    await Promise.all(Array.from({ length: NEWEST + 1 }, (_, i) => motion(api, "many", `s-${i}`, 1, START + MIN)));
    const stream = await follow(api, "many");
    await motion(api, "many", "oldest", 2);
    expect(await stream.next()).toMatchObject({ sessionId, motionEventCount: 2 });
    await stream.leave();
  });

  test("is refused without the scope sessions:read", async () => {
    const refused = await api.ask("own", SUBSCRIBE, {}, ["JOURNEYS_READ", "SESSIONS_WRITE", "ADMIN"]);
    expect(refused.errors?.[0]!.extensions.code).toBe("FORBIDDEN");
    expect(refused.data?.sessionChanged).toBeUndefined();
  });
});

test("a list that lags behind its sessions neither repeats a state nor goes back to one", async () => {
  const [older, newer] = [1, 2].map((version) => ({
    sessionId: "s",
    status: "COMPLETED",
    updatedAt: START,
    motionEventCount: 1,
    sampleCount: 0,
    playback: { started: false },
    version,
  })) as [Session, Session];
  const hub = createHub();
  const lists: Session[][] = [[], [older], [newer], [older], [older]];
  let ended = () => {};
  const allRead = new Promise<void>((resolve) => ended = resolve);
  const watchSessions = createSessionWatch({
    hub,
    clock: () => START,
    log: { since: async () => [] },
    sessions: {
      find: async (_, ids) => new Map(ids.map((id) => [id, { ...newer, notes: null }])),
      list: async () => {
        const rows = lists.shift()!;
        if (lists.length === 0) ended();
        else hub.wake(sessionsKey("lag"));
        return { edges: rows.map((node) => ({ node, cursor: "" })), hasNextPage: false, hasPreviousPage: false };
      },
    },
  });
  const leave = new AbortController();
  const given: number[] = [];
  void allRead.then(() => leave.abort());
  for await (const session of watchSessions("lag", undefined, undefined, leave.signal)) given.push(session.version);
  expect(given).toEqual([2]);
});
