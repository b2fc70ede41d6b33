import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { variablesTable } from "../../api/config.ts";
import { ON_BOTH } from "../runtimes.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MAX_LINES = 400;
/** Folders at the top that tools make. */
const MADE = ["node_modules", "coverage", "cdktf.out"];

const files = ["api", "schema", "infra", "test"].flatMap(sourcesBelow);

function sourcesBelow(folder: string): string[] {
  return readdirSync(ROOT).includes(folder)
    ? readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|mjs)$/.test(name) && !name.includes("node_modules"))
      .map((name) => join(folder, name))
    : [];
}

const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** What each file imports, also when it is first needed: paths of the project, or names of packages. */
function importsOf(file: string): string[] {
  const text = textOf(file);
  const found = [
    ...text.matchAll(/^(?:import|export)\b[^"';]*?["']([^"']+)["']/gms),
    ...text.matchAll(/\bimport\(\s*["']([^"']+)["']/g),
  ].map((match) => match[1]!);
  return found.map((name) => (name.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(file), name)) : name));
}

/**
 * The storeys of the house, the highest first: every folder of the product, and each file beside them. Imports stay within a
 * room or go down to a lower storey. A new folder is written here, or the tests fail.
 */
const STOREYS: readonly (readonly string[])[] = [
  ["api/entry"],
  ["api/app.ts", "api/local"],
  ["api/domains.ts"],
  ["api/socket-domain.ts"],
  ["api/connections.ts"],
  ["schema", "api/ingest", "api/jobs"],
  [
    "api/auth",
    "api/journeys",
    "api/sessions",
    "api/metrics",
    "api/analytics",
    "api/review",
    "api/webhooks",
    "api/parked",
    "api/sockets",
  ],
  ["api/live", "api/anki", "api/rates", "api/removals", "api/files"],
  ["api/config.ts"],
  ["api/aws"],
  ["api/functions.ts"],
  ["api/resources.ts"],
  ["api/core"],
  // Pages talk GraphQL only: they import nothing of the service.
  ["api/dashboard"],
  // The script that pages of others include; it runs in their visitors' browsers.
  ["api/browser"],
];
/** Imports that are meant all the same: whose, and of what. */
const SEEN: readonly (readonly [from: string, target: RegExp])[] = [
  // The contract: what pages ask is held against it.
  ["api/dashboard", /^schema\/schema\.graphql$/],
  ["api/analytics", /^api\/(journeys|sessions)\/model\.ts$/],
  ...["journeys", "sessions", "metrics", "analytics", "review", "webhooks", "sockets"].map((domain) =>
    [`api/${domain}`, /^api\/auth\/viewer\.ts$/] as const
  ),
];

const ROOMS = STOREYS.flat();

/** The room that a file is in; undefined for one that is in none. */
const roomOf = (file: string) => ROOMS.find((room) => file === room || file.startsWith(`${room}/`));
const storeyOf = (room: string) => STOREYS.findIndex((rooms) => rooms.includes(room));

const product = files.filter((file) => !file.startsWith("test/") && !file.startsWith("infra/"));

/** Why an import is not allowed; undefined where it is. */
function faultOf(file: string, target: string): string | undefined {
  const [from, to] = [roomOf(file)!, roomOf(target)];
  if (!/^(api|schema|infra|test)\//.test(target) || from === to) return undefined;
  if (to === undefined) return `${file} imports ${target}, which is in no room`;
  if (storeyOf(to) > storeyOf(from)) return undefined;
  return SEEN.some(([who, seen]) => who === from && seen.test(target)) ? undefined : `${file} imports ${target}`;
}

describe("the tree", () => {
  test("has a room for every file", () => {
    expect(product.filter((file) => roomOf(file) === undefined)).toEqual([]);
  });

  test("has imports that only go down, and domains that do not know each other", () => {
    expect(product.flatMap((file) => importsOf(file).flatMap((target) => faultOf(file, target) ?? []))).toEqual([]);
  });

  test("refuses an import from a folder that nobody listed", () => {
    expect(roomOf("api/notes/service.ts")).toBeUndefined();
    expect(faultOf("api/sessions/service.ts", "api/notes/model.ts")).toMatch(/in no room/);
    expect(faultOf("api/sessions/service.ts", "api/journeys/model.ts")).toMatch(/^api\/sessions/);
    expect(faultOf("api/analytics/service.ts", "api/sessions/store.ts")).toMatch(/^api\/analytics/);
    expect(faultOf("api/core/log.ts", "api/aws/dynamo.ts")).toMatch(/^api\/core/);
  });

  test("has no circles of imports", () => {
    expect(circles(files.filter((file) => !file.startsWith("test/")))).toEqual([]);
  });

  test("imports an AWS SDK in api/aws only", () => {
    const others = product.filter((file) => !file.startsWith("api/aws/"));
    expect(others.filter((file) => importsOf(file).some((name) => /^@(aws-sdk|smithy)\//.test(name)))).toEqual([]);
  });

  test("has rules without I/O", () => {
    const rules = product.filter((file) =>
      /\/rules\.ts$|\/projections/.test(file) || file.startsWith("api/core/watermark")
    );
    const impure = rules.flatMap((file) =>
      importsOf(file)
        .filter((name) => /^node:|^api\/aws|store\.ts$|service\.ts$/.test(name))
        .map((name) => `${file} imports ${name}`)
    );
    expect(impure).toEqual([]);
    expect(rules.filter((file) => /\basync\b|\bDate\.now\b|Math\.random/.test(textOf(file)))).toEqual([]);
  });

  test("reads the environment in entries only, which hand it to api/config.ts", () => {
    const readers = product.filter((file) =>
      !/^api\/(entry\/|config\.ts)/.test(file) && /process\.env|Deno\.env/.test(textOf(file))
    );
    expect(readers).toEqual([]);
  });

  test("asks for keys by BETWEEN: in begins_with the embedded store takes capitals for small letters", () => {
    const askers = product.filter((file) => /begins_with\(/.test(textOf(file)));
    expect(askers).toEqual([]);
  });

  test(`has no file over ${MAX_LINES} lines`, () => {
    const long = files.filter((file) => textOf(file).split("\n").length > MAX_LINES);
    expect(long).toEqual([]);
  });

  test("has no default exports and no barrels", () => {
    const exceptions = /\.config\.ts$/;
    const found = product.filter((file) => !exceptions.test(file) && /^export (default|\* from)/m.test(textOf(file)));
    expect(found).toEqual([]);
  });

  test("has exactly these folders at its top", () => {
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !MADE.includes(entry.name))
      .map((entry) => entry.name);
    expect(folders.sort()).toEqual(["api", "infra", "schema", "test"]);
  });
});

/** Files that import each other in the end, each circle once by one of its files. */
function circles(among: readonly string[]): string[] {
  const state = new Map<string, "open" | "done">();
  const found: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") return void found.push([...way.slice(way.indexOf(file)), file].join(" → "));
    state.set(file, "open");
    for (const target of importsOf(file)) if (among.includes(target)) visit(target, [...way, file]);
    state.set(file, "done");
  };
  for (const file of among) visit(file, []);
  return found;
}

describe("the README", () => {
  test("has the table of variables as api/config.ts gives it (npm run generate)", () => {
    expect(textOf("README.md")).toContain(variablesTable());
  });
});

describe("the lock file", () => {
  test("names no registry", () => {
    expect(textOf("package-lock.json")).not.toMatch(/"resolved"/);
  });

  test("pins every package", () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(textOf("package.json"));
    const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(String(version)))).toEqual([]);
  });
});

test("each name of what runs on both runtimes is that of a test", () => {
  const unknown = Object.entries(ON_BOTH).flatMap(([folder, names]) => {
    const files = readdirSync(join(ROOT, "test", folder));
    return names.filter((name) => {
      const pattern = new RegExp(`^${name.replace("*", ".*")}\\.test\\.ts$`);
      return !files.some((file) => pattern.test(file));
    });
  });
  expect(unknown).toEqual([]);
});

test("no test has less time than all have, and waits no shorter for what comes: a machine that is busy fails none", () => {
  const tests = files.filter((file) => file.endsWith(".test.ts"));
  const found = (pattern: RegExp, least: number) =>
    tests.flatMap((file) => [...textOf(file).matchAll(pattern)].map(([, ms]) => `${file} ${ms}`))
      .filter((one) => Number(one.split(" ")[1]!.replaceAll("_", "")) < least);
  expect(found(/^\s*\},\s+([\d_]{4,}),?\s*\);$/gm, 900_000)).toEqual([]);
  expect(found(/\bAbortSignal\.timeout\(([\d_]+)/g, 300_000)).toEqual([]);
  expect(found(/\btimeout: ([\d_]+)/g, 100_000)).toEqual([]);
});
