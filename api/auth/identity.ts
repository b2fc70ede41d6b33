import type { Config } from "../config.ts";
import { SECOND_MS } from "../core/clock.ts";

/** How this installation knows who asks, as it is set. Nothing of it is secret: keys are named by their public addresses. */
export type Identity = ReturnType<typeof identityOf>;

export function identityOf({ accounts, registration, auditDays, token }: Config) {
  const { issuers, audiences, clients, claims, algorithms, jwksUrls, ttlSeconds, refreshSeconds } = token;
  return {
    hasAccounts: accounts,
    takesRegistrations: accounts && registration,
    issuers: [...issuers],
    audiences: [...audiences],
    clients: [...clients],
    algorithms: [...algorithms],
    keySets: jwksUrls.map(addressOf),
    tenantClaim: claims.tenant.join(","),
    scopesClaim: claims.scopes.join(","),
    scopeMap: Object.entries(claims.scopeMap).map(([word, meaning]) => ({ word, meaning })),
    tokenTtl: ttlSeconds * SECOND_MS,
    refreshTtl: refreshSeconds * SECOND_MS,
    auditDays,
  };
}

/** Without what may be a password in it. */
function addressOf(url: string): string {
  const address = new URL(url);
  address.username = address.password = address.search = "";
  return address.href;
}
