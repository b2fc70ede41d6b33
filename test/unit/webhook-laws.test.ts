import { describe, expect, test } from "vitest";
import { deliveryIdOf, eventIdOf, SHARDS } from "../../api/webhooks/store.ts";
import { createWebhookWorld as createWorld, OF, START } from "../kit/webhooks.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Passes from one instant at which something is due to the next, a day and more. */
async function whileDue(world: ReturnType<typeof createWorld>, minutes = 26 * 60) {
  for (let i = 0; i < minutes; i++) {
    await world.deliver();
    world.pass(MINUTE);
  }
}

describe("a delivery", () => {
  test("is taken once by whoever takes it first, and again when its minute is over", async () => {
    const { store, add, happen, deliver, during, calls, pass } = createWorld();
    await add();
    await happen("a");
    // Another process looks while the first one is about to hear.
    during(async () => {
      during(async () => {});
      pass(MINUTE - 1);
      await deliver();
      expect(calls).toHaveLength(1);
      pass(1);
      await deliver();
      expect(calls).toHaveLength(2);
    });
    await deliver();
    expect(calls.map(({ body }) => body)).toEqual([calls[0]!.body, calls[0]!.body]);
    const [delivery] = await store.listDeliveries(OF, 10);
    // The one that took it later has the last word.
    expect(delivery).toMatchObject({ status: "DELIVERED", attempts: 2, tries: [{ status: 200 }] });
  });

  test("is not due before its time: listed, taken and put off only then", async () => {
    const { store, add, happen, deliver, pass, log } = createWorld(() => 500);
    await add();
    await happen("a");
    await deliver();
    const [delivery] = await log();
    const [dueAt, deliveryId] = [delivery!.dueAt!, delivery!.deliveryId];
    expect(dueAt).toBe(START + 5 * SECOND);
    const key = { pk: "shop#w", sk: deliveryId };
    const listed = async (at: number) =>
      (await Promise.all(Array.from({ length: SHARDS }, (_, shard) => store.listDue(shard, at)))).flat().length;
    expect([await listed(dueAt - 1), await listed(dueAt)]).toEqual([0, 1]);
    expect(await store.claim(key, dueAt - 1, dueAt + MINUTE)).toBeUndefined();
    await store.postpone(key, dueAt - 1, dueAt + DAY);
    expect(await listed(dueAt)).toBe(1);
    pass(5 * SECOND);
    expect(await store.claim(key, dueAt, dueAt + MINUTE)).toMatchObject({ attempts: 2 });
    expect(await store.claim(key, dueAt, dueAt + MINUTE)).toBeUndefined();
  });

  test("that fails holds the others of its hook up as long as itself, and those of no other hook", async () => {
    const { store, add, happen, deliver, hook, calls, pass, log } = createWorld((_, at) => (at === 0 ? "none" : 200));
    await add();
    await store.putWebhook(hook({ webhookId: "other", url: "https://other.example/" }), { secret: "whsec_c2VjcmV0" });
    for (let i = 0; i < 12; i++) await happen(`e${i}`);
    await deliver();
    const of = (url: string) => calls.filter((call) => call.url.includes(url)).length;
    // Four requests go at once to a hook.
    expect([of("//example"), of("other")]).toEqual([4, 4]);
    expect(new Set((await log()).map(({ dueAt }) => dueAt! - START))).toEqual(new Set([5 * SECOND]));
    calls.splice(0);
    pass(5 * SECOND - 1);
    await deliver();
    expect(calls).toEqual([]);
    pass(1);
    await deliver();
    expect([of("//example"), of("other")]).toEqual([12, 12]);
    expect(new Set((await log()).map(({ status }) => status))).toEqual(new Set(["DELIVERED"]));
  });

  test("that nobody takes is given up within its day, pauses its hook, and goes on with all that was held", async () => {
    let isThere = false;
    const world = createWorld(() => (isThere ? 204 : 503));
    const { add, happen, deliver, found, log, service, calls, pass } = world;
    await add();
    await happen("a");
    await deliver();
    expect([(await found()).failingSince, (await found()).pausedAt]).toEqual([START, undefined]);
    await whileDue(world);
    expect(calls.length).toBe(11);
    expect(calls.at(-1)!.at).toBeLessThan(DAY);
    expect(await found()).toMatchObject({ pausedBecause: expect.stringMatching(/a day.*503/) });
    expect(await log()).toMatchObject([{ status: "FAILED" }]);
    for (const id of ["b", "c"]) await happen(id);
    await whileDue(world, 5);
    expect((await log()).map(({ status }) => status)).toEqual(["HELD", "HELD", "FAILED"]);
    expect(calls.length).toBe(11);
    isThere = true;
    expect((await service.resume(OF.tenantId, "w"))!.failingSince).toBeUndefined();
    // One turn lets go of what was held, the next sends it.
    for (let i = 0; i < 2; i++, pass(1)) await deliver();
    expect((await log()).map(({ status }) => status)).toEqual(["DELIVERED", "DELIVERED", "FAILED"]);
    expect([(await found()).failingSince, (await found()).pausedAt]).toEqual([undefined, undefined]);
    // What was given up stays so until somebody sends it again.
    const [, , failed] = await log();
    expect(await service.resend(OF.tenantId, "w", failed!.deliveryId)).toMatchObject({
      status: "PENDING",
      attempts: 0,
      tries: [],
    });
    expect(await service.resend(OF.tenantId, "w", failed!.deliveryId)).toBeUndefined();
  });

  test("that was put to rest while its hook was resumed is sent all the same", async () => {
    const { store, add, happen, deliver, calls, pass, dynamo } = createWorld();
    await add({ pausedAt: START, pausedBecause: "x" });
    await happen("a");
    const rest = store.rest.bind(store);
    // Between the look at the hook and the note of the rest somebody resumes it.
    Object.assign(store, {
      rest: async (...of: Parameters<typeof rest>) => {
        await store.changeWebhook(OF, "REMOVE pausedAt, pausedBecause");
        await rest(...of);
      },
    });
    await deliver();
    pass(1);
    await deliver();
    expect(calls).toHaveLength(1);
    expect(dynamo.dump("webhooks").filter(({ status }) => status === "HELD")).toEqual([]);
  });

  test("whose receiver says 410 is the last one: what else is due is held", async () => {
    const { add, happen, deliver, found, calls, pass, log } = createWorld(() => 410);
    await add();
    for (let i = 0; i < 12; i++) await happen(`e${i}`);
    await deliver();
    // Four were on their way.
    expect(calls.splice(1)).toHaveLength(3);
    expect((await log()).filter(({ status }) => status === "HELD")).toHaveLength(8);
    expect(await found()).toMatchObject({ pausedAt: START, pausedBecause: expect.stringMatching(/410/) });
    pass(DAY);
    await deliver();
    expect(calls).toHaveLength(1);
  });

  test("that was sent is not sent again by whoever was late: by a second spreading of its event, a pause or its end", async () => {
    const { store, add, happen, deliver, log, calls, pass } = createWorld();
    await add();
    await happen("a");
    await deliver();
    const [sent] = await log();
    const key = { pk: "shop#w", sk: sent!.deliveryId };
    await store.putDelivery({ ...sent!, status: "PENDING", dueAt: START, attempts: 0, tries: [] });
    await store.rest(key, "HELD");
    // Nor is it asked for as what a pause held.
    for await (const held of store.listHeld(OF)) expect(held).toEqual([]);
    expect(await store.wake(sent!, START, "HELD")).toBeUndefined();
    expect(await store.claim(key, START + DAY, START + DAY)).toBeUndefined();
    pass(MINUTE);
    await deliver();
    expect(await log()).toEqual([sent]);
    expect(calls).toHaveLength(1);
  });

  test("that is given up pauses no hook that took something else meanwhile", async () => {
    const { add, happen, found, log, deliver, pass } = createWorld((_, __, body) => body.includes("bad") ? 500 : 200);
    await add();
    await happen("bad");
    for (let hour = 0; hour < 26; hour++) {
      for (let i = 0; i < 60; i++, pass(MINUTE)) await deliver();
      await happen(`good${hour}`);
    }
    expect((await log()).find(({ body }) => body.includes("bad"))).toMatchObject({ status: "FAILED" });
    expect((await found()).pausedAt).toBeUndefined();
  });

  test("that is taken holds no other up: all that is due goes in one turn, and the turn says how much that was", async () => {
    const { store, add, happen, deliver, log } = createWorld((n) => (n === 13 ? 500 : 200));
    Object.assign(store, { rest: () => Promise.reject(new Error("nothing rests")) });
    await add();
    for (let i = 0; i < 12; i++) await happen(`e${i}`);
    expect(await deliver()).toEqual({ events: 12, delivered: 12, failed: 0 });
    await happen("last");
    expect(await deliver()).toEqual({ events: 1, delivered: 0, failed: 1 });
    expect(await deliver()).toEqual({ events: 0, delivered: 0, failed: 0 });
    const all = await log();
    const pages = [await store.listDeliveries(OF, 5), await store.listDeliveries(OF, 100, all[4]!.deliveryId)];
    expect(pages.flat()).toEqual(all);
  });

  test("of each of many hooks goes to sixteen of them at once", async () => {
    const { store, hook, happen, deliver, during, calls } = createWorld();
    for (let i = 0; i < 20; i++) await store.putWebhook(hook({ webhookId: `w${i}` }), { secret: "whsec_c2VjcmV0" });
    await happen("a");
    let [open, most] = [0, 0];
    during(async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
    });
    await deliver();
    expect([calls.length, most]).toEqual([20, 16]);
  });

  test("of a hook that was revoked meanwhile is sent to nobody, and fails", async () => {
    const { add, happen, deliver, service, calls, log, pass } = createWorld((n) => (n === 1 ? 500 : 200));
    await add();
    await happen("a");
    await deliver();
    await service.revoke(OF.tenantId, "w");
    pass(5 * SECOND);
    await deliver();
    expect(calls).toHaveLength(1);
    expect((await log()).map(({ status, dueAt }) => [status, dueAt])).toEqual([["FAILED", undefined]]);
  });

  test("that is taken ends what was failing", async () => {
    const { add, happen, deliver, found, pass } = createWorld((n) => (n === 1 ? 500 : 200));
    await add();
    await happen("a");
    await deliver();
    expect((await found()).failingSince).toBe(START);
    pass(5 * SECOND);
    await deliver();
    expect((await found()).failingSince).toBeUndefined();
  });

  test("begins nothing new in a sweep that has gone on for fifty seconds", async () => {
    const world = createWorld();
    const { add, happen, deliver, calls, during, pass } = world;
    await add();
    await happen("a");
    let events = 1;
    // Each delivery brings the next event, ten seconds later.
    during(async () => {
      pass(10 * SECOND);
      await happen(`n${events++}`);
    });
    await deliver();
    expect(calls).toHaveLength(5);
  });
});

describe("an event", () => {
  test("is told of to the hooks that want it, and are not revoked, once each and under one id", async () => {
    const { store, hook, happen, deliver, calls } = createWorld();
    const secrets = { secret: "whsec_c2VjcmV0" };
    await store.putWebhook(hook({ webhookId: "a", url: "https://a.example/" }), secrets);
    await store.putWebhook(hook({ webhookId: "b", url: "https://b.example/", types: ["JOURNEY_FINISHED"] }), secrets);
    await store.putWebhook(hook({ webhookId: "c", url: "https://c.example/", revokedAt: START }), secrets);
    await store.putWebhook(hook({ webhookId: "d", url: "https://d.example/", tenantId: "other" }), secrets);
    await happen("x");
    await happen("x", { data: { other: true } });
    await deliver();
    expect(calls.map(({ url, body }) => [url, JSON.parse(body).data])).toEqual([["https://a.example/", { id: "x" }]]);
    await happen("x");
    await deliver();
    expect(calls).toHaveLength(1);
    // An index may list it for a moment more: a hook that is made then hears nothing of what was before it.
    const eventId = eventIdOf({ tenantId: "shop", type: "ALERT_CHANGED", id: "x" });
    expect(await store.findEvent({ pk: `shop#event#${eventId}`, sk: eventId })).toBeUndefined();
    expect(await store.listDeliveries({ ...OF, webhookId: "c" }, 10)).toEqual([]);
  });

  test("has an id of its own by tenant, type and id, that tells nothing of them", () => {
    const ids = [
      { tenantId: "a", type: "ALERT_CHANGED", id: "b" },
      { tenantId: "ab", type: "ALERT_CHANGED", id: "" },
      { tenantId: "a", type: "JOURNEY_FINISHED", id: "b" },
      { tenantId: "aALERT_CHANGED", type: "ALERT_CHANGED", id: "b" },
      { tenantId: "a", type: "ALERT_CHANGED", id: "ALERT_CHANGEDb" },
    ].map((event) => eventIdOf(event as Parameters<typeof eventIdOf>[0]));
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^evt_[\w-]{22}$/);
    expect([5, 10, 1e12].map((at) => deliveryIdOf(at, "e"))).toEqual([
      "0000000000005#e",
      "0000000000010#e",
      "1000000000000#e",
    ]);
  });

  test("of more than 64 KB is our own fault, and is not lost in silence", async () => {
    const { happen } = createWorld();
    const bytes = (n: number) => ({ data: { x: "y".repeat(n - 8) } });
    await happen("a", bytes(65_536));
    expect(() => happen("b", bytes(65_537))).toThrow(/65537 bytes/);
  });

  test("and what comes of it is kept for its time: eight days, thirty, and a revoked hook ninety", async () => {
    const { add, happen, deliver, service, dynamo } = createWorld();
    await add();
    await happen("a");
    await deliver();
    await service.revoke(OF.tenantId, "w");
    const days = Object.fromEntries(
      dynamo.dump("webhooks").map(({ pk, ttl }) => [
        (pk as string).split("#")[1],
        ((ttl as number) * SECOND - START) / DAY,
      ]),
    );
    expect(days).toEqual({ event: 8, w: 30, hooks: 90 });
  });
});

describe("a hook", () => {
  test("that was made a moment ago is heard of at once here, and elsewhere within half a minute", async () => {
    const { service, store, process, pass } = createWorld();
    const elsewhere = process();
    expect(await elsewhere.wants("shop", "ALERT_CHANGED")).toBe(false);
    expect(await service.wants("shop", "ALERT_CHANGED")).toBe(false);
    const viewer = { tenantId: "shop", userId: "u" } as Parameters<typeof service.create>[0];
    await service.create(viewer, { name: "n", url: "https://example.com/", types: ["ALERT_CHANGED"] });
    expect(await service.wants("shop", "ALERT_CHANGED")).toBe(true);
    // It is always asked there, and learns of it all the same.
    for (let second = 1; second <= 30; second++) {
      expect({ second, is: await elsewhere.wants("shop", "ALERT_CHANGED") }).toEqual({ second, is: false });
      pass(SECOND);
    }
    pass(1);
    expect(await elsewhere.wants("shop", "ALERT_CHANGED")).toBe(true);
    expect(await service.wants("shop", "JOURNEY_FINISHED")).toBe(false);
    expect(await service.wants("other", "ALERT_CHANGED")).toBe(false);
    const [hook] = await store.listWebhooks("shop");
    await service.revoke("shop", hook!.webhookId);
    expect(await service.wants("shop", "ALERT_CHANGED")).toBe(false);
  });

  test("signs with its old secret for a day after a rotation, and that one alone", async () => {
    const { add, service, store } = createWorld();
    await add();
    const first = await service.rotate("shop", "w");
    const second = await service.rotate("shop", "w");
    const { secrets } = (await store.findWebhook("shop", "w"))!;
    expect(secrets).toEqual({ secret: second!.secret, before: { secret: first!.secret, until: START + DAY } });
  });

  test("that is revoked can be changed no more, is not shown as another's, and keeps no secret", async () => {
    const { add, service, store, dynamo } = createWorld();
    await add();
    expect(await service.revoke("other", "w")).toBeUndefined();
    expect(await service.revoke("shop", "w")).toMatchObject({ revokedAt: START });
    expect(await service.rotate("shop", "w")).toBeUndefined();
    expect(await service.test("shop", "w")).toBeUndefined();
    expect(await store.changeWebhook(OF, "SET failingSince = :at", { ":at": 1 })).toBeUndefined();
    expect(JSON.stringify(dynamo.dump("webhooks"))).not.toContain("whsec_");
    // To revoke it again is no error.
    expect(await service.revoke("shop", "w")).toMatchObject({ revokedAt: START });
  });
});
