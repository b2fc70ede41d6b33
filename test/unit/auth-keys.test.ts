import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSigner, loadOrCreateSigningKeys, type ReadSigningKeys, signingKeyFile } from "../../api/auth/keys.ts";
import { KEYS_FRESH_MS } from "../../api/auth/keysets.ts";
import { SCOPES, scopeWord } from "../../api/auth/viewer.ts";
import { verifierOf } from "../kit/verifier.ts";

const NOW = Date.UTC(2026, 0, 31, 12);
const world = { now: NOW };
const clock = () => world.now;
let folder: string;
let file: string;

beforeEach(async () => {
  world.now = NOW;
  folder = await mkdtemp(join(tmpdir(), "sojourn-keys-"));
  file = join(folder, "data", "signing-keys.json");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const named = { issuer: "sojourn", audience: "sojourn" };
const ada = { userId: "ada", tenantId: "t1", scopes: SCOPES };

const createTestSigner = (keys: ReadSigningKeys) =>
  createSigner({ ...named, keys, clock, ttlSeconds: 3_600, ids: () => "id-1" });

function createTestVerifier(keys: ReadSigningKeys) {
  const load = async () => ({ keys: (await keys()).publicKeys });
  return verifierOf([load], { clock, algorithms: ["EdDSA", "ES256"] }).authenticate;
}

async function readKeys(): Promise<JWK[]> {
  return JSON.parse(await readFile(file, "utf8")).keys;
}

async function makeJwk(alg: string): Promise<JWK> {
  return exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey);
}

/** Replaces the file in one step, as an operator would. */
async function replaceFile(content: unknown): Promise<void> {
  await mkdir(join(folder, "data"), { recursive: true });
  await writeFile(`${file}.new`, typeof content === "string" ? content : JSON.stringify(content));
  await rename(`${file}.new`, file);
}

describe("a key file that is not there", () => {
  test("is made with one Ed25519 key named by its thumbprint, for its owner's eyes only", async () => {
    await loadOrCreateSigningKeys(file);
    const [key] = await readKeys();
    expect(key).toMatchObject({ kty: "OKP", crv: "Ed25519", kid: await calculateJwkThumbprint(key!) });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, "data"))).toEqual(["signing-keys.json"]);
    // Nor does the process hold anything of it open, as far as the system tells.
    const handles = await readdir("/proc/self/fd").catch(() => []);
    const held = await Promise.all(handles.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
    expect(held.filter((path) => path.startsWith(folder))).toEqual([]);
  });

  test("though somebody named it is not made: a new key would end every token in silence", async () => {
    await expect(loadOrCreateSigningKeys(file, { isNamed: true })).rejects.toMatchObject({
      ...{ code: "SIGNING_KEYS_UNUSABLE" },
      message: expect.stringContaining(`The key file ${file} (SIGNING_KEY_FILE) is not there: mend the path`),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test("is made once, however many start together", async () => {
    const readers = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateSigningKeys(file)));
    const kids = await Promise.all(readers.map(async (read) => (await read()).signing.kid));
    expect(new Set(kids).size).toBe(1);
    expect(await readdir(join(folder, "data"))).toEqual(["signing-keys.json"]);
  });

  test("and cannot be made says so with the system's word, and leaves nothing behind", async () => {
    // A name may have 255 characters, and the one beside it has forty more.
    await expect(loadOrCreateSigningKeys(join(folder, "k".repeat(230)))).rejects.toMatchObject({
      ...{
        code: "SIGNING_KEYS",
        message: expect.stringMatching(/cannot be made \(ENAMETOOLONG\); let the service write/),
      },
    });
    expect(await readdir(folder)).toEqual([]);
    // A link to a folder that is not there.
    await symlink("nowhere", join(folder, "data"));
    await expect(loadOrCreateSigningKeys(file)).rejects.toMatchObject({
      // Node and Deno say it in different words.
      ...{
        code: "SIGNING_KEYS",
        message: expect.stringMatching(/cannot be made \((ENOENT|EEXIST)\); let the service write/),
      },
    });
    expect(await readdir(folder)).toEqual(["data"]);
  });

  test("and is a folder, or holds what signs nothing, is named with what is wrong", async () => {
    await mkdir(file, { recursive: true });
    await expect(loadOrCreateSigningKeys(file, { isNamed: true })).rejects.toThrow(/cannot be read \(EISDIR\)/);
    await rm(file, { recursive: true });
    for (const key of [{ kty: "oct", k: "AA", alg: "HS256" }, { kty: "EC", crv: "P-521" }, { kty: "x" }]) {
      await replaceFile({ keys: [key] });
      await expect(loadOrCreateSigningKeys(file)).rejects.toThrow(/holds a key of another kind than Ed25519, P-256/);
    }
  });

  test("is whole or absent after a kill at any moment", async () => {
    const script = join(folder, "loop.ts");
    const keys = new URL("../../api/auth/keys.ts", import.meta.url).href;
    await writeFile(
      script,
      `import { loadOrCreateSigningKeys } from ${JSON.stringify(keys)};
       for (let i = 0;; i++) {
         await loadOrCreateSigningKeys(process.argv[2] + "/" + i + "/keys.json");
         process.stdout.write(".");
       }`,
    );
    for (let round = 0; round < 4; round++) {
      const made = join(folder, `round-${round}`);
      const child = runScript([script, made]);
      await new Promise<void>((resolve, reject) => {
        child.once("close", () => reject(new Error("the loop ended by itself")));
        let written = 0;
        child.stdout!.on("data", (dots: Buffer) => (written += dots.length) > 20 + 7 * round && resolve());
      });
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("close", resolve));
      const folders = await readdir(made);
      expect(folders.length).toBeGreaterThan(20);
      for (const name of folders) {
        const text = await readFile(join(made, name, "keys.json"), "utf8").catch(() => undefined);
        if (text !== undefined) expect(JSON.parse(text).keys).toHaveLength(1);
        await expect(loadOrCreateSigningKeys(join(made, name, "keys.json"))).resolves.toBeDefined();
      }
    }
  });
});

describe("a token of this service", () => {
  test("holds for its own verifier and says who, for which tenant, from when to when", async () => {
    const keys = await loadOrCreateSigningKeys(file);
    const { token, expiresAt } = await createTestSigner(keys).sign(ada);
    expect(expiresAt).toBe(NOW + 3_600_000);
    expect(await createTestVerifier(keys)(`Bearer ${token}`)).toMatchObject({ ...ada, expiresAt });
    const seconds = NOW / 1_000;
    expect(decodeJwt(token)).toEqual({
      iss: "sojourn",
      aud: "sojourn",
      sub: "ada",
      tenant: "t1",
      jti: "id-1",
      iat: seconds,
      nbf: seconds,
      exp: seconds + 3_600,
      scope: "sessions:read sessions:write journeys:read journeys:write metrics:read metrics:write review admin",
    });
  });

  test("survives a restart", async () => {
    const { token } = await createTestSigner(await loadOrCreateSigningKeys(file)).sign(ada);
    const restarted = createTestVerifier(await loadOrCreateSigningKeys(file));
    expect(await restarted(`Bearer ${token}`)).toBeDefined();
  });

  test("outlives the rotation of its key, and ends with the key's removal", async () => {
    const keys = await loadOrCreateSigningKeys(file);
    const [signer, authenticate] = [createTestSigner(keys), createTestVerifier(keys)];
    const before = await signer.sign(ada);
    await authenticate(`Bearer ${before.token}`);

    const [old] = await readKeys();
    const next = await makeJwk("ES256");
    const { d: _, ...retired } = old!;
    await replaceFile({ keys: [retired, next] });
    world.now += KEYS_FRESH_MS;
    const after = await signer.sign(ada);
    expect(decodeProtectedHeader(after.token)).toMatchObject({
      alg: "ES256",
      kid: await calculateJwkThumbprint(next),
    });
    expect(await authenticate(`Bearer ${before.token}`)).toBeDefined();
    expect(await authenticate(`Bearer ${after.token}`)).toBeDefined();

    await replaceFile({ keys: [next] });
    world.now += 60_000;
    await expect(authenticate(`Bearer ${before.token}`)).rejects.toThrow(/not known here/);
    expect(await authenticate(`Bearer ${after.token}`)).toBeDefined();
  });
});

test.each([["RS256", {}], ["PS256", { alg: "PS256" }], ["ES384", {}], ["EdDSA", {}]])(
  "a token is signed with %s, as its key says, or as is usual for one of its kind",
  async (alg, own) => {
    await replaceFile({ keys: [{ ...await makeJwk(alg), ...own }] });
    const { token } = await createTestSigner(await loadOrCreateSigningKeys(file)).sign(ada);
    expect(decodeProtectedHeader(token)).toMatchObject({ alg });
  },
);

test("the keys that are shown hold nothing private", async () => {
  await replaceFile({ keys: await Promise.all(["EdDSA", "ES256", "RS256"].map(makeJwk)) });
  const { publicKeys } = await (await loadOrCreateSigningKeys(file))();
  expect(publicKeys.keys).toHaveLength(3);
  for (const key of publicKeys.keys) {
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) expect(key).not.toHaveProperty(name);
  }
});

describe("a key file that cannot be used stops the start with one line that says what to do", () => {
  const secret = "SECRETSECRET";
  test.each([
    ["torn", `{"keys": [{"d": "${secret}"`, "is no JSON"],
    ["empty", "", "is no JSON"],
    ["something else", `["${secret}"]`, 'is no JWK set, {"keys": […]}'],
    ["nothing", "null", 'is no JWK set, {"keys": […]}'],
    ["a set of texts", { keys: [secret] }, 'is no JWK set, {"keys": […]}'],
    ["a set of nothing", { keys: [null] }, 'is no JWK set, {"keys": […]}'],
    ["a set with what is no key", { keys: [{ kty: "oct" }, {}] }, 'is no JWK set, {"keys": […]}'],
    ["without a key", { keys: [] }, "holds no private key"],
    ["a shared secret", { keys: [{ kty: "oct", k: secret }] }, "of another kind than Ed25519, P-256, P-384, RSA"],
    ["a key that is not whole", { keys: [{ kty: "OKP", crv: "Ed25519", d: secret }] }, "holds a key that is not whole"],
    ["a broken key", { keys: [{ kty: "OKP", crv: "Ed25519", x: "AA", d: secret }] }, "that cannot sign"],
  ])("%s", async (_, content, what) => {
    await replaceFile(content);
    const failure: Error = await loadOrCreateSigningKeys(file).then(() => new Error("was accepted"), (error) => error);
    expect(failure.message).toContain(`The key file ${file}`);
    expect(failure.message).toContain(`${what}; put back a JWK set with a private key, or remove the file`);
    expect(failure.message).not.toMatch(/\n/);
    expect(failure.message).not.toContain(secret);
    expect(failure.cause).toBeUndefined();
  });

  test("with public keys only", async () => {
    const { d: _, ...publicKey } = await makeJwk("EdDSA");
    await replaceFile({ keys: [publicKey] });
    await expect(loadOrCreateSigningKeys(file)).rejects.toThrow("holds no private key");
  });

  test("with one kid twice", async () => {
    const jwk = await makeJwk("EdDSA");
    await replaceFile({ keys: [jwk, jwk] });
    await expect(loadOrCreateSigningKeys(file)).rejects.toThrow("holds two keys with the kid");
  });

  test("in a place that is no folder", async () => {
    await replaceFile("");
    await expect(loadOrCreateSigningKeys(join(file, "keys.json"))).rejects.toThrow(/^The key file .* cannot be/);
  });
});

describe("npm run token", () => {
  type Run = { code: number | null; stdout: string; stderr: string };

  async function runToken(...args: string[]): Promise<Run> {
    const child = runScript(["api/entry/cli/token.ts", ...args], { DATA_DIR: join(folder, "data") });
    const run = { code: null as number | null, stdout: "", stderr: "" };
    child.stdout!.on("data", (text) => run.stdout += text);
    child.stderr!.on("data", (text) => run.stderr += text);
    run.code = await new Promise((resolve) => child.once("close", resolve));
    return run;
  }

  test("prints a token that the local instance accepts, and nothing else", async () => {
    const { code, stdout, stderr } = await runToken(
      "--tenant=t1",
      "--scope=journeys:write journeys:read",
      "--user=ada",
      "--ttl=60",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    world.now = Date.now();
    const viewer = await createTestVerifier(await loadOrCreateSigningKeys(file))(`Bearer ${stdout.trim()}`);
    expect(viewer).toMatchObject({ userId: "ada", tenantId: "t1", scopes: ["JOURNEYS_READ", "JOURNEYS_WRITE"] });
    expect(viewer!.expiresAt - world.now).toBeLessThanOrEqual(60_000);
  });

  test("is of the user `local` with all scopes, where not told otherwise", async () => {
    const { iat, exp, ...claims } = decodeJwt((await runToken("--tenant", "t1")).stdout);
    expect(claims).toMatchObject({ sub: "local", scope: SCOPES.map(scopeWord).join(" ") });
    expect(exp! - iat!).toBe(3_600);
  });

  test("processes that start at once sign with one key", async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, () => runToken("--tenant", "t1")));
    expect(new Set(runs.map(({ stdout }) => decodeProtectedHeader(stdout).kid)).size).toBe(1);
  });

  test.each([
    [[], /--tenant is missing/],
    [["--tenant", "a#b"], /--tenant must be/],
    [
      ["--tenant", "t1", "--scope", "journeys:read everything"],
      /not know everything; the words are: sessions:read .* admin/,
    ],
    [["--tenant", "t1", "--ttl", "soon"], /--ttl must be/],
    [["--tenant", "t1", "--user", ""], /--user must be/],
    [["--tenant", "t1", "--colour", "red"], /colour/],
  ])("with %j says how to use it and exits with 2", async (args, message) => {
    const { code, stdout, stderr } = await runToken(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^usage: npm run --silent token -- --tenant/);
    expect(stderr).toMatch(message);
  });
});

test("keys are kept in the data folder unless SIGNING_KEY_FILE says otherwise", () => {
  expect(signingKeyFile({ dataDir: ".data", token: { signingKeyFile: undefined } })).toBe(".data/signing-keys.json");
  expect(signingKeyFile({ dataDir: ".data", token: { signingKeyFile: "keys.json" } })).toBe("keys.json");
});

/** Runs a source file with the runtime that runs this test. */
function runScript(args: string[], env: Record<string, string> = {}): ChildProcess {
  const options = "Deno" in globalThis ? ["run", "-A", "--config", "deno.json"] : [];
  const { SIGNING_KEY_FILE: _, ...inherited } = process.env;
  return spawn(process.execPath, [...options, ...args], {
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
