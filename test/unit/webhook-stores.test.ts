import { expect, test } from "vitest";
import { createWebhookWorld as createWorld, OF, START } from "../kit/webhooks.ts";

type World = ReturnType<typeof createWorld>;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

test("a delivery that fails beside one that paused its hook changes neither since when nor why it is paused", async () => {
  const isLater = (body: string) => body.includes('"id":"later"');
  const answer = (_: number, __: number, body: string) => isLater(body) ? 410 : 500;
  const pausesAt = async (world: World, before = Infinity) => {
    await world.add();
    await world.happen("first");
    for (let minute = 0; minute < before; minute++) {
      await world.deliver();
      if ((await world.found()).pausedAt !== undefined) return minute;
      world.pass(MINUTE);
    }
    return before;
  };
  const minute = await pausesAt(createWorld(answer));
  const world = createWorld(answer);
  await pausesAt(world, minute);
  const [first] = await world.log();
  const body = first!.body.replace('"first"', '"later"');
  const dueAt = START + minute * MINUTE;
  await world.store.putDelivery({
    ...first!,
    ...{ deliveryId: "later", body, createdAt: dueAt, attempts: 0, dueAt },
  });
  world.during(async () => {
    if (!isLater(world.calls.at(-1)!.body)) return;
    while ((await world.found()).pausedAt === undefined);
    world.pass(SECOND);
  });
  await world.deliver();
  expect(isLater(world.calls.at(-1)!.body)).toBe(true);
  expect(await world.found()).toMatchObject({
    pausedAt: dueAt,
    pausedBecause: expect.stringContaining("nothing was taken for a day"),
  });
});

test("what has expired is neither brought back nor sent again: to the second in which its time ends it can be", async () => {
  const { store, service, dynamo, add, happen, deliver, log, pass } = createWorld(() => 404);
  await add();
  await happen("a");
  await deliver();
  const [sent] = await log();
  await store.rest({ pk: "shop#w", sk: sent!.deliveryId }, "FAILED");
  pass(30 * DAY + 999);
  expect(await service.resend("shop", "w", sent!.deliveryId)).toMatchObject({ status: "PENDING", attempts: 0 });
  await store.rest({ pk: "shop#w", sk: sent!.deliveryId }, "FAILED");
  pass(1);
  expect(await service.resend("shop", "w", sent!.deliveryId)).toBeUndefined();
  // What DynamoDB removed while it was at work is not there again for having been settled.
  const before = dynamo.dump("webhooks");
  await store.settle({ pk: "shop#event#gone", sk: "gone" });
  expect(dynamo.dump("webhooks")).toEqual(before);
});

test("a hook that is put again, as one whose answer was lost, stays as it is by then", async () => {
  const { add, service, store } = createWorld();
  await add();
  const rotated = await service.rotate("shop", "w");
  await add({ name: "again" });
  expect(await store.findWebhook("shop", "w")).toMatchObject({
    hook: { name: "w" },
    secrets: { secret: rotated!.secret },
  });
});

test("a delivery that nobody takes for a day pauses its hook also where its first try came half a minute late, as behind others", async () => {
  const { store, add, deliver, found, pass } = createWorld(() => 500);
  await add();
  const own = { ...OF, deliveryId: "d", eventId: "e", type: "ALERT_CHANGED" as const, body: "{}" };
  await store.putDelivery({
    ...own,
    status: "PENDING",
    createdAt: START - 30 * SECOND,
    attempts: 0,
    tries: [],
    dueAt: START,
  });
  for (let minute = 0; minute < 26 * 60 && (await found()).pausedAt === undefined; minute++) {
    await deliver();
    pass(MINUTE);
  }
  expect((await found()).pausedBecause).toContain("nothing was taken for a day");
});

test("a hook that is revoked while its delivery fails for the last time is not paused, and holds nothing up", async () => {
  const { add, happen, deliver, during, service, found, pass } = createWorld(() => 500);
  await add();
  await happen("a");
  for (let minute = 0; minute < 25 * 60 && (await found()).failingSince === undefined; minute++) await deliver();
  during(async () => void await service.revoke("shop", "w"));
  pass(DAY);
  await expect(deliver()).resolves.toBeDefined();
  expect(await found()).toMatchObject({ revokedAt: expect.any(Number) });
  expect((await found()).pausedAt).toBeUndefined();
});

test("what happened is the same item, whether it is written by itself or with what made it happen", async () => {
  const [one, other] = [createWorld(), createWorld()];
  const event = {
    tenantId: "shop",
    type: "ALERT_CHANGED",
    at: START,
    id: "1",
    data: { a: 1 },
  } as unknown as Parameters<
    typeof one.store.putEvent
  >[0];
  await one.store.putEvent(event, START);
  expect(await other.dynamo.transact([other.store.eventWrite(event, START)])).toBe(true);
  expect(other.dynamo.dump("webhooks")).toEqual(one.dynamo.dump("webhooks"));
  expect(one.dynamo.dump("webhooks")).toHaveLength(1);
});
