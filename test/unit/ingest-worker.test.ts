import { describe, expect, test } from "vitest";
import { AppError, InvalidInputError, UnavailableError } from "../../api/core/errors.ts";
import { createIngest, type IngestOptions, parkFor } from "../../api/ingest/batch.ts";
import { createWorker, type WorkerOptions } from "../../api/ingest/worker.ts";
import { silentLog } from "../kit/local.ts";

const MAX = 5;
const message = (body: unknown, receives = 1, id = "m") => ({
  ...{ id, body: typeof body === "string" ? body : JSON.stringify(body), receipt: "r", receives, attributes: {} },
});

function createWorld({ isSendBroken = false, isParkBroken = false } = {}) {
  const sent: { body: string; reason: string }[] = [];
  const parked: [tenantId: string, body: string, reason: string][] = [];
  const options: Omit<WorkerOptions, "handle"> = {
    queues: {
      async send(_queue, body, attributes) {
        // As a request takes its time.
        await Promise.resolve();
        if (isSendBroken) throw new UnavailableError("SQS");
        sent.push({ body, reason: attributes!.reason! });
      },
    },
    deadLetter: { queue: "dead", maxReceives: MAX },
    onReject: parkFor(async (...given) => {
      await Promise.resolve();
      if (isParkBroken) throw new UnavailableError("S3");
      parked.push(given);
    }),
    log: silentLog,
  };
  const ingest = (own: Partial<IngestOptions> = {}) => {
    const none = () => Promise.reject(new Error("is of another kind"));
    return createIngest({
      ...options,
      record: none,
      recordMetrics: none,
      recordMotion: none,
      ingestBatch: none,
      ...own,
    });
  };
  return { sent, parked, options, ingest };
}

describe("a message that fails", () => {
  test.each([
    [new UnavailableError("DynamoDB"), "UNAVAILABLE"],
    [new AppError("INTERNAL", "x"), "INTERNAL"],
    [new TypeError("x"), "INTERNAL"],
  ])(
    "stays on its queue until its last try, and is then on the dead-letter queue by our hand: %s",
    async (error, code) => {
      const { sent, options } = createWorld();
      const work = createWorker({ ...options, handle: () => Promise.reject(error) });
      for (const receives of [1, MAX - 1]) expect(await work([message("a", receives)])).toEqual({ failed: ["m"] });
      expect(sent).toEqual([]);
      for (const receives of [MAX, MAX + 1]) expect(await work([message("a", receives)])).toEqual({ failed: [] });
      expect(sent.map(({ reason }) => reason)).toEqual([MAX, MAX + 1].map((n) => `gave up after ${n} tries: ${code}`));
    },
  );

  test("is not let go where it cannot be put on the dead-letter queue, also at its last try; nobody is told then", async () => {
    const { parked, options } = createWorld({ isSendBroken: true });
    const work = createWorker({ ...options, handle: () => Promise.resolve({ kind: "reject", reason: "no" }) });
    for (const receives of [1, MAX]) {
      expect(await work([message('{"tenant":"t"}', receives)])).toEqual({ failed: ["m"] });
    }
    expect(parked).toEqual([]);
  });

  test("is refused once with a reason of at most 1,000 characters, also where its tenant could not be shown it", async () => {
    for (const isParkBroken of [false, true]) {
      const { sent, parked, options } = createWorld({ isParkBroken });
      const work = createWorker({
        ...options,
        handle: () => Promise.resolve({ kind: "reject", reason: "y".repeat(1_001) }),
      });
      expect(await work([message('{"tenant":"t"}')])).toEqual({ failed: [] });
      expect(sent).toEqual([{ body: '{"tenant":"t"}', reason: "y".repeat(1_000) }]);
      expect(parked).toEqual(isParkBroken ? [] : [["t", '{"tenant":"t"}', "y".repeat(1_000)]]);
    }
  });

  test("holds up no other, and those that are done are not tried again", async () => {
    const { options } = createWorld();
    const seen: string[] = [];
    const work = createWorker({
      ...options,
      handle: (
        { id },
      ) => (seen.push(id), id === "bad" ? Promise.reject(new Error("x")) : Promise.resolve({ kind: "done" })),
    });
    const all = ["a", "bad", "b", "c", "d", "e", "f"].map((id) => message("x", 1, id));
    expect(await work(all)).toEqual({ failed: ["bad"] });
    expect(seen.sort()).toEqual(["a", "b", "bad", "c", "d", "e", "f"]);
  });
});

describe("of a message", () => {
  const T = { tenant: "t" };
  const rejected = (reason: string, code = "INVALID") => ({ status: "REJECTED" as const, code, reason }) as never;
  const accepted = { status: "ACCEPTED" } as never;

  test("events that are refused go to the dead-letter queue alone; those of erased sessions are kept nowhere", async () => {
    const { sent, parked, ingest } = createWorld();
    const verdicts = [accepted, rejected("seq: no"), rejected("erased", "SESSION_ERASED")];
    const work = ingest({ record: () => Promise.resolve(verdicts) });
    const events = [{ seq: 1 }, { seq: 0 }, { seq: 3 }];
    expect(await work([message({ ...T, events })])).toEqual({ failed: [] });
    const body = JSON.stringify({ ...T, events: [{ seq: 0 }] });
    expect(sent).toEqual([{ body, reason: "events.1: seq: no" }]);
    expect(parked).toEqual([["t", body, "events.1: seq: no"]]);
  });

  test("whose records are all refused the whole is there, as it was", async () => {
    const { sent, ingest } = createWorld();
    const refused = [{ status: "REJECTED", reason: "a" }, { status: "CONFLICT", reason: "b" }] as never;
    const work = ingest({ recordMetrics: () => Promise.resolve(refused) });
    const whole = `{ "tenant": "t", "metrics": [1, 2] }`;
    await work([message(whole)]);
    expect(sent).toEqual([{ body: whole, reason: "metrics.0: a; metrics.1: b" }]);
  });

  test("a batch's readings that are refused are there alone, and what was recorded before is not refused", async () => {
    const { sent, ingest } = createWorld();
    const receipts = [
      { index: 0, status: "DUPLICATE", reason: "" },
      { index: 1, status: "REJECTED", reason: "at: no" },
    ];
    const work = ingest({ ingestBatch: () => Promise.resolve({ __typename: "IngestSessionBatchPayload", receipts }) });
    await work([message({ ...T, batch: { sessionId: "s", readings: ["x", "y"] } })]);
    expect(sent).toEqual([{
      body: JSON.stringify({ ...T, batch: { sessionId: "s", readings: ["y"] } }),
      reason: "readings.1: at: no",
    }]);
  });

  test.each([
    ["InvalidInputError", true],
    ["SessionDeletedError", true],
    ["RecordMotionPayload", false],
  ])("what is answered with %s is refused: %s", async (__typename, isRefused) => {
    const { sent, ingest } = createWorld();
    const work = ingest({ recordMotion: () => Promise.resolve({ __typename, message: "why" }) });
    expect(await work([message({ ...T, motion: {} })])).toEqual({ failed: [] });
    expect(sent.map(({ reason }) => reason)).toEqual(isRefused ? ["why"] : []);
  });

  test("what is thrown because of what it says is refused, anything else is tried again", async () => {
    const { sent, ingest } = createWorld();
    const invalid = new InvalidInputError([{ path: ["at"], message: "must be 1990 or later" }]);
    for (const [error, failed] of [[invalid, []], [new UnavailableError("S3"), ["m"]]] as const) {
      const work = ingest({ recordMotion: () => Promise.reject(error) });
      expect(await work([message({ ...T, motion: {} })])).toEqual({ failed });
    }
    expect(sent.map(({ reason }) => reason)).toEqual([invalid.message]);
  });
});
