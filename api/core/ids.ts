/** Gives a new unique id. Passed in, so that tests are repeatable. */
export type Ids = () => string;

export const randomIds: Ids = () => crypto.randomUUID();

/**
 * What a tenant may be called. It begins every key, so it holds neither of the characters that separate keys (`#` in tables,
 * `/` in the object store): what follows one can then never reach into another tenant's keys.
 */
export const TENANT_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The same in words, for errors. */
export const TENANT_RULE = "1 to 128 of A-Z, a-z, 0-9, `.`, `_`, `:` and `-`, beginning with a letter or digit";
