import { describe, expect, test } from "vitest";
import type { QueueMessage } from "../../api/aws/queues.ts";
import type { StreamRecord } from "../../api/aws/streams.ts";
import { UnavailableError } from "../../api/core/errors.ts";
import { createFailures } from "../../api/ingest/failures.ts";
import { createStreamPaths, type StreamPathsOptions } from "../../api/ingest/setup.ts";
import type { AuditReport } from "../../api/metrics/audit.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryObjects } from "../kit/memory-objects.ts";

const [SECOND, DAY] = [1_000, 86_400_000];
const NOW = Date.UTC(2026, 5, 1, 12);
const ARN = "arn:aws:dynamodb:eu-west-1:1:table/p-records/stream/1";
const NONE = () => Promise.resolve();

let sequence = 0;
const record = (ageMs: number, more: Partial<StreamRecord> = {}): StreamRecord => {
  const item = { pk: "t#0", sk: `r${++sequence}#TASKS`, at: NOW - 2 * DAY };
  return {
    ...{ shard: "s", sequence: `${sequence}`, keys: { pk: item.pk, sk: item.sk }, before: undefined, after: item },
    ...{ isExpiry: false, arrivedAt: NOW - ageMs, ...more },
  };
};
const expired = (ageMs: number): StreamRecord => {
  const own = record(ageMs);
  return { ...own, isExpiry: true, before: own.after, after: undefined };
};

/** The ways of a record; `said` is what was done with it. */
function createWorld({ report = {}, isCountBroken = false, isNoteBroken = false }: {
  report?: Partial<AuditReport>;
  isCountBroken?: boolean;
  isNoteBroken?: boolean;
} = {}) {
  const memory = createMemoryObjects();
  const said: string[] = [];
  const told: string[] = [];
  const dead: string[] = [];
  const queues = {
    send: (queue: string, body: string) => Promise.resolve(void (queue === "late" ? told : dead).push(body)),
  };
  const failures = createFailures({
    objects: { ...memory, find: (key) => Promise.resolve(new Map(memory.entries()).get(key)) },
    ...{ queues, lateQueue: "late" },
  });
  const clean = { differences: [], measureDifferences: [], repaired: 0, unsettled: 0, inDoubt: 0, short: 0 };
  const audited = { recordsCounted: 0, bucketsChecked: 60, ...clean, ...report };
  const options: Partial<StreamPathsOptions> = {
    metrics: {
      count: (changes) => {
        if (isCountBroken) return Promise.reject(new UnavailableError("DynamoDB"));
        return Promise.resolve(void said.push(`count ${changes.map((own) => own.sequence).join(" ")}`));
      },
      lateWrites: (changes) => changes.map(() => ({ table: "buckets", put: { pk: "x", sk: "y" } })),
      tell: (changes) =>
        Promise.resolve(void said.push(`tell ${changes.map(({ isExpired }) => !!isExpired).join(" ")}`)),
    },
    store: {
      ...{ keepForeign: NONE, takeBackForeign: NONE },
      admitSources: (_, names) => Promise.resolve(new Set(names)),
      admitPairs: (_, __, ___, pairs) => Promise.resolve(new Set(pairs)),
      writeOnce: (marker) => Promise.resolve(void said.push(marker)),
    },
    audit: {
      canAudit: () => true,
      audit: (_, { source, repair }) => (said.push(`audit ${source} ${repair}`), Promise.resolve(audited)),
    },
    rollups: { roll: NONE, lateWrites: () => [] },
    beats: {
      handled: NONE,
      note(_, records, isDone) {
        said.push(`note ${records.length} ${isDone}`);
        return isNoteBroken ? Promise.reject(new Error("cannot be noted")) : Promise.resolve();
      },
    },
    quarantine: {
      add: () => Promise.resolve(void said.push("quarantine")),
      find: () => Promise.resolve(undefined),
      remove: NONE,
    },
    ...{ failures, queues, deadLetter: { queue: "dead", maxReceives: 5 }, log: silentLog, attached: [] },
    ...{ sessionExpired: NONE, sessionsChanged: NONE, journeysChanged: NONE, readMotion: () => Promise.resolve([]) },
    tables: { records: "p-records", sessions: "p-sessions", journeys: "p-journeys", reviews: "p-reviews" },
    clock: () => NOW,
  };
  const paths = createStreamPaths(options as StreamPathsOptions);
  return {
    ...{ paths, said, dead },
    kept: () => memory.entries().length,
    /** Gives a part up, and takes the message that tells of it; gives whether it is tried again. */
    late: async (...records: StreamRecord[]) => {
      await paths.giveUp(ARN, records);
      const message: QueueMessage = { id: "m", body: told.at(-1)!, receipt: "r", receives: 1, attributes: {} };
      return (await paths.ingestLate([message])).failed.length > 0;
    },
  };
}

describe("a part of a stream that was given up", () => {
  test("is counted in its turn where all of it came within a day, and by audits alone where any is older", async () => {
    for (
      const [ages, isSure] of [[[1, DAY - SECOND], true], [[1, DAY], false], [[DAY, 1], false], [[DAY], false]] as const
    ) {
      const { said, late, kept, dead } = createWorld();
      expect(await late(...ages.map((age) => record(age)))).toBe(false);
      expect(said.some((one) => one.startsWith("count"))).toBe(isSure);
      expect(said).toContain("audit TASKS true");
      expect([kept(), dead]).toEqual([0, []]);
    }
  });

  test("is marked as expired where it is, whatever watermarks say, and told", async () => {
    const { said, late } = createWorld();
    const gone = expired(1);
    expect(await late(gone, record(1))).toBe(false);
    expect(said.slice(0, 2)).toEqual([`expired#records#s#${gone.sequence}#0`, "tell true"]);
  });

  test.each([
    [{ unsettled: 1 }, true, false],
    [{ short: 1 }, true, false],
    [{ inDoubt: 1 }, false, true],
    [{ differences: [{}] as never, repaired: 0 }, false, true],
    [{ differences: [{}] as never, repaired: 1 }, false, false],
  ])(
    "waits while an audit cannot tell, stays where something stays in doubt, and else is done: %j",
    async (report, isAgain, isKept) => {
      const { late, kept, dead } = createWorld({ report });
      expect(await late(record(1))).toBe(isAgain);
      expect(kept()).toBe(isAgain || isKept ? 1 : 0);
      expect(dead).toHaveLength(isKept ? 1 : 0);
    },
  );
});

describe("a part of a stream in its turn", () => {
  test("that fails is noted so, and what fails it is what is told, also where it cannot be noted", async () => {
    for (const isNoteBroken of [false, true]) {
      const { paths, said } = createWorld({ isCountBroken: true, isNoteBroken });
      await expect(paths.ingestStream("records", [record(1), record(1)])).rejects.toThrow(UnavailableError);
      expect(said).toEqual(["note 2 false"]);
    }
  });

  test("that is handled is noted so, and a stream's ARN names its table", async () => {
    const { paths, said } = createWorld();
    const own = record(1);
    await paths.ingestStream("records", [own]);
    expect(said).toEqual([`count ${own.sequence}`, "note 1 true"]);
    expect([paths.tableOf(ARN), paths.tableOf(ARN.replace("p-records", "records"))]).toEqual(["records", undefined]);
  });
});
