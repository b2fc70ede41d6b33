import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { KIND_NAMES, parseEnvelope } from "../../api/ingest/envelope.ts";
import { createColumns } from "../../api/journeys/columns.ts";
import { createRawEvents } from "../../api/journeys/raw.ts";
import { COLUMNS, PARQUET_COLUMNS } from "../../infra/athena.ts";
import { ruleSql } from "../../infra/iot.ts";
import { rowsOf } from "../kit/columns.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";
import { synthStage } from "../kit/synth-stage.ts";

const dev = synthStage({ NAME_PREFIX: "shop-eu" });
const AT = Date.UTC(2026, 0, 31, 7, 5);

/** A stored batch: its key, and its lines. */
async function storedBatch() {
  const objects = createMemoryObjects();
  await createRawEvents(objects).keep("demo", [{
    ...{ sessionId: "s", source: "tab", seq: 1, type: "PAGE_VIEWED", occurredAt: AT, visitorId: "v", page: "/" },
    ...{ text: "Hello", properties: { a: 1 } },
  }], AT + 1);
  for await (const [object] of objects.list("")) {
    const { body } = await objects.get(object!.key);
    return { key: object!.key, line: JSON.parse(gunzipSync(body).toString("utf8")) as Record<string, unknown> };
  }
  throw new Error("nothing was stored");
}

describe("the table over the raw events", () => {
  const table = dev.one("aws_glue_catalog_table", "glue-events");

  test("has a column for each field of a stored line, and no other", async () => {
    const { line } = await storedBatch();
    expect(COLUMNS.map(({ name }) => name)).toEqual(Object.keys(line).map((name) => name.toLowerCase()));
    expect(table.storage_descriptor.columns).toEqual(COLUMNS);
  });

  test("finds a stored batch where it lies", async () => {
    const { key } = await storedBatch();
    const template = String(table.parameters["storage.location.template"]);
    const place = template.replaceAll("$${", "${").replace("${tenant}", "demo").replace("${day}", "2026-01-31")
      .replace("${hour}", "7".padStart(Number(table.parameters["projection.hour.digits"]), "0"));
    expect(place).toMatch(/^s3:\/\/\$\{aws_s3_bucket\.bucket-events\.bucket\}\//);
    expect(key.startsWith(place.slice(place.indexOf("events/tenant=")))).toBe(true);
  });

  test("in columns has those of a file of a closed day, and finds it where it lies", async () => {
    const columns = dev.one("aws_glue_catalog_table", "glue-events-columns");
    const objects = createMemoryObjects();
    const raw = createRawEvents(objects);
    const at = Date.UTC(2026, 0, 31, 7);
    const event = { sessionId: "s", source: "main", seq: 1, type: "X", occurredAt: at };
    await raw.keep("demo", [event], at);
    await createColumns({ objects, raw, clock: () => at + 2 * 86_400_000, log: silentLog }).compact();
    const [key, made] = objects.entries().find(([name]) => name.startsWith("parquet/"))!;
    const [row] = await rowsOf(made.body);
    const names = columns.storage_descriptor.columns.map(({ name }: { name: string }) => name) as string[];
    expect(names.toSorted()).toEqual(Object.keys(row!).toSorted());
    expect(columns.storage_descriptor.columns).toEqual(PARQUET_COLUMNS);
    const template = String(columns.parameters["storage.location.template"]);
    const place = template.replaceAll("$${", "${").replace("${tenant}", "demo").replace("${day}", "2026-01-31");
    expect(key.startsWith(place.slice(place.indexOf("parquet/tenant=")))).toBe(true);
    expect(columns.parameters["projection.tenant.type"]).toBe("injected");
  });

  test("takes no query that does not name its tenant", () => {
    expect(table.parameters["projection.tenant.type"]).toBe("injected");
  });

  test("is read by queries that end at a limit, and leave what they found for a day", () => {
    const { configuration } = dev.one("aws_athena_workgroup");
    expect(configuration).toMatchObject({
      enforce_workgroup_configuration: true,
      bytes_scanned_cutoff_per_query: 10_737_418_240,
      result_configuration: { encryption_configuration: { encryption_option: "SSE_S3" } },
    });
    const rules = dev.one("aws_s3_bucket_lifecycle_configuration", "bucket-athena-lifecycle").rule;
    expect(rules).toContainEqual(
      expect.objectContaining({ filter: [{ prefix: "results/" }], expiration: [{ days: 1 }] }),
    );
  });

  test("is left out where the stage says so", () => {
    const without = synthStage({ SOJOURN_ANALYTICS: "off" });
    expect(without.all("aws_glue_catalog_table")).toEqual({});
    expect(Object.keys(without.all("aws_s3_bucket"))).toEqual([
      "bucket-collections",
      "bucket-events",
      "bucket-readings",
    ]);
  });
});

describe("the rule for devices", () => {
  test("takes the tenant from the topic, and of the payload what a message may hold", () => {
    const [, selected, from] = /^SELECT (.+) FROM '(.+)'$/.exec(ruleSql("shop-eu"))!;
    expect([from, selected!.split(", ")]).toEqual(["shop-eu/+/ingest", [
      "topic(2) AS tenant",
      ...["events", "metrics", "batch", "motion"],
    ]]);
    // Each of them is one that the queue takes, and the queue takes no other.
    for (const kind of [...KIND_NAMES, "more"]) {
      const passed = selected!.split(", ").includes(kind) ? { [kind]: kind.endsWith("s") ? [{}] : {} } : {};
      const taken = parseEnvelope(JSON.stringify({ tenant: "demo", ...passed }));
      expect([kind, "envelope" in taken]).toEqual([kind, kind !== "more"]);
    }
    expect(dev.one("aws_iot_topic_rule")).toMatchObject({
      name: "shop_eu_ingest",
      sql: ruleSql("shop-eu"),
      enabled: true,
    });
  });

  test("sends to the ingest queue, and what that does not take to its dead-letter queue", () => {
    const { sqs, error_action: failed } = dev.one("aws_iot_topic_rule");
    expect(sqs).toMatchObject([{ queue_url: "${aws_sqs_queue.queue-ingest.url}", use_base64: false }]);
    expect(failed.sqs).toMatchObject({ queue_url: "${aws_sqs_queue.queue-ingest-dead.url}" });
    expect(dev.statements("iot")).toEqual([{
      Sid: "Send",
      Effect: "Allow",
      Action: ["sqs:SendMessage"],
      Resource: ["${aws_sqs_queue.queue-ingest.arn}", "${aws_sqs_queue.queue-ingest-dead.arn}"],
    }]);
  });
});
