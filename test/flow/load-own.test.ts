import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLoad } from "../../api/local/load/command.ts";
import { schema11 } from "../kit/anki-file.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { dumpEvents } from "../kit/dump-objects.ts";
import { makeTempDir } from "../kit/local.ts";
import { smallContent } from "../kit/review.ts";
import { serveApp } from "../kit/serve-app.ts";

let api: TestApp;
let server: Awaited<ReturnType<typeof serveApp>>;
let folder: Awaited<ReturnType<typeof makeTempDir>>;

beforeAll(async () => {
  folder = await makeTempDir();
  api = await startTestApp();
  server = await serveApp(api);
});
afterAll(async () => {
  server.stop();
  await api.stop();
  await folder.remove();
});

async function load(what: string, name: string, content: string | Uint8Array, tenant: string, ...more: string[]) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const path = join(folder.path, name);
  await writeFile(path, content);
  const args = [what, path, "--tenant", tenant, "--url", server.url, ...more];
  const code = await runLoad({ args, env: { DATA_DIR: api.system.dataDir }, out, err, patienceMs: 300_000 });
  out.end();
  err.end();
  return { code, out: await text(out), err: await text(err) };
}

async function ask(tenant: string, query: string) {
  const { data, errors } = await api.ask(tenant, query);
  if (errors) throw new Error(errors[0]!.message);
  return data;
}

/** What the query that a load told shows. */
const shownBy = (tenant: string, out: string) => ask(tenant, out.slice(out.indexOf("\n{") + 1));

describe("motion of one's own", () => {
  const CSV = [
    "Sensor ID , When,State",
    "hall,2026-03-29 01:30:00,on",
    " hall , 2026-03-29 03:30:00 , 1",
    'hall,"2026-03-29 03:31",off',
    "porch,2026-03-29T04:00:00+0200,ON",
    "porch,1774756860,true",
    "porch,29.3.2026 5 o'clock,true",
    ",2026-03-29 06:00,true",
    "",
  ].join("\r\n");

  test("is taken by its columns' names, in any form of time, with a zone, stray spaces and all", async () => {
    const { code, out, err } = await load(
      "motion",
      "m.csv",
      CSV,
      "m",
      "--columns",
      "at=when",
      "--zone",
      "Europe/Madrid",
    );
    expect([code, out.split("\n")[0]]).toEqual([
      0,
      expect.stringContaining("accepted 5, duplicates 0, rejected 0, skipped lines 2"),
    ]);
    expect(err).toContain("skipped line 7: its time must be RFC 3339");
    expect(err).toContain("skipped line 8: it names no sensor");
    const { sessions } = await shownBy("m", out);
    expect(
      sessions.nodes.map((
        own: { sensor: { sensorId: string }; startedAt: string },
      ) => [own.sensor.sensorId, own.startedAt]),
    )
      .toEqual([
        ["porch", "2026-03-29T04:01:00.000Z"],
        ["porch", "2026-03-29T02:00:00.000Z"],
        ["hall", "2026-03-29T01:30:00.000Z"],
        ["hall", "2026-03-29T00:30:00.000Z"],
      ]);
  });

  test("that is loaded again counts nothing twice", async () => {
    const { out } = await load("motion", "m.csv", CSV, "m", "--columns", "at=when", "--zone", "Europe/Madrid");
    expect(out).toContain("accepted 0, duplicates 5, rejected 0, skipped lines 2");
  });

  test("without a heading and of one sensor is named by options, also packed", async () => {
    const packed = gzipSync("2019-2-27 9:20:00.0,1\n2019-2-27 9:21:00.0,0\n2019-2-27 9:22:00.0,1\n");
    const { code, out } = await load(
      "motion",
      "pir.csv.gz",
      packed,
      "pir",
      "--heading",
      "at,value",
      "--sensor",
      "office",
    );
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 2, duplicates 0")]);
    const { sensor } = await ask("pir", `{ sensor(sensorId: "office") { sessions { nodes { motionEventCount } } } }`);
    expect(sensor.sessions.nodes).toEqual([{ motionEventCount: 2 }]);
  });

  test.each([[";", "semi"], ["\t", "tab"], ["|", "bar"]])(
    "is parted by %j as well, as spreadsheets do",
    async (separator, tenant) => {
      const rows = [["Sensor", "At", "Value"], ["a,b", "2026-01-02 10:00:00,5", "1"], ["c", "2026-01-02 10:00", "0,0"]];
      const csv = `\uFEFF${rows.map((cells) => cells.join(separator)).join("\r\n")}`;
      const { code, out } = await load("motion", `${tenant}.csv`, csv, tenant);
      expect([code, out]).toEqual([0, expect.stringContaining("accepted 1, duplicates 0")]);
      const { sensor } = await ask(tenant, `{ sensor(sensorId: "a,b") { lastMotionAt } }`);
      expect(sensor.lastMotionAt).toBe("2026-01-02T10:00:00.500Z");
    },
  );

  test("whose time is not believed is told as kept aside, and by what it is", async () => {
    const csv = "sensor,at\nfar,2001-01-01 00:00\nfar,31.01.2026 10:00\n";
    const { code, out } = await load("motion", "far.csv", csv, "far");
    expect(code).toBe(0);
    expect(out).toContain("accepted 1, duplicates 0, rejected 0");
    expect(out).toContain("kept aside 1, since their times are not believed");
    expect(out).toContain("  kept aside: far at 2001-01-01T00:00:00.000Z: at: is more than 7300 days behind");
    const { sensor } = await ask("far", `{ sensor(sensorId: "far") { lastMotionAt quarantined { count } } }`);
    expect(sensor).toEqual({ lastMotionAt: "2026-01-31T10:00:00.000Z", quarantined: [{ count: 1 }] });
  });

  test.each([
    ["on", "off"],
    ["Detected", "Cleared"],
    ["1", "0"],
    ["TRUE", "false"],
    ["occupied", "unoccupied"],
  ])(
    "that a state of %s and %s says lasts from the one to the other, once however often it is loaded",
    async (on, off) => {
      const tenant = `state-${on}`;
      const csv = "entity_id,state,last_changed\n" +
        `hall,${off},2026-01-02T11:00:00+00:00\nhall,unavailable,2026-01-02T10:30:00+00:00\nhall,${on},2026-01-02T10:00:00+00:00\n` +
        `hall,${on},2026-01-02T12:00:00+00:00\nhall,${off},2026-01-02T12:20:00+00:00\nhall,ajar,2026-01-02T12:30:00+00:00\n`;
      for (const counts of ["accepted 4, duplicates 0", "accepted 0, duplicates 4"]) {
        const { code, out, err } = await load("motion", "state.csv", csv, tenant);
        expect([code, out]).toEqual([0, expect.stringContaining(`${counts}, rejected 0, skipped lines 1`)]);
        expect(err).toContain(
          "skipped line 7: its state must be on or off, detected or cleared, 1 or 0, true or false",
        );
        const { sessions } = await ask(tenant, "{ sessions { nodes { startedAt endedAt motionEventCount } } }");
        expect(sessions.nodes).toEqual([
          { startedAt: "2026-01-02T12:00:00.000Z", endedAt: "2026-01-02T12:20:00.000Z", motionEventCount: 1 },
          { startedAt: "2026-01-02T10:00:00.000Z", endedAt: "2026-01-02T11:00:00.000Z", motionEventCount: 1 },
        ]);
      }
    },
  );

  test("whose state is no on or off is a value where one says so: no row says that it ceased", async () => {
    const csv = "sensor,at,state\na,2026-01-02 10:00,0.7\na,2026-01-02 10:30,0\na,2026-01-02 10:02,12\n";
    const { err } = await load("motion", "levels.csv", csv, "levels");
    expect(err).toContain("name by --columns value=ITS_NAME");
    const { out } = await load("motion", "levels.csv", csv, "levels-2", "--columns", "value=state");
    expect(out).toContain("accepted 2, duplicates 0, rejected 0, seconds");
    const { sessions } = await ask("levels-2", "{ sessions { nodes { endedAt motionEventCount } } }");
    expect(sessions.nodes).toEqual([{ endedAt: "2026-01-02T10:02:00.000Z", motionEventCount: 2 }]);
  });

  test("of which nobody knows whether it was any is told and left out", async () => {
    const { out, err } = await load(
      "motion",
      "blank.csv",
      "sensor,at,state\na,2026-01-02 10:00,\na,2026-01-02 10:01,on\n",
      "blank",
    );
    expect(out).toContain("accepted 1, duplicates 0, rejected 0, skipped lines 1");
    expect(err).toContain("skipped line 2: its state is empty");
  });

  test.each([
    [
      "of two columns of one name",
      "sensor,at,At\na,2026-01-02,2026-01-03\n",
      "two columns may be at, both called at; say",
    ],
    ["in Latin-1", Buffer.from("sensor,at\nSal\u00f3n,2026-01-02\n", "latin1"), "it is no UTF-8; save it as UTF-8"],
    ["in UTF-16", Buffer.from("\uFEFFsensor,at\na,2026-01-02\n", "utf16le"), "it is no UTF-8; save it as UTF-8"],
  ])("%s is refused with what to do", async (_, csv, message) => {
    const { code, err } = await load("motion", "odd.csv", csv, "odd");
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  test("with columns that are not there is refused with what to say", async () => {
    const { code, err } = await load("motion", "m.csv", "a,b\n1,2\n", "none", "--columns", "at=c");
    expect([code, err]).toEqual([
      1,
      expect.stringContaining('no column is called "c"; say which it is by --columns ours=theirs'),
    ]);
  });
});

describe("sessions of one's own", () => {
  const CSV = "Start,End,Sensor,Activity,Note,Pauses\n" +
    "2026-01-02 08:00,2026-01-02 09:30,bed,sleep; nap,,2026-01-02 08:10/2026-01-02 08:40; 2026-01-02 09:20/\n" +
    '2026-01-02 10:00,2026-01-02 10:10,bed,,"got up,\nsat down",\n' +
    "2026-01-02 12:00,2026-01-02 11:00,bed,,,\n" +
    "2026-01-02 13:00,2026-01-02 14:00,bed,,,13:10-13:20\n" +
    "2026-01-02 12:00,,chair,,,\n";

  test("have start, end, labels and notes; a person's edit stays where they are loaded again", async () => {
    const { code, out, err } = await load("sessions", "s.csv", CSV, "s");
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 3, duplicates 0, rejected 0, skipped lines 2")]);
    expect(err).toContain("skipped line 5: it ends before it starts");
    expect(err).toContain("skipped line 6: its pauses must be from/to, parted by semicolons");
    const query =
      `{ sessions(filter: { sensorId: "bed" }) { nodes { sessionId startedAt endedAt endReason activeDuration pauses { from to }
        labels notes version } } }`;
    const { nodes } = (await ask("s", query)).sessions;
    expect(nodes).toMatchObject([
      {
        startedAt: "2026-01-02T10:00:00.000Z",
        endedAt: "2026-01-02T10:10:00.000Z",
        notes: "got up,\nsat down",
        labels: [],
      },
      {
        ...{ startedAt: "2026-01-02T08:00:00.000Z", endReason: "EXPLICIT", labels: ["sleep", "nap"], notes: null },
        ...{ activeDuration: 50 * 60_000, pauses: [expect.anything(), { to: "2026-01-02T09:30:00.000Z" }] },
      },
    ]);
    await ask(
      "s",
      `mutation { annotateSession(input: { sessionId: "${nodes[1].sessionId}", expectedVersion: ${nodes[1].version},
      labels: ["mine"] }) { __typename } }`,
    );
    const before = (await ask("s", query)).sessions.nodes;
    expect((await load("sessions", "s.csv", CSV, "s")).code).toBe(0);
    expect((await ask("s", query)).sessions.nodes).toEqual(before);
  });

  test("go out by exportSessions and in again as they were", async () => {
    const { exportSessions } = await ask(
      "s",
      `mutation { exportSessions(input: {}) { ... on ExportPayload { url } } }`,
    );
    const csv = await (await fetch(exportSessions.url)).text();
    expect((await load("sessions", "out.csv", csv, "copy")).out).toContain(
      "accepted 3, duplicates 0, rejected 0, seconds",
    );
    const query =
      `{ sessions { nodes { sessionId sensor { sensorId } startedAt endedAt activeDuration pauses { from to } labels notes } } }`;
    expect(await ask("copy", query)).toEqual(await ask("s", query));
  });
});

describe("journeys of one's own", () => {
  test("are JSON lines in the API's shape, wrong ones told and left out or refused by their receipt", async () => {
    const lines = [
      { sessionId: "a", seq: 1, type: "PAGE_VIEWED", occurredAt: "2026-02-01T10:00:00Z", page: "/" },
      { sessionId: "a", seq: 2, type: "MESSAGE_SENT", occurredAt: "2026-02-01T10:00:09+01:00", text: "Hi" },
      { sessionId: "a", seq: 2.5, type: "MESSAGE_SENT", occurredAt: "2026-02-01T10:00:09Z" },
    ].map((event) => JSON.stringify(event));
    const { code, out, err } = await load("journeys", "j.jsonl", [...lines, "{half", ""].join("\n"), "j");
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 2, duplicates 0, rejected 1, skipped lines 1")]);
    expect(out).toMatch(/rejected: .+: seq/);
    expect(err).toContain("skipped line 4: is no JSON object: {half");
    expect((await shownBy("j", out)).journeys.nodes).toMatchObject([{
      sessionId: "a",
      eventCount: 2,
      firstQuestion: "Hi",
    }]);
    // Raw events as they are stored are such lines, too.
    const stored = (await dumpEvents(api.system, "j")).flatMap((own) => own.lines).join("\n");
    expect((await load("journeys", "raw.ndjson", stored, "j2")).out).toContain("accepted 2, duplicates 0, rejected 0");
    expect((await load("journeys", "j.jsonl", lines.join("\n"), "j")).out).toContain(
      "accepted 0, duplicates 2, rejected 1",
    );
  });

  test("are a table by its columns; visits are cut by visitor and pause, and loading goes on where a file grew", async () => {
    const rows = [
      "visitor,time,event,url,properties",
      "ada,2026-02-01 10:00,Page Viewed,/,",
      'ada,2026-02-01 10:05,form_started,/x,"{""a"":1}"',
      "bob,2026-02-01 10:06,page_viewed,/,{",
      "ada,2026-02-01 11:00,page_viewed,/,",
    ];
    const first = await load("journeys", "t.csv", rows.slice(0, 4).join("\n"), "t");
    expect(first.out).toContain("accepted 2, duplicates 0, rejected 0, skipped lines 1");
    expect(first.err).toContain("skipped line 4: its properties are no JSON");
    expect((await load("journeys", "t.csv", rows.join("\n"), "t")).out).toContain(
      "accepted 1, duplicates 2, rejected 0",
    );
    const { journeys } = await ask(
      "t",
      `{ journeys { nodes { visitorId eventCount events { nodes { type properties } } } } }`,
    );
    expect(journeys.nodes.map((own: { eventCount: number }) => own.eventCount)).toEqual([1, 2]);
    expect(journeys.nodes[1].events.nodes).toEqual([
      { type: "PAGE_VIEWED", properties: null },
      { type: "FORM_STARTED", properties: { a: 1 } },
    ]);
  });

  test("are an access log, combined or common, whatever its offset", async () => {
    const log = [
      '10.0.0.1 - - [01/Aug/1995:00:00:01 -0400] "GET /shuttle/ HTTP/1.0" 200 6245',
      '10.0.0.1 - ada [01/Aug/1995:06:00:09 +0200] "POST /order?x=1 HTTP/1.1" 302 - "https://a.example/" "Mozilla/5.0 (X; \\"q\\")"',
      '10.0.0.1 - - [01/Aug/1995:00:00:11 -0400] "GET /logo.gif HTTP/1.0" 304 0',
      "garbage",
      '::1 - - [31/Feb/1995:00:00:11 -0400] "GET / HTTP/1.0" 304 0',
    ].join("\n");
    const { code, out, err } = await load("journeys", "access.log", log, "log");
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 3, duplicates 0, rejected 0, skipped lines 2")]);
    expect(err).toContain("skipped line 4: is no line of a combined access log: garbage");
    const { journeys } = await ask(
      "log",
      `{ journeys(filter: { visitorId: "10.0.0.1" }) { nodes {
      sessionId events { nodes { type occurredAt page properties } } } } }`,
    );
    expect(journeys.nodes).toHaveLength(2);
    expect(journeys.nodes[0].events.nodes).toEqual([{
      type: "FORM_COMPLETED",
      occurredAt: "1995-08-01T04:00:09.000Z",
      page: "/order?x=1",
      properties: {
        status: 302,
        bytes: 0,
        method: "POST",
        referrer: "https://a.example/",
        userAgent: 'Mozilla/5.0 (X; \\"q\\")',
      },
    }]);
    expect(journeys.nodes[1].events.nodes.map(({ type }: { type: string }) => type)).toEqual([
      "PAGE_VIEWED",
      "FILE_REQUESTED",
    ]);
    expect((await load("journeys", "access.log", log, "log")).out).toContain("accepted 0, duplicates 3");
  });
});

describe("a collection", () => {
  test("is uploaded and imported; a dry run only says what would be", async () => {
    const file = schema11(smallContent());
    const dry = await load("collection", "c.anki2", file, "a", "--dry-run");
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/^would bring notes [1-9]/)]);
    expect((await ask("a", "{ decks { name } }")).decks).toEqual([]);
    const { code, out } = await load("collection", "c.anki2", file, "a", "--user", "u");
    expect([code, out]).toEqual([0, expect.stringMatching(/^brought notes [1-9]\d*, cards [1-9]/)]);
    expect((await shownBy("a", out)).decks.length).toBeGreaterThan(0);
  });

  test("that is none is refused with the reason", async () => {
    const { code, err } = await load("collection", "c.apkg", "no zip", "a");
    expect([code, err]).toEqual([1, expect.stringContaining("The file was not imported: ")]);
  });
});

describe("each kind", () => {
  test.each(["journeys", "motion", "sessions", "metrics", "collection"])("says how it is used: %s", async (kind) => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    expect(await runLoad({ args: [kind, "--help"], env: {}, out, err })).toBe(0);
    out.end();
    const help = await text(out);
    expect(help).toContain(`usage: npm run load -- ${kind} FILE`);
    for (const line of help.split("\n")) expect(line.length).toBeLessThanOrEqual(160);
  });

  test("refuses options that are another's, by name", async () => {
    const { code, err } = await load("metrics", "x.csv", "", "x", "--sensor", "s");
    expect([code, err]).toEqual([2, expect.stringContaining("--sensor is for motion, sessions only")]);
  });

  test.each(["+25:00", "Mars/Olympus"])("refuses a zone that is none: %s", async (zone) => {
    const { code, err } = await load("motion", "x.csv", "", "x", "--zone", zone);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        `--zone must be an IANA time zone such as Europe/Madrid, or an offset such as +05:30, got ${zone}`,
      ),
    ]);
  });
});
