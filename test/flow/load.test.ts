import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLoad } from "../../api/local/load/command.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { makeTempDir } from "../kit/local.ts";
import { serveApp } from "../kit/serve-app.ts";
import { sessionOf } from "../kit/sessions.ts";

const FIXTURES = new URL("../fixtures/motion", import.meta.url).pathname;
const OTTO = new URL("../../api/local/sample/otto-sessions.jsonl", import.meta.url).pathname;
let api: TestApp;
let server: Awaited<ReturnType<typeof serveApp>>;
let url: string;
let folder: Awaited<ReturnType<typeof makeTempDir>>;
/** Answers the next requests in place of the service. */
let faults: (() => Response)[] = [];

beforeAll(async () => {
  folder = await makeTempDir();
  api = await startTestApp();
  server = await serveApp(api, () => faults.shift()?.());
  url = server.url;
});
afterAll(async () => {
  server.stop();
  await api.stop();
  await folder.remove();
});

function sink() {
  let written = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  return { stream, text: () => written };
}

/** Runs the loader as the entry does; the service in the test has the keys of its own folder. */
async function load(args: string[], more: { patienceMs?: number; url?: string } = {}) {
  const [out, err] = [sink(), sink()];
  const { patienceMs = 300_000, url: to = url } = more;
  const env = { DATA_DIR: api.system.dataDir };
  const code = await runLoad({ args: [...args, "--url", to], env, out: out.stream, err: err.stream, patienceMs });
  return { code, out: out.text(), err: err.text() };
}

const loadMotion = (path: string, tenant: string, ...more: string[]) =>
  load(["motion", path, "--tenant", tenant, ...more]);
const sessionsOf = async (tenant: string) => {
  const query = `{ sessions(first: 100) { nodes {
    sensor { sensorId } startedAt lastMotionAt motionEventCount status
  } } }`;
  return (await api.ask(tenant, query)).data.sessions.nodes;
};

describe("a table of Ordonez's sensors", () => {
  test("becomes motion events where intervals begin and end, numbered by sensor, its times read as UTC", async () => {
    const { code, out, err } = await loadMotion(`${FIXTURES}/house-sensors.txt`, "house");
    expect(code).toBe(0);
    expect(out).toMatch(
      /^accepted 24, duplicates 0, rejected 0, seconds \d+\.\d\nThis shows it, at http.*\/graphql:\n{ sessions\(/,
    );
    expect(err).toContain("24 of 24 events");
    const sessions: { sensor: { sensorId: string }; motionEventCount: number }[] = await sessionsOf("house");
    const at = (sensorId: string) => sessions.filter(({ sensor }) => sensor.sensorId === sensorId);
    const countsAt = (sensorId: string) => at(sensorId).map(({ motionEventCount }) => motionEventCount);
    // Latest first. Of the chair: 00:40:30, 23:39:00, 23:30:15, then 23:10:40 with 23:14:00, and 20:00:10.
    expect(countsAt("Chair/Pressure/Study")).toEqual([1, 1, 1, 2, 1]);
    expect(countsAt("Hall/PIR/Study")).toEqual([2, 2, 4]);
    expect(at("Sink/PIR/Bathroom")).toEqual([{
      sensor: { sensorId: "Sink/PIR/Bathroom" },
      startedAt: "2024-03-05T23:35:30.000Z",
      lastMotionAt: "2024-03-05T23:37:20.000Z",
      motionEventCount: 2,
      status: "COMPLETED",
    }]);
  });

  test("that is loaded again counts nothing twice", async () => {
    const before = await sessionsOf("house");
    const { out } = await loadMotion(`${FIXTURES}/house-sensors.txt`, "house", "--concurrency", "1");
    expect(out).toContain("accepted 0, duplicates 24, rejected 0");
    expect(await sessionsOf("house")).toEqual(before);
  });
});

describe("trials of w2isp", () => {
  test("become a session a file, alone or as a folder", async () => {
    const alone = await loadMotion(`${FIXTURES}/d1p01M`, "room", "--batch", "3");
    expect([alone.code, alone.out]).toEqual([0, expect.stringContaining("accepted 3, duplicates 0, rejected 0")]);
    const all = await loadMotion(FIXTURES, "room", "--batch", "3");
    expect(all.out).toContain("accepted 3, duplicates 3, rejected 0");
    expect(all.err).toContain("6 of 6 batches");
    expect(await sessionOf(api, "room", "d1p01M")).toMatchObject({
      sensor: { sensorId: "d1p01" },
      status: "COMPLETED",
      startedAt: "2016-01-01T00:00:00.000Z",
      endedAt: "2016-01-01T00:00:04.000Z",
      duration: 4_000,
      sampleCount: 7,
      missingBatches: [],
    });
    const query = `{ session(sessionId: "d1p26F") { readings(first: 3) { nodes { at values } } } }`;
    expect((await api.ask("room", query)).data.session.readings.nodes[2]).toEqual({
      at: "2016-01-01T00:00:00.075Z",
      values: [0.037521, 0.91636, -0.36718, 2, -48, 0.072097, 923.25, 4],
    });
  });

  test("begin where --start says", async () => {
    await loadMotion(`${FIXTURES}/d1p26F`, "start", "--start", "2020-02-29T12:00:00+02:00");
    expect(await sessionOf(api, "start", "d1p26F")).toMatchObject({
      startedAt: "2020-02-29T10:00:00.000Z",
      endedAt: "2020-02-29T10:00:01.750Z",
    });
  });

  test("that differ from what is there are refused, batch by batch, with the reason", async () => {
    await loadMotion(`${FIXTURES}/d1p01M`, "differ", "--batch", "3");
    const { code, out } = await loadMotion(FIXTURES, "differ", "--batch", "3", "--start", "2020-01-01T00:00:00Z");
    expect(code).toBe(0);
    const [summary, ...rest] = out.trim().split("\n");
    const reasons = rest.filter((line) => line.startsWith("  rejected: "));
    expect(summary).toContain("accepted 3, duplicates 0, rejected 3");
    expect(reasons).toHaveLength(3);
    expect(reasons[0]).toMatch(/rejected: batch 0 of .+: Batch 0 of this session came before with other content/);
  });
});

describe("journeys", () => {
  test("are loaded as before", async () => {
    const { code, out, err } = await load(["journeys", OTTO, "--tenant", "shop", "--batch", "100"]);
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 862, duplicates 0, rejected 0")]);
    expect(err).toContain("862 of 862 events");
  });
});

describe("what was not answered", () => {
  test("is sent again until it is, and counts once", async () => {
    faults = [
      () => new Response("no gateway", { status: 502 }),
      () => Response.json({ errors: [{ message: "not now", extensions: { retryable: true } }] }),
    ];
    const { code, out } = await loadMotion(`${FIXTURES}/d1p26F`, "again");
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 1, duplicates 0, rejected 0")]);
  });

  test("ends the load where the service stays away, with what to do", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const to = `http://127.0.0.1:${(other.address() as AddressInfo).port}/graphql`;
    await new Promise((resolve) => other.close(resolve));
    const args = ["motion", `${FIXTURES}/house-sensors.txt`, "--tenant", "away"];
    const { code, out, err } = await load(args, { patienceMs: 0, url: to });
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(`${to} does not answer (`);
    expect(err).toContain("Start it with `npm start`, then run this again: nothing is counted twice.");
  });

  test("ends it at once where the service says no", async () => {
    const { code, err } = await loadMotion(`${FIXTURES}/d1p26F`, "no", "--token", "wrong");
    expect(code).toBe(1);
    expect(err).toContain(`${url} refused a batch: `);
  });
});

describe("what cannot be loaded", () => {
  test.each<[string, string, string]>([
    ["trials with a short line", "d1p02M", "line 2 of d1p02M is not 9 numbers: 1,2,3"],
    ["other files", "some.csv", "its first line names no column for sensorId and at; say which it is by --columns"],
    ["tables of which no line is right", "table.txt", "none of its 1 lines can be read"],
    ["folders without trials", "empty", "the folder holds no trial of w2isp, such as d1p01M"],
    ["files that are not there", "nothing", "it cannot be read (ENOENT)"],
  ])("is refused before anything is sent: %s", async (_name, file, reason) => {
    const heading = "Start time\tEnd time\tLocation\tType\tPlace\r\n----\t----\t----\t----\t----\r\n";
    await writeFile(join(folder.path, "d1p02M"), "0,1,1,1,1,1,1,1,1\n1,2,3\n");
    await writeFile(join(folder.path, "some.csv"), "a,b\n");
    const table = `${heading}2012-02-30 21:14:21\t\t2012-03-01 00:21:49\t\tSeat\t\tPressure\tLiving\r\n`;
    await writeFile(join(folder.path, "table.txt"), table);
    await mkdir(join(folder.path, "empty"), { recursive: true });
    const { code, out, err } = await loadMotion(join(folder.path, file), "bad");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^The file cannot be loaded: /m);
    expect(err).toContain(reason);
    expect(await sessionsOf("bad")).toEqual([]);
  });

  test.each<[string, string[], string]>([
    ["no kind", [], "the first word must be one of journeys, motion, sessions, metrics, collection"],
    ["another kind", ["cats", "f", "--tenant", "t"], "metrics, collection, not cats"],
    ["no file", ["motion", "--tenant", "t"], "one FILE is needed"],
    ["two files", ["motion", "a", "b", "--tenant", "t"], "one FILE is needed"],
    ["no tenant", ["motion", "a"], "--tenant must be 1 to 128 of"],
    ["batches of 5,001", ["motion", "a", "--tenant", "t", "--batch", "5001"], "--batch must be 1 to 5000, got 5001"],
    ["events of 501", ["journeys", "a", "--tenant", "t", "--batch", "501"], "--batch must be 1 to 500, got 501"],
    ["a start without zone", ["motion", "a", "--tenant", "t", "--start", "2020-01-01"], "--start must be an RFC 3339"],
    ["a start of journeys", ["journeys", "a", "--tenant", "t", "--start", "x"], "--start is for motion only"],
    ["a source of motion", ["motion", "a", "--tenant", "t", "--source", "ITEMS"], "--source is for metrics only"],
    ["an unknown flag", ["motion", "a", "--fast"], "Unknown option '--fast'"],
  ])("has wrong arguments, which are named with how to do it: %s", async (_name, args, message) => {
    const { code, out, err } = await load(args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).toContain("usage: npm run load -- ");
  });
});
