import { expect, test } from "vitest";
import { noActs, sayInOrders } from "../proof/sessions-orders.ts";
import { kindOf } from "../proof/sessions-histories.ts";

/** Some of the histories of `test/proof/orders.ts`: always the same ones. */
const HISTORIES = 32;
/** As the histories of these seeds were. */
const PLAIN = { isCoarse: false, isNumbered: false, isLasting: false, isMoved: false, isAside: false };

test(
  "the sessions of a sensor are a function of the set of what was said: in any order, with repeats, over two processes",
  async () => {
    for (let i = 0; i < HISTORIES; i++) expect(await sayInOrders(`gate.${i}`, 5)).toBeUndefined();
  },
);

test(
  "also where people merge, split and correct them meanwhile, and take it back",
  async () => {
    for (let i = 0; i < HISTORIES; i++) {
      expect(await sayInOrders(`people.${i}`, 4, { isCorrected: true })).toBeUndefined();
    }
  },
);

test(
  "also where people delete and restore sessions, and take back whatever can be taken back",
  async () => {
    const counts = noActs();
    for (let i = 0; i < HISTORIES * 3 / 4; i++) {
      const kind = { isCorrected: true, isTakenBack: true, isTied: i % 2 === 0, isClearing: i % 3 === 0 };
      expect(await sayInOrders(`back.${i}`, 3, kind, counts)).toBeUndefined();
    }
    // Each was done, and some of them often; the proof does the rest.
    const { paused: _, admitted: _admitted, dropped: _dropped, ...acts } = counts;
    for (const done of Object.values(acts)) expect(done).toBeGreaterThan(3);
  },
);

test(
  "also where several sessions begin at the very same instant, with people and without",
  async () => {
    for (let i = 0; i < HISTORIES; i++) {
      const isCorrected = i % 2 === 0;
      expect(await sayInOrders(`tied.${i}`, 4, { isTied: true, isCorrected })).toBeUndefined();
    }
  },
);

test.each([
  ["r1.3648", "an end said after a split, of motion whose session was opened anew since, is of the later half"],
  ["e2.50", "a session that is created at the very instant at which motion opened one ends the one before it"],
  ["t2.497", "an end that is said of a session and then of what it was merged into is said of both"],
  ["u5.190", "a session whose corrected start is taken back may be a part of another then"],
  ["u6.1361", "a start that a person had corrected does not come back by a merge"],
  ["u8.469", "also one that a person had split before, beside motion that comes late"],
  ["L6.7994", "a session is split at one instant once"],
])("%s: %s", async (seed) => {
  expect(await sayInOrders(seed, 5, { ...kindOf(seed), ...PLAIN, isTakenBack: false, isPaused: false, isExact: false }))
    .toBeUndefined();
});

test(
  "also where sessions are paused, beside all that people do, at the very instants of sessions and elsewhere",
  async () => {
    const counts = noActs();
    for (let i = 0; i < HISTORIES / 3; i++) {
      const kind = { isCorrected: i % 3 > 0, isTakenBack: i % 3 > 1, isClearing: i % 5 === 0, isExact: i % 2 === 0 };
      expect(await sayInOrders(`paused.${i}`, 3, { ...kind, isPaused: true }, counts)).toBeUndefined();
    }
    expect(counts.paused).toBeGreaterThan(20);
  },
);

test.each([
  ["z1.21", "an end of a pause is taken where a person said that there was none"],
  ["z1.82", "motion that a pause held goes where it belongs once that has an end, also one that it brought itself"],
  ["pz.134", "the same pause of a session, and of motion that lies in it for a while, is two"],
  ["pz.680", "what was said of a merge again is no pause that came since"],
  ["R1.144", "a pause that came with motion goes on with it once a split is taken back"],
  ["R7.79", "a pause goes to the later half of a session, and not of one whose motion it came to hold"],
  ["R9.315", "also where its pauses brought that motion, and the end of one comes later"],
  ["T1.1906", "also where the session was created beside motion that a person had split"],
])("%s: %s", async (seed) => {
  expect(await sayInOrders(seed, 5, { ...kindOf(seed), ...PLAIN, isPaused: true })).toBeUndefined();
});

test("also at the edges of the timeout, with numbers that come again, motion that lasted, other sensors, and clocks ahead", async () => {
  const counts = noActs();
  for (let i = 0; i < HISTORIES / 3; i++) {
    const people = { isCorrected: i % 3 > 0, isTakenBack: i % 3 > 1, isPaused: i % 4 === 0, isClearing: i % 5 === 0 };
    const kind = {
      isCoarse: i % 2 === 0,
      isNumbered: i % 3 < 2,
      isLasting: i % 3 > 0,
      isMoved: true,
      isAside: i % 2 > 0,
    };
    expect(await sayInOrders(`harder.${i}`, 3, { ...people, ...kind }, counts)).toBeUndefined();
  }
  expect([counts.admitted, counts.dropped].every((done) => done > 2)).toBe(true);
});

test.each([
  ["OA.80964", "a pause goes to whom it lies in once a merge is taken back, whoever has that one's id by then"],
  ["OA.81610", "a session is split at one instant once, also where a person said that it ended there"],
  [
    "PA.62445",
    "motion lies where the line has it, also before motion whose bridge takes away the end that had held both",
  ],
  [
    "RA.98987",
    "what is said of motion goes with it also where that is another's, further on, once a merge is taken back",
  ],
  ["PA.94181", "a length is none of what begins so late by a person's word that its device cannot have measured it"],
])("%s: %s", async (seed) => {
  expect(await sayInOrders(seed, 5, kindOf(seed))).toBeUndefined();
});
