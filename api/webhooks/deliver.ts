import pMap from "p-map";
import type { Clock } from "../core/clock.ts";
import { MINUTE_MS, SECOND_MS } from "../core/clock.ts";
import type { Delivery, Secrets, Webhook } from "./model.ts";
import { isTaken, nextTryAt } from "./rules.ts";
import type { Send } from "./send.ts";
import { deliveryIdOf, type Due, messageOf, SHARDS, type WebhookStore } from "./store.ts";

export type DeliverOptions = { store: WebhookStore; send: Send; clock: Clock };

/** Whoever takes a delivery has so long; a request ends long before. */
const CLAIM_MS = MINUTE_MS;
/** A sweep begins nothing new after so long: another follows. */
const SWEEP_MS = 50 * SECOND_MS;
/** After so long a hook begins nothing new until the others had a turn. */
const TURN_MS = 5 * SECOND_MS;
const HOOKS_AT_ONCE = 16;
const REQUESTS_A_HOOK = 4;
/** "Gone": the receiver wants no more. */
const GONE = 410;

/**
 * The job that sends. An event becomes a delivery for each hook that wants it; a delivery is taken for a minute by a
 * conditional write, tried, and noted. A process that dies in between leaves it due again: at least once, under the same
 * id. Where one delivery of a hook fails the others of it wait as long, so that a dead receiver costs one request at a time;
 * one that is slow gives way after its turn, and what is left of it stays due.
 */
export function createDelivery({ store, send, clock }: DeliverOptions) {
  return async function deliver(): Promise<Record<string, number>> {
    const did = { events: 0, delivered: 0, failed: 0 };
    const endAt = clock() + SWEEP_MS;
    for (let isMore = true; isMore && clock() < endAt;) {
      const due = (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => store.listDue(shard, clock()))))
        .flat();
      const kinds = Map.groupBy(due, ({ kind }) => kind);
      const spread = await pMap(kinds.get("event") ?? [], ({ key }) => spreadEvent(key), {
        concurrency: HOOKS_AT_ONCE,
      });
      await pMap(kinds.get("hook") ?? [], ({ key }) => letGo(key), { concurrency: HOOKS_AT_ONCE });
      const byHook = Map.groupBy(
        [...spread.flat(), ...(kinds.get("delivery") ?? []).map(({ key }) => key)],
        ({ pk }) => pk as string,
      );
      const before = did.delivered + did.failed;
      // Who has little to be told is not behind who has much.
      const turns = [...byHook.values()].sort((a, b) => a.length - b.length);
      await pMap(turns, (own) => sendAll(own, did, endAt), { concurrency: HOOKS_AT_ONCE });
      did.events += kinds.get("event")?.length ?? 0;
      // An index follows its table: what was done is still listed for a moment, and is no reason to go on.
      isMore = kinds.has("event") || did.delivered + did.failed > before;
    }
    return did;
  };

  /** Gives the deliveries that it made: they go at once, and not after all that is under way. */
  async function spreadEvent(key: Due["key"]): Promise<Due["key"][]> {
    const event = await store.findEvent(key);
    if (!event) return [];
    const { tenantId, eventId, type, notedAt, body } = event;
    const hooks = await store.listWebhooks(tenantId);
    const now = clock();
    const made: Due["key"][] = [];
    for (const { webhookId, types, revokedAt } of hooks) {
      if (revokedAt !== undefined || !(types as readonly string[]).includes(type)) continue;
      made.push(
        await store.putDelivery({
          ...{ deliveryId: deliveryIdOf(notedAt, eventId), webhookId, tenantId, eventId, type, body },
          ...{ status: "PENDING", createdAt: now, attempts: 0, tries: [], dueAt: now },
        }),
      );
    }
    await store.settle(key);
    return made;
  }

  /** After a pause: all that was held is due. */
  async function letGo(key: Due["key"]): Promise<void> {
    const of = { tenantId: (key.pk as string).split("#")[0]!, webhookId: key.sk as string };
    for await (const held of store.listHeld(of)) {
      await pMap(held, (delivery) => store.wake(delivery, clock(), "HELD"), { concurrency: HOOKS_AT_ONCE });
    }
    await store.settle(key);
  }

  async function sendAll(
    due: readonly Due["key"][],
    did: { delivered: number; failed: number },
    endAt: number,
  ): Promise<void> {
    const [tenantId, webhookId] = (due[0]!.pk as string).split("#") as [string, string];
    const found = await store.findWebhook(tenantId, webhookId);
    if (!found || found.hook.revokedAt !== undefined) {
      await pMap(due, (key) => store.rest(key, "FAILED"), { concurrency: REQUESTS_A_HOOK });
      return;
    }
    const turnEndsAt = Math.min(endAt, clock() + TURN_MS);
    let [isPaused, waitUntil] = [found.hook.pausedAt !== undefined, undefined as number | undefined];
    await pMap(due, async (key) => {
      if (isPaused) return await hold(found.hook, key);
      if (waitUntil !== undefined) return await store.postpone(key, clock(), waitUntil);
      if (clock() >= turnEndsAt) return;
      const delivery = await store.claim(key, clock(), clock() + CLAIM_MS);
      if (!delivery) return;
      const outcome = await attempt(found, delivery);
      did[outcome.isDelivered ? "delivered" : "failed"] += 1;
      isPaused ||= outcome.isPaused;
      waitUntil ??= outcome.waitUntil;
    }, { concurrency: REQUESTS_A_HOOK });
  }

  async function attempt({ hook, secrets }: { hook: Webhook; secrets: Secrets }, delivery: Delivery) {
    const { attempts, createdAt } = delivery;
    const at = clock();
    const tried = { at, ...await send(hook, messageOf(delivery, at, secrets)) };
    if (isTaken(tried.status ?? 0)) {
      await store.noteTry(delivery, tried, "DELIVERED", undefined);
      if (hook.failingSince !== undefined) await store.changeWebhook(hook, "REMOVE failingSince");
      return { isDelivered: true, isPaused: false };
    }
    const next = nextTryAt(attempts, createdAt, clock());
    const failing = await store.changeWebhook(hook, "SET failingSince = if_not_exists(failingSince, :at)", {
      ":at": at,
    });
    const isOver = next === undefined && (failing?.failingSince ?? at) <= createdAt + CLAIM_MS;
    const why = tried.status === GONE
      ? "the receiver answered 410: it wants no more"
      : isOver
      ? `nothing was taken for a day; the last time: ${tried.error ?? `it answered ${tried.status}`}`
      : undefined;
    if (why !== undefined) {
      const change = "SET pausedAt = if_not_exists(pausedAt, :now), pausedBecause = if_not_exists(pausedBecause, :why)";
      await store.changeWebhook(hook, change, { ":now": clock(), ":why": why });
    }
    await store.noteTry(delivery, tried, next === undefined ? "FAILED" : "PENDING", next);
    return { isDelivered: false, isPaused: why !== undefined, ...(next === undefined ? {} : { waitUntil: next }) };
  }

  /** What happens during a pause waits for its end; the pause may have ended just now. */
  async function hold(hook: Webhook, key: Due["key"]): Promise<void> {
    await store.rest(key, "HELD");
    const found = await store.findWebhook(hook.tenantId, hook.webhookId);
    if (found && found.hook.pausedAt === undefined) {
      await store.wake({ ...hook, deliveryId: key.sk as string }, clock(), "HELD");
    }
  }
}
