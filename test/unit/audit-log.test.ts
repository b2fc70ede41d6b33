import { beforeEach, describe, expect, test } from "vitest";
import { createErasures } from "../../api/auth/audit/erasures.ts";
import { createAudit, type Happening } from "../../api/auth/audit/service.ts";
import { createAuditStore } from "../../api/auth/audit/store.ts";
import { InvalidInputError } from "../../api/core/errors.ts";
import { tables } from "../../api/resources.ts";
import { silentLog } from "../kit/local.ts";
import { createMemoryDynamo } from "../kit/memory-dynamo.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const [SECOND, DAY] = [1_000, 86_400_000];
const KEPT_MS = 30 * DAY;
let now: number;
let said: unknown[][];
let dynamo: ReturnType<typeof createMemoryDynamo>;
beforeEach(() => {
  [now, said] = [NOW, []];
  dynamo = createMemoryDynamo({ access: tables.access }, { clock: () => now });
});

function createLog(put?: () => Promise<never>) {
  let ids = 0;
  const store = createAuditStore({ ...dynamo, ...(put ? { put } : {}) }, "access");
  const say = (...words: unknown[]) => void said.push(words);
  const log = { ...silentLog, info: say, error: say };
  return createAudit({
    store,
    keptMs: KEPT_MS,
    clock: () => now,
    ids: () => `id-${String(ids++).padStart(3, "0")}`,
    log,
  });
}
const happened = (own: Partial<Happening> = {}): Happening => (
  {
    kind: "LOGGED_IN",
    tenantId: "shop",
    userId: "ada",
    subject: "ada",
    from: { address: "10.0.0.1", client: "curl" },
    ...own,
  }
);

describe("what happened", () => {
  test("is a line of the log and an entry, whole, which goes once its time is over", async () => {
    const audit = createLog();
    await audit.note(happened({ detail: "by hand" }));
    const { edges } = await audit.list("shop", 10, undefined);
    const entry = { entryId: "id-000", at: NOW, kind: "LOGGED_IN", userId: "ada", subject: "ada", detail: "by hand" };
    expect(edges.map(({ node }) => node)).toEqual([{
      ...entry,
      tenantId: "shop",
      address: "10.0.0.1",
      client: "curl",
    }]);
    expect(said).toEqual([["audit", expect.objectContaining({ tenantId: "shop", kind: "LOGGED_IN", subject: "ada" })]]);
    expect(dynamo.dump("access")).toMatchObject([{ pk: "audit#shop", ttl: (NOW + KEPT_MS) / SECOND }]);
    now = NOW + KEPT_MS + SECOND;
    expect((await audit.list("shop", 10, undefined)).edges).toEqual([]);
  });

  test("without a tenant is a line of the log alone: who guesses names fills no table", async () => {
    await createLog().note(happened({ tenantId: undefined, kind: "LOGIN_FAILED" }));
    expect([said.length, dynamo.dump("access")]).toEqual([1, []]);
  });

  test("is cut where a client made it long, and never fails: what cannot be kept is said", async () => {
    const long = "x".repeat(400);
    await createLog().note(happened({ subject: long, detail: long, from: { address: "10.0.0.1", client: long } }));
    const cut = "x".repeat(300);
    expect(dynamo.dump("access")).toMatchObject([{ subject: cut, detail: cut, client: cut }]);
    await createLog(() => Promise.reject(new Error("away"))).note(happened());
    expect(said.at(-1)).toEqual([
      "An entry of the audit log could not be kept.",
      expect.objectContaining({ entryId: "id-000" }),
    ]);
  });

  test("is kept each time but for refusals: of these sixty a minute, of each tenant", async () => {
    const audit = createLog();
    for (let n = 0; n < 70; n++) await audit.note(happened({ kind: "REFUSED" }));
    await audit.note(happened({ kind: "REFUSED", tenantId: "other" }));
    for (let n = 0; n < 70; n++) await audit.note(happened({ kind: "KEY_CREATED" }));
    const kept = (kind: string, pk = "audit#shop") =>
      dynamo.dump("access").filter((item) => item.kind === kind && item.pk === pk).length;
    expect([kept("REFUSED"), kept("REFUSED", "audit#other"), kept("KEY_CREATED"), said.length]).toEqual([
      60,
      1,
      70,
      141,
    ]);
  });
});

test("entries come latest first, each on one page, also of one instant; those of other tenants never", async () => {
  const audit = createLog();
  for (const at of [NOW, NOW, NOW + 1, NOW - 1]) {
    now = at;
    await audit.note(happened());
    await audit.note(happened({ tenantId: "shop2" }));
  }
  const seen: string[] = [];
  for (let after: string | undefined, more = true; more;) {
    const page = await audit.list("shop", 1, after);
    expect(page.hasPreviousPage).toBe(after !== undefined);
    seen.push(...page.edges.map(({ node }) => node.entryId));
    [more, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
  }
  expect(seen).toEqual(["id-004", "id-002", "id-000", "id-006"]);
  const { edges } = await audit.list("shop2", 1, undefined);
  await expect(audit.list("shop", 1, edges[0]!.cursor)).rejects.toThrow(InvalidInputError);
  for (const first of [0, 101]) await expect(audit.list("shop", first, undefined)).rejects.toThrow(InvalidInputError);
  expect((await audit.list("shop", 100, undefined)).edges).toHaveLength(4);
});

test("receipts of erasures stay for as long as the tenant, one each however often it is run, latest first", async () => {
  const erasures = createErasures(dynamo, "access");
  const entry = (receiptId: string, at: number, things = 1) => (
    { receiptId, at, what: "VISITOR" as const, things, events: 2, userId: "ada" }
  );
  for (
    const one of [entry("a", NOW), entry("b", NOW + 1), entry("c", NOW - 1), entry("a", NOW, 3), entry("d", NOW - 1)]
  ) {
    await erasures.note("shop", one);
  }
  await erasures.note("shop2", entry("other", NOW));
  const pages: unknown[] = [];
  for (let after: string | undefined, more = true; more;) {
    const page = await erasures.list("shop", 2, after);
    pages.push([page.edges.map(({ node }) => [node.receiptId, node.things]), page.hasNextPage, page.hasPreviousPage]);
    [more, after] = [page.hasNextPage, page.edges.at(-1)?.cursor];
  }
  expect(pages).toEqual([[[["b", 1], ["a", 3]], true, false], [[["d", 1], ["c", 1]], false, true]]);
  expect((await erasures.list("shop", 1, undefined)).edges[0]!.node).toEqual(entry("b", NOW + 1));
  expect(dynamo.dump("access").every((item) => item.ttl === undefined)).toBe(true);
  const foreign = (await erasures.list("shop2", 1, undefined)).edges[0]!.cursor;
  await expect(erasures.list("shop", 1, foreign)).rejects.toThrow(InvalidInputError);
  for (const first of [0, 101]) {
    await expect(erasures.list("shop", first, undefined)).rejects.toThrow(InvalidInputError);
  }
});
