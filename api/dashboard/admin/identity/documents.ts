// Made by `npm run generate` from queries.graphql and the contract; not to be edited.
import { document } from "../../core/document.ts";

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** What a token may allow. Tokens write them in lower case with a colon, such as `journeys:read`. */
export type Scope =
  /** Read sessions and sensors. */
  | 'SESSIONS_READ'
  /** Record, end and annotate sessions. */
  | 'SESSIONS_WRITE'
  /** Read journeys. */
  | 'JOURNEYS_READ'
  /** Record events of journeys. */
  | 'JOURNEYS_WRITE'
  /** Read metrics. */
  | 'METRICS_READ'
  /** Record what metrics count. */
  | 'METRICS_WRITE'
  /** Review one's own collection. */
  | 'REVIEW'
  /** Rebuild, audit and erase. */
  | 'ADMIN';

export type IdentityQueryVariables = Exact<{ [key: string]: never; }>;


export type IdentityQuery = { viewer: { userId: string, tenantId: string, scopes: Array<Scope> }, identitySettings: { hasAccounts: boolean, takesRegistrations: boolean, issuers: Array<string>, audiences: Array<string>, clients: Array<string>, algorithms: Array<string>, keySets: Array<string>, tenantClaim: string, scopesClaim: string, tokenTtl: number, refreshTtl: number, auditDays: number, scopeMap: Array<{ word: string, meaning: string }> } };

export const Identity = document<IdentityQuery, IdentityQueryVariables>(
  "query Identity { viewer { userId tenantId scopes } identitySettings { hasAccounts takesRegistrations issuers audiences clients algorithms keySets tenantClaim scopesClaim scopeMap { word meaning } tokenTtl refreshTtl auditDays } }",
);
