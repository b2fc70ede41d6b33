import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runLoad } from "../../api/local/load/command.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { makeTempDir } from "../kit/local.ts";
import { serveApp } from "../kit/serve-app.ts";

const FIXTURES = new URL("../fixtures/metrics", import.meta.url).pathname;
const COMMITS = `${FIXTURES}/commits.csv`;
const REVIEWS = `${FIXTURES}/anonreviews.csv`;
let api: TestApp;
let server: Awaited<ReturnType<typeof serveApp>>;
let url: string;
let folder: Awaited<ReturnType<typeof makeTempDir>>;
let requests = 0;

beforeAll(async () => {
  folder = await makeTempDir();
  api = await startTestApp();
  server = await serveApp(api, () => void requests++);
  url = server.url;
});
afterAll(async () => {
  server.stop();
  await api.stop();
  await folder.remove();
});

/** Runs the loader as the entry does; the service in the test has the keys of its own folder. */
async function load(file: string, tenant: string, ...more: string[]) {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const args = ["metrics", file, "--tenant", tenant, "--url", url, ...more];
  const code = await runLoad({ args, env: { DATA_DIR: api.system.dataDir }, out, err, patienceMs: 300_000 });
  out.end();
  err.end();
  return { code, out: await text(out), err: await text(err) };
}

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, content);
  return path;
}

const QUERY = `query ($source: MetricSource!, $from: DateTime!, $to: DateTime!) {
  metrics(sources: [$source], size: ONE_MINUTE, range: { between: { from: $from, to: $to } }) { buckets { start count } }
}`;

/** What is counted in the minutes of a day that have anything. */
async function countsOn(tenant: string, day: string, source = "ITEMS"): Promise<Record<string, number>> {
  await api.settle();
  const { data } = await api.ask(tenant, QUERY, { source, from: `${day}T00:00:00Z`, to: `${day}T23:59:59Z` });
  const buckets: { start: string; count: number }[] = data.metrics[0].buckets;
  return Object.fromEntries(buckets.filter(({ count }) => count > 0).map(({ start, count }) => [start, count]));
}

describe("commits", () => {
  test("are records by repository and commit at the committer's time, and count once however often they are loaded", async () => {
    const first = await load(COMMITS, "commits");
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/^accepted 6, duplicates 0, rejected 0, seconds \d+\.\d\nThis shows it, at /);
    expect(first.err).toContain("6 of 6 records");
    const counts = { "2023-06-30T15:27:00.000Z": 1, "2023-06-30T15:30:00.000Z": 1, "2023-06-30T15:31:00.000Z": 1 };
    expect(await countsOn("commits", "2023-06-30")).toEqual(counts);

    const again = await load(COMMITS, "commits", "--batch", "4", "--concurrency", "1");
    expect([again.code, again.out]).toEqual([0, expect.stringContaining("accepted 0, duplicates 6, rejected 0")]);
    expect(await countsOn("commits", "2023-06-30")).toEqual(counts);
  });

  test("are unpacked where they are packed, and count as what --source says", async () => {
    const packed = await write("commits.csv.gz", gzipSync(await readFile(COMMITS)));
    const { out } = await load(packed, "packed", "--source", "TASKS");
    expect(out).toContain("accepted 6, duplicates 0");
    expect(await countsOn("packed", "2024-05-10")).toEqual({});
    expect(await countsOn("packed", "2024-05-10", "TASKS")).toEqual({ "2024-05-10T18:28:00.000Z": 1 });
  });
});

describe("reviews", () => {
  test("that are equal count one by one, also in another order, and once however often they are loaded", async () => {
    expect((await load(REVIEWS, "reviews")).out).toContain("accepted 8, duplicates 0, rejected 0");
    const counts = { "2006-08-22T17:39:00.000Z": 5 };
    expect(await countsOn("reviews", "2006-08-22")).toEqual(counts);
    expect(await countsOn("reviews", "2006-04-07")).toEqual({ "2006-04-07T17:08:00.000Z": 1 });

    const [heading, ...rows] = (await readFile(REVIEWS, "utf8")).trim().split("\n");
    const turned = await write("turned.csv", [heading, ...rows.reverse()].join("\n"));
    const again = await load(turned, "reviews", "--batch", "3");
    expect(again.out).toContain("accepted 0, duplicates 8, rejected 0");
    expect(await countsOn("reviews", "2006-08-22")).toEqual(counts);
  });
});

describe("another table", () => {
  test("needs a recordId and a time: RFC 3339, Unix seconds or milliseconds, or a date and time in UTC", async () => {
    const rows = [
      "\uFEFFat,note,recordId",
      "2026-01-31T12:00:00+02:00,,a",
      "1769853600,,b",
      "1769853600000,,c",
      "2026-01-31 10:00,,d",
      `2026-01-31 10:00:59.5,"with, and ""so""
over two lines","e,e"`,
      "",
    ];
    const { code, out, err } = await load(await write("table.csv", rows.join("\r\n")), "table");
    expect([code, err, out]).toEqual([0, expect.anything(), expect.stringContaining("accepted 5, duplicates 0")]);
    expect(await countsOn("table", "2026-01-31")).toEqual({ "2026-01-31T10:00:00.000Z": 5 });
  });

  test("is a spreadsheet's: other names in any writing, semicolons, and a comma before the fraction", async () => {
    const rows = [
      "Record_ID;Timestamp;Amount",
      "a;2026-01-31 10:00;2,5",
      'b;2026-01-31 10:01;"1,25"',
      "c;2026-01-31 10:02;1.000,5",
    ];
    const { code, out, err } = await load(await write("own.csv", rows.join("\n")), "sheet", "--source", "takings");
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 2, duplicates 0, rejected 0, skipped lines 1")]);
    expect(err).toContain("skipped line 4: its value must be a number");
    await api.settle();
    const { metrics: [{ buckets: [bucket] }] } = (await api.ask(
      "sheet",
      `{ metrics(sources: ["takings"], size: ONE_HOUR, range: { between: { from: "2026-01-31T10:00:00Z", to: "2026-01-31T11:00:00Z" } }) {
        buckets { sum } } }`,
    )).data;
    expect(bucket.sum).toBe(3.75);
  });

  test("names its columns by options, with or without a heading", async () => {
    const named = await load(
      await write("n.csv", "key,when\na,2026-01-31 10:00\n"),
      "named",
      "--columns",
      "recordId=key,at=when",
    );
    expect(named.out).toContain("accepted 1, duplicates 0");
    const bare = await load(
      await write("b.csv", "a,2026-01-31 10:00\nb,2026-01-31 10:00\n"),
      "named",
      "--heading",
      "recordId,at",
    );
    expect(bare.out).toContain("accepted 1, duplicates 1");
  });

  test("longer than what is read at a time is sent whole, in batches", async () => {
    const rows = Array.from({ length: 2_345 }, (_, i) => `${"record-".repeat(12)}${i % 1_000},2026-01-31T10:00:00Z`);
    requests = 0;
    const { out } = await load(await write("long.csv", ["recordId,at", ...rows].join("\n")), "long", "--batch", "200");
    expect(out).toContain("accepted 1000, duplicates 1345");
    // One asks first whether anybody listens.
    expect(requests).toBe(1 + Math.ceil(2_345 / 200));
  });
});

describe("a source of one's own", () => {
  test("is counted with the numbers that its rows have", async () => {
    const rows = [
      "recordId,at,value",
      "a,2026-01-31 10:00,2.5",
      "b,2026-01-31 10:01,-1",
      "c,2026-01-31 10:02,",
      "d,2026-01-31 10:03,x",
    ];
    const { code, out, err } = await load(
      await write("paid.csv", rows.join("\n")),
      "paid",
      "--source",
      "checkout.paid",
    );
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 3, duplicates 0, rejected 0, skipped lines 1")]);
    expect(err).toContain("skipped line 5: its value must be a number");
    await api.settle();
    const { data } = await api.ask("paid", out.slice(out.indexOf("\n{") + 1));
    const counted = data.metrics[0].buckets.filter(({ count }: { count: number }) => count > 0);
    expect(counted).toEqual([{ start: "2026-01-31T10:00:00.000Z", count: 3 }]);
  });
});

describe("what cannot be loaded", () => {
  test.each<[string, string | Uint8Array, string]>([
    ["empty.csv", "", "it is empty"],
    ["heading.csv", "recordId,at\n", "it holds no records"],
    ["other.csv", "a,b\n1,2\n", "its first line names no column for recordId and at; say which"],
    ["columns.csv", "recordId,at\ny\n", "line 2: it has not the 2 columns of the first: y"],
    ["quotes.csv", 'recordId,at\n"x,1769853600\n', "has wrong quotes; quote a cell whole, and double quotes in it"],
    ["id.csv", "recordId,at\n,1769853600\n", "line 2: its id must be 1 to 128 characters, has 0"],
    ["long-id.csv", `recordId,at\n${"x".repeat(129)},1\n`, "line 2: its id must be 1 to 128 characters, has 129"],
    [
      "time.csv",
      "recordId,at\nx,2026-02-30 10:00\n",
      "line 2: its time must be RFC 3339, YYYY-MM-DD HH:MM[:SS] with or",
    ],
    ["early.csv", "recordId,at\nx,1989-12-31T23:59:59Z\n", "line 2: its time must be 1990 or later"],
    ["ahead.csv", "recordId,at\nx,2999-01-01T00:00:00Z\n", "line 2: its time must not be more than 10 minutes ahead"],
    ["no-table.csv", "x".repeat(200_000), "it has a record of more than 65536 characters: it is no table"],
    ["not-packed.csv.gz", "recordId,at\n", "it cannot be read (Z_DATA_ERROR)"],
    ["cut.csv.gz", gzipSync("recordId,at\nx,1769853600\n").subarray(0, 20), "it cannot be read (Z_BUF_ERROR)"],
  ])("is refused before anything is sent: %s", async (name, content, reason) => {
    const file = await write(name, content);
    requests = 0;
    const { code, out, err } = await load(file, "bad");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^The file cannot be loaded: /m);
    expect(err).toContain(reason);
    expect(requests).toBe(1);
  });

  test("of a file with other lines is left out, and told by its number", async () => {
    const rows = ["recordId,at", "x,1769853600", "y", " z , 2026-01-31 12:00 ", ",1769853600"];
    const { code, out, err } = await load(await write("some.csv", rows.join("\n")), "some", "--zone", "Europe/Madrid");
    expect([code, out]).toEqual([0, expect.stringContaining("accepted 2, duplicates 0, rejected 0, skipped lines 2")]);
    expect(err).toContain(
      "skipped line 3: it has not the 2 columns of the first: y\nskipped line 5: its id must be 1 to",
    );
    expect(await countsOn("some", "2026-01-31")).toEqual({
      "2026-01-31T10:00:00.000Z": 1,
      "2026-01-31T11:00:00.000Z": 1,
    });
  });

  test("is not there", async () => {
    const { code, err } = await load(join(folder.path, "nothing.csv"), "bad");
    expect([code, err]).toEqual([1, "The file cannot be loaded: it cannot be read (ENOENT).\n"]);
  });

  test.each([
    [
      ["--source", "JOURNEYS"],
      "--source must be one of ITEMS, SCORE_RESULTS, TASKS, EVALUATIONS, or a name of your own such as checkout.paid, got JOURNEYS",
    ],
    [["--batch", "501"], "--batch must be 1 to 500, got 501"],
    [["--start", "2020-01-01T00:00:00Z"], "--start is for motion only"],
  ])("has wrong arguments, which are named with how to do it: %s", async (more, message) => {
    const { code, out, err } = await load(COMMITS, "bad", ...more);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
    expect(err).toContain("Those without an offset are of --zone");
  });
});

describe("dimensions", () => {
  const rows =
    "recordId,at,value,Town,plan\na,2026-01-31T12:00:00Z,5,Lugo,pro\nb,2026-01-31T12:01:00Z,7,,pro\nc,2026-01-31T12:02:00Z,1,Vigo,\n";

  test("are the columns that are named, by their names or others; empty cells are none", async () => {
    const file = await write("dimensions.csv", rows);
    const done = await load(file, "by", "--source", "sales", "--dimensions", "town=Town,plan");
    expect([done.code, done.out]).toEqual([0, expect.stringMatching(/^accepted 3, duplicates 0, rejected 0/)]);
    await api.settle();
    const by = async (key: string) =>
      (await api.ask(
        "by",
        `query ($key: String!) { metrics(sources: ["sales"], size: ONE_HOUR, by: $key, range: { between: {
          from: "2026-01-31T12:00:00Z", to: "2026-01-31T13:00:00Z" } }) { dimension { value } buckets { sum } } }`,
        { key },
      )).data.metrics.filter(({ dimension }: { dimension: object | null }) => dimension !== null).map((
        { dimension, buckets }: { dimension: { value: string }; buckets: { sum: number }[] },
      ) => [dimension.value, buckets[0]!.sum]).toSorted();
    expect(await by("town")).toEqual([["Lugo", 5], ["Vigo", 1]]);
    expect(await by("plan")).toEqual([["pro", 12]]);
    expect((await load(file, "by", "--source", "sales", "--dimensions", "town=Town,plan")).out).toContain("accepted 0");
  });

  test.each([
    ["town=City", 'no column is called "City"'],
    ["My Town", "--dimensions must be names of columns, or name=column"],
    ["a=b=c", "--dimensions must be names of columns, or name=column"],
    ["a=plan,b=plan,c=plan,d=plan,e=plan,f=plan", "--dimensions must be at most 5, are 6"],
  ])("%s is refused in words", async (dimensions, message) => {
    const { code, err } = await load(await write("dimensions.csv", rows), "by", "--dimensions", dimensions);
    expect([code === 0, err]).toEqual([false, expect.stringContaining(message)]);
  });
});
