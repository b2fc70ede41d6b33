/** What a table of notes may be. Apart from its reader, which only threads need. */
export const TABLE_LIMITS = { rows: 50_000, columns: 100 } as const;
