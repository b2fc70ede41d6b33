import { describe, expect, test } from "vitest";
import { PublishError } from "../../api/aws/topics.ts";
import { tables } from "../../api/resources.ts";
import { LIMITS } from "../../api/webhooks/model.ts";
import { createWebhooks } from "../../api/webhooks/service.ts";
import { createWebhookStore } from "../../api/webhooks/store.ts";
import { createPublish, isTopic, topicFault } from "../../api/webhooks/topics.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const ARN = "arn:aws:sns:eu-central-1:111122223333:shop-alerts";
const GRANTS = [
  { arn: ARN, tenantId: "shop" },
  { arn: `${ARN}-all`, tenantId: undefined },
];
const MESSAGE = { headers: { "webhook-id": "e" }, type: "alert.changed", body: "{}" };
const VIEWER = { tenantId: "shop", userId: "u" } as Parameters<ReturnType<typeof createWebhooks>["create"]>[0];

describe("a topic", () => {
  test("is what begins as an ARN, in capitals or not; an address never", () => {
    expect([ARN, ARN.toUpperCase(), "https://arn:aws", " arn:"].map(isTopic)).toEqual([true, true, false, false]);
  });

  test("may be used by the tenant that it was given to, or by all, to the letter", () => {
    const may = (arn: string, tenantId: string) => topicFault(arn, tenantId, GRANTS) === undefined;
    expect([may(ARN, "shop"), may(`${ARN}-all`, "shop"), may(`${ARN}-all`, "other")]).toEqual([true, true, true]);
    for (const arn of [`${ARN}x`, ARN.slice(0, -1), ARN.toUpperCase(), `${ARN} `, ""]) {
      expect(may(arn, "shop")).toBe(false);
    }
    expect(may(ARN, "other")).toBe(false);
    expect(topicFault(ARN, "other", GRANTS)).not.toContain(`${ARN},`);
    expect(topicFault(ARN, "other", [GRANTS[0]!])).toContain("WEBHOOK_TOPICS");
  });

  test("is published to for as long as its tenant may: it is looked at for each message", async () => {
    const published: unknown[] = [];
    const publish = (...asked: unknown[]) => Promise.resolve(void published.push(asked));
    const grants = [...GRANTS];
    const send = createPublish({ publish }, grants);
    expect(await send({ url: ARN, tenantId: "shop" }, MESSAGE)).toMatchObject({ status: 200 });
    expect(published).toEqual([[ARN, "{}", { "webhook-id": "e", tenantId: "shop", type: "alert.changed" }]]);
    grants.shift();
    expect(await send({ url: ARN, tenantId: "shop" }, MESSAGE)).toMatchObject({
      ms: 0,
      error: expect.any(String),
    });
    expect(published).toHaveLength(1);
  });

  test("that refuses is an answer; what is no answer of it is thrown, so that it is tried again without a try being counted", async () => {
    const send = (error: Error) =>
      createPublish({ publish: () => Promise.reject(error) }, GRANTS)({ url: ARN, tenantId: "shop" }, MESSAGE);
    expect(await send(new PublishError("there is no such topic"))).toMatchObject({ error: "there is no such topic" });
    await expect(send(new Error("a fault of ours"))).rejects.toThrow("a fault of ours");
  });
});

describe("a tenant", () => {
  const createWorld = () => {
    const dynamo = createMemoryDynamo(tables);
    const store = createWebhookStore(dynamo, "webhooks");
    const asked = { name: "n", url: "https://example.com/", types: ["ALERT_CHANGED"] };
    const service = createWebhooks({
      ...{ store, send: () => Promise.resolve({ ms: 1 }), reach: "internet", topics: GRANTS, clock: () => 0 },
    });
    return { dynamo, store, service, create: () => service.create(VIEWER, asked) };
  };

  test("has as many hooks as it may, to the last one; one that is revoked counts no more", async () => {
    const { create, service } = createWorld();
    for (let i = 0; i < LIMITS.webhooks; i++) await create();
    await expect(create()).rejects.toMatchObject({ fields: [{ path: ["name"] }] });
    const [hook] = await service.list("shop");
    await service.revoke("shop", hook!.webhookId);
    await create();
    await expect(create()).rejects.toMatchObject({ fields: [{ path: ["name"] }] });
    expect((await service.list("shop")).filter(({ revokedAt }) => revokedAt === undefined)).toHaveLength(
      LIMITS.webhooks,
    );
  });

  test("whose hooks could not be read is asked for again by the next event, not half a minute later", async () => {
    const { create, store, dynamo } = createWorld();
    await create();
    let isAway = true;
    const away: typeof dynamo.query = (...of) => isAway ? Promise.reject(new Error("away")) : dynamo.query(...of);
    const elsewhere = createWebhooks({
      ...{ send: () => Promise.resolve({ ms: 1 }), reach: "internet", topics: [], clock: () => 0 },
      store: { ...store, ...createWebhookStore({ ...dynamo, query: away }, "webhooks") },
    });
    await expect(elsewhere.wants("shop", "ALERT_CHANGED")).rejects.toThrow("away");
    isAway = false;
    expect(await elsewhere.wants("shop", "ALERT_CHANGED")).toBe(true);
  });
});
