import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOperations } from "../kit/operations.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { createRandom } from "../proof/random.ts";

/** Generated operations are answered or refused as the contract says: 400 here, 50,000 by `npm run proof:operations`. */
const OPERATIONS = Number(process.env["OPERATIONS"] ?? 400);

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp({
    env: { RATE_TOKEN: "off", RATE_TENANT: "off", RATE_LOGINS: "off", RATE_REGISTRATIONS: "off", RATE_ADDRESS: "off" },
  });
}, 60_000);
afterAll(() => api.stop());

test("whatever is asked is answered or refused, and never fails on our side", async () => {
  const next = createOperations(api.app.schema, createRandom(process.env["SEED"] ?? "operations"), [
    "query",
    "mutation",
  ]);
  const failures: string[] = [];
  const codes = new Map<string, number>();
  for (let i = 0; i < OPERATIONS; i++) {
    const { field, query, variables } = next();
    const { status, errors = [] } = await api.ask("generated", query, variables);
    for (const { extensions } of errors) codes.set(extensions["code"], (codes.get(extensions["code"]) ?? 0) + 1);
    if (status >= 500 || errors.some(({ extensions }) => extensions["code"] === "INTERNAL")) {
      failures.push(`${field}: ${query} ${JSON.stringify(variables).slice(0, 600)}`);
    }
  }
  if (process.env["OPERATIONS"]) console.log(Object.fromEntries(codes));
  expect(failures).toEqual([]);
}, 3_600_000);

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
  }, 120_000);
});
