import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { variablesTable } from "../../api/config.ts";

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

/** What each file imports: paths of the project, or names of packages. */
function importsOf(file: string): string[] {
  const found = [...textOf(file).matchAll(/^(?:import|export)\b[^"';]*?["']([^"']+)["']/gms)].map((match) => match[1]!);
  return found.map((name) => (name.startsWith(".") ? relative(ROOT, resolve(ROOT, dirname(file), name)) : name));
}

/** The storey of a file: imports may go to the same storey's own folder or further down, never up. */
const STOREYS: readonly (readonly [storey: number, pattern: RegExp])[] = [
  [8, /^api\/entry\//],
  [7, /^api\/(app\.ts|connections\.ts|domains\.ts|local\/)/],
  [6, /^(schema|api\/ingest|api\/jobs)\//],
  [5, /^api\/(auth|journeys|sessions|metrics|analytics|review)\//],
  [4, /^api\/(live|anki|rates)\//],
  [3, /^api\/config\.ts/],
  [2, /^api\/aws\//],
  [1, /^api\/(core\/|resources\.ts)/],
];
const DOMAINS = /^api\/(auth|journeys|sessions|metrics|analytics|review)\//;

function storeyOf(file: string): number | undefined {
  return STOREYS.find(([, pattern]) => pattern.test(file))?.[0];
}

const product = files.filter((file) => !file.startsWith("test/") && !file.startsWith("infra/"));

describe("the tree", () => {
  test("has imports that only go down", () => {
    const climbing = product.flatMap((file) =>
      importsOf(file)
        .filter((target) => (storeyOf(target) ?? 0) > storeyOf(file)!)
        .map((target) => `${file} imports ${target}`)
    );
    expect(climbing).toEqual([]);
  });

  test("has domains that do not know each other, but for the viewer", () => {
    const crossing = product.flatMap((file) => {
      const own = DOMAINS.exec(file)?.[1];
      return importsOf(file)
        .filter((target) => own && own !== "analytics" && (DOMAINS.exec(target)?.[1] ?? own) !== own)
        .filter((target) => target !== "api/auth/viewer.ts")
        .map((target) => `${file} imports ${target}`);
    });
    expect(crossing).toEqual([]);
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

  test(`has no file over ${MAX_LINES} lines`, () => {
    const long = files.filter((file) => textOf(file).split("\n").length > MAX_LINES);
    expect(long).toEqual([]);
  });

  test("has no default exports and no barrels", () => {
    const exceptions = /\.config\.ts$/;
    const found = product.filter((file) => !exceptions.test(file) && /^export (default|\* from)/m.test(textOf(file)));
    expect(found).toEqual([]);
  });

  test("has exactly the folders that DECISIONS.md names at its top", () => {
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !MADE.includes(entry.name))
      .map((entry) => entry.name);
    expect(["api", "infra", "schema", "test"]).toEqual(expect.arrayContaining(folders));
  });
});

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
