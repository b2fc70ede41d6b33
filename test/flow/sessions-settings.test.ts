import { afterAll, beforeAll, expect, test } from "vitest";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { mutate } from "../kit/sessions.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MIN = 60_000;
const DAY = 86_400_000;
let api: TestApp;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOW });
});
afterAll(() => api.stop());

const motion = (sensorId: string) => mutate(api, "t", "recordMotion", { sensorId, at: new Date(NOW).toISOString() });

test("what holds for a sensor and for the tenant is readable, and says which settings are the sensor's own", async () => {
  await motion("hall");
  await motion("door");
  await mutate(api, "t", "configureSessions", { idleTimeout: 2 * MIN, maxBehindDays: 10, keepDays: 60 });
  await mutate(api, "t", "configureSessions", { sensorId: "hall", idleTimeout: 3 * MIN, maxLength: DAY });
  const settings = "settings { idleTimeout maxAhead maxBehindDays maxApart maxLength keepDays own }";
  const query = `{ hall: sensor(sensorId: "hall") { ${settings} } door: sensor(sensorId: "door") { ${settings} }
    sessions(first: 1) { nodes { sensor { name ${settings} } } }
    sessionSettings { idleTimeout maxAhead maxBehindDays maxApart maxLength keepDays own } }`;
  const { data } = await api.ask("t", query);
  const tenant = { maxAhead: 10 * MIN, maxBehindDays: 10, maxApart: DAY, keepDays: 60 };
  const door = { ...tenant, idleTimeout: 2 * MIN, maxLength: 30 * DAY, own: [] };
  const hall = { ...tenant, idleTimeout: 3 * MIN, maxLength: DAY, own: ["IDLE_TIMEOUT", "MAX_LENGTH"] };
  expect(data).toMatchObject({ hall: { settings: hall }, door: { settings: door }, sessionSettings: door });
  expect([hall, door]).toContainEqual(data.sessions.nodes[0].sensor.settings);
});

test("a sensor has the name that people give it, wherever it is shown; null takes it away", async () => {
  await motion("attic");
  const name = async () => {
    const query =
      `{ sensor(sensorId: "attic") { name } sensors(filter: { search: "dachboden" }) { nodes { sensorId } } }`;
    const { data } = await api.ask("t", query);
    return [data.sensor.name, data.sensors.nodes.map(({ sensorId }: { sensorId: string }) => sensorId)];
  };
  expect(await name()).toEqual([null, []]);
  expect(await mutate(api, "t", "renameSensor", { sensorId: "attic", name: "Dachboden" })).toMatchObject({
    ...{ sensorId: "attic", name: "Dachboden" },
  });
  expect(await name()).toEqual(["Dachboden", ["attic"]]);
  await motion("attic");
  expect(await name()).toEqual(["Dachboden", ["attic"]]);
  await mutate(api, "t", "renameSensor", { sensorId: "attic", name: null });
  expect(await name()).toEqual([null, []]);
  expect(await mutate(api, "t", "renameSensor", { sensorId: "none", name: "x" })).toMatchObject({ code: "NOT_FOUND" });
  expect(await mutate(api, "t", "renameSensor", { sensorId: "attic", name: "" })).toMatchObject({
    ...{ code: "INVALID_INPUT", fields: [{ path: ["name"] }] },
  });
});
