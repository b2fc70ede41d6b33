import { getNamedType, isAbstractType, isObjectType, parse, subscribe } from "graphql";
import { afterEach, expect, test, vi } from "vitest";
import { type Scope, SCOPES } from "../../api/auth/viewer.ts";
import { beyond, requireAccess, type TypeAccess } from "../../schema/access.ts";
import { builder, entries, streams } from "../../schema/builder.ts";
import { buildSchema } from "../../schema/build.ts";
import { type Context, sharedPartOf } from "../../schema/context.ts";

afterEach(() => void vi.useRealTimers());

/** Never called: what must not compile. The type check fails where one of these compiles. */
export function planted() {
  const description = "Planted.";
  builder.objectRef<object>("Planted").implement(
    // @ts-expect-error A type without access.
    { description, fields: () => ({}) },
  );
  entries.queryFields((t) => ({
    // @ts-expect-error A query without access.
    planted: t.string({ description, resolve: () => "" }),
  }));
  entries.mutationFields((t) => ({
    // @ts-expect-error A mutation without access.
    planted: t.string({ description, resolve: () => "" }),
  }));
  streams.subscriptionFields((t) => ({
    // @ts-expect-error A subscription without access.
    planted: t.string({ description, subscribe: async function* () {}, resolve: () => "" }),
  }));
  builder.objectRef<object>("Planted").implement({
    description,
    access: "SESSIONS_READ",
    fields: (t) => ({
      // @ts-expect-error A field below an entry point that depends on who asks.
      planted: t.string({ description, resolve: (_, __, { viewer }) => viewer.userId }),
      pages: t.string({
        description,
        args: { first: t.arg.int({ required: true, description }) },
        // @ts-expect-error A cost that is decided by an argument that is not there.
        cost: { rows: "last" },
        resolve: () => "",
      }),
    }),
  });
}

test("what needs no scope is for whoever is signed in, or for everybody; a scope is for who has it", () => {
  const codeFor = (access: TypeAccess, viewer: { scopes: readonly Scope[] } | undefined) => {
    try {
      return requireAccess(viewer, access) ?? "shown";
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  const viewers = [undefined, { scopes: [] }, { scopes: SCOPES.filter((scope) => scope !== "REVIEW") }, {
    scopes: ["REVIEW" as const],
  }];
  const all = (access: TypeAccess) => viewers.map((viewer) => codeFor(access, viewer));
  for (const access of ["EVERYBODY", "HOLDER"] as const) expect(all(access)).toEqual(Array(4).fill("shown"));
  expect(all("SIGNED_IN")).toEqual(["UNAUTHENTICATED", "shown", "shown", "shown"]);
  expect(all("REVIEW")).toEqual(["UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "shown"]);
});

test("a field needs what it and its type state, beyond what its parent needed", () => {
  expect(beyond(undefined, "SESSIONS_WRITE", undefined)).toEqual(["SESSIONS_WRITE"]);
  expect(beyond("SESSIONS_WRITE", undefined, "SESSIONS_READ")).toEqual(["SESSIONS_READ"]);
  expect(beyond("SESSIONS_READ", undefined, "SESSIONS_READ")).toEqual([]);
  expect(beyond("HOLDER", undefined, "SESSIONS_READ")).toEqual(["SESSIONS_READ"]);
  expect(beyond("SESSIONS_READ", undefined, "HOLDER")).toEqual([]);
  expect(beyond(undefined, "SIGNED_IN", "REVIEW")).toEqual(["REVIEW"]);
  expect(beyond(undefined, "SIGNED_IN", "HOLDER")).toEqual(["SIGNED_IN"]);
  expect(beyond(undefined, "EVERYBODY", "HOLDER")).toEqual([]);
});

test("each field is refused to whom a scope is missing that it, or what it gives, asks for beyond its parent", () => {
  const accessOf = (of: object) =>
    (of as { extensions: { pothosOptions?: { access?: string } } }).extensions.pothosOptions?.access;
  const codeOf = (call: () => unknown) => {
    try {
      call();
      return "shown";
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  const tried = new Map<string, number>();
  for (const type of Object.values(buildSchema(Date.now).getTypeMap()).filter((one) => isObjectType(one))) {
    for (const field of Object.values(type.getFields())) {
      const call = (type.name === "Subscription" ? field.subscribe : field.resolve)!;
      const asked = new Set([accessOf(field), accessOf(getNamedType(field.type))]);
      for (const scope of SCOPES.filter((one) => asked.has(one) && one !== accessOf(type))) {
        const viewer = { scopes: SCOPES.filter((one) => one !== scope) };
        const name = `${type.name}.${field.name} without ${scope}`;
        expect([name, codeOf(() => call({}, {}, { viewer }, {} as never))]).toEqual([name, "FORBIDDEN"]);
        tried.set(scope, (tried.get(scope) ?? 0) + 1);
      }
    }
  }
  expect([...tried.keys()].sort()).toEqual([...SCOPES].sort());
});

test("what several viewers are given depends on tenant and scopes alone", () => {
  const viewer = { userId: "ada", tenantId: "t", scopes: SCOPES, expiresAt: 1, credential: "c" };
  const shared = sharedPartOf({ viewer, requestId: "r", header: { asked: "s" } } as unknown as Context);
  expect(shared.viewer).toEqual({ tenantId: "t", scopes: SCOPES });
  expect(Object.keys(shared).sort()).toEqual(["loadJourney", "loadSensor", "loadSession", "services", "viewer"]);
});

test("a stream is refused where its scope is missing, and what it shows is checked too", async () => {
  const schema = buildSchema(Date.now);
  const document = parse(`subscription { sessionChanged { sessionId } }`);
  const codeFor = async (viewer: object | undefined) => {
    const result = await subscribe({ schema, document, contextValue: { viewer } });
    return Symbol.asyncIterator in result ? "open" : (result.errors![0]!.originalError as { code?: string }).code;
  };
  expect(await codeFor(undefined)).toBe("UNAUTHENTICATED");
  expect(await codeFor({ scopes: SCOPES.filter((scope) => scope !== "SESSIONS_READ") })).toBe("FORBIDDEN");
});

test("a stream ends in the instant in which its token does, or once its login or key does, and says which", async () => {
  vi.useFakeTimers();
  const schema = buildSchema(Date.now);
  const document = parse(`subscription { sessionChanged { sessionId } }`);
  async function open() {
    let end = () => {};
    const onEnded = (_: unknown, act: () => void) => {
      end = act;
      return () => {};
    };
    async function* watchSessions(_tenant: string, _sensor: unknown, _after: unknown, signal: AbortSignal) {
      yield* await new Promise<never[]>((resolve) => signal.addEventListener("abort", () => resolve([])));
    }
    const viewer = { tenantId: "t", scopes: SCOPES, expiresAt: Date.now() + 1_000 };
    const stream = await subscribe({
      schema,
      document,
      contextValue: { viewer, onEnded, services: { watchSessions } },
    });
    const first = (stream as AsyncGenerator).next().then(() => "open", (error: { code: string }) => error.code);
    return { outcome: () => Promise.race([first, Promise.resolve().then(() => "waits")]), first, end: () => end() };
  }
  const [byToken, byLogin] = [await open(), await open()];
  byLogin.end();
  expect(await byLogin.first).toBe("CREDENTIAL_ENDED");
  await vi.advanceTimersByTimeAsync(999);
  expect(await byToken.outcome()).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect(await byToken.first).toBe("TOKEN_EXPIRED");
});

test("what an interface or a union turns out to be is shown to whom its type is", async () => {
  const schema = buildSchema(Date.now);
  const abstract = Object.values(schema.getTypeMap()).filter((type) => isAbstractType(type))
    .filter(({ name, resolveType }) => resolveType && !name.startsWith("__"));
  const tried = { refused: 0, shown: 0 };
  const refusalOf = async (type: (typeof abstract)[number], name: string, viewer: object | undefined) => {
    try {
      const found = await type.resolveType!({ __typename: name }, { viewer }, { schema } as never, type);
      return found === name ? "shown" : `taken for ${found}`;
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  for (const type of abstract) {
    for (const { name, extensions } of schema.getPossibleTypes(type)) {
      const { access } = (extensions as { pothosOptions: { access: string } }).pothosOptions;
      const isOpen = access === "EVERYBODY" || access === "HOLDER";
      const scopes = SCOPES.filter((scope) => scope !== access);
      const isScope = scopes.length < SCOPES.length;
      expect([name, await refusalOf(type, name, undefined)]).toEqual([name, isOpen ? "shown" : "UNAUTHENTICATED"]);
      expect([name, await refusalOf(type, name, { scopes })]).toEqual([name, isScope ? "FORBIDDEN" : "shown"]);
      expect([name, await refusalOf(type, name, { scopes: SCOPES })]).toEqual([name, "shown"]);
      tried[isScope ? "refused" : "shown"] += 1;
    }
  }
  expect(Math.min(...Object.values(tried))).toBeGreaterThan(5);
});
