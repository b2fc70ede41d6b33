import { expect, test } from "vitest";
import type { Item } from "../../api/aws/dynamo.ts";
import { InvalidInputError } from "../../api/core/errors.ts";
import { parseHeard } from "../../api/sessions/heard.ts";
import { createWorld, NOW } from "../kit/erasing-world.ts";

/** What is said while a sensor is erased: before whichever request of the one or of the other. */
const MIN = 60_000;
const WALK = { sensorId: "hall", sessionId: "walk" };
type Say = (host: ReturnType<typeof createWorld>["other"], tenant: string) => Promise<unknown>;
const batch = (batchOffset: number, ...minutes: number[]): Say => (host, tenant) =>
  host.ingestBatch(tenant, "u", {
    ...{ ...WALK, batchOffset },
    readings: minutes.map((minute) => ({ at: NOW + minute * MIN, values: [minute] })),
  });
const start: Say = (host, tenant) => host.create(tenant, "u", { ...WALK, startedAt: NOW - 30 * MIN });
const seen = async (...[host, tenant]: Parameters<Say>) => {
  const { version = 1 } = (await host.find(tenant, ["walk"])).get("walk") ?? {};
  return { sessionId: "walk", expectedVersion: version };
};
const split: Say = async (host, tenant) =>
  await host.split(tenant, { ...await seen(host, tenant), at: NOW - 20 * MIN, newSessionId: "rest" });
const undo: Say = async (host, tenant) => await host.undo(tenant, await seen(host, tenant));

/** What is there before, and what is said while the sensor is erased. */
const SAID: [name: string, before: Say[], said: Say][] = [
  ["a start", [], start],
  ["a batch", [], batch(0, -30, -10)],
  ["a split", [batch(0, -30, -10)], split],
  ["a batch of what is split", [batch(0, -30, -10), split], batch(1, -28, -8)],
  ["a start of what is split", [batch(0, -30, -10), split], start],
  ["an undo", [batch(0, -30, -10), split], undo],
];

test.each(SAID)(
  "%s is done, or refused in words, before whichever of its requests the sensor is erased",
  async (name, before, say) => {
    let tries = 0;
    for (let isMet = true; isMet; tries++) {
      isMet = false;
      const { state, eraser, other } = createWorld();
      const tenant = `${name} ${tries}`;
      for (const one of before) await one(other, tenant);
      state.requests = 0;
      state.meanwhile.set(tries + 1, async () => {
        isMet = true;
        await eraser.eraseSensor(tenant, "hall");
      });
      const answer = await say(other, tenant).catch((error: unknown) => error);
      if (answer instanceof InvalidInputError) expect(answer.message).toMatch(/was erased|has no merge or split/);
      else expect([tries, answer]).toMatchObject([tries, { __typename: expect.any(String) }]);
    }
    expect(tries).toBeGreaterThan(3);
  },
);

const at = (minute: number) => NOW + minute * MIN;
const motion = (...minutes: number[]): Say => async (host, tenant) => {
  for (const minute of minutes) {
    await host.recordMotion(tenant, "u", { sensorId: "hall", at: at(minute) });
    acknowledged.set(tenant, [...acknowledged.get(tenant) ?? [], at(minute)]);
  }
};
/** When the motion was that a tenant was acknowledged. */
const acknowledged = new Map<string, number[]>();
/** What a person sees of the sensor's n-th session from the earliest on. */
const nth = async (...[host, tenant, n]: [...Parameters<Say>, number]) => {
  const { edges } = await host.list(tenant, { sensorId: "hall" }, { first: 20 });
  const { sessionId = "none", version = 1 } = edges.at(-1 - n)?.node ?? {};
  return { sessionId, expectedVersion: version };
};
const cut: Say = async (host, tenant) =>
  await host.split(tenant, { ...await nth(host, tenant, 0), at: at(-88), newSessionId: "second" });
const join: Say = async (host, tenant) =>
  await host.merge(tenant, { sessions: [await nth(host, tenant, 0), await nth(host, tenant, 1)] });
const takenBack: Say = async (host, tenant) => await host.undo(tenant, await nth(host, tenant, 0));
const deletion: Say = async (host, tenant) => await host.remove(tenant, await nth(host, tenant, 0));
const correction = (more: object): Say => async (host, tenant) =>
  await host.correct(tenant, { ...await nth(host, tenant, 0), ...more });
const startOf = ({ startedAt, was }: Item) => startedAt ?? (was as Item).startedAt;
const THREE = motion(-90, -86, -60, -57, -30, -27);

/** What is there before, and what is said before one of the erasure's requests. */
const MEANWHILE: [name: string, before: Say[], said: Say][] = [
  ["motion", [THREE], motion(-89)],
  ["motion between two sessions", [THREE], motion(-75)],
  ["motion that makes two one", [motion(-90, -82)], motion(-86)],
  ["a start", [THREE], start],
  ["a batch", [THREE], batch(0, -20, -10)],
  ["a batch of what is split", [batch(0, -30, -10), split], batch(1, -28, -8)],
  ["a split", [THREE], cut],
  ["a split that is taken back", [THREE, cut], takenBack],
  ["a split of what a device sends", [batch(0, -30, -10)], split],
  ["a merge", [THREE], join],
  ["a merge that is taken back", [THREE, join], takenBack],
  ["a merge of what was split", [THREE, cut], join],
  ["a deletion", [THREE], deletion],
  [
    "a restoration",
    [THREE, start, async (host, tenant) => await host.remove(tenant, await seen(host, tenant))],
    async (host, tenant) => await host.restore(tenant, await seen(host, tenant)),
  ],
  [
    "that motion ceased",
    [THREE],
    (host, tenant) => host.recordMotion(tenant, "u", { sensorId: "hall", at: at(-58), state: "CLEARED" }),
  ],
  [
    "an end before motion",
    [THREE, start, motion(-25)],
    (host, tenant) => host.end(tenant, { sessionId: "walk", endedAt: at(-29) }),
  ],
  ["a correction of its start", [THREE], correction({ startedAt: at(-92) })],
  ["a start that is corrected beyond motion", [THREE], correction({ startedAt: at(-88) })],
  ["an end that is corrected before motion", [THREE], correction({ endedAt: at(-88) })],
];

test.each(MEANWHILE.flatMap(([name, ...said]) => [[name, false, ...said], [name, true, ...said]] as const))(
  "%s leaves nothing and no place without a session, before whichever request of an erasure it is said (a session that stays: %s)",
  async (name, hasMore, before, say) => {
    let tries = 0;
    for (let isMet = true; isMet; tries++) {
      isMet = false;
      const { state, dynamo, eraser, other } = createWorld();
      const tenant = `meanwhile ${name} ${hasMore} ${tries}`;
      for (const one of before) await one(other, tenant);
      // By a clock ahead: it is the latest, and begins after the erasure.
      if (hasMore) await motion(8)(other, tenant);
      state.requests = 0;
      state.meanwhile.set(tries + 1, async () => {
        isMet = true;
        await say(other, tenant).catch((error: unknown) => {
          expect(error).toBeInstanceOf(InvalidInputError);
          if (name === "a split") expect(error).toMatchObject({ fields: [{ path: ["at"] }] });
        });
      });
      expect(await eraser.eraseSensor(tenant, "hall")).toMatchObject({ isDone: true });
      const left = dynamo.dump("sessions");
      const places = left.filter(({ sk }) => (sk as string).startsWith("hall#T#")).map((one) => [one.session, one.at]);
      const sessions = left.filter(({ sk }) => (sk as string).endsWith("#SESSION"));
      const sheets = left.filter(({ sk }) => (sk as string).startsWith("hall#M#"));
      const heard = sheets.flatMap((sheet) => (sheet.heard as string[]).map((text) => parseHeard(text).at));
      expect([tries, sessions.map(startOf)]).toEqual([tries, hasMore ? [at(8)] : []]);
      const named = sessions.map((one) => [(one.sk as string).split("#")[0], startOf(one)]);
      expect([tries, places]).toEqual([tries, named]);
      expect([tries, heard.filter((instant) => instant < at(8))]).toEqual([tries, []]);
      // What a deletion takes out is out already.
      if (/deletion|restoration/.test(name)) continue;
      const out = left.flatMap(({ erasedMotions }) => (erasedMotions ?? []) as number[]);
      const past = (acknowledged.get(tenant) ?? []).filter((instant) => instant < at(8));
      expect([tries, out.sort((a, b) => a - b)]).toEqual([tries, past.sort((a, b) => a - b)]);
    }
    expect(tries).toBeGreaterThan(5);
  },
);

test("a start that is corrected to a past that was erased is refused by its own field", async () => {
  const { state, eraser, other } = createWorld();
  await motion(-7, -4)(other, "field");
  await eraser.eraseSensor("field", "hall");
  await motion(8)(other, "field");
  state.requests = 0;
  await expect(correction({ startedAt: at(-5) })(other, "field")).rejects.toMatchObject({
    fields: [{ path: ["startedAt"], message: expect.stringContaining("was erased") }],
  });
});

test.each([[[]], [[-30, -10]], [[-30, 5]]])(
  "a repeat of a batch of %j keeps what is counted and nothing else, wherever an erasure dies meanwhile that another ends",
  async (minutes) => {
    let tries = 0;
    for (let isMet = true, moment = 1; isMet; moment++) {
      isMet = false;
      for (let isDead = true, death = 1; isDead; death++, tries++) {
        isDead = false;
        const { state, objects, eraser, other } = createWorld();
        const tenant = `repeat ${minutes.join()} ${moment} ${death}`;
        await batch(0, ...minutes)(other, tenant);
        state.requests = 0;
        state.now = NOW + MIN;
        state.meanwhile.set(moment, async () => {
          isMet = true;
          state.meanwhile.set(moment + death, () => {
            isDead = true;
            throw new Error("died");
          });
          await eraser.eraseSensor(tenant, "hall").catch(() => undefined);
          state.meanwhile.clear();
        });
        const refused = (error: unknown) => expect(error).toBeInstanceOf(InvalidInputError);
        await batch(0, ...minutes)(other, tenant).catch(refused);
        state.requests = 0;
        if (isMet) await eraser.eraseSensor(tenant, "hall");
        const there = (await other.find(tenant, ["walk"])).get("walk");
        const counted = there ? [minutes.filter((minute) => !isMet || at(minute) > there.startedAt - 1)] : [];
        const kept = [...objects.values()].map((readings) => readings.map((one) => (one.at - NOW) / MIN));
        expect([moment, death, kept, there?.sampleCount]).toEqual([moment, death, counted, counted[0]?.length]);
      }
    }
    expect(tries).toBeGreaterThan(20);
  },
);

test.each([[[]], [[-30, -10]], [[-30, 5]]])(
  "nor does one of %j that comes before whichever request of an erasure that dies at any later one",
  async (minutes) => {
    let tries = 0;
    for (let isMet = true, moment = 1; isMet; moment++) {
      isMet = false;
      for (let isDead = true, death = 0; isDead; death++, tries++) {
        isDead = false;
        const { state, objects, eraser, other } = createWorld();
        const tenant = `before ${minutes.join()} ${moment} ${death}`;
        await batch(0, ...minutes)(other, tenant);
        state.requests = 0;
        state.now = NOW + MIN;
        const refused = (error: unknown) => expect(error).toBeInstanceOf(InvalidInputError);
        state.meanwhile.set(moment, async () => {
          isMet = true;
          await batch(0, ...minutes)(other, tenant).catch(refused);
          state.meanwhile.set(state.requests + 1 + death, () => {
            isDead = true;
            throw new Error("died");
          });
        });
        await eraser.eraseSensor(tenant, "hall").catch(() => undefined);
        state.meanwhile.clear();
        state.requests = 0;
        if (isDead) await eraser.eraseSensor(tenant, "hall");
        const there = (await other.find(tenant, ["walk"])).has("walk");
        expect([moment, death, objects.size]).toEqual([moment, death, there ? 1 : 0]);
      }
    }
    expect(tries).toBeGreaterThan(20);
  },
);

test("an erasure leaves what has the id of an erased session since, at another sensor or at its own, with all that is beside it", async () => {
  for (const sensorId of ["hall", "door"]) {
    let tries = 0;
    for (let isMet = true; isMet; tries++) {
      isMet = false;
      const { state, dynamo, eraser, other } = createWorld();
      const tenant = `since ${sensorId} ${tries}`;
      await start(other, tenant);
      state.requests = 0;
      state.meanwhile.set(tries + 1, async () => {
        isMet = true;
        await other.eraseSensor(tenant, "hall");
        state.now = NOW + MIN;
        await other.create(tenant, "u", { sensorId, sessionId: "walk", startedAt: NOW + 1 });
        await other.update(tenant, { sessionId: "walk", updateId: "once", incrementMotionCount: true });
      });
      await eraser.eraseSensor(tenant, "hall");
      if (!isMet) continue;
      // What began at the sensor itself before this erasure did is erased by it, whole.
      const isErased = sensorId === "hall" && !(await other.find(tenant, ["walk"])).has("walk");
      const own = dynamo.dump("sessions").filter(({ sk }) => (sk as string).startsWith("walk#"));
      const parts = new Set(own.map(({ sk }) => (sk as string).split("#")[1]));
      expect([sensorId, tries, parts]).toEqual([sensorId, tries, new Set(isErased ? [] : ["SESSION", "U"])]);
    }
    expect(tries).toBeGreaterThan(5);
  }
});

const OLD = (1_995 - 2_026) * 365 * 24 * 60;
test.each<[string, Say]>([
  ["readings", batch(0, -30, OLD)],
  ["readings beside the first ones", async (host, tenant) => {
    await batch(0, -30)(host, tenant);
    await batch(1, -29, OLD)(host, tenant);
  }],
  ["motion", motion(OLD)],
  ["a length", (host, tenant) =>
    host.ingestBatch(tenant, "u", {
      ...{ ...WALK, batchOffset: 0, durationMs: 1_000 * 24 * 60 * MIN },
      readings: [{ at: at(-30), values: [1] }],
    })],
])("what nobody can believe is kept aside no more once it is erased, whenever that is: %s", async (name, say) => {
  let tries = 0;
  for (let isMet = true; isMet; tries++) {
    isMet = false;
    const { state, dynamo, objects, eraser, other } = createWorld();
    const tenant = `aside ${name} ${tries}`;
    // Something is there to erase.
    await motion(-40)(eraser, tenant);
    state.requests = 0;
    state.meanwhile.set(tries + 1, async () => {
      isMet = true;
      await eraser.eraseSensor(tenant, "hall");
    });
    await say(other, tenant).catch((error: unknown) => expect(error).toBeInstanceOf(InvalidInputError));
    const left = dynamo.dump("sessions").filter(({ sk }) => (sk as string).startsWith("hall#Q#"));
    expect([tries, left.length, objects.size]).toEqual(isMet ? [tries, 0, 0] : [tries, 1, expect.any(Number)]);
  }
  expect(tries).toBeGreaterThan(2);
});

test("a sheet of batches comes to no session that was erased meanwhile", async () => {
  let tries = 0;
  for (let isMet = true; isMet; tries++) {
    isMet = false;
    const { state, dynamo, eraser, other } = createWorld();
    const tenant = `sheet ${tries}`;
    for (let offset = 0; offset < 23; offset++) await batch(offset, offset - 40)(other, tenant);
    state.requests = 0;
    state.meanwhile.set(tries + 1, async () => {
      isMet = true;
      await eraser.eraseSensor(tenant, "hall");
    });
    await batch(23, -10)(other, tenant).catch((error: unknown) => expect(error).toBeInstanceOf(InvalidInputError));
    const sheets = dynamo.dump("sessions").filter(({ sk }) => (sk as string).startsWith("walk#D#"));
    expect([tries, sheets.length]).toEqual([tries, isMet ? 0 : 1]);
  }
  expect(tries).toBeGreaterThan(3);
});
