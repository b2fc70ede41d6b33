import { S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startTestApp, type TestApp } from "../kit/app.ts";
import { record, visit } from "../kit/journeys.ts";

/** What DynamoDB reports as consumed, index arms included, and requests: held against the table in DESIGN.md. */
const NOW = Date.UTC(2026, 5, 1, 12);
const START = NOW - 3 * 3_600_000;

const EVENTS = `query ($id: String!, $first: Int!) { journey(sessionId: $id) {
  eventCount events(first: $first) { nodes { seq type occurredAt text page } pageInfo { hasNextPage } }
} }`;
const LIST = `{ journeys(first: 25) { nodes { sessionId visitorId startedAt endedAt outcome eventCount messageCount
  firstQuestion } pageInfo { hasNextPage endCursor } } }`;

const toS3 = vi.spyOn(S3Client.prototype, "send");
let api: TestApp;
beforeAll(async () => {
  api = await startTestApp({ clock: () => NOW });
});
afterAll(() => api.stop());

/** What `run` cost. `dynamo` names the requests in the order in which they were answered. */
async function costOf(run: () => Promise<unknown>) {
  api.takeCosts();
  toS3.mockClear();
  await run();
  const costs = api.takeCosts();
  const units = (kind: "read" | "write") =>
    costs.filter((cost) => cost.kind === kind).reduce((sum, cost) => sum + cost.units, 0);
  const s3 = toS3.mock.calls.map(([command]) => command.constructor.name);
  return {
    writeUnits: units("write"),
    readUnits: units("read"),
    requests: costs.length + s3.length,
    dynamo: costs.map((cost) => `${cost.operation} ${cost.units}`),
    s3,
  };
}

const WORDS =
  ("my order has not arrived yet and the tracking page says it left the depot on Monday could you please check where " +
    "parcel is now thank you for your patience we have asked carrier they tell us that delivery will take two more working days " +
    "if nothing comes by then I would like a refund instead to same card sorry about this of course here are details number " +
    "address changed since last month street house city which one do you want keep blue shoes size smaller exchange return label " +
    "email sent again spam folder look inside account settings password reset link expired try another browser phone call later")
    .split(" ");
function random(seed: number) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
function chat(id: string, from: number, to: number, startAt = START, props = false) {
  return visit(id, from, to, startAt).map((e) => {
    const r = random(e.seq * 7919 + 13);
    const say = (n: number) => Array.from({ length: n }, () => WORDS[Math.floor(r() * WORDS.length)]).join(" ");
    return {
      ...e,
      ...(e.text
        ? { text: say(e.type === "MESSAGE_SENT" ? 8 + Math.floor(r() * 14) : 20 + Math.floor(r() * 30)) }
        : {}),
      ...(props && e.page ? { properties: { scroll: Math.floor(r() * 100), loadMs: Math.floor(r() * 3000) } } : {}),
    };
  });
}

describe("x", () => {
  test("y", async () => {
    const out: unknown[] = [];
    const { readFileSync } = await import("node:fs");
    const { readOtto } = await import("../../api/local/load/otto.ts");
    const { readNasa } = await import("../../api/local/load/nasa.ts");
    for (
      const [name, events] of [
        ["otto", [...readOtto(readFileSync("api/local/sample/otto-sessions.jsonl", "utf8").split("\n"))]],
        ["nasa", [...readNasa(readFileSync("/work/shared/data/journeys/nasa_19950801.tsv", "utf8").split("\n"))]],
      ] as const
    ) {
      const by = [...Map.groupBy(events, (e) => e.sessionId).values()].sort((a, b) => b.length - a.length).slice(0, 8);
      for (const own of by) {
        const costs = [];
        for (let i = 0; i + 50 <= own.length; i += 50) {
          costs.push(await costOf(() => record(api, name, own.slice(i, i + 50))));
        }
        const t = await costOf(() => api.ask(name, EVENTS, { id: own[0]!.sessionId, first: 500 }));
        out.push([
          name,
          own.length,
          costs.map((c) => c.dynamo.map((d) => d.split(" ")[1]).join("/")).join(" "),
          t.dynamo,
        ]);
      }
    }
    for (const length of [100, 300, 1000, 4000]) {
      const c = [];
      for (const n of [0, 1]) {
        const events = chat("q" + length, 1 + n * 50, 50 + n * 50);
        if (n === 0) {
          events[0]!.text = Array.from({ length: 900 }, (_, i) => WORDS[(i * 17) % WORDS.length]).join(" ").slice(
            0,
            length,
          );
        }
        c.push((await costOf(() => record(api, "q", events))).dynamo);
      }
      out.push([length, ...c]);
    }
    console.log(out.map((o) => JSON.stringify(o)).join("\n"));
  });
});
