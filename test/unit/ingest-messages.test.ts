import { describe, expect, test } from "vitest";
import { parseEnvelope, tenantOfBody } from "../../api/ingest/envelope.ts";

const BOM = "\uFEFF";
const MESSAGES = [
  { tenant: "t", events: [{ seq: 1 }] },
  { tenant: "t", metrics: [{ recordId: "a" }] },
  { tenant: "t", batch: { sessionId: "s" } },
  { tenant: "t", motion: { sensorId: "hall", detail: { events: [] } } },
];
/** As SNS sends it where raw delivery is off. */
const notification = (message: string, more: object = {}) =>
  JSON.stringify({
    ...{ Type: "Notification", MessageId: "dc1e94d9", TopicArn: "arn:aws:sns:eu-west-1:1:orders", Subject: "tenant" },
    ...{ Message: message, Timestamp: "2026-01-31T12:00:00.000Z", SignatureVersion: "1", Signature: "x", ...more },
  });
/** As EventBridge sends it. */
const event = (detail: unknown, more: object = {}) =>
  JSON.stringify({
    ...{ version: "0", id: "6a7e8feb", "detail-type": "order.paid", source: "shop", account: "1", region: "eu-west-1" },
    ...{ time: "2026-01-31T12:00:00Z", resources: [], detail, ...more },
  });
const reasonOf = (body: string) => (parseEnvelope(body) as { reason?: string }).reason;

describe("a message of the queue", () => {
  test.each(MESSAGES)(
    "is the same as it is, behind a byte order mark, in a notification, and as an event's detail: %j",
    (own) => {
      const text = JSON.stringify(own);
      const bare = parseEnvelope(text);
      expect(bare).toMatchObject({ envelope: { tenantId: "t" } });
      const ways = [BOM + text, notification(text), BOM + notification(BOM + text), event(own), BOM + event(own)];
      for (const way of [...ways, JSON.stringify({ detail: own })]) {
        expect(parseEnvelope(way)).toEqual(bare);
        expect(tenantOfBody(way)).toBe("t");
      }
    },
  );

  test("is of the tenant that is named inside, whatever is said around it", () => {
    const inside = JSON.stringify({ ...MESSAGES[1], tenant: "mine" });
    for (const way of [notification(inside, { Subject: "yours" }), event(JSON.parse(inside), { account: "yours" })]) {
      expect(parseEnvelope(way)).toMatchObject({ envelope: { tenantId: "mine" } });
    }
    // What names a tenant is a message itself, and has no such fields.
    for (const way of [notification(inside, { tenant: "yours" }), event(JSON.parse(inside), { metrics: [] })]) {
      expect(reasonOf(way)).toBeDefined();
    }
    expect(tenantOfBody(notification(JSON.stringify({ tenant: "a#b" })))).toBeUndefined();
    expect(tenantOfBody(notification(JSON.stringify({ tenant: "mine", metrics: [] })))).toBe("mine");
  });

  test("is unpacked once: what is wrapped again is refused by the field that holds it, and parked for nobody", () => {
    const text = JSON.stringify(MESSAGES[1]);
    const nested = [
      ["Message", notification(notification(text))],
      ["Message", notification(event(MESSAGES[1]))],
      ["detail", event(JSON.parse(notification(text)))],
      ["detail", event(JSON.parse(event(MESSAGES[1])))],
    ] as const;
    for (const [field, body] of nested) {
      expect(reasonOf(body)).toMatch(new RegExp(`^${field}: is itself a message of SNS or EventBridge; one of them`));
      expect(tenantOfBody(body)).toBeUndefined();
    }
    let deep = text;
    for (let i = 0; i < 12; i++) deep = notification(deep);
    expect(reasonOf(deep)).toMatch(/^Message: is itself/);
    expect(reasonOf(notification(`${"[".repeat(100_000)}`))).toBe("Message: must be a JSON object");
  });

  test.each([
    [notification("hello"), "Message: must be a JSON object"],
    [notification(""), "Message: must be a JSON object"],
    [notification("[]"), "Message: must be a JSON object"],
    [notification("null"), "Message: must be a JSON object"],
    [
      notification("{}", { Type: "SubscriptionConfirmation", SubscribeURL: "https://x" }),
      /^body: asks whether .*`SubscribeURL`/,
    ],
    [notification("{}"), /^body: must have exactly one of/],
    [notification(JSON.stringify({ tenant: "t", metrics: [] })), /^metrics: must hold 1 to 500 records, has 0/],
    [notification(JSON.stringify({ tenant: "t", metrics: Array(501).fill({}) })), /has 501$/],
    [notification("{}", { Message: { tenant: "t", metrics: [{}] } }), /^body: must have exactly one of/],
    [event("text"), /^body: must have exactly one of/],
    [event([{}]), /^body: must have exactly one of/],
    [event(null), /^body: must have exactly one of/],
    [event({ "__proto__": MESSAGES[1] }), /^body: must have exactly one of/],
    [BOM, "body: must be a JSON object"],
    [BOM + BOM + JSON.stringify(MESSAGES[1]), "body: must be a JSON object"],
    ["[]", "body: must be a JSON object"],
  ])("that is none says what is wrong with it: %.60s", (body, reason) => {
    if (typeof reason === "string") expect(reasonOf(body)).toBe(reason);
    else expect(reasonOf(body)).toMatch(reason);
  });
});
