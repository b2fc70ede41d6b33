/** `npm run bundle`: one zip for each function in infra/dist; the same sources, lock file and Node give the same bytes. */
import { build, type Metafile } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import process from "node:process";
import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";
import { functions, type FunctionSpec } from "../api/functions.ts";

export type Bundle = {
  zip: string;
  /** Of the zip. */
  bytes: number;
  sha256: string;
  /** The files in it, with their bytes. */
  files: Readonly<Record<string, number>>;
  /** The sources that are loaded before the first answer, and all that are in it. */
  loaded: readonly string[];
  sources: readonly string[];
};

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const NATIVE_FETCH = "node_modules/@whatwg-node/fetch/dist/global-ponyfill.js";
/** The threads for strangers' files: what starts them asks for this file beside its own. */
const WORKER = { startedBy: "api/anki/work/pool.ts", entry: "api/anki/work/worker.ts", file: "anki-worker" };
/** FSRS's optimiser, which the threads read from beside them, where mutations are answered. */
const OPTIMIZER = { in: "http", file: "fsrs_browser_bg.wasm", from: "node_modules/fsrs-browser/fsrs_browser_bg.wasm" };
/** The start of the zip format's calendar. It holds local time, so the date is made from parts. */
const MTIME = new Date(1980, 0, 1);
const MODE = 0o100644;

/** Packages with parts in CommonJS ask for Node's own modules by `require`, which modules do not have. */
const BANNER = 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);';

/** Bundles every function into `outDir`. */
export async function bundleFunctions(outDir: string): Promise<Record<string, Bundle>> {
  await mkdir(outDir, { recursive: true });
  const specs = Object.values<FunctionSpec>(functions);
  return Object.fromEntries(
    await Promise.all(specs.map(async (spec) => [spec.name, await bundleFunction(spec, outDir)] as const)),
  );
}

/** Bundles one function into `outDir`, which is there. */
export async function bundleFunction({ name, entry }: FunctionSpec, outDir: string): Promise<Bundle> {
  const { outputFiles, metafile } = await built({ index: entry });
  const sources = sourcesOf(metafile);
  // Threads begin at a file of their own.
  const worker = sources.includes(WORKER.startedBy) ? await built({ [WORKER.file]: WORKER.entry }) : undefined;
  sources.push(...(worker ? sourcesOf(worker.metafile) : []));
  const made = [...outputFiles, ...worker?.outputFiles ?? []];
  const files = new Map(made.map(({ path, contents }) => [path.slice(path.lastIndexOf("/") + 1), contents]));
  if (name === OPTIMIZER.in) files.set(OPTIMIZER.file, await readFile(join(ROOT, OPTIMIZER.from)));
  const bytes = await zipOf(files);
  const zip = join(outDir, `${name}.zip`);
  await writeFile(zip, bytes);
  return {
    zip,
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    files: Object.fromEntries([...files].map(([file, contents]) => [file, contents.length])),
    loaded: loadedOf(metafile),
    sources: [...new Set(sources)].sort(),
  };
}

function built(entryPoints: Record<string, string>) {
  return build({
    absWorkingDir: ROOT,
    entryPoints,
    outdir: "out",
    outExtension: { ".js": ".mjs" },
    chunkNames: "part-[hash]",
    bundle: true,
    // What is imported when it is first needed lies in files of its own.
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node22",
    mainFields: ["module", "main"],
    banner: { js: BANNER },
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "error",
    // Lambda's entries turn GraphiQL off; it is 9 MB.
    external: ["@graphql-yoga/render-graphiql"],
    // Node has fetch and its classes; what it lacks (URLPattern) is asked for at other paths than /graphql only.
    alias: { "@whatwg-node/fetch": join(ROOT, NATIVE_FETCH) },
  });
}

function sourcesOf({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
}

/** The sources of the entry's file and of what that imports at once. */
function loadedOf({ outputs }: Metafile): string[] {
  const loaded = new Set<string>();
  const visit = (file: string): void => {
    if (loaded.has(file) || !outputs[file]) return;
    loaded.add(file);
    outputs[file].imports.filter(({ kind }) => kind === "import-statement").forEach(({ path }) => visit(path));
  };
  Object.entries(outputs).filter(([, { entryPoint }]) => entryPoint?.startsWith("api/entry/")).forEach(([file]) =>
    visit(file)
  );
  return [...loaded].flatMap((file) => Object.keys(outputs[file]!.inputs)).sort();
}

async function zipOf(files: ReadonlyMap<string, Uint8Array>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const name of [...files.keys()].sort()) {
    const options = { mtime: MTIME, forceDosTimestamp: true, mode: MODE, compressionLevel: 9 };
    zip.addBuffer(Buffer.from(files.get(name)!), name, options);
  }
  zip.end();
  return await buffer(zip.outputStream);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const bundles = await bundleFunctions(join(ROOT, "infra/dist"));
  for (const [name, { bytes, files, loaded }] of Object.entries(bundles)) {
    const unpacked = Object.values(files).reduce((sum, each) => sum + each, 0);
    console.log(`${name.padEnd(9)} ${bytes} bytes zipped, ${unpacked} unpacked, ${loaded.length} modules at start`);
  }
}
