import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createSigner, loadOrCreateSigningKeys } from "../../api/auth/keys.ts";
import { createPasswords, type Derive, deriveByScrypt } from "../../api/auth/accounts/passwords.ts";
import { createAccountKeeping } from "../../api/auth/accounts/keeping.ts";
import { createAccounts } from "../../api/auth/accounts/service.ts";
import { createAccountStore } from "../../api/auth/accounts/store.ts";
import { createRemovalStore } from "../../api/removals/store.ts";
import { createAudit } from "../../api/auth/audit/service.ts";
import { createAuditStore } from "../../api/auth/audit/store.ts";
import { type Cost, createDynamo } from "../../api/aws/dynamo.ts";
import { randomIds } from "../../api/core/ids.ts";
import { fullName, tables } from "../../api/resources.ts";
import { silentLog, startTestSystem } from "./local.ts";
import { verifierOf } from "./verifier.ts";

export const NOW = Date.UTC(2026, 0, 31, 12);
export const [SECOND, MINUTE, DAY] = [1_000, 60_000, 86_400_000];
export const password = "correct horse battery";
export const wrong = "wrong horse battery";
export const home = { address: "203.0.113.1", client: "home" };
export const attacker = { address: "198.51.100.66" };

/** Accounts over a store of their own, by a clock that the test moves; hashes and requests are counted. */
export async function startAccounts() {
  const world = { now: NOW, hashes: 0, costs: [] as Cost[], names: 0 };
  const clock = () => world.now;
  /** Every hash that is computed, whether to keep it or to compare, counts one. */
  const deriveCounted: Derive = (...given) => {
    world.hashes++;
    return deriveByScrypt(...given);
  };
  const system = await startTestSystem();
  const dynamo = createDynamo(system.clients.dynamodb, { onCost: (cost) => world.costs.push(cost) });
  const store = createAccountStore(dynamo, fullName(system.prefix, tables.accounts));
  const auditStore = createAuditStore(dynamo, fullName(system.prefix, tables.access));
  const audit = createAudit({ store: auditStore, keptMs: DAY, clock, ids: randomIds, log: silentLog });
  const keys = await loadOrCreateSigningKeys(join(system.dataDir, "test-keys.json"));
  const signer = createSigner({
    issuer: "sojourn",
    audience: "sojourn",
    clock,
    keys,
    ttlSeconds: 3_600,
    ids: randomIds,
  });
  const passwords = createPasswords({ random: randomBytes, cost: { logN: 4, r: 8, p: 1 }, derive: deriveCounted });
  const common = { store, passwords, audit, signer, clock };
  const rates = { login: () => Promise.resolve(), registration: () => Promise.resolve() };
  const accounts = createAccounts({
    ...common,
    rates,
    registration: true,
    refreshMs: 30 * DAY,
    random: randomBytes,
    ids: randomIds,
  });
  const load = async () => ({ keys: (await keys()).publicKeys });
  const { authenticate, end } = verifierOf([load], {
    clock,
    algorithms: ["EdDSA"],
    isLoggedIn: (viewer) => accounts.isLoggedIn(viewer),
  });
  const keeping = createAccountKeeping({
    ...common,
    removals: createRemovalStore(dynamo, fullName(system.prefix, tables.access)),
    random: randomBytes,
    ended: (_, ids) => Promise.resolve(ids.forEach(end)),
    apiKeys: { revokeAll: () => Promise.resolve() },
  });
  const freshName = () => `user-${++world.names}`;

  async function registered(): Promise<string> {
    const username = freshName();
    const answer = await accounts.register({ username, password });
    if (answer.__typename !== "AuthPayload") throw new Error(`not registered: ${JSON.stringify(answer)}`);
    return username;
  }

  async function loggedIn(username: string, from: object = home) {
    const answer = await accounts.login({ username, password }, from);
    if (answer.__typename !== "AuthPayload") throw new Error(`not logged in: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** What a call answers, how many hashes it computed, and which requests it made at which cost. */
  async function observed<T>(call: () => Promise<T>) {
    Object.assign(world, { hashes: 0, costs: [] });
    const answer = await call();
    const requests = world.costs.map(({ operation, units }) => `${operation} ${units}`);
    return { answer, hashes: world.hashes, requests };
  }

  const guess = (username: string, from = attacker) => accounts.login({ username, password: wrong }, from);
  const stop = () => system.stop();
  return {
    ...{ world, store, audit, signer, accounts, keeping, authenticate },
    ...{ freshName, registered, loggedIn, guess, observed, stop },
  };
}

export type TestAccounts = Awaited<ReturnType<typeof startAccounts>>;
