import { isbot } from "isbot";
import type { Dynamo, Item } from "../aws/dynamo.ts";
import { type Clock, DAY_MS } from "../core/clock.ts";
import { NotIndexedError } from "../core/errors.ts";
import { itemKey } from "../core/keys.ts";
import { pages } from "../core/page.ts";
import { parseRange, type RangeInput } from "../core/range.ts";

/** Events that robots sent on a UTC day, and which robots. */
export type RobotDay = { startAt: number; events: number; names: { name: string; events: number }[] };

export type Robots = ReturnType<typeof createRobots>;

const OTHERS = "others";
/** Robots that are told by name, as they name themselves. Whoever invents names must not make anything grow. */
const NAMES = [
  ...["AhrefsBot", "Amazonbot", "Applebot", "Baiduspider", "bingbot", "Bytespider", "CCBot", "ClaudeBot", "DotBot"],
  ...["DuckDuckBot", "facebookexternalhit", "Googlebot", "GPTBot", "HeadlessChrome", "Lighthouse", "LinkedInBot"],
  ...["MJ12bot", "PerplexityBot", "PetalBot", "SemrushBot", "Slackbot", "Twitterbot", "UptimeRobot", "YandexBot"],
  ...["curl", "python-requests"],
];
const KEEP_DAYS = 400;

/** The robot that a user agent names; undefined where it names none. The list of robots is the package's, `isbot`. */
export function findRobot(userAgent: string | undefined): string | undefined {
  if (!isbot(userAgent)) return undefined;
  const text = (userAgent ?? "").toLowerCase();
  return NAMES.find((name) => text.includes(name.toLowerCase())) ?? OTHERS;
}

/**
 * What robots sent and was left out, by tenant and day: sk = #ROBOTS#<day>#<name> in the `journeys` table, one write a batch. A
 * robot that sends a batch again is counted again: nothing of it is kept that could tell.
 */
export function createRobots(dynamo: Dynamo, table: string, { clock, indexed }: { clock: Clock; indexed: boolean }) {
  return {
    async count(tenantId: string, name: string, events: number): Promise<void> {
      if (!indexed) return;
      const now = clock();
      await dynamo.update(table, keyOf(tenantId, dayOf(now), name), {
        expression: "ADD #events :events SET #ttl = :ttl",
        names: { "#events": "events", "#ttl": "ttl" },
        values: { ":events": events, ":ttl": Math.ceil((now + KEEP_DAYS * DAY_MS) / 1_000) },
      });
    },

    /** The days of a range on which robots came, widened to whole UTC days, the latest first. Throws InvalidInputError. */
    async list(tenantId: string, range: RangeInput): Promise<RobotDay[]> {
      if (!indexed) throw new NotIndexedError();
      const now = clock();
      const { fromAt, toAt } = parseRange(range, now);
      const first = dayOf(Math.max(fromAt, now - KEEP_DAYS * DAY_MS));
      const { pk, sk: from } = keyOf(tenantId, first, "");
      const { sk: to } = keyOf(tenantId, dayOf(Math.min(toAt - 1, now)), "~");
      if (to < from) return [];
      const key = {
        expression: "pk = :pk AND sk BETWEEN :from AND :to",
        values: { ":pk": pk, ":from": from, ":to": to },
      };
      const days = new Map<number, RobotDay>();
      const read = (startKey?: Item) => dynamo.query(table, { key, startKey });
      for await (const { items } of pages(read)) {
        for (const item of items) {
          const [, , date, name] = (item.sk as string).split("#") as [string, string, string, string];
          const startAt = Date.parse(date);
          const events = item.events as number;
          const day = days.get(startAt) ?? { startAt, events: 0, names: [] };
          days.set(startAt, { ...day, events: day.events + events, names: [...day.names, { name, events }] });
        }
      }
      return [...days.values()].sort((a, b) => b.startAt - a.startAt)
        .map((day) => ({ ...day, names: day.names.sort((a, b) => b.events - a.events) }));
    },
  };
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function keyOf(tenantId: string, date: string, name: string) {
  return itemKey(tenantId, "", `ROBOTS#${date}#${name}`);
}
