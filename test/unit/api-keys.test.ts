import { beforeEach, describe, expect, test } from "vitest";
import { KEY_LIMITS } from "../../api/auth/apikeys/model.ts";
import { createApiKeys } from "../../api/auth/apikeys/service.ts";
import { createApiKeyStore } from "../../api/auth/apikeys/store.ts";
import { SCOPES, type Viewer } from "../../api/auth/viewer.ts";
import { tables } from "../../api/resources.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [MINUTE, DAY] = [60_000, 86_400_000];
const ada: Viewer = { userId: "ada", tenantId: "shop", scopes: SCOPES, expiresAt: Infinity, credential: "c" };
let now: number;
let reads: number;
let writes: number;
let warned: unknown[];
let dynamo: ReturnType<typeof createMemoryDynamo>;
beforeEach(() => {
  [now, reads, writes, warned] = [NOW, 0, 0, []];
  dynamo = createMemoryDynamo({ access: tables.access }, { clock: () => now });
});

type Heard = {
  /** The keys of which it says that they are over. */
  ended?: string[];
  /** Whose addresses were asked for. */
  looked?: string[];
  /** What was done with keys. */
  noted?: unknown[];
  /** How often which keys may be used. */
  counted?: unknown[];
  noting?: () => Promise<never>;
  counting?: () => Promise<never>;
};

/** A process, and what is heard of it. */
function createProcess({ ended = [], looked = [], noted = [], counted: used = [], noting, counting }: Heard = {}) {
  let bytes = 0;
  const counted = {
    ...dynamo,
    get: (...asked: Parameters<typeof dynamo.get>) => (reads++, dynamo.get(...asked)),
    updateIf: (...asked: Parameters<typeof dynamo.updateIf>) => (writes++, noting?.() ?? dynamo.updateIf(...asked)),
  };
  return createApiKeys({
    store: createApiKeyStore(counted, "access"),
    rates: {
      key: (...use) => counting?.() ?? Promise.resolve(void used.push(use)),
      lookUp: (address) => void looked.push(address),
    },
    audit: {
      note: (happening) => Promise.resolve(void noted.push(happening)),
      list: () => Promise.reject(new Error("not asked")),
    },
    ended: (_, keyIds) => Promise.resolve(void ended.push(...keyIds)),
    random: (length) => new Uint8Array(length).fill(++bytes),
    clock: () => now,
    log: { ...silentLog, warn: (message) => void warned.push(message) },
  });
}
const make = (keys = createProcess(), expiresAt?: number) =>
  keys.createApiKey(ada, {
    ...{ name: "gateway", scopes: ["JOURNEYS_WRITE"] },
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
  });
const holds = (keys: ReturnType<typeof createProcess>, text: string) =>
  keys.authenticate(text, {}).then(() => true, (error: Error) => error.message);

describe("a key", () => {
  test("is whoever it was made for, with what it may; any other text is nobody", async () => {
    const keys = createProcess();
    const { key, text } = await make(keys, NOW + DAY);
    const viewer = { userId: `key:${key.keyId}`, tenantId: "shop", scopes: ["JOURNEYS_WRITE"], expiresAt: NOW + DAY };
    expect(await keys.authenticate(text, {})).toEqual({ ...viewer, credential: key.keyId, keyId: key.keyId });
    const { text: open } = await make(keys);
    expect(await keys.authenticate(open, {})).toMatchObject({ expiresAt: Infinity });
    const secret = text.slice(-43);
    const { key: page } = await keys.createWriteKey(ada, { name: "shop", origins: ["https://shop.example"] });
    const others = [text.replace(secret, "A".repeat(43)), `sjw_${key.keyId}`, text.slice(0, -1), "", `${text}x`];
    others.push(`sjk_${page.keyId}_${secret}`);
    for (const other of others) expect(await holds(keys, other)).toBe("The key is not known here; ask for a new one.");
  });

  test("is looked up under the address that it came from, where one is known, and not where the key was just read", async () => {
    const looked: string[] = [];
    const keys = createProcess({ looked });
    const { key, text } = await make(keys);
    const other = (letter: string) => `sjw_${letter.repeat(key.keyId.length)}`;
    for (const address of ["10.0.0.1", "10.0.0.2"]) await keys.authenticate(text, { address });
    await expect(keys.authenticate(other("A"), {})).rejects.toThrow("not known");
    await expect(keys.authenticate(other("B"), { address: "10.0.0.3" })).rejects.toThrow("not known");
    expect(looked).toEqual(["10.0.0.1", "10.0.0.3"]);
  });

  test("may do no more than whoever makes it", async () => {
    const keys = createProcess();
    const few: Viewer = { ...ada, scopes: ["JOURNEYS_READ"] };
    const made = (...scopes: string[]) => keys.createApiKey(few, { name: "n", scopes });
    await expect(made("JOURNEYS_READ", "JOURNEYS_WRITE", "ADMIN")).rejects.toMatchObject({
      fields: [{ path: ["scopes"], message: "must be within your own; you do not have journeys:write, admin" }],
    });
    expect((await made("JOURNEYS_READ")).key).toMatchObject({ scopes: ["JOURNEYS_READ"], origins: [] });
  });

  test("is used as often as was said for it: what is more is refused, and notes no use", async () => {
    const counted: unknown[] = [];
    const keys = createProcess({ counted });
    const { key, text } = await keys.createApiKey(ada, { name: "n", scopes: ["REVIEW"], ratePerMinute: 7 });
    await keys.authenticate(text, {});
    expect(counted).toEqual([[key.keyId, 7]]);
    now += DAY;
    const full = createProcess({ counting: () => Promise.reject(new Error("too often")) });
    expect([await holds(full, text), writes]).toEqual(["too often", 1]);
  });

  test("of a page records events of journeys from its origins, and does nothing else", async () => {
    const keys = createProcess();
    const { text } = await keys.createWriteKey(ada, { name: "shop", origins: ["https://shop.example"] });
    const from = (origin?: string) =>
      keys.writeKeys.find(text, origin).then(({ scopes }) => scopes, (error: Error) => error.message);
    expect(await from("https://shop.example")).toEqual(["JOURNEYS_WRITE"]);
    expect([await from("https://other.example"), await from(), await from(`https://${"x".repeat(100)}`)]).toEqual([
      expect.stringContaining("not for pages of https://other.example;"),
      expect.stringContaining("not for pages of no origin;"),
      expect.stringContaining(`not for pages of https://${"x".repeat(92)};`),
    ]);
    const { text: secret } = await make(keys);
    for (const none of [secret, "none"]) {
      await expect(keys.writeKeys.find(none, "https://shop.example")).rejects.toThrow("This needs a write key");
    }
  });

  test("holds also where its last use cannot be noted, and that is said", async () => {
    const { text } = await make();
    const keys = createProcess({ noting: () => Promise.reject(new Error("away")) });
    expect([await holds(keys, text), warned]).toEqual([true, ["The last use of a key could not be noted."]]);
  });

  test("is taken as it was read for half a minute, and then read again", async () => {
    const { text } = await make();
    const keys = createProcess();
    const readsAt = async (at: number) => {
      now = NOW + at;
      reads = 0;
      expect(await holds(keys, text)).toBe(true);
      return reads;
    };
    expect([await readsAt(0), await readsAt(MINUTE / 2 - 1), await readsAt(MINUTE / 2)]).toEqual([1, 0, 1]);
  });

  test("that has an end holds until that instant, and not in it", async () => {
    const keys = createProcess();
    const { key, text } = await make(keys, NOW + DAY);
    now = NOW + DAY - 1;
    expect([await holds(keys, text), await keys.goesOn(key.keyId)]).toEqual([true, true]);
    now = NOW + DAY;
    expect([await holds(keys, text), await keys.goesOn(key.keyId)]).toEqual([
      "The key ended at 2026-06-02T12:00:00.000Z; ask for a new one.",
      false,
    ]);
  });

  test("that is revoked ends here at once, elsewhere within half a minute; what it opened hears of it", async () => {
    const ended: string[] = [];
    const [here, elsewhere] = [createProcess({ ended }), createProcess()];
    const { key, text } = await make(here);
    expect([await holds(here, text), await holds(elsewhere, text)]).toEqual([true, true]);
    await here.revoke(ada, key.keyId);
    expect([await holds(here, text), ended]).toEqual([expect.stringContaining("was revoked"), [key.keyId]]);
    // Kept for who looks into it, and then it goes by itself: seconds, as DynamoDB counts them.
    const kept = dynamo.dump("access").filter(({ revokedAt }) => revokedAt !== undefined).map(({ ttl }) => ttl);
    expect(kept).toEqual([(now + 90 * DAY) / 1_000]);
    expect(await holds(elsewhere, text)).toBe(true);
    // Whoever asks whether it goes on is told what is so this moment, and knows it from then on.
    expect(await elsewhere.goesOn(key.keyId)).toBe(false);
    expect(await holds(elsewhere, text)).toContain("was revoked");
  });

  test("is revoked by its own tenant alone, and given as it is then; whatever else is revoked is none", async () => {
    const [ended, noted]: [string[], unknown[]] = [[], []];
    const keys = createProcess({ ended, noted });
    const { key, text } = await make(keys);
    noted.length = 0;
    const others = [keys.revoke({ ...ada, tenantId: "other" }, key.keyId), keys.revoke(ada, "A".repeat(16))];
    others.push(keys.revoke(ada, "none"), keys.revoke(ada, ""));
    expect([await Promise.all(others), ended, noted]).toEqual([Array(4).fill(undefined), [], []]);
    expect(await holds(keys, text)).toBe(true);
    expect(await keys.revoke(ada, key.keyId)).toEqual({ ...key, revokedAt: NOW, lastUsedAt: NOW });
  });

  test("is noted as it is made and as it is revoked: by whom, which, and where from", async () => {
    const noted: unknown[] = [];
    const keys = createProcess({ noted });
    const from = { address: "10.0.0.1", client: "browser" };
    const { key } = await keys.createApiKey(ada, { name: "gateway", scopes: ["REVIEW"] }, from);
    const { key: page } = await keys.createWriteKey(ada, { name: "shop", origins: ["https://shop.example"] }, from);
    await keys.revoke(ada, key.keyId, from);
    const own = { tenantId: "shop", userId: "ada", from };
    expect(noted).toEqual([
      { kind: "KEY_CREATED", subject: key.keyId, detail: "gateway", ...own },
      { kind: "KEY_CREATED", subject: page.keyId, detail: "shop", ...own },
      { kind: "KEY_REVOKED", subject: key.keyId, detail: "gateway", ...own },
    ]);
  });

  test("of a tenant that ends all of its keys ends here at once; one that is over by then is not ended again", async () => {
    const ended: string[] = [];
    const keys = createProcess({ ended });
    const made = [await make(keys), await make(keys)];
    for (const { text } of made) expect(await holds(keys, text)).toBe(true);
    const before = await make(keys);
    await keys.revoke(ada, before.key.keyId);
    [ended.length, writes] = [0, 0];
    await keys.revokeAll(ada);
    for (const { text } of made) expect(await holds(keys, text)).toContain("was revoked");
    expect(ended.toSorted()).toEqual([...made, before].map(({ key }) => key.keyId).toSorted());
    expect(writes).toBe(made.length);
  });

  test("goes on as long as it is there and has no end", async () => {
    const keys = createProcess();
    const { key } = await make(keys);
    expect([await keys.goesOn(key.keyId), await keys.goesOn("A".repeat(16))]).toEqual([true, false]);
  });

  test("is noted as used every ten minutes, to the millisecond", async () => {
    const keys = createProcess();
    const { text } = await make(keys);
    const noted = [];
    for (const at of [0, 10 * MINUTE - 1, 10 * MINUTE]) {
      now = NOW + at;
      await holds(keys, text);
      noted.push([(await keys.list(ada))[0]!.lastUsedAt! - NOW, writes]);
    }
    // Read anew each time: what another process noted is written no more.
    expect(noted).toEqual([[0, 1], [0, 1], [10 * MINUTE, 2]]);
  });

  test("that has an end stays in the list for ninety days after it, any other for ever; the latest is first", async () => {
    const keys = createProcess();
    const { key } = await make(keys, NOW + 400 * DAY);
    expect(dynamo.dump("access")).toMatchObject([{ keyId: key.keyId, ttl: (NOW + 490 * DAY) / 1_000 }]);
    now += 1;
    const { key: open } = await make(keys);
    expect(dynamo.dump("access").find(({ keyId }) => keyId === open.keyId)).not.toHaveProperty("ttl");
    expect((await keys.list(ada)).map(({ keyId }) => keyId)).toEqual([open.keyId, key.keyId]);
  });
});

test("a tenant has a thousand keys, and not one more", async () => {
  const keys = createProcess();
  const item = { tenant: "shop", kind: "WRITE", name: "n", scopes: [], origins: [], createdAt: NOW, createdBy: "u" };
  for (let n = 1; n < KEY_LIMITS.keysPerTenant; n++) {
    await dynamo.put("access", { pk: `key#k${n}`, sk: "KEY", keyId: `k${n}`, ...item });
  }
  await make(keys);
  await expect(make(keys)).rejects.toMatchObject({
    fields: [{ path: [], message: "a tenant has at most 1000 keys; revoked ones count for 90 days" }],
  });
  expect(await keys.list({ ...ada, tenantId: "other" })).toEqual([]);
});
