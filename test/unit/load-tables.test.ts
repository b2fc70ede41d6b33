import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readAccessLog } from "../../api/local/load/access-log.ts";
import { numberOf, recordsOf } from "../../api/local/load/csv.ts";
import { isEventLine, readEventLines } from "../../api/local/load/event-lines.ts";
import { motionColumns, readMotionTable } from "../../api/local/load/motion-table.ts";
import { findColumns, namedRows } from "../../api/local/load/named-columns.ts";
import { createRepeats } from "../../api/local/load/repeats.ts";
import { createSkipped, REFUSING } from "../../api/local/load/skipped.ts";
import { createVisits } from "../../api/local/load/visits.ts";
import { isFull } from "../../api/local/lock.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "sojourn-load-"))));
afterEach(() => rm(folder, { recursive: true }));

async function* rowsOf(...rows: Record<string, string>[]) {
  let line = 1;
  for (const cells of rows) {
    const blank = Object.keys(cells).filter((name) => cells[name] === "");
    yield {
      line: ++line,
      cells: Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell)),
      blank,
      text: "",
    };
  }
}

describe("a table", () => {
  const cellsOf = async (text: string | Uint8Array, name = "t.csv") => {
    const file = join(folder, name);
    await writeFile(file, text);
    return (await Array.fromAsync(recordsOf(file))).map(({ cells, line }) => [line, ...cells]);
  };

  test("is parted by what parts its first line outside of quotes; of two that part it equally it is no comma", async () => {
    expect(await cellsOf("a;b,c\n1;2,3\n")).toEqual([[1, "a", "b,c"], [2, "1", "2,3"]]);
    expect(await cellsOf("a,b,c;d\n")).toEqual([[1, "a", "b", "c;d"]]);
    expect(await cellsOf('"x;y;z",b\n1,2')).toEqual([[1, "x;y;z", "b"], [2, "1", "2"]]);
    expect([await cellsOf("a\tb\n"), await cellsOf("a|b\n"), await cellsOf("\n\na\n")]).toEqual([
      ...[[[1, "a", "b"]], [[1, "a", "b"]], [[3, "a"]]],
    ]);
  });

  test("is read whole: quotes over lines, any ends of lines, BOM, packed; the line is where a record ends", async () => {
    expect(await cellsOf('\ufeffa, b \r\n"x\ny",2\r3,"4 ""q"""')).toEqual([[1, "a", "b"], [3, "x\ny", "2"], [
      4,
      "3",
      '4 "q"',
    ]]);
    expect(await cellsOf(gzipSync("a,b\n1,2\n"), "t.csv.gz")).toEqual([[1, "a", "b"], [2, "1", "2"]]);
  });

  test("that is none says what is wrong", async () => {
    await expect(cellsOf(Uint8Array.of(97, 44, 0xe4, 10))).rejects.toThrow(/is no UTF-8/);
    await expect(cellsOf(`a,b\n${"x".repeat(66_000)}\n`)).rejects.toThrow(/more than 65536 characters/);
    await expect(cellsOf("a,b", "t.csv.gz")).rejects.toThrow();
    await expect(Array.fromAsync(recordsOf(join(folder, "none.csv")))).rejects.toThrow();
  });

  const numbers = [
    ...[["1.5", ",", 1.5], ["1,5", ",", undefined], ["1,5", ";", 1.5], ["-,5", ";", -0.5], ["1.5", ";", 1.5]],
    ...[["1e3", ",", 1000], ["1e1000", ",", undefined], ["-1e999", ",", undefined], ["+.5", ",", 0.5], ["5.", ",", 5], [
      "1,5,0",
      ";",
      undefined,
    ]],
    ...[["", ",", undefined], ["0x10", ",", undefined], [".", ",", undefined], ["1 000", ",", undefined]],
  ] as [string, "," | ";", number | undefined][];
  test.each(numbers)("has %j for a number where %j parts it: %j", (text, separator, number) => {
    expect(numberOf(text, { separator })).toBe(number);
  });

  test("has its columns by our name in any writing, by what they are often called, or by what somebody says", () => {
    const names = { sensorId: ["device"], at: ["time"] };
    const find = (heading: string[], given: [string, string][] = [], needed = ["at"]) => {
      try {
        return Object.fromEntries(findColumns(heading, { names, needed, given: new Map(given) }));
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(find(["Sensor ID", "TIME"])).toEqual({ sensorId: 0, at: 1 });
    expect(find(["device", "sensor_id", "at", "time"])).toEqual({ sensorId: 1, at: 2 });
    expect(find(["when", "at"], [["at", "When"]])).toEqual({ at: 0 });
    expect(find(["at"], [["at", "When"]])).toContain('no column is called "When"');
    expect(find(["at", "AT"])).toContain("two columns may be at");
    for (const name of ["place", "constructor", "__proto__"]) {
      expect(find(["at"], [[name, "x"]])).toContain(`--columns names ${name}, which is none of sensorId, at`);
    }
    expect(find(["device"])).toContain("names no column for at");
    // An empty name says that there is none, whatever others are called.
    expect(find(["device", "at"], [["sensorId", ""]])).toEqual({ at: 1 });
    expect(find(["device", "at"], [["at", ""]])).toContain("names no column for at");
  });

  test("has cells without the space around them and the apostrophe of an export; an empty one is told as such", async () => {
    async function* records() {
      yield { cells: [" a ", "'=1+1", "'x"], line: 2 };
      yield { cells: ["", "b"], line: 3, separator: ";" as const };
    }
    const columns = new Map([["one", 0], ["two", 1], ["three", 2]]);
    expect(await Array.fromAsync(namedRows(records(), columns))).toEqual([
      { line: 2, cells: { one: "a", two: "=1+1", three: "'x" }, blank: [], text: " a ,'=1+1,'x" },
      { line: 3, cells: { two: "b" }, blank: ["one", "three"], text: ",b", separator: ";" },
    ]);
  });
});

describe("motion", () => {
  const read = async (rows: Record<string, string>[], sensor?: string) => {
    const skipped = createSkipped();
    const motion = await readMotionTable(rowsOf(...rows), skipped, { zone: "UTC", sensor });
    return { motion: motion.map(({ at, ...own }) => [at.slice(17, 19), own]), told: skipped.told() };
  };
  const at = (second: string) => `2026-06-01T12:00:${second}Z`;
  const own = { sensorId: "hall" };

  test("is told in the order of time, with its number where it has one, and that it ceased", async () => {
    const { motion, told } = await read([
      { at: at("09"), sensorId: "hall", state: "OFF" },
      { at: at("01"), sensorId: "hall", state: "on", seq: "07", boot: "b" },
      { at: at("05"), sensorId: "hall", state: "1,0", boot: "b" },
    ]);
    expect([motion, told]).toEqual([[
      ["01", { ...own, seq: 7, boot: "b" }],
      ["05", own],
      ["09", { ...own, state: "CLEARED" }],
    ], []]);
  });

  test("is none where the sensor is away or its value says none; what nobody can tell is left out and told by its line", async () => {
    const { motion, told } = await read([
      { at: at("01"), state: "unavailable" },
      { at: at("02"), state: "" },
      { at: at("03"), state: "maybe" },
      { at: at("04"), value: "0.0" },
      { at: at("05"), value: "" },
      { at: at("06"), value: "17" },
      { at: "soon", value: "1" },
      { at: at("08"), value: "1", seq: "-1" },
    ], "hall");
    expect(motion).toEqual([["06", own]]);
    expect(told.map((line) => line.split(":")[0])).toEqual(["line 3", "line 4", "line 6", "line 8", "line 9"]);
    expect((await read([{ at: at("01"), value: "1" }])).told).toEqual(["line 2: it names no sensor"]);
  });

  test("has no state unasked where somebody says which is the value", () => {
    const given = (...names: string[]) => new Map(names.map((name) => [name, "x"]));
    expect([given(), given("value"), given("value", "state")].map((own) => "state" in motionColumns(own))).toEqual([
      ...[true, false, true],
    ]);
    expect("state" in motionColumns(new Map([["value", ""]]))).toBe(true);
  });

  const words = [
    ...["0", "00,0", "off", "False", "NO", "clear", "cleared", "no motion", "undetected", "inactive", "idle"],
    ...["unoccupied", "vacant", "absent", "close", "closed"],
  ];
  const unreached = ["none", "null", "unavailable", "Unknown"];
  test.each([
    ["ceased", words, ["CLEARED"], []],
    ["is not known", unreached, [], []],
    ["is there", ["1", "on", "motion", "detected", "occupied", "open"], ["DETECTED"], ["DETECTED"]],
  ])(
    "that %s by one word does so in a column of any name, and is never one event more",
    async (_, all, state, value) => {
      for (const name of ["state", "status", "new_state", "value", "motion", "occupancy"]) {
        const columns = findColumns(["at", name], {
          names: motionColumns(new Map()),
          needed: ["at"],
          given: new Map(),
        });
        for (const word of all) {
          async function* records() {
            yield { cells: [at("01"), word], line: 2 };
          }
          const skipped = createSkipped();
          const motion = await readMotionTable(namedRows(records(), columns), skipped, { zone: "UTC", sensor: "hall" });
          expect([name, word, motion.map((own) => own.state ?? "DETECTED"), skipped.told()]).toEqual([
            ...[name, word, columns.has("state") ? state : value, []],
          ]);
        }
      }
    },
  );

  test("has a number that the API takes, or its row is told and left out: a request that is refused would end the load", async () => {
    const taken = ["0", "007", "2147483647"];
    const told = ["2147483648", "4294967296", "9".repeat(400), "-1", "+1", "1.5", "1e3", "0x1", "a7"];
    const found = await read([...taken, ...told].map((seq) => ({ at: at("01"), seq })), "hall");
    expect(found.motion.map(([, own]) => (own as { seq: number }).seq)).toEqual([0, 7, 2_147_483_647]);
    expect(found.told).toHaveLength(told.length);
    expect(found.told[0]).toContain("--columns seq= that there is none");
  });
});

describe("visits", () => {
  test("end with a pause of more than half an hour, each visitor's by itself, and count from one", () => {
    const visits = createVisits();
    const of = (visitor: string, minutes: number) => {
      const { sessionId, source, seq } = visits.next(visitor, visitor, NOW + minutes * MINUTE);
      return [sessionId, source, seq];
    };
    const [first, later] = [NOW / 1_000, (NOW + 61 * MINUTE) / 1_000];
    expect([of("a", 0), of("b", 0), of("a", 30), of("a", 29), of("a", 60), of("b", 61)]).toEqual([
      [`a-${first}`, "main", 1],
      [`b-${first}`, "main", 1],
      [`a-${first}`, "main", 2],
      // One that comes late does not draw the visit's end back.
      [`a-${first}`, "main", 3],
      [`a-${first}`, "main", 4],
      [`b-${later}`, "main", 1],
    ]);
  });

  test("of two browsers of one host are two, and their names are as long as names may be", () => {
    const visits = createVisits();
    const ids = ["curl", "wget"].map((agent) =>
      visits.next(`${"h".repeat(200)} ${agent}`, "h".repeat(200), NOW).sessionId
    );
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^h{90}-\d+-[0-9a-f]{8}$/);
    expect(visits.next("v".repeat(200), "v".repeat(200), NOW).sessionId).toMatch(/^v{100}-\d+$/);
  });
});

test("lines of an access log are pages, forms and files, in visits of a host and its browser; others are told", () => {
  const skipped = createSkipped();
  const line = (request: string, rest = '200 5 "-" "curl"', host = "1.2.3.4") =>
    `${host} - - [01/Jun/2026:12:00:00 +0000] "${request}" ${rest}`;
  const lines = [
    line("GET /a/b.html?x=1 HTTP/1.1", '200 5 "https://x.y/" "curl"'),
    line("POST /form HTTP/1.1"),
    line("GET /a.b/c HTTP/1.1", "304 -"),
    line("GET /style.css HTTP/2"),
    "",
    line("nonsense"),
    "nothing",
  ];
  const events = [...readAccessLog(lines, skipped, "UTC")];
  expect(events.map(({ type, page, seq, properties }) => [type, page, seq, properties])).toEqual([
    ["PAGE_VIEWED", "/a/b.html?x=1", 1, {
      status: 200,
      bytes: 5,
      method: "GET",
      referrer: "https://x.y/",
      userAgent: "curl",
    }],
    ["FORM_COMPLETED", "/form", 2, { status: 200, bytes: 5, method: "POST", userAgent: "curl" }],
    ["PAGE_VIEWED", "/a.b/c", 1, { status: 304, bytes: 0, method: "GET" }],
    ["FILE_REQUESTED", "/style.css", 3, { status: 200, bytes: 5, method: "GET", userAgent: "curl" }],
  ]);
  expect(skipped.told().map((text) => text.split(":")[0])).toEqual(["line 6", "line 7"]);
});

test("events of JSON lines come with their fields alone; what was refused when it came does not come again", () => {
  const skipped = createSkipped();
  const event = { sessionId: "s", seq: 1, type: "A", occurredAt: "2026-06-01T12:00:00Z" };
  const lines = [
    ...[
      JSON.stringify({ ...event, receivedAt: "x", other: 1 }),
      " ",
      JSON.stringify({ ...event, outdone: true }),
      "[]",
      "x",
    ],
  ];
  expect([...readEventLines(lines, skipped)]).toEqual([event]);
  expect(skipped.told().map((text) => text.slice(0, 24))).toEqual([
    "line 4: is no JSON objec",
    "line 5: is no JSON objec",
  ]);
  expect([isEventLine(lines[0]!), isEventLine('{"sessionId":1,"type":2}'), isEventLine("{}"), isEventLine("x")])
    .toEqual([
      ...[true, false, false, false],
    ]);
});

test("twenty lines that say nothing are told, each once, in eighty characters; of the rest how many", () => {
  const skipped = createSkipped();
  for (let line = 1; line <= 23; line++) {
    skipped.add(line, "why", "x".repeat(100));
    skipped.add(line, "again");
  }
  expect([skipped.count(), skipped.told().length, skipped.told()[0], skipped.told().at(-1)]).toEqual([
    ...[23, 21, `line 1: why: ${"x".repeat(80)}`, "and 3 more"],
  ]);
  expect(() => REFUSING.add(4, "why", "x".repeat(100))).toThrow(`line 4 why: ${"x".repeat(80)}`);
});

test("equal texts are numbered in the second run, others are one", () => {
  const repeats = createRepeats();
  const texts = ["a", "b", "a", "c", "a", "b"];
  for (const text of texts) repeats.note(text);
  expect(texts.map((text) => repeats.number(text))).toEqual([1, 1, 2, 1, 3, 2]);
  expect(repeats.number("d")).toBe(1);
});

test.each<[object, boolean]>([
  ...[[{ code: "ENOSPC", message: "" }, true], [{ code: "EDQUOT", message: "" }, true]] as [object, boolean][],
  ...[[{ message: "database or disk is full" }, true], [{ message: "No space left on device" }, true]] as [
    object,
    boolean,
  ][],
  ...[[{ code: "EACCES", message: "permission denied" }, false]] as [object, boolean][],
])("that a disk is full is told by %j: %j", (error, expected) => {
  expect(isFull(error)).toBe(expected);
});
