import { execute, type ExecutionResult, type GraphQLError, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Scope, SCOPES } from "../../api/auth/viewer.ts";
import type { AuditReport } from "../../api/metrics/audit.ts";
import { createSharedExecution } from "../../api/entry/http/shared-results.ts";
import { startMemoryApp, type TestApp } from "../kit/app.ts";
import { type Everything, seedEverything, valuesFor } from "../kit/everything.ts";
import { NOON } from "../kit/review.ts";
import { documentOf, nameOf, needsOf, reached, statedOf, type Values, type Walk, walksOf } from "../kit/walks.ts";

/** Types that whoever was given what holds them may read: each is listed here on purpose. */
const HOLDERS = [
  "AccountPayload",
  "AccountRemoval",
  "AlertConflictError",
  "AuthPayload",
  "BadCredentialsError",
  "CollectionUnreadableError",
  "ExportPayload",
  "GoalsConflictError",
  "IntRange",
  "InvalidField",
  "InvalidInputError",
  "Login",
  "MetricConflictError",
  "MetricDimension",
  "NameTakenError",
  "NotFoundError",
  "PageInfo",
  "PayloadMismatchError",
  "Percentiles",
  "RemainingData",
  "ReviewHeldError",
  "ReviewLostError",
  "SessionEndedError",
  "SignOutPayload",
  "TooLargeError",
  "VersionConflictError",
  "Viewer",
];

/** What an audit says where a bucket is wrong: none ever is. */
const AUDIT: AuditReport = {
  recordsCounted: 1,
  unsettled: 0,
  inDoubt: 0,
  short: 0,
  bucketsChecked: 1,
  differences: [{
    bucket: { source: "ITEMS", size: "ONE_MINUTE", start: 0, end: 60_000, count: 2, closed: true, version: "1" },
    recounted: 1,
  }],
  measureDifferences: [{
    ...{ source: "ITEMS", start: 0, dimension: { key: "country", value: "NP" } },
    found: { count: 2, values: 2, sum: 3, min: 1, max: 2 },
    recounted: { count: 1, values: 1, sum: 1, min: 1, max: 1 },
  }],
  repaired: 0,
};

let api: TestApp;
let own: Everything;
let walks: Walk[];
let changes = 0;

beforeAll(async () => {
  api = await startMemoryApp({ clock: () => NOON });
  own = await seedEverything(api, "t");
  walks = walksOf(api.app.schema);
});
afterAll(() => api.stop());

/** What a viewer with these scopes is given along a walk; of a subscription, the first message. */
async function ask(
  walk: Walk,
  scopes: readonly Scope[] | undefined,
  { tenantId = "t", values }: { tenantId?: string; values?: Values } = {},
): Promise<ExecutionResult> {
  const version = ["annotateSession", "correctSession"].includes(walk.hops[0]!.field.name)
    ? await versionOf(own.ids.ended)
    : 0;
  const { source, variables } = documentOf(walk, values ?? valuesFor(own, walk, version));
  const viewer = scopes && { userId: "u", tenantId, scopes, expiresAt: NOON + 3_600_000, credential: "c" };
  const context = api.app.contextFor({ viewer, requestId: "r", header: {} }) as { services: object };
  const contextValue = { ...context, services: { ...context.services, auditMetrics: () => Promise.resolve(AUDIT) } };
  const args = { schema: api.app.schema, document: parse(source), variableValues: variables, contextValue };
  if (walk.operation !== "subscription") return await execute(args);
  const messages = await createSharedExecution().subscribe(args, viewer);
  if (!(Symbol.asyncIterator in messages)) return messages;
  const first = messages.next();
  if (walk.hops[0]!.field.name === "sessionChanged") await changeSomething();
  const { value } = await first;
  await messages.return();
  return value ?? {};
}

async function versionOf(sessionId: string): Promise<number> {
  return (await api.ask("t", `{ session(sessionId: "${sessionId}") { version } }`)).data.session.version;
}

async function changeSomething(): Promise<void> {
  const input = { sessionId: own.ids.sessionId, updateId: `change-${changes++}`, incrementMotionCount: true };
  await api.ask("t", `mutation ($input: UpdateSessionInput!) { updateSession(input: $input) { __typename } }`, {
    input,
  });
}

const codesOf = ({ errors = [] }: ExecutionResult) =>
  errors.map((error: GraphQLError) => (error.originalError as { code?: string } | undefined)?.code ?? error.message);
const scopesOf = (walk: Walk, count = walk.hops.length) => [
  ...new Set(walk.hops.slice(0, count).flatMap(needsOf)),
];
/** Of long walks that end by the same two steps, the first. */
function withoutRepeats(all: readonly Walk[]): Walk[] {
  const ends = new Set<string>();
  return all.filter(({ operation, hops }) => {
    if (hops.length <= 2) return true;
    const end = hops.slice(-2).map(({ parent, field, to }) => `${parent.name}.${field.name}:${to.name}`).join();
    const isNew = !ends.has(`${operation} ${end}`);
    ends.add(`${operation} ${end}`);
    return isNew;
  });
}
const isScope = (access: string): access is Scope => (SCOPES as readonly string[]).includes(access);

describe("each way to each type", () => {
  test("is refused where one of its scopes is missing, and shows nothing of what needs it", async () => {
    const wrong: string[] = [];
    for (const walk of walks) {
      for (const scope of scopesOf(walk).filter(isScope)) {
        const result = await ask(walk, SCOPES.filter((each) => each !== scope));
        const crossing = walk.hops.findIndex((hop) => needsOf(hop).includes(scope));
        const isReached = crossing === 0 || reached(result.data, walk, crossing).length > 0;
        const isShown = reached(result.data, walk, crossing + 1).length > 0;
        if (isShown || (isReached && !codesOf(result).includes("FORBIDDEN"))) {
          wrong.push(`${nameOf(walk)} without ${scope}: ${JSON.stringify(result)}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("is refused to whoever is not signed in, but where it is for everybody", async () => {
    const open = walks.filter((walk) => scopesOf(walk, 1).length === 0);
    expect([...new Set(open.map(({ hops }) => hops[0]!.field.name))].sort()).toEqual([
      "accountRemoval",
      "login",
      "refreshLogin",
      "register",
      "resetPassword",
    ]);
    const wrong: string[] = [];
    for (const walk of walks.filter((each) => !open.includes(each))) {
      const result = await ask(walk, undefined);
      if (!codesOf(result).includes("UNAUTHENTICATED") || reached(result.data, walk, 1).length > 0) {
        wrong.push(`${nameOf(walk)}: ${JSON.stringify(result)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("needs no other scope than what it shows", async () => {
    const wrong: string[] = [];
    // A mutation's deeper ways go on as a query's do; and what a field needs does not go by how its type's parent was come by.
    const some = withoutRepeats(walks).filter(({ operation, hops }) => operation === "query" || hops.length <= 2);
    for (const walk of some.filter(({ operation }) => operation !== "subscription")) {
      const result = await ask(walk, scopesOf(walk).filter(isScope));
      if (codesOf(result).some((code) => code === "FORBIDDEN")) {
        wrong.push(`${nameOf(walk)}: ${JSON.stringify(result)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("is really gone where it crosses into another scope: the seed has something there", async () => {
    const crossing = withoutRepeats(walks).filter((walk) => scopesOf(walk).length > scopesOf(walk, 1).length);
    const last = new Set(crossing.map(({ hops }) => hops.at(-1)!.to.name));
    expect(last).toContain("Session");
    const unreached: string[] = [];
    for (const walk of crossing) {
      const result = await ask(walk, SCOPES);
      const first = walk.hops.findIndex((_, i) => scopesOf(walk, i + 1).length > scopesOf(walk, 1).length);
      if (reached(result.data, walk, first + 1).length === 0) {
        unreached.push(`${nameOf(walk)}: ${JSON.stringify(result)}`);
      }
    }
    expect(unreached).toEqual([]);
  });
});

test("a device that may only write gets its receipt, and nothing that a person typed", async () => {
  const { data, errors } = await api.ask(
    "t",
    `mutation { recordMotion(input: { sensorId: "hall", seq: 2, at: "${new Date(NOON).toISOString()}" }) {
       ... on RecordMotionPayload {
         sessionId started duplicate session { notes sensor { sessions { nodes { notes labels } } } }
       }
     } }`,
    {},
    ["SESSIONS_WRITE"],
  );
  expect(data.recordMotion).toMatchObject({ sessionId: expect.any(String), duplicate: false, session: null });
  expect(errors).toMatchObject([{
    message: "This needs the scope sessions:read; ask for a token that has it.",
    path: ["recordMotion", "session"],
    extensions: { code: "FORBIDDEN" },
  }]);
});

describe("another tenant's", () => {
  const foreign = (): Set<unknown> =>
    new Set([...Object.values(own.ids), ...Object.values(own.nodes), own.reviewSessionId]);
  /** The same values with a random one in the place of each that is another tenant's. */
  const randomised = (value: unknown, random: string): unknown => {
    if (foreign().has(value)) return random;
    if (Array.isArray(value)) return value.map((each) => randomised(each, random));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, randomised(each, random)]));
  };
  /**
   * Without what names the thing that was asked for or the tenant, and what is new each time. Errors in an order of their own: which of
   * several fields fails first says nothing.
   */
  const told = ({ errors = [], ...result }: ExecutionResult) =>
    JSON.stringify({ ...result, errors: errors.map((error) => JSON.stringify(error)).sort() }, (key, value) => {
      if (/(id|key|feedCursor)$/i.test(key) || foreign().has(value)) return "ID";
      return typeof value === "string" ? value.replaceAll(/"[^"]*"|https?:\S+/g, "ID") : value;
    });

  test("ids give what random ones give", async () => {
    const wrong: string[] = [];
    const short = walks.filter(({ hops, operation }) => hops.length <= 2 && operation !== "subscription");
    for (const [i, walk] of short.entries()) {
      const values = valuesFor(own, walk);
      const given = await ask(walk, SCOPES, { tenantId: `a-${i}`, values });
      const random = await ask(walk, SCOPES, {
        tenantId: `b-${i}`,
        values: randomised(values, `nobody-${i}`) as Values,
      });
      if (told(given) !== told(random)) wrong.push(`${nameOf(walk)}: ${told(given)} and ${told(random)}`);
    }
    expect(wrong).toEqual([]);
  });

  test("cursors are refused as random ones are, also where both have things of the same ids", async () => {
    const other = await seedEverything(api, "other");
    const wrong: string[] = [];
    const lists = walks.filter(({ hops }) => hops.at(-1)!.to.name === "PageInfo" && hops.length > 1);
    for (const { operation, hops } of lists.filter((walk) => walk.operation === "query")) {
      const { parent, field } = hops.at(-2)!;
      const pageOf = (seed: Everything, page: object) => {
        const walk = { operation, hops };
        const values = valuesFor(seed, walk);
        const name = `${parent.name}.${field.name}`;
        const own = { ...values, [name]: { ...values[name], ...page } };
        return ask(walk, SCOPES, { tenantId: seed.tenantId, values: own });
      };
      const [mine] = reached((await pageOf(own, { first: 1 })).data, { operation, hops }, hops.length);
      const cursor = (mine as { endCursor: string | null } | undefined)?.endCursor;
      if (!cursor) continue;
      const given = await pageOf(other, { after: cursor });
      const random = await pageOf(other, { after: "cmFuZG9t" });
      const isRefused = codesOf(given).includes("INVALID_INPUT") && told(given) === told(random);
      if (!isRefused) wrong.push(`${nameOf({ operation, hops })}: ${told(given)} and ${told(random)}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("a type", () => {
  test("that its holder may read is listed in this test", () => {
    const types = walks.map(({ hops }) => hops.at(-1)!.to).filter((type) => statedOf(type).access === "HOLDER");
    expect([...new Set(types.map(({ name }) => name))].sort()).toEqual(HOLDERS);
  });
});
