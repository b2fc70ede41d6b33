import type { Clock } from "../core/clock.ts";
import { LRUCache } from "lru-cache";
import { type Counter, createCounter, createGauge, type MakeLimiter, type Rate } from "./counters.ts";

/** The limits, as the configuration gives them. */
export type RateLimits = {
  anonymous: Rate;
  token: Rate;
  tenant: Rate;
  logins: Rate;
  registrations: Rate;
  connections: Rate;
  openPerAddress: number;
  openPerToken: number;
  subscriptionsPerToken: number;
  subscriptionsPerTenant: number;
};

/** Who is counted: `credential` stands for one token or key, and is none itself. */
export type Counted = { tenantId: string; credential: string };

const MAX_KEY_RATES = 1_000;

export type Rates = ReturnType<typeof createRates>;

/**
 * How often and how much at once, at every entry: HTTP, sockets and functions. Each call throws RateLimitedError where
 * it is too much. Rates hold across processes where there is Redis; what is open at once is counted by each process.
 */
export function createRates({ limits, limiter, clock }: { limits: RateLimits; limiter: MakeLimiter; clock: Clock }) {
  const counter = (name: string, what: string, rate: Rate) => createCounter({ name, what, rate, limiter, clock });
  const anonymous = counter("address", "requests without a token from this address", limits.anonymous);
  const token = counter("token", "requests with this token", limits.token);
  const tenant = counter("tenant", "requests of this tenant", limits.tenant);
  const logins = counter("login", "logins from this address", limits.logins);
  const registrations = counter("register", "registrations from this address", limits.registrations);
  const connections = counter("connect", "new connections from this address", limits.connections);
  const openOfAddress = createGauge({ what: "open connections from this address", max: limits.openPerAddress });
  const openOfToken = createGauge({ what: "open connections with this token", max: limits.openPerToken });
  const byToken = createGauge({ what: "subscriptions with this token", max: limits.subscriptionsPerToken });
  const byTenant = createGauge({ what: "subscriptions of this tenant", max: limits.subscriptionsPerTenant });

  /** Keys have rates of their own; those of one rate are counted together. */
  const ofKeys = new LRUCache<number, Counter>({
    max: MAX_KEY_RATES,
    memoMethod: (points) => counter(`key${points}`, "requests with this key", { points, seconds: 60 }),
  });

  return {
    /** A request, of somebody or of nobody: who holds a token is not held up by neighbours at the same address. */
    async request(address: string, who: Counted | undefined): Promise<void> {
      if (!who) return await anonymous.count(address);
      await token.count(who.credential);
      await tenant.count(who.tenantId);
    },
    /** A request with a key that may be used so often a minute. */
    async key(keyId: string, perMinute: number | undefined): Promise<void> {
      if (perMinute !== undefined) await ofKeys.memo(perMinute).count(keyId);
    },
    /** Before something is looked up that this address named: not, where it came too often without a token that holds. */
    lookUp: (address: string): void => anonymous.check(address),
    login: (address: string): Promise<void> => logins.count(address),
    registration: (address: string): Promise<void> => registrations.count(address),
    /** A socket that is opened. Gives what says that it is closed. */
    async connection(address: string): Promise<() => void> {
      await connections.count(address);
      return openOfAddress.open(address);
    },
    /** That socket, once its token is known. */
    identified: ({ credential }: Counted): () => void => openOfToken.open(credential),
    /** A subscription, over whichever transport. Gives what says that it has ended. */
    subscription({ credential, tenantId }: Counted): () => void {
      const closeToken = byToken.open(credential);
      try {
        const closeTenant = byTenant.open(tenantId);
        return () => {
          closeToken();
          closeTenant();
        };
      } catch (error) {
        closeToken();
        throw error;
      }
    },
  };
}
