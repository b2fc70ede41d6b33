import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseConfig, variables } from "../../api/config.ts";
import { COMMANDED } from "../../api/entry/cli/commands.ts";
import { commandOf, IMAGE_PATHS, type Program, programs } from "../../api/entry/cli/permissions.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const textOf = (name: string) => readFileSync(join(ROOT, name), "utf8");
const dockerfile = textOf("Dockerfile");
const compose = textOf("compose.yaml");

/** The instructions of a stage, each on one line, comments left out. */
function stage(name: string): string[] {
  const joined = dockerfile.replace(/^#.*\n/gm, "").replace(/\\\n\s*/g, "");
  const found = joined.split(/^(?=FROM )/m).find((text) => text.split("\n")[0]!.endsWith(` AS ${name}`));
  return (found ?? "").split("\n").filter(Boolean);
}

/** The text of one service, or of one `x-` part, of compose.yaml. */
function part(name: string): string {
  const indent = compose.includes(`\n  ${name}:\n`) ? "  " : "";
  const text = compose.split(`\n${indent}${name}:`)[1] ?? "";
  return text.split(new RegExp(`\\n(?=${indent}[\\w-]+:|[\\w-]+:)`))[0]!;
}

describe("what is started", () => {
  test("is what permissions.ts says, everywhere (npm run generate)", () => {
    for (const [name, make] of Object.entries(COMMANDED)) expect(textOf(name)).toBe(make(textOf(name)));
    for (const program of ["serve", "local"] as const) {
      const command = commandOf(program, IMAGE_PATHS);
      const last = stage(program).findLast((line) => line.startsWith("CMD "))!;
      expect(JSON.parse(last.slice("CMD ".length)).slice(0, command.length)).toEqual(command);
    }
  });

  test("has a reason for each permission, and never all of them", () => {
    for (const [program, { entry, grants }] of Object.entries(programs)) {
      expect(grants.filter(({ why }) => why.length < 10)).toEqual([]);
      expect(textOf(entry).length).toBeGreaterThan(0);
      expect(commandOf(program as Program, IMAGE_PATHS).join(" ")).not.toMatch(/allow-all|-A\b|allow-ffi/);
    }
    expect(dockerfile + compose + textOf("api/entry/cli/start.sh")).not.toMatch(/allow-all|"-A"/);
    expect(JSON.parse(textOf("package.json")).scripts.start).toBe("exec sh api/entry/cli/start.sh");
  });
});

describe("the Dockerfile", () => {
  test("names bases by arguments, each with a version and none as latest", () => {
    const bases = [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)].map(([, name, image]) => [name!, image!]);
    expect(bases.filter(([, image]) => !/:[\w.-]*\d+\.\d+\.\d+/.test(image!) || image!.includes("latest"))).toEqual([]);
    const from = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    expect(from.filter((image) => image !== "sources" && !bases.some(([name]) => image === `\${${name}}`))).toEqual([]);
  });

  test("has the Deno and the Node of package.json", () => {
    const { dependencies, devDependencies } = JSON.parse(textOf("package.json"));
    expect(dockerfile).toContain(`distroless-${dependencies.deno}\n`);
    expect(dockerfile).toContain(`debian-${dependencies.deno}\n`);
    expect(dockerfile).toContain(`node:${devDependencies.node}-`);
  });

  test("installs by the lock file alone, without the tools, and runs no script of a package", () => {
    const installs = dockerfile.replace(/\\\n\s*/g, "").match(/npm [a-z]+[^&\n]*/g)!.map((line) => line.trim());
    const commands = installs.filter((line) => !line.startsWith("npm fetches"));
    expect(new Set(commands.map((line) => line.split(" ")[1]))).toEqual(new Set(["ci", "uninstall"]));
    expect(commands.filter((line) => !line.includes("--omit=dev") || !line.includes("--ignore-scripts"))).toEqual([]);
    expect(dockerfile).not.toMatch(/\b(curl|wget|apt-get|apk)\b|^ADD /m);
  });

  test.each(["serve", "local"])("%s runs as nobody, is asked how it is, and stops by SIGTERM", (name) => {
    const lines = stage(name);
    expect(lines).toContain("USER 65532:65532");
    expect(lines.indexOf("USER 65532:65532")).toBeGreaterThan(lines.findLastIndex((line) => line.startsWith("RUN ")));
    expect(lines).toContain("STOPSIGNAL SIGTERM");
    expect(lines.some((line) => line.startsWith("HEALTHCHECK ") && line.includes("api/entry/cli/health.ts"))).toBe(
      true,
    );
    expect(lines.filter((line) => line.startsWith("COPY") && !line.includes("--from="))).toEqual([]);
    expect(lines.some((line) => /^LABEL .*org\.opencontainers\.image\.title=/.test(line))).toBe(true);
    const { host, port, dataDir } = parseConfig(
      Object.fromEntries(
        lines.find((line) => line.startsWith("ENV "))!.slice(4).split(/\s+/).map((pair) => pair.split("=")),
      ),
    );
    expect({ host, port, dataDir }).toEqual({ host: "0.0.0.0", port: 4_000, dataDir: IMAGE_PATHS.data });
  });

  test("makes serve where no target is named", () => {
    expect([...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].at(-1)![1]).toBe("serve");
  });
});

describe("what a build gets to see", () => {
  const lines = textOf(".dockerignore").split("\n").filter((line) => line && !line.startsWith("#"));

  test("is a list of what it needs", () => {
    expect(lines[0]).toBe("*");
    expect(lines.filter((line) => line.startsWith("!"))).toEqual(
      ["package.json", "package-lock.json", ".npmrc", "deno.json", "schema", "api"].map((name) => `!${name}`),
    );
  });

  test("leaves out nothing that a container runs", () => {
    const left = lines.filter((line) => !line.startsWith("!") && line !== "*").map((line) => line.replace("*", ""));
    const isLeft = (file: string) => left.some((name) => file.startsWith(name));
    const files = readdirSync(join(ROOT, "api"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => `api/${name}`);
    const missing = files.filter((file) => !isLeft(file)).flatMap((file) =>
      [...textOf(file).matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)]
        .map(([, target]) => join(file, "..", target!))
        .filter(isLeft)
        .map((target) => `${file} needs ${target}`)
    );
    expect(missing).toEqual([]);
    expect(Object.values(programs).filter(({ entry }) => isLeft(entry))).toEqual([]);
  });
});

describe("compose.yaml", () => {
  test("gives no service more than it needs", () => {
    for (const law of ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]']) {
      expect(part("x-hardened")).toContain(law);
    }
    for (const name of ["x-service", "keys", "valkey"]) expect(part(name)).toContain("<<: *hardened");
    for (const name of ["x-api", "sojourn"]) expect(part(name)).toContain("<<: *service");
    expect(compose).not.toMatch(/privileged|docker\.sock|:latest|network_mode: host/);
    expect(part("x-service")).toMatch(/tmpfs: \["\/tmp:.*noexec,nosuid,nodev"\]/);
  });

  test("opens ports on this machine's loopback address only", () => {
    const ports = [...compose.matchAll(/ports: \["(.*)"\]/g)].map(([, port]) => port!);
    expect(ports).toHaveLength(3);
    expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
  });

  test("starts one container with a volume, or by a profile two with what they share", () => {
    expect(part("sojourn")).not.toContain("profiles");
    expect(part("sojourn")).toContain('volumes: ["data:/data"]');
    for (const name of ["keys", "valkey", "x-api"]) expect(part(name)).toContain("profiles: [aws]");
    for (const name of ["api-a", "api-b"]) expect(part(name)).toContain("<<: *api");
    expect(part("x-api")).toContain('volumes: ["keys:/data:ro"]');
  });

  test("waits longer for an end than the service does", () => {
    const grace = Number(/stop_grace_period: (\d+)s/.exec(part("x-service"))![1]);
    expect(grace).toBeGreaterThan(parseConfig({}).drainSeconds);
  });

  test("passes on every variable but those that the container sets itself", () => {
    const passed = [...`${part("x-variables")}\n${part("x-aws")}`.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name!);
    const own = ["PORT", "HOST", "DATA_DIR", "DYNOXIDE_BIN", "REDIS_URL", "SIGNING_KEY_FILE"];
    const wanted = Object.keys(variables).filter((name) => !own.includes(name));
    const credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    expect(passed.toSorted()).toEqual([...wanted, ...credentials].toSorted());
  });
});
