import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOperations } from "../kit/operations.ts";
import { createLog } from "../../api/core/log.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { createRandom } from "../proof/random.ts";

/** Generated operations are answered or refused as the contract says: 400 here, 50,000 by `npm run proof:operations`. */
const OPERATIONS = Number(process.env["OPERATIONS"] ?? 400);

/** No answer takes longer, however odd what is kept by then. */
const MAX_ANSWER_MS = 5_000;

let api: TestApp;
const logged: string[] = [];
beforeAll(async () => {
  api = await startTestApp({
    log: createLog("warn", (line) => logged.push(line)),
    env: { RATE_TOKEN: "off", RATE_TENANT: "off", RATE_LOGINS: "off", RATE_REGISTRATIONS: "off", RATE_ADDRESS: "off" },
  });
});
afterAll(() => api.stop());

test("whatever is asked is answered or refused, and never fails on our side", async () => {
  const next = createOperations(api.app.schema, createRandom(process.env["SEED"] ?? "operations"), [
    "query",
    "mutation",
  ]);
  const failures: string[] = [];
  const codes = new Map<string, number>();
  const isLong = process.env["OPERATIONS"] !== undefined;
  const OURS = ["INTERNAL", "UNAVAILABLE", "TIMEOUT"];
  // As in a service that runs, somebody reads the streams meanwhile: audits wait for that, up to 20 seconds.
  let isOver = false;
  const reading = (async () => {
    for (; !isOver; await setTimeout(500)) await api.settle();
  })();
  for (let i = 0; i < OPERATIONS; i++) {
    const { field, query, variables } = next()!;
    const startedAt = performance.now();
    const { status, errors = [] } = await api.ask("generated", query, variables);
    const ms = Math.round(performance.now() - startedAt);
    for (const { extensions } of errors) codes.set(extensions["code"], (codes.get(extensions["code"]) ?? 0) + 1);
    const isOurs = status >= 500 || errors.some(({ extensions }) => OURS.includes(extensions["code"]));
    // The gate does not look at clocks: its machine may do much else.
    if (isOurs || (isLong && ms > MAX_ANSWER_MS)) {
      const asked = `${query} ${JSON.stringify(variables).slice(0, 600)}`;
      failures.push(`${i} (${ms} ms) ${field}: ${asked}\n${logged.splice(0).join("\n").slice(0, 3_000)}`);
      if (isLong) console.log(failures.at(-1));
    }
    if (isLong && i % 2_500 === 0) {
      console.log(i, `${Math.round(process.memoryUsage().rss / 1e6)} MB`, Object.fromEntries(codes));
    }
  }
  isOver = true;
  await reading;
  expect(failures).toEqual([]);
}, 3_600_000);

describe.each([["no text", ""], ["half a character", "\ud800"], ["9,000 characters", "x".repeat(9_000)], [
  "a name of every object",
  "__proto__",
]])("every field that is given %s wherever it takes text", (_name, text) => {
  test("answers or refuses it, and never fails on our side", async () => {
    const next = createOperations(api.app.schema, createRandom(`texts ${text.length}`), ["query", "mutation"], [text]);
    const failures: string[] = [];
    for (let i = 0;; i++) {
      const one = next(i);
      if (!one) break;
      const { field, query, variables } = one;
      const { status, errors = [] } = await api.ask("generated", query, variables);
      const isOurs = errors.some(({ extensions }) => ["INTERNAL", "UNAVAILABLE"].includes(extensions["code"]));
      if (status >= 500 || isOurs) failures.push(`${field}: ${query} ${JSON.stringify(variables).slice(0, 300)}`);
    }
    expect(failures).toEqual([]);
  });
});

describe("what can never be is refused by name", () => {
  const LONG = "x".repeat(9_000);
  const [EARLY, LATE] = ["1900-01-01T00:00:00Z", "9999-12-31T00:00:00Z"];
  const range = (from: string, to: string) => `range: { between: { from: "${from}", to: "${to}" } }`;

  test.each([
    `{ metrics(sources: [JOURNEYS], size: ONE_MINUTE, ${range(EARLY, "1900-01-02T00:00:00Z")}) { source } }`,
    `{ metrics(sources: [JOURNEYS], size: SIXTY_MINUTES, ${range("9999-12-30T00:00:00Z", LATE)}) { source } }`,
    `mutation { auditMetrics(input: { source: JOURNEYS, ${range("2026-01-01T00:00:00Z", LATE)} }) { __typename } }`,
    `{ sessionAnalytics(${
      range("0001-01-01T00:00:00Z", "0001-02-01T00:00:00Z")
    }, timeZone: "Europe/Berlin") { byDay { start } } }`,
    `{ journeyAnalytics(${range(EARLY, LATE)}, timeZone: "UTC") { byDay { start } } }`,
  ])("%s", async (query) => {
    const { status, errors = [] } = await api.ask("generated", query);
    expect([status < 500, errors.filter(({ extensions }) => extensions["code"] === "INTERNAL")]).toEqual([true, []]);
  });

  test.each([
    `query ($id: ID!) { alertHistory(alertId: $id) { nodes { alertId } } }`,
    `query ($id: String!) { journeys(filter: { visitorId: $id }) { nodes { id } } }`,
    `mutation ($id: String!) { exportJourneys(input: { format: CSV, filter: { visitorId: $id } }) { __typename } }`,
  ])("half a character names nobody: %s", async (query) => {
    const { status, errors = [] } = await api.ask("generated", query, { id: "\ud800" });
    expect([status, errors]).toEqual([200, []]);
  });

  test.each([
    `journeyEvents(sessionId: "${LONG}") { cursor }`,
    `sessionChanged(sensorId: "${LONG}") { sessionId }`,
    `sessionChanged(sensorId: "") { sessionId }`,
  ])("a subscription to what cannot be an id: %s", async (field) => {
    const { errors } = await api.ask("generated", `subscription { ${field} }`);
    expect(errors).toMatchObject([{ extensions: { code: "INVALID_INPUT" } }]);
  });

  test("every zone that this runtime lists is taken or refused, and none fails", async () => {
    const more = [
      "Factory",
      "IST",
      "JST",
      "PST",
      "ACT",
      "SystemV/EST5",
      "localtime",
      "posixrules",
      "EST",
      "HST",
      "ROC",
    ];
    const query =
      `query ($z: TimeZone!) { sessionAnalytics(range: { last: MONTH }, timeZone: $z) { byDay { start } } }`;
    for (const z of [...Intl.supportedValuesOf("timeZone"), ...more]) {
      const { errors } = await api.ask("generated", query, { z });
      expect([z, errors?.[0]!.extensions["code"] ?? "BAD_USER_INPUT"]).toEqual([z, "BAD_USER_INPUT"]);
    }
  });
});
