import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const SHELL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const BUILD_TIMEOUT_MS = 10 * 60_000;

/** What `buildah inspect` tells of an image, as far as we look at it. */
export type ImageConfig = {
  User: string;
  Env: string[];
  Entrypoint: string[];
  Cmd: string[];
  WorkingDir: string;
  StopSignal: string;
  Labels: Record<string, string>;
  Healthcheck: { Test: string[] };
};

/** What this machine lacks to build images and to start them; empty where it has all. */
export function missingTools(): string[] {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return ["a Linux root user"];
  return ["buildah", "unshare", "setpriv", "npm"].filter((name) => spawnSync(name, ["--version"]).status !== 0);
}

/**
 * Builds images with buildah, all of it below `folder`, on bases made of this machine's own files: Node with npm, Deno
 * alone (as distroless has it), and Deno with a shell. No registry of images is asked, only npm's.
 */
export function createBuilder(folder: string) {
  const storage = ["--root", join(folder, "storage"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
  const temp = join(folder, "temp");
  mkdirSync(temp, { recursive: true });

  function buildah(...args: string[]): string {
    const env = { ...process.env, TMPDIR: temp };
    const options = { env, encoding: "utf8", timeout: BUILD_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 } as const;
    const { status, stdout, stderr, error } = spawnSync("buildah", [...storage, ...args], options);
    if (status !== 0) {
      throw new Error(`buildah ${args[0]} failed: ${error?.message ?? (stdout + stderr).slice(-3_000)}`);
    }
    return stdout.trim();
  }

  function makeBase(name: string, programs: Readonly<Record<string, string>>, fill = (_root: string) => {}): string {
    const root = join(folder, name);
    makeTree(root, programs);
    fill(root);
    const file = join(folder, `${name}.containerfile`);
    writeFileSync(file, `FROM scratch\nCOPY . /\nENV PATH=${SHELL_PATH} NODE_EXTRA_CA_CERTS=${CERTIFICATES}\n`);
    buildah("bud", "--isolation", "chroot", "-f", file, "-t", `localhost/${name}:1`, root);
    return `localhost/${name}:1`;
  }

  const deno = realpathSync(join(ROOT, "node_modules/.bin/deno"));
  const tools = Object.fromEntries(["mkdir", "mv", "rm", "chmod", "env"].map((name) => [`/usr/bin/${name}`, name]));
  const bases = {
    NODE_IMAGE: makeBase(
      "base-node",
      { ...tools, "/usr/bin/node": join(ROOT, "node_modules/node/bin/node"), "/bin/sh": "sh" },
      (root) => {
        const npm = dirname(dirname(realpathSync(pathOf("npm"))));
        cpSync(npm, join(root, "usr/lib/npm"), { recursive: true });
        symlinkSync("../lib/npm/bin/npm-cli.js", join(root, "usr/bin/npm"));
      },
    ),
    DENO_IMAGE: makeBase("base-deno", { "/bin/deno": deno }),
    DENO_SHELL_IMAGE: makeBase("base-shell", { "/usr/bin/deno": deno, "/bin/sh": "sh", "/bin/cat": "cat" }),
  };
  const registry = execFileSync("npm", ["config", "get", "registry"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

  return {
    /** Builds a target of the Dockerfile; gives its file tree and what is to be run in it. */
    build(target: string): { tree: string; config: ImageConfig } {
      const args = Object.entries({ ...bases, npm_config_registry: registry.trim() });
      buildah(
        ...["bud", "--format", "docker", "--isolation", "chroot", "--pull-never", "--target", target],
        ...args.flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
        ...["-f", join(ROOT, "Dockerfile"), "-t", `localhost/${target}:1`, ROOT],
      );
      const { Docker } = JSON.parse(buildah("inspect", "--type", "image", `localhost/${target}:1`));
      const container = buildah("from", `localhost/${target}:1`);
      return { tree: buildah("mount", container), config: Docker.config };
    },
  };
}

/** A tree with programs of this machine at paths of their own, and the libraries that they need. */
function makeTree(root: string, programs: Readonly<Record<string, string>>): void {
  for (const path of ["tmp", "proc", "dev", "etc", "home"]) mkdirSync(join(root, path), { recursive: true });
  chmodSync(join(root, "tmp"), 0o1777);
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/sbin/nologin\n");
  if (existsSync(CERTIFICATES)) copyInto(root, CERTIFICATES, CERTIFICATES);
  for (const [path, program] of Object.entries(programs)) {
    const from = program.startsWith("/") ? program : pathOf(program);
    copyInto(root, from, path);
    const libraries = spawnSync("ldd", [from], { encoding: "utf8" }).stdout.match(/\/\S+/g) ?? [];
    for (const library of libraries.filter((name) => !name.endsWith(":"))) copyInto(root, library, library);
  }
}

function copyInto(root: string, from: string, to: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  cpSync(realpathSync(from), join(root, to));
}

function pathOf(program: string): string {
  return execFileSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).trim();
}
