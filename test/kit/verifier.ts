import { type ClaimPaths, OWN_CLAIMS } from "../../api/auth/claims.ts";
import { createKeyFinder, type LoadedKeys } from "../../api/auth/keysets.ts";
import { createVerifier, type Issuer } from "../../api/auth/tokens.ts";
import { silentLog } from "./local.ts";

/** What judges tokens of the issuer and for the audience `sojourn`, by the keys that each of `loads` gives. */
export function verifierOf(
  loads: readonly (() => Promise<LoadedKeys>)[],
  { clock, algorithms = ["EdDSA", "ES256", "RS256"], staleMs, claims = OWN_CLAIMS, isLoggedIn }: {
    clock: () => number;
    algorithms?: readonly string[];
    staleMs?: number;
    claims?: ClaimPaths;
    isLoggedIn?: Issuer["isLoggedIn"];
  },
) {
  const options = staleMs === undefined ? {} : { staleMs };
  const finders = loads.map((load) => createKeyFinder(load, { clock, log: silentLog, ...options }));
  const issuer = { issuers: ["sojourn"], audiences: ["sojourn"], clients: [], claims };
  const { authenticate, end } = createVerifier({
    issuers: [{ ...issuer, keys: finders.map(({ find }) => find), isLoggedIn }],
    algorithms,
    clock,
  });
  return { authenticate, end, finders };
}
