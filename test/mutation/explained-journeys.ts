import type { Explained } from "./explained.ts";

/** Those of journeys. */
export const OF_JOURNEYS: readonly Explained[] = [
  {
    file: "api/journeys/rules.ts",
    line: "if (visits.some(([from, to]) => at >= from && at <= to)) return visits;",
    instead: "at > from",
    why: "the same visits, made anew",
  },
  {
    file: "api/journeys/rules.ts",
    line: "if (visits.some(([from, to]) => at >= from && at <= to)) return visits;",
    instead: "at < to",
    why: "the same visits, made anew",
  },
  {
    file: "api/journeys/trails.ts",
    line: "condition: { expression: attribute_not_exists(pk) OR version = :version",
    instead: "(attribute_not_exists(pk) AND attribute_exists(planted)) OR version = :version",
    why: "of what is not there nothing is removed either way",
  },
  {
    file: "api/journeys/rules.ts",
    line: 'const own = decided?.type ?? (engagedAt === undefined ? "BROWSING" : "ABANDONED");',
    instead: "false",
    why: "a goal that takes the place of either takes that of both: none is for BROWSING alone",
  },
  {
    file: "api/journeys/raw.ts",
    line: "const kept = (id: string | undefined) => id !== undefined && ids.has(id) ? undefined : id;",
    instead: "true",
    why: "no set of ids holds none",
  },
  {
    file: "api/journeys/erase.ts",
    line: "return (visitorId !== undefined && ids.has(visitorId)) || (aliasOf !== undefined && ids.has(aliasOf));",
    instead: "aliasOf !== undefined || ids.has(aliasOf)",
    why: "whoever is looked at without need loses nothing",
  },
  {
    file: "api/journeys/lists.ts",
    line: '{ outcome, did = [], didNot = [], goal, sought }: Omit<Query, "tenantId" | "fromAt" | "toAt">,',
    instead: '["Stryker was here"]',
    why: "queries name both, were it none",
  },
  {
    file: "api/journeys/lists.ts",
    line: "if (!sought || sought.words.length === 0) return found;",
    instead: "false",
    why: "no word is in every question: it spares reading them",
  },
  {
    file: "api/journeys/lists.ts",
    line: 'if (firstQuestion === undefined || firstQuestion.text !== undefined) return firstQuestion?.text ?? "";',
    instead: "false",
    why: "the same text, read from its event",
  },
  {
    file: "api/journeys/lists.ts",
    line: 'return events.find((event) => event.source === source && event.seq === seq)?.text ?? "";',
    instead: "events.find(event => event.source === source && event.seq === seq).text",
    why: "what a journey counts is among its events",
  },
  {
    file: "api/journeys/lists.ts",
    line: "if (journey.startedAt !== other.startedAt) return journey.startedAt < other.startedAt;",
    instead: "journey.startedAt <= other.startedAt",
    why: "they are not equal there",
  },
  {
    file: "api/journeys/lists.ts",
    line: "...(goal == null ? [] : [goal]),",
    instead: "false",
    why: "of equal filters the same either way",
  },
  {
    file: "api/journeys/lists.ts",
    line: "...(goal == null ? [] : [goal]),",
    instead: '["Stryker was here"]',
    why: "of equal filters the same either way",
  },
  {
    file: "api/journeys/lists.ts",
    line: "...(asksForTrail(sought) || sought.words.length > 0 ? [sought] : []),",
    instead: "true",
    why: "of equal filters the same either way",
  },
  {
    file: "api/journeys/lists.ts",
    line: "...(asksForTrail(sought) || sought.words.length > 0 ? [sought] : []),",
    instead: '["Stryker was here"]',
    why: "of equal filters the same either way",
  },
  {
    file: "api/journeys/erase.ts",
    line: "return pMap(parts, (part) => store.look(tenantId, part), { concurrency: CONCURRENCY });",
    instead: "{}",
    why: "how many are asked for at a time",
  },
  {
    file: "api/journeys/erase.ts",
    line: "const own = events.filter(({ sessionId }) => missing.has(sessionId));",
    instead: "events",
    why: "what the table knows goes before what the lines make",
  },
  {
    file: "api/journeys/erase.ts",
    line: "objects += keys.length;",
    instead: "objects -= keys.length",
    why: "a number of the log",
  },
  {
    file: "api/journeys/erase.ts",
    line: 'log.info("an erasure goes through the objects", { receiptId, objects, rewritten: rewritten.length });',
    instead: ";",
    why: "a line of the log",
  },
  {
    file: "api/journeys/follow.ts",
    line: "if (settled >= most) break;",
    instead: "settled > most",
    why: "of what is beyond nothing is taken",
  },
  {
    file: "api/journeys/follow.ts",
    line: "for (let slice = 0; slice < SLICES_A_RUN && at.doneAt === undefined; slice++) {",
    instead: "true",
    why: "a run ends after 20,000 journeys: too many for a test",
  },
  {
    file: "api/journeys/keep.ts",
    line: "if (before && before.goals.version > current.goals.version) current = await store.getSettings(tenantId);",
    instead: "before.goals.version >= current.goals.version",
    why: "what is current is read once more",
  },
  {
    file: "api/journeys/visitors.ts",
    line: 'return createHash("sha256").update(visitorId).digest("hex").slice(0, 32);',
    instead: 'createHash("sha256").update(visitorId).digest("hex")',
    why: "shorter keys, equal where ids are",
  },
];
