import { expect, test } from "vitest";
import { kindOf, sayInOrders } from "../proof/sessions-orders.ts";

/** Some of the histories of `test/proof/orders.ts`: always the same ones. */
const HISTORIES = 60;

test(
  "the sessions of a sensor are a function of the set of what was said: in any order, with repeats, over two processes",
  async () => {
    for (let i = 0; i < HISTORIES; i++) expect(await sayInOrders(`gate.${i}`, 5)).toBeUndefined();
  },
  240_000,
);

test(
  "also where people merge, split and correct them meanwhile, and take it back",
  async () => {
    for (let i = 0; i < HISTORIES; i++) {
      expect(await sayInOrders(`people.${i}`, 4, { isCorrected: true })).toBeUndefined();
    }
  },
  240_000,
);

test(
  "also where several sessions begin at the very same instant, with people and without",
  async () => {
    for (let i = 0; i < HISTORIES; i++) {
      const isCorrected = i % 2 === 0;
      expect(await sayInOrders(`tied.${i}`, 4, { isTied: true, isCorrected })).toBeUndefined();
    }
  },
  240_000,
);

test.each([
  ["r1.3648", "an end said after a split, of motion whose session was opened anew since, is of the later half"],
  ["e2.50", "a session that is created at the very instant at which motion opened one ends the one before it"],
])("%s: %s", async (seed) => {
  expect(await sayInOrders(seed, 5, kindOf(seed))).toBeUndefined();
});
