import { afterAll, beforeAll, expect, test } from "vitest";
import { createKeySet, loadSecretSigningKeys } from "../../api/auth/keys.ts";
import { createSecret } from "../../api/aws/secrets.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { startSecrets } from "../kit/secrets.ts";

let secrets: Awaited<ReturnType<typeof startSecrets>>;
const saved = { ...process.env };
const secretOf = (name: string) => createSecret({ region: "eu-central-1", secretsEndpoint: secrets.url }, name);

beforeAll(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" });
  secrets = await startSecrets({ empty: undefined, held: await createKeySet(), broken: "{}" });
});
afterAll(async () => {
  process.env = saved;
  await secrets.stop();
});

test("of ten processes that find an empty secret all end with one key", async () => {
  const readers = await Promise.all(
    Array.from({ length: 10 }, () => loadSecretSigningKeys("empty", secretOf("empty"))),
  );
  const kids = await Promise.all(readers.map(async (read) => (await read()).signing.kid));
  expect(new Set(kids).size).toBe(1);
  // One value was ever taken: whoever read early has the key that is there now.
  expect([...secrets.versions.values()]).toEqual([secrets.texts["empty"]]);
  expect(JSON.parse(secrets.texts["empty"]!).keys[0].kid).toBe(kids[0]);
});

test("a value that is there is never replaced, whatever it is", async () => {
  const before = { ...secrets.texts };
  await loadSecretSigningKeys("held", secretOf("held"));
  await expect(loadSecretSigningKeys("broken", secretOf("broken"))).rejects.toThrow("is no JWK set");
  expect(secrets.texts).toEqual(before);
});

test("a secret that is not there is named, with what to do", async () => {
  await expect(loadSecretSigningKeys("none", secretOf("none"))).rejects.toThrow(
    "The secret none (SIGNING_KEY_SECRET) has no value, or is not there; put a JWK set",
  );
});

test.each([
  [
    "by the word for what is wrong",
    Object.assign(new Error(), { name: "TimeoutError" }),
    "cannot be read (TimeoutError)",
  ],
  ["as such where nothing is known", undefined, "cannot be read"],
])("a secret that is away when its keys are read again is told of %s", async (_, cause, what) => {
  let isAway = false;
  const find = () =>
    isAway ? Promise.reject(new UnavailableError("Secrets Manager", cause)) : Promise.resolve(secrets.texts["held"]);
  const read = await loadSecretSigningKeys("held", { find, putFirst: () => Promise.reject(new Error("not asked")) });
  isAway = true;
  await expect(read()).rejects.toMatchObject({
    ...{ code: "SIGNING_KEYS" },
    message: `The secret held (SIGNING_KEY_SECRET) ${what}; put a JWK set with a private key into it, as ` +
      "`npm run signing-key` prints one.",
  });
});
