/** What each program may do under Deno, and why. The Dockerfile and `npm start` are made from it (`npm run generate`). */
import { variables } from "../../config.ts";

/** One permission of Deno's. `of` narrows it; empty is all of it. `{app}` and the like stand for paths. */
export type Grant = { what: What; of: readonly string[]; why: string };
type What = (typeof KINDS)[number];

/** Where an installation has what. */
export type Paths = { app: string; data: string; temp: string; secrets: string; home: string };

export type Program = keyof typeof programs;

const KINDS = ["net", "env", "read", "write", "sys", "run"] as const;

const CONFIG: Grant = {
  what: "env",
  of: Object.keys(variables).filter((name) => !name.startsWith("AWS_")),
  why: "api/config.ts reads these.",
};

const SERVE: readonly Grant[] = [
  { what: "net", of: [], why: "Listens where HOST and PORT say, and calls whatever the environment names." },
  CONFIG,
  {
    what: "env",
    of: ["AWS_*", "HOME"],
    why: "The AWS SDK reads some forty names, the credentials among them, and looks for its files below HOME.",
  },
  { what: "env", of: ["TMPDIR"], why: "Where temporary files lie." },
  { what: "env", of: ["NODE_ENV"], why: "graphql-js leaves out checks for developers where it is production." },
  {
    what: "sys",
    of: ["osRelease", "uid", "homedir"],
    why: "The AWS SDK names the system in its requests, and asks for the home folder where HOME is not set.",
  },
  {
    what: "read",
    of: ["{app}/api", "{app}/node_modules"],
    why: "The modules of a thread that reads strangers' files. Those of the program itself need no permission.",
  },
  { what: "read", of: ["{app}/schema"], why: "The contract. Modules need no permission." },
  { what: "read", of: ["{app}/api/dashboard/built"], why: "The pages at /." },
  { what: "read", of: ["{data}"], why: "The key file." },
  { what: "read", of: ["{secrets}"], why: "What is mounted for SIGNING_KEY_FILE and AWS_WEB_IDENTITY_TOKEN_FILE." },
  { what: "read", of: ["{home}/.aws"], why: "Profiles and credentials of the AWS SDK, where it finds none before." },
  { what: "read", of: ["{temp}"], why: "Collections that are open for review, each in a private folder." },
  { what: "write", of: ["{temp}"], why: "Those collections." },
];

const LOCAL: readonly Grant[] = [
  ...SERVE,
  { what: "write", of: ["{data}"], why: "What the embedded stores hold, the lock, and the key file." },
  {
    what: "run",
    of: ["sh"],
    why: "Starts the embedded DynamoDB, and what ends it with us. A shell may do all that its user may.",
  },
  { what: "env", of: ["PATH"], why: "Where sh is." },
  { what: "env", of: ["npm_lifecycle_event"], why: "Whether npm started it, to end with npm." },
];

const HEALTH: readonly Grant[] = [
  { what: "net", of: ["127.0.0.1"], why: "Asks the service beside it." },
  { what: "env", of: ["PORT"], why: "Where that listens." },
];

const KEYS: readonly Grant[] = [
  { what: "env", of: ["DATA_DIR", "SIGNING_KEY_FILE"], why: "Where the key file is." },
  { what: "read", of: ["{data}"], why: "Whether there is a key file." },
  { what: "write", of: ["{data}"], why: "Makes it where there is none." },
];

/** By name: where the program begins, and what it may do. */
export const programs = {
  /** The API, over stores that the environment names. */
  serve: { entry: "api/entry/cli/serve.ts", grants: SERVE },
  /** The API with embedded stores. */
  local: { entry: "api/entry/cli/start.ts", grants: LOCAL },
  /** Ends with 0 where the service beside it answers well. */
  health: { entry: "api/entry/cli/health.ts", grants: HEALTH },
  /** Makes the key file, for processes that may only read it. */
  keys: { entry: "api/entry/cli/keys.ts", grants: KEYS },
};

/** The container's paths. */
export const IMAGE_PATHS: Paths = {
  app: "/app",
  data: "/data",
  temp: "/tmp",
  secrets: "/run/secrets",
  home: "/home/nonroot",
};

/** The paths of `npm start`, as its shell finds them. */
export const START_PATHS: Paths = {
  app: ".",
  data: "${DATA_DIR:-.data}",
  temp: "${TMPDIR:-/tmp}",
  secrets: "${SIGNING_KEY_FILE:-.data}",
  home: "${HOME}",
};

/** Deno's flags for exactly what a program may do. Variables that are not named are as if they were not there. */
export function flagsOf(program: Program, paths: Paths): string[] {
  const grants: readonly Grant[] = programs[program].grants;
  const allowed = KINDS.flatMap((kind) => {
    const own = grants.filter(({ what }) => what === kind);
    if (own.length === 0) return [];
    const values = new Set(own.flatMap(({ of }) => of).map((value) => resolved(value, paths)));
    return own.some(({ of }) => of.length === 0) ? [`--allow-${kind}`] : [`--allow-${kind}=${[...values].join(",")}`];
  });
  return ["--no-prompt", ...allowed, "--ignore-env"];
}

/** What follows `deno`: the program under its permissions, with nothing fetched and nothing asked. */
export function commandOf(program: Program, paths: Paths): string[] {
  const fixed = ["run", "--quiet", "--cached-only", "--no-remote", "--unstable-no-legacy-abort"];
  return [...fixed, ...flagsOf(program, paths), programs[program].entry];
}

function resolved(value: string, paths: Paths): string {
  return value.replace(/\{(\w+)\}/g, (_, name: keyof Paths) => paths[name]);
}
