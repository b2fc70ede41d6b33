import { LRUCache } from "lru-cache";
import pMap from "p-map";
import type { Gateway } from "../../aws/gateway.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { type Group, holderId, type Member } from "../../sockets/model.ts";
import type { SocketStore } from "../../sockets/store.ts";
import type { createSocketFeeds, News } from "./socket-feeds.ts";

export type SocketRounds = ReturnType<typeof createSocketRounds>;

/** Has a group looked at again in so many seconds. */
export type Remind = (tenantId: string, group: string, seconds: number) => Promise<void>;

export type RoundOptions = {
  store: SocketStore;
  gateway: Pick<Gateway, "post" | "close">;
  feeds: Pick<ReturnType<typeof createSocketFeeds>, "read">;
  clock: Clock;
  ids: Ids;
  log: Log;
  /** Waits; tests need not. */
  pause: (ms: number) => Promise<unknown>;
  /** Whether a login or key goes on. */
  holds: (holder: Member["holder"]) => Promise<boolean>;
  remind: Remind;
};

/** A group is given something at most twice a second: what changes more often is given as it is then. */
const INTERVAL_MS = SECOND_MS / 2;
/** After so many members it is noted how far it came. */
const MEMBERS_A_NOTE = 100;
const POSTS_AT_ONCE = 32;
const HOLDS_MS = MINUTE_MS;
/** What changes with time alone is seen so much later at most. */
const FADE_SECONDS = 30;
const FORBIDDEN = 4403;
const ENDED = "login ended";
/** Where things change faster than members catch up, they go on behind their group, and are looked at again. */
const MAX_TURNS = 20;
const TOO_LONG = '[{"message":"The result is longer than 128 KB, which no message may be; ask for fewer fields.",' +
  '"extensions":{"code":"ANSWER_TOO_LARGE"}}]';

/** Members at one position, and what there is for them. */
type Class = { members: Member[]; news: News };

/**
 * Gives groups what is new to them. Whoever has a group's lease reads its feed once, notes the position that it reaches, and
 * sends: so nothing is given twice. Where it cannot be known whether somebody was given it, the connection is closed: the
 * client knows what it has, and goes on from there. So nothing is missed.
 */
export function createSocketRounds({ store, gateway, feeds, clock, ids, log, pause, holds, remind }: RoundOptions) {
  const known = new LRUCache<string, true>({
    ...{ max: 10_000, ttl: HOLDS_MS, ttlResolution: 0 },
    perf: { now: clock },
  });

  /** Looks whether there is something for a group that was woken. */
  async function wake(tenantId: string, id: string): Promise<void> {
    let group = await store.findGroup(tenantId, id);
    const restMs = (group?.sentAt ?? 0) + INTERVAL_MS - clock();
    if (group && restMs > 0) {
      await pause(restMs);
      group = await store.findGroup(tenantId, id);
    }
    if (!group) return;
    const { question, position, sending, lease } = group;
    const news = await feeds.read(question, position);
    const isBroken = sending !== undefined && (lease?.until ?? 0) < clock();
    if (news.messages.length > 0 || news.over || isBroken) await run(tenantId, id, { position, news });
    if (news.fades && group.lookAt <= clock()) await lookAgain(tenantId, id);
  }

  /** As long as somebody follows what changes with time too. */
  async function lookAgain(tenantId: string, id: string): Promise<void> {
    const members = await store.listMembers(tenantId, id);
    const isDue = members.length > 0 && await store.noteLook(tenantId, id, clock() + FADE_SECONDS * SECOND_MS);
    if (isDue) await remind(tenantId, id, FADE_SECONDS);
  }

  /** Gives the members of a group what is new to each; or leaves it to who is at it. */
  async function run(tenantId: string, id: string, found?: { position: string; news: News }): Promise<void> {
    const me = ids();
    const group = await store.claim(tenantId, id, me);
    if (!group) return;
    let first = found?.position === group.position ? found.news : undefined;
    let position = group.position;
    if (group.sending) await recover(group, me);
    for (let turns = 1;; turns++) {
      const next = await turn({ ...group, position }, me, first);
      if (next === undefined) return;
      position = next.position;
      first = undefined;
      if (!next.isSettled && turns < MAX_TURNS) continue;
      if (await store.release(tenantId, id, me)) return;
    }
  }

  /** Whoever was at it before us broke off: who surely has what it gave stays, the others are let go. */
  async function recover({ id, question: { tenantId }, sending }: Group, me: string): Promise<void> {
    const members = await store.listMembers(tenantId, id);
    const doubtful = members.filter(({ key, position }) => key > sending!.upTo || position !== undefined);
    log.warn("Giving to a group broke off; whose state is not known connect again.", {
      group: id,
      of: doubtful.length,
    });
    await pMap(doubtful, ({ connectionId }) => cut(connectionId), { concurrency: POSTS_AT_ONCE });
    await store.clearSending(tenantId, id, me);
  }

  /** One reading and what it gives. Undefined where the group is not ours any more. */
  async function turn(group: Group, me: string, found: News | undefined) {
    const { id, question, question: { tenantId } } = group;
    const silence = await store.readWakes(tenantId, id, group.keys ?? []);
    const members = await store.listMembers(tenantId, id);
    const live = await admitted(members);
    if (live.length === 0) {
      await silence();
      return { position: group.position, isSettled: true };
    }

    const byPosition = Map.groupBy(live, ({ position }) => position ?? group.position);
    const classes: Class[] = [];
    const isAt = (one: string) => one === group.position ? 0 : 1;
    for (const position of [...byPosition.keys()].sort((a, b) => isAt(a) - isAt(b))) {
      const news = position === group.position && found ? found : await feeds.read(question, position);
      classes.push({ members: byPosition.get(position)!, news });
    }
    const [{ news: { end } }] = classes as [Class];
    // All were given all there was, where nothing came since the first was read.
    const isSettled = classes.length === 1 || (await feeds.read(question, end)).messages.length === 0;

    const hasNews = classes.some(({ news }) => news.messages.length > 0 || news.over);
    if ((hasNews || end !== group.position) && !await store.advance(tenantId, id, me, end)) return undefined;
    if (hasNews && !await give(group, me, classes)) return undefined;
    for (const { members, news } of classes) {
      const own = isSettled || news.end === end ? undefined : news.end;
      const moved = members.filter(({ position }) => position !== own);
      await pMap(moved, (one) => store.settle(tenantId, id, one, own), { concurrency: POSTS_AT_ONCE });
    }
    return { position: end, isSettled };
  }

  /** Those who may still be given something. The others' connections are closed, and they are told why. */
  async function admitted(members: readonly Member[]): Promise<Member[]> {
    const live: Member[] = [];
    for (const member of members) {
      const why = member.expiresAt <= clock() ? "token expired" : await goesOn(member) ? undefined : ENDED;
      if (why === undefined) live.push(member);
      else await farewell(member.connectionId, FORBIDDEN, why);
    }
    return live;
  }

  /** Whether the login or key that a member came with goes on, as it was a minute ago at most. */
  async function goesOn({ holder }: Member): Promise<boolean> {
    const id = holderId(holder);
    if (id === undefined || known.has(id)) return true;
    if (!await holds(holder)) return false;
    known.set(id, true);
    return true;
  }

  /** Sends to all, in the order of their keys, and notes how far it came. False where the group is not ours any more. */
  async function give(group: Group, me: string, classes: readonly Class[]): Promise<boolean> {
    const all = classes.flatMap(({ members, news }) => members.map((member) => ({ member, news })))
      .sort((a, b) => (a.member.key < b.member.key ? -1 : 1));
    for (let from = 0; from < all.length; from += MEMBERS_A_NOTE) {
      const part = all.slice(from, from + MEMBERS_A_NOTE);
      await pMap(part, ({ member, news }) => giveOne(member, news), { concurrency: POSTS_AT_ONCE });
      const isLast = from + MEMBERS_A_NOTE >= all.length;
      const { tenantId } = group.question;
      if (!isLast && !await store.noteSent(tenantId, group.id, me, part.at(-1)!.member.key)) return false;
    }
    return true;
  }

  async function giveOne(member: Member, { messages, over }: News): Promise<void> {
    const { connectionId, subscriptionId } = member;
    const id = JSON.stringify(subscriptionId);
    const frames = messages.map((payload) => `{"id":${id},"type":"next","payload":${payload}}`);
    if (over === "complete") frames.push(`{"id":${id},"type":"complete"}`);
    else if (over) frames.push(`{"id":${id},"type":"error","payload":${over.errors}}`);
    for (const frame of frames) {
      const posted = await gateway.post(connectionId, frame);
      if (posted === "sent") continue;
      if (posted !== "too-long") return await cut(connectionId);
      await gateway.post(connectionId, `{"id":${id},"type":"error","payload":${TOO_LONG}}`);
      return await leave(member);
    }
    if (over) await leave(member);
  }

  async function leave({ connectionId, subscriptionId }: Member): Promise<void> {
    const connection = await store.findConnection(connectionId);
    if (connection) await store.removeSubscription(connection, subscriptionId);
  }

  /** Closes the sockets that were opened with these logins or keys, which are over. */
  async function end(tenantId: string, ended: readonly string[]): Promise<void> {
    const open = await store.listHeldBy(tenantId, ended);
    await pMap(open, (id) => farewell(id, FORBIDDEN, ENDED), { concurrency: POSTS_AT_ONCE });
  }

  /** Closes a connection that is gone, or of which we do not know what it was given. 410 was seen for some that are open. */
  async function cut(connectionId: string): Promise<void> {
    await gateway.close(connectionId);
    await store.removeConnection(connectionId);
  }

  /**
   * Closes a connection and says why. API Gateway closes with the code 1000 alone; so what the code would say comes before it, as
   * a ping's payload, which clients may show.
   */
  async function farewell(connectionId: string, code: number, reason: string): Promise<void> {
    await gateway.post(connectionId, JSON.stringify({ type: "ping", payload: { code, reason } }));
    await cut(connectionId);
  }

  return { wake, run, end, cut, farewell };
}
