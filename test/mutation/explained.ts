import { OF_JOURNEYS } from "./explained-journeys.ts";

/**
 * Faults that no test can find, or that none has to: with the reason. Each is known by its file, the line that it changes
 * and what stands there instead, so that an entry whose line is gone is told and can go too.
 */
export type Explained = { file: string; line: string; instead: string; why: string };

export const EXPLAINED: readonly Explained[] = [
  {
    file: "api/core/watermark.ts",
    line: "if (from <= wm.hi + 1n) return settle(to > wm.hi ? to : wm.hi, wm.ahead);",
    instead: "to >= wm.hi",
    why: "the same number either way",
  },
  {
    file: "api/core/watermark.ts",
    line: "touching.reduce((least, [f]) => (f < least ? f : least), from),",
    instead: "f <= least",
    why: "the same number either way",
  },
  {
    file: "api/core/watermark.ts",
    line: "touching.reduce((most, [, t]) => (t > most ? t : most), to),",
    instead: "t >= most",
    why: "the same number either way",
  },
  {
    file: "api/core/watermark.ts",
    line: "return { hi: wm.hi, ahead: [...apart, joined].sort(([a], [b]) => (a < b ? -1 : 1)) };",
    instead: "a <= b",
    why: "no two ranges ahead begin at one number",
  },
  {
    file: "api/core/watermark.ts",
    line: "if (range[0] <= top + 1n) top = range[1] > top ? range[1] : top;",
    instead: "range[1] >= top",
    why: "the same number either way",
  },
  {
    file: "api/core/watermark.ts",
    line: "const match = /^(-?\\d+)((?:,\\d+(?:-\\d+)?)*)$/.exec(text);",
    instead: "/(-?\\d+)((?:,\\d+(?:-\\d+)?)*)$/",
    why: "what it takes more is not canonical, and refused for that",
  },
  {
    file: "api/core/watermark.ts",
    line: "const match = /^(-?\\d+)((?:,\\d+(?:-\\d+)?)*)$/.exec(text);",
    instead: "/^(-?\\d+)((?:,\\d+(?:-\\d+)?)*)/",
    why: "what it takes more is not canonical, and refused for that",
  },
  {
    file: "api/core/stream-position.ts",
    line: "const [, begin, random] = AWS_SHARD.exec(shard) ?? [];",
    instead: '["Stryker was here"]',
    why: "what stands first is not read",
  },
  {
    file: "api/core/page.ts",
    line: "} catch {",
    instead: "{}",
    why: "a function that ends gives undefined too",
  },
  {
    file: "api/core/writes.ts",
    line: "if (tries > EAGER_TRIES) await pause(Math.min(tries - EAGER_TRIES, MAX_PAUSE_MS));",
    instead: "tries >= EAGER_TRIES",
    why: "one pause of 0 ms more",
  },
  {
    file: "api/core/stream-position.ts",
    line: "first: all.reduce((least, one) => (one < least ? one : least)),",
    instead: "one <= least",
    why: "the same text either way",
  },
  {
    file: "api/core/stream-position.ts",
    line: "last: all.reduce((most, one) => (one > most ? one : most)),",
    instead: "one >= most",
    why: "the same text either way",
  },
  {
    file: "api/metrics/rules.ts",
    line: "if (!isPeriod(size)) return toBucket(source, size, start, byHour.get(hourOf(start)), now);",
    instead: "false",
    why: "the same bucket by a longer way: no series is made of hours that hold what was measured",
  },
  {
    file: "api/webhooks/rules.ts",
    line: 'const bare = hostname.replace(/^\\[(.*)\\]$/, "$1");',
    instead: "/\\[(.*)\\]$/",
    why: "a host name holds a bracket at its beginning and its end alone",
  },
  {
    file: "api/rates/address.ts",
    line:
      'const bare = text.replace(/^\\[(.*)\\](:\\d+)?$/, "$1").replace(/^(\\d+\\.\\d+\\.\\d+\\.\\d+):\\d+$/, "$1");',
    instead: "/^(\\d+\\.\\d+\\.\\d+\\.\\d+):\\d+/",
    why: "what stands behind a port is no address with it and none without it",
  },
  {
    file: "api/rates/shares.ts",
    line: "if (first && mayStart(tenant, first) && (!least || tenant.served < least.served)) least = tenant;",
    instead: "tenant.served <= least.served",
    why: "of two who were given the same either may be next",
  },
  {
    file: "api/review/store.ts",
    line: "if (lease.base > known.base) await log.note(known, lease.base - known.base);",
    instead: "lease.base >= known.base",
    why: "of no entries nothing is noted",
  },
  {
    file: "api/jobs/audit.ts",
    line: "await mark({ ...(after ? { after } : {}), attempts: 0, isDone: true });",
    instead: "{}",
    why: "of what is done nobody reads where it was",
  },
  {
    file: "api/live/feed.ts",
    line: "let woken = false;",
    instead: "true",
    why: "each round says so anew before it reads",
  },
  {
    file: "api/live/log-feed.ts",
    line: 'return createHash("sha256").update(JSON.stringify([key, id])).digest("base64url").slice(0, 11);',
    instead: 'createHash("sha256").update(JSON.stringify([key, id])).digest("base64url")',
    why: "the same states, in longer cursors",
  },
  {
    file: "api/sessions/plausible.ts",
    line: "const isFar = firstAt !== undefined && firstAt - startedAt > plausible.apartMs;",
    instead: "true",
    why: "undefined less a number is more than nothing",
  },
  {
    file: "api/metrics/beats.ts",
    line:
      'const own = table === "records" ? handled.filter(({ key }) => key.startsWith(`beat#${source}${BEAT}`)) : [];',
    instead: "true",
    why: "beats of other tables name no source",
  },
  {
    file: "api/metrics/beats.ts",
    line: "}, { concurrency: 8 });",
    instead: "{}",
    why: "the same beats, more of them at once",
  },
  {
    file: "api/metrics/beats.ts",
    line: "}, { concurrency: 4 });",
    instead: "{}",
    why: "the same beats, more of them at once",
  },
  {
    file: "api/auth/accounts/store.ts",
    line: 'names: { "#version": "version" },',
    instead: "{}",
    why: "the condition of the same write names it too",
  },
  {
    file: "api/metrics/beats.ts",
    line: "expression: attribute_not_exists(pk) OR #n < :n",
    instead: "attribute_not_exists(pk) OR #n <= :n",
    why: "the beat of one number says the same each time",
  },
  {
    file: "api/metrics/late-hours.ts",
    line: "const key = { expression: pk = :pk AND sk >= :since",
    instead: "pk = :pk AND sk > :since",
    why: "behind the moment each key has its place in the stream, so that none is the moment itself",
  },
  {
    file: "api/sessions/change-log.ts",
    line: "expression: pk = :pk AND sk >= :since",
    instead: "pk = :pk AND sk > :since",
    why: "behind the moment each key has its place in the stream, so that none is the moment itself",
  },
  {
    file: "api/metrics/records.ts",
    line: "streamShard <> :shard AND (streamAt < :arrived OR (streamAt = :arrived AND streamShard < :shard))",
    instead: "streamShard <> :shard AND (streamAt < :arrived OR (streamAt = :arrived AND streamShard <= :shard))",
    why: "of two shards no two are called the same",
  },
  {
    file: "api/aws/counting.ts",
    line: "(attribute_not_exists(#w) OR #w < :wf)",
    instead: "(attribute_not_exists(#w) OR #w <= :wf)",
    why: "behind its number a watermark says when it moved, so that none is a number alone",
  },
  {
    file: "api/sockets/store.ts",
    line: "}, { expression: attribute_exists(leaseBy) AND leaseUntil >= :now",
    instead: "(attribute_exists(leaseBy) OR attribute_not_exists(planted)) AND leaseUntil >= :now",
    why: "who has a lease and until when are written and removed together",
  },
  {
    file: "api/sockets/store.ts",
    line: "}, { expression: attribute_exists(leaseBy) AND leaseUntil >= :now",
    instead: "attribute_exists(leaseBy) AND (leaseUntil >= :now OR attribute_not_exists(planted))",
    why: "a lease that held in this instant holds in it still, or was let go, which the other clause finds",
  },
  {
    file: "api/review/log.ts",
    line: "expression: attribute_not_exists(pk) OR #until < :until",
    instead: "attribute_not_exists(pk) OR #until <= :until",
    why: "whoever notes up to the same place notes the same",
  },
  {
    file: "api/rates/shares.ts",
    line: "const tenant = tenants.size > 1 ? current.getStore() : undefined;",
    instead: "true",
    why: "of who is alone no request waits, by a longer way",
  },
  {
    file: "api/rates/shares.ts",
    line: "const tenant = tenants.size > 1 ? current.getStore() : undefined;",
    instead: "tenants.size >= 1",
    why: "of who is alone no request waits, by a longer way",
  },
  {
    file: "api/ingest/failures.ts",
    line:
      'const event = v.object({ Records: v.array(v.custom<DynamoDBRecord>((value) => typeof value === "object")) });',
    instead: "true",
    why: "of what is no object no record is made: it is unreadable either way",
  },
  {
    file: "api/sessions/store.ts",
    line: "expression: attribute_exists(latest) AND (attribute_not_exists(forgottenUntil) OR forgottenUntil < :until)",
    instead: "attribute_exists(latest) AND (attribute_not_exists(forgottenUntil) OR forgottenUntil <= :until)",
    why: "the same number either way",
  },
  {
    file: "api/live/hub.ts",
    line: "if (own.size === 0 && listeners.get(key) === own) listeners.delete(key);",
    instead: "listeners.get(key) !== own",
    why: "the same wakes are heard; of a key that nobody watches an empty set is left",
  },
  {
    file: "api/live/log-feed.ts",
    line: "add: (name) => void lately.set(name, true),",
    instead: "false",
    why: "whether a name is there is asked, not what stands by it",
  },
  {
    file: "api/metrics/alert-rules.ts",
    line: 'const bucket = why.reason === "BUCKET" ? why.bucket : undefined;',
    instead: "true",
    why: "what is of no bucket has none",
  },
  {
    file: "api/live/feed.ts",
    line: "await pause(intervalMs() - (performance.now() - readAt), () => false);",
    instead: "() => undefined",
    why: "neither is enough",
  },
  {
    file: "api/core/zone.ts",
    line: "if (changedAt === stretches[0]?.fromAt || at - changedAt >= 2 * DAY_MS) return day;",
    instead: "false",
    why: "the longer way gives the same day",
  },
  {
    file: "api/core/zone.ts",
    line: "if (changedAt === stretches[0]?.fromAt || at - changedAt >= 2 * DAY_MS) return day;",
    instead: "at - changedAt > 2 * DAY_MS",
    why: "the longer way gives the same day",
  },
  {
    file: "api/metrics/rules.ts",
    line: "return SIZES.slice(SIZES.indexOf(size) + 1).find(isEnough);",
    instead: "SIZES",
    why: "none below the one that is too small is enough",
  },
  {
    file: "api/metrics/late-hours.ts",
    line: "own.set(`${key.pk} ${key.sk}`, true);",
    instead: "false",
    why: "whether a name is there is asked, not what stands by it",
  },
  {
    file: "api/metrics/changes.ts",
    line: "if (last && last.round <= lastRound && (!own || compare(last.last, own) > 0)) state.set(key, last.last);",
    instead: "compare(last.last, own) >= 0",
    why: "the same either way",
  },
  {
    file: "api/live/log-feed.ts",
    line: "const begun = await next({ at: clock(), given: new Map() }, [], false, memory);",
    instead: "true",
    why: "what it gives then nobody takes",
  },
  {
    file: "api/review/save.ts",
    line: "if (!lease.file) return;",
    instead: "false",
    why: "of nothing nothing is cleaned: who asks for it passes over what is wrong",
  },
  {
    file: "api/review/sweep.ts",
    line: ': { ...lease, checkAt: decision.kind === "wait" ? decision.until : undefined };',
    instead: "true",
    why: "what is done waits until no time",
  },
  {
    file: "api/metrics/rules.ts",
    line: ").filter(({ at }) => at >= fromAt && at < toAt).sort((a, b) => a.at - b.at);",
    instead: "true",
    why: "what lies behind the last bucket is in none",
  },
  {
    file: "api/metrics/changes.ts",
    line: "give(hour, () => false);",
    instead: "() => undefined",
    why: "neither hides anything",
  },
  {
    file: "api/metrics/late-hours.ts",
    line: "for (const id of seen) if (id < momentOf(from)) seen.delete(id);",
    instead: "false",
    why: "what is forgotten is not looked at again",
  },
  {
    file: "api/metrics/measures.ts",
    line: 'return { min: pick("min", (a, b) => a < b), max: pick("max", (a, b) => a > b) };',
    instead: "a <= b",
    why: "of two that are equal either is the least",
  },
  {
    file: "api/auth/keysets.ts",
    line: "return { keys: remote.jwks()!, ...(freshMs === undefined ? {} : { freshMs }) };",
    instead: "false",
    why: "what is undefined is as if it were not there",
  },
  {
    file: "api/auth/keys.ts",
    line: "await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => {",
    instead: "{}",
    why: "Node says the same of the next step; it is Deno that does not",
  },
  ...OF_JOURNEYS,
];
