import { expect, test } from "vitest";
import { createWorld, NOW } from "../kit/erasing-world.ts";

/** A session that nothing says the start of begins when its batch came, until something does: whatever people did meanwhile. */
const MIN = 60_000;
const START = NOW - 60 * MIN;
type World = ReturnType<typeof createWorld>;
type Say = (host: World["other"], tenant: string, state: World["state"]) => Promise<unknown>;

const at = (minute: number) => START + minute * MIN;
const seen = async (host: World["other"], tenant: string, ...ids: string[]) =>
  [...(await host.find(tenant, ids)).values()].map(({ sessionId, version }) => ({
    sessionId,
    expectedVersion: version,
  }));
/** Batches without readings, which come at that minute. */
const guess = (sessionId: string, minute: number): Say => (host, tenant, state) => {
  state.now = at(minute);
  const batch = { sessionId, sensorId: "hall", batchOffset: 0, readings: [] };
  return host.ingestBatch(tenant, "u", batch).finally(() => void (state.now = NOW));
};
const read = (sessionId: string, ...minutes: number[]): Say => (host, tenant) =>
  host.ingestBatch(tenant, "u", {
    ...{ sessionId, sensorId: "hall", batchOffset: 1 },
    readings: minutes.map((minute) => ({ at: at(minute), values: [minute] })),
  });
const create = (sessionId: string, minute: number): Say => (host, tenant) =>
  host.create(tenant, "u", { sessionId, sensorId: "hall", startedAt: at(minute) });
const motion = (minute: number): Say => (host, tenant) =>
  host.recordMotion(tenant, "u", { sensorId: "hall", at: at(minute) });
const correct = (sessionId: string, minute: number | null): Say => async (host, tenant) =>
  await host.correct(tenant, {
    ...(await seen(host, tenant, sessionId))[0]!,
    startedAt: minute === null ? null : at(minute),
  });
const end = (sessionId: string, minute: number): Say => (host, tenant) =>
  host.end(tenant, { sessionId, endedAt: at(minute) });
const merge = (...ids: string[]): Say => async (host, tenant) => {
  // Motion opened the one that has no name.
  const { edges } = await host.list(tenant, { sensorId: "hall" }, { first: 9 });
  const opened = edges.find(({ node }) => node.sessionId.startsWith("i"))?.node.sessionId;
  const named = ids.map((id) => (id === "motion" ? opened! : id));
  expect(await host.merge(tenant, { sessions: await seen(host, tenant, ...named) })).toMatchObject({ session: {} });
};
const split = (sessionId: string, minute: number, newSessionId: string): Say => async (host, tenant) =>
  await host.split(tenant, { ...(await seen(host, tenant, sessionId))[0]!, at: at(minute), newSessionId });
const undo = (sessionId: string): Say => async (host, tenant) =>
  await host.undo(tenant, (await seen(host, tenant, sessionId))[0]!);

let worlds = 0;
async function startsOf(...said: readonly Say[]) {
  const { other, state } = createWorld();
  const tenant = `guesses ${worlds++}`;
  for (const say of said) {
    state.requests = 0;
    await say(other, tenant, state);
  }
  const { edges } = await other.list(tenant, { sensorId: "hall" }, { first: 9 });
  return Object.fromEntries(edges.map(({ node: { sessionId, startedAt } }) => [sessionId, (startedAt - START) / MIN]));
}

/** In place of the guess of a session named "walk", at 10. */
const STATED: [name: string, Say][] = [["a reading", read("walk", 40)], ["who creates it", create("walk", 40)]];

test.each<[string, Say[], number]>([
  ["a person's word of it that was taken back", [correct("walk", 7), correct("walk", null)], 40],
  ["what somebody created", [create("film", 30), merge("walk", "film")], 30],
  ["what its device says", [read("film", 30), merge("walk", "film")], 30],
  ["what motion opened", [motion(30), merge("walk", "motion")], 30],
  ["what a person said the start of", [create("film", 20), correct("film", 30), merge("walk", "film")], 30],
  ["what was split off another", [read("film", 5, 35), split("film", 30, "late"), merge("walk", "late")], 30],
  ["another guess, which stays", [guess("film", 12), merge("walk", "film")], 12],
  ["a guess that was one with what is known", [
    guess("film", 12),
    create("next", 30),
    merge("film", "next"),
    merge("walk", "film"),
  ], 12],
  ["two, one by one", [create("film", 30), merge("walk", "film"), create("next", 35), merge("walk", "next")], 30],
  ["one whose merge was taken back", [create("film", 30), merge("walk", "film"), undo("walk")], 40],
  ["one, and a person's word of both that was taken back", [
    create("film", 30),
    merge("walk", "film"),
    correct("walk", 5),
    correct("walk", null),
  ], 30],
  ["one, beneath a person's word that was taken back since", [
    create("film", 30),
    correct("walk", 5),
    merge("walk", "film"),
    correct("walk", null),
  ], 30],
])(
  "a guess gives way to what is stated, and the whole begins no later than any part of it: %s",
  async (_, said, from) => {
    for (const [, state] of STATED) {
      expect(await startsOf(guess("walk", 10), ...said)).toMatchObject({ walk: 10 });
      expect(await startsOf(guess("walk", 10), ...said, state)).toMatchObject({ walk: from });
    }
  },
);

test("also where it is stated between a person's acts", async () => {
  for (const [, state] of STATED) {
    const corrected = [correct("walk", 7), state, correct("walk", null)];
    expect(await startsOf(guess("walk", 10), ...corrected)).toEqual({ walk: 40 });
    const merged = [create("film", 30), merge("walk", "film"), correct("walk", 5), state, correct("walk", null)];
    expect(await startsOf(guess("walk", 10), ...merged)).toEqual({ walk: 30 });
  }
});

test("a guess that is stated of one part leaves that of another", async () => {
  const both = [guess("walk", 10), guess("film", 12), create("next", 30), merge("film", "next"), merge("walk", "film")];
  expect(await startsOf(...both, read("film", 50))).toEqual({ walk: 10 });
  expect(await startsOf(...both, read("walk", 50))).toEqual({ walk: 12 });
  expect(await startsOf(...both, read("walk", 50), read("film", 45))).toEqual({ walk: 30 });
  expect(await startsOf(...both, read("film", 25), read("walk", 50))).toEqual({ walk: 25 });
});

test("what a person's word of the start is taken back from begins with its earliest part", async () => {
  const late = [create("walk", 20), correct("walk", 5)];
  expect(await startsOf(...late, create("film", 10), merge("walk", "film"), correct("walk", null))).toEqual({
    walk: 10,
  });
  expect(await startsOf(...late, read("film", 10), merge("walk", "film"), correct("walk", null))).toEqual({ walk: 10 });
  const guessed = [...late, guess("film", 10), merge("walk", "film"), correct("walk", null)];
  expect(await startsOf(...guessed)).toEqual({ walk: 10 });
  expect(await startsOf(...guessed, read("film", 45))).toEqual({ walk: 20 });
});

test("what was split begins before it was cut, whatever is stated in place of its start", async () => {
  const justBefore = 20 - 1 / MIN;
  for (const [, state] of STATED) {
    const said = [guess("walk", 10), end("walk", 50), split("walk", 20, "rest"), state];
    expect(await startsOf(...said)).toEqual({ walk: justBefore, rest: 20 });
  }
  const corrected = [create("walk", 30), end("walk", 50), correct("walk", 5), split("walk", 20, "rest")];
  expect(await startsOf(...corrected, correct("walk", null))).toEqual({ walk: justBefore, rest: 20 });
});
