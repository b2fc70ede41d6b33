/**
 * The removal of a tenant, since its account was deleted: under way, or done. Its id is random and known to the one who
 * deleted the account alone, so whoever has it may ask.
 */
export type Removal = {
  removalId: string;
  tenantId: string;
  begunAt: number;
  /** When all that was there was gone. What came late is looked for until `doneAt`. */
  emptiedAt: number | undefined;
  doneAt: number | undefined;
  /** How many items of tables and objects went, as far as was noted: less where a process ended before it had. */
  items: number;
  objects: number;
  /** When it is looked at next. */
  lookAt: number;
};

/** What one run did: how much went, and whether it went through everything. */
export type Removed = { items: number; objects: number; isWhole: boolean };

/** What a removal leaves, with the reason, and for how many days where it is not for ever. */
export const REMAINS: readonly { what: string; why: string; days: number | null }[] = [
  { what: "This receipt: numbers and times.", why: "It is the proof.", days: 365 },
  { what: "Counts of failed logins under the account's name.", why: "They slow down whoever guesses.", days: 1 },
  { what: "Records of the tables' streams.", why: "AWS keeps them; they leave by themselves.", days: 1 },
  { what: "Of which events webhooks were to be told.", why: "They are known until nobody sends them again.", days: 8 },
  { what: "Parts of streams that could not be counted.", why: "They do not lie by tenant.", days: 30 },
  { what: "Messages on the dead-letter queues.", why: "They were never recorded.", days: 14 },
  { what: "Old versions of objects, and backups of tables.", why: "They guard against mistakes.", days: 35 },
  { what: "Lines of the service's own log.", why: "Whoever runs the service decides how long they stay.", days: null },
];
