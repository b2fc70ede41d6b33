import { expect, test } from "vitest";
import { eventIdOf, shardOf, SHARDS } from "../../api/webhooks/store.ts";
import { createWebhookWorld as createWorld, OF, START } from "../kit/webhooks.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

test.each([[1, 100], [16, 30], [30, 10]])(
  "what is due to %i slow hooks, %i each, waits for its turn, and what others are told goes on meanwhile",
  async (slow, each) => {
    const { store, hook, happen, deliver, during, calls, pass } = createWorld();
    const other = "https://other.example/";
    const secrets = { secret: "whsec_c2VjcmV0" };
    for (let i = 0; i < slow; i++) await store.putWebhook(hook({ webhookId: `w${i}` }), secrets);
    await store.putWebhook(hook({ tenantId: "other", webhookId: "o", url: other }), secrets);
    for (let i = 0; i < each; i++) await happen(`e${i}`);
    const waiting: { until: number; done: () => void }[] = [];
    during(async () => {
      if (calls.at(-1)!.url === other) return;
      await new Promise<void>((done) => waiting.push({ until: pass(0) + 9_900, done }));
    });
    let isOver = false;
    const sweep = deliver().finally(() => isOver = true);
    for (let isTold = false; !isOver;) {
      await new Promise((resolve) => setImmediate(resolve));
      pass(100);
      if (!isTold && pass(0) > START + 6 * SECOND) {
        isTold = true;
        await happen("x", { tenantId: "other" });
      }
      for (const [i, { until, done }] of [...waiting.entries()].reverse()) {
        if (until > pass(0)) continue;
        done();
        waiting.splice(i, 1);
      }
    }
    await sweep;
    expect(pass(0)).toBeLessThan(START + 61 * SECOND);
    expect(calls.filter(({ at }) => at > 50 * SECOND)).toEqual([]);
    const told = calls.find(({ url }) => url === other)!.at;
    // As many turns as sixteen at once need: a request's time each, once for those that were there before it.
    expect(told).toBeLessThan(Math.ceil(slow / 16) * 10 * SECOND + SECOND);
    // What is left is sent by the sweeps that follow, once each.
    during(() => Promise.resolve());
    for (let i = 0; i < 3; i++) {
      await deliver();
      pass(MINUTE);
    }
    expect(calls).toHaveLength(slow * each + 1);
  },
);

test("an event and a delivery are found behind however many of another tenant and another hook", async () => {
  const { store, add, hook, happen, deliver, calls, log } = createWorld();
  await add();
  for (let i = 0; i < 450; i++) await happen(`e${i}`);
  await happen("x", { tenantId: "other" });
  const listed = async () => {
    const shards = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => store.listDue(shard, START)));
    expect(Math.max(...shards.map((due) => due.length))).toBeLessThanOrEqual(102);
    return shards.flat().map(({ key }) => key.pk as string);
  };
  expect(await listed()).toContain(`other#event#${eventIdOf({ tenantId: "other", type: "ALERT_CHANGED", id: "x" })}`);
  await deliver();
  expect(calls).toHaveLength(450);
  for (const { deliveryId } of [...await log()]) await store.wake({ ...OF, deliveryId }, START);
  const [one] = await log();
  for (let i = 0; i < 150; i++) await store.putDelivery({ ...one!, deliveryId: `more${i}` });
  const webhookId = Array.from({ length: 100 }, (_, i) => `o${i}`).find((id) => shardOf(id) === shardOf("w"))!;
  await store.putWebhook(hook({ tenantId: "other", webhookId }), { secret: "whsec_c2VjcmV0" });
  await store.putDelivery({ ...one!, tenantId: "other", webhookId, deliveryId: "x", dueAt: START });
  const keys = await listed();
  expect(keys.filter((pk) => pk === "shop#w")).toHaveLength(100);
  expect(keys).toContain(`other#${webhookId}`);
});
