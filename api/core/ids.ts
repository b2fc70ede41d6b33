/** Gives a new unique id. Passed in, so that tests are repeatable. */
export type Ids = () => string;

export const randomIds: Ids = () => crypto.randomUUID();

/** What a tenant may be called. Part of every key, so it holds none of the characters that separate keys. */
export const TENANT_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
