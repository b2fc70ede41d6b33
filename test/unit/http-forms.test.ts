import { EventEmitter } from "node:events";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { brotliDecompressSync } from "node:zlib";
import { GraphQLError } from "graphql";
import { describe, expect, test } from "vitest";
import { parseAccept } from "../../api/entry/http/accept.ts";
import { jsonAnswer } from "../../api/entry/http/answers.ts";
import { compress } from "../../api/entry/http/compress.ts";
import { createConnections } from "../../api/entry/http/connections.ts";
import { createCors } from "../../api/entry/http/cors.ts";
import { type Answer, type Asked, splitTarget } from "../../api/entry/http/exchange.ts";
import { checkStructure, parseJson } from "../../api/entry/http/json.ts";
import { paramsOfSearch, toParams } from "../../api/entry/http/params.ts";
import { createPersistedQueries } from "../../api/entry/http/persisted.ts";

const LIMITS = { depth: 3, values: 8 };
const asked = (headers: Record<string, string>, method = "POST"): Asked => (
  {
    method,
    path: "/",
    search: "",
    peer: "",
    read: () => Promise.reject(new Error("not asked")),
    header: (n) => headers[n],
  }
);
/** The code, the status and what a client hears; undefined where it is taken. */
const refused = (call: () => unknown) => {
  try {
    return void call();
  } catch (error) {
    return (error as { code: string }).code ?? (error as Error).message;
  }
};

describe("a client is answered", () => {
  test.each<[string | undefined, string[]]>([
    [undefined, ["json", "events"]],
    ["*/*", ["json", "events"]],
    ["application/json", ["json"]],
    ["text/html, application/json;q=0.5", ["html", "json"]],
    ["application/json;q=0.5, TEXT/HTML", ["html", "json"]],
    ["application/json ; charset=utf-8 ; q=0.1,text/event-stream;q=0.2", ["events", "json"]],
    ["application/json;q=0", []],
    ["application/json;q=x", []],
    ["multipart/*, application/*", ["multipart", "json", "graphql"]],
    ["image/png", []],
    ["constructor, toString, __proto__", []],
    ["", []],
    [`${"image/png,".repeat(120)}application/json`, []],
  ])("where it accepts %j in these forms, the most wanted first", (header, forms) => {
    expect([parseAccept(header), parseAccept(header)]).toEqual([forms, forms]);
  });

  test("with 200 where anything was answered, else with the worst that its errors say, in the form that knows it", () => {
    const error = (status: number, more: object = {}) => (
      new GraphQLError("no", { extensions: { http: { status, headers: { "retry-after": `${status}` }, ...more } } })
    );
    const of = (result: Parameters<typeof jsonAnswer>[0], form: "graphql" | "json" = "graphql") => {
      const { status, headers } = jsonAnswer(result, form);
      return [status, headers["retry-after"]];
    };
    expect(of({ data: { a: 1 } })).toEqual([200, undefined]);
    expect(of({ data: { a: 1, b: null }, errors: [error(503)] })).toEqual([200, undefined]);
    expect(of({ data: { a: null }, errors: [error(429), error(503)] })).toEqual([503, "503"]);
    expect(of({ data: null, errors: [error(503), error(429)] })).toEqual([503, "429"]);
    expect([of({ errors: [new GraphQLError("no")] }), of({ errors: [new GraphQLError("no")] }, "json")]).toEqual([
      ...[[400, undefined], [200, undefined]],
    ]);
    expect(of({ data: null, errors: [new GraphQLError("no")] })).toEqual([200, undefined]);
    const spec = error(400, { spec: true });
    expect([of({ errors: [spec] }), of({ errors: [spec] }, "json")]).toEqual([[400, "400"], [200, undefined]]);
  });

  test("in fewer bytes from 16 KB on, in the form that it takes, and says that this was asked", async () => {
    const text = (length: number, headers = {}): Answer => ({ status: 200, headers, body: "x".repeat(length) });
    const accepts = (value?: string) => asked(value === undefined ? {} : { "accept-encoding": value });
    const small = text(16_383);
    expect(await compress(accepts("br"), small)).toBe(small);
    const packed = await compress(accepts("gzip, br"), text(16_384, { vary: "origin" }));
    expect(packed.headers).toEqual({ vary: "origin, accept-encoding", "content-encoding": "br" });
    expect(brotliDecompressSync(packed.body as Uint8Array)).toHaveLength(16_384);
    for (const gzip of ["deflate, gzip", "br;q=0, gzip", "br ; q=0.000,GZIP;q=0.5"]) {
      const other = await compress(accepts(gzip), text(16_384));
      expect(other.headers).toEqual({ vary: "accept-encoding", "content-encoding": "gzip" });
      expect(gunzipSync(other.body as Uint8Array)).toHaveLength(16_384);
    }
    for (const none of [undefined, "deflate", "brx", "br;q=0", "x-gzip, br; q=0.0, *;q=0"]) {
      const plain = await compress(accepts(none), text(16_384));
      expect([plain.headers, (plain.body as string).length]).toEqual([{ vary: "accept-encoding" }, 16_384]);
    }
    const already = text(20_000, { "content-encoding": "gzip" });
    expect(await compress(accepts("br"), already)).toBe(already);
  });
});

describe("pages of another site", () => {
  const ORIGIN = "https://app.example.com";
  const cors = createCors([ORIGIN]);
  const marked = (
    own: ReturnType<typeof createCors>,
    headers: Record<string, string>,
    answer: Record<string, string> = {},
  ) => {
    own.mark(asked(headers), { headers: answer });
    return answer;
  };

  test("read answers where their origin is named, to the letter; a cache is told that it depends on that", () => {
    const allowed = {
      "access-control-allow-origin": ORIGIN,
      "access-control-expose-headers": "x-request-id, x-session-id",
    };
    expect(marked(cors, { origin: ORIGIN })).toEqual({ vary: "origin", ...allowed });
    expect(marked(cors, { origin: ORIGIN }, { vary: "accept" })).toEqual({ vary: "accept, origin", ...allowed });
    for (const origin of [`${ORIGIN}.evil.com`, `${ORIGIN}:8443`, "http://app.example.com", "null"]) {
      expect(marked(cors, { origin })).toEqual({ vary: "origin" });
    }
    expect(marked(cors, {})).toEqual({ vary: "origin" });
    expect(marked(createCors([]), { origin: ORIGIN })).toEqual({});
  });

  test("may ask what they may send, and are refused where they are not named", () => {
    const question = {
      origin: ORIGIN,
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-a",
    };
    expect(cors.preflight(asked(question, "OPTIONS"))).toMatchObject({
      status: 204,
      headers: { "access-control-allow-methods": "GET, POST, PUT, DELETE", "access-control-allow-headers": "x-a" },
    });
    expect(cors.preflight(asked(question, "POST"))).toBeUndefined();
    expect(cors.preflight(asked({ origin: ORIGIN }, "OPTIONS"))).toBeUndefined();
    const other = { ...question, origin: "https://evil.com" };
    expect(refused(() => cors.preflight(asked(other, "OPTIONS")))).toBe("ORIGIN_NOT_ALLOWED");
  });

  test("open no socket: their own host's do, and programs, which send no origin", () => {
    const open = (headers: Record<string, string>) => refused(() => cors.checkSocket(asked(headers)));
    expect([open({}), open({ origin: ORIGIN, host: "api" }), open({ origin: "http://api:4000", host: "api:4000" })])
      .toEqual([
        ...[undefined, undefined, undefined],
      ]);
    for (const origin of ["http://api:4001", "http://api", "null", "https://evil.com"]) {
      expect(open({ origin, host: "api:4000" })).toBe("ORIGIN_NOT_ALLOWED");
    }
  });
});

describe("a body", () => {
  test("has as many levels and values as it may, and not one more; strings are one, whatever they hold", () => {
    expect(parseJson("[[[1]]]", LIMITS)).toEqual([[[1]]]);
    expect(refused(() => parseJson("[[[[1]]]]", LIMITS))).toBe("BODY_TOO_COMPLEX");
    expect(parseJson("[1,2,3,4,5,6,7]", LIMITS)).toHaveLength(7);
    expect(refused(() => parseJson("[1,2,3,4,5,6,7,8]", LIMITS))).toBe("BODY_TOO_COMPLEX");
    expect(parseJson('{"a": "[[[[,,,,,,,,,", "b": "\\\\"}', LIMITS)).toEqual({ a: "[[[[,,,,,,,,,", b: "\\" });
    expect(parseJson('["\\\\\\",,,,,,,,,", 1]', LIMITS)).toEqual(['\\",,,,,,,,,', 1]);
    // What closes makes room for the next.
    expect(parseJson("[[],[],[]]", { depth: 2, values: 9 })).toEqual([[], [], []]);
  });

  test("of an object has 2,048 fields at most; a list may have more", () => {
    const wide = { depth: 2, values: 10_000 };
    const fields = (count: number) => `{${Array.from({ length: count }, (_, i) => `"f${i}":1`).join(",")}}`;
    expect(() => checkStructure(fields(2_048), wide)).not.toThrow();
    expect(refused(() => checkStructure(fields(2_049), wide))).toBe("BODY_TOO_COMPLEX");
    expect(() => checkStructure(`[${"1,".repeat(3_000)}1]`, wide)).not.toThrow();
    expect(refused(() => checkStructure(`[1,${fields(2_049)}]`, wide))).toBe("BODY_TOO_COMPLEX");
  });

  test("that is none says so", () => {
    for (const text of ["", "{", '"', "[1", "{]", "nope"]) {
      expect(refused(() => parseJson(text, LIMITS))).toBe("BAD_REQUEST");
    }
  });
});

describe("what is asked", () => {
  test("is text, a name and objects; null is none, and so is an empty name", () => {
    const none = { query: undefined, operationName: undefined, variables: undefined, extensions: undefined };
    expect(toParams({ query: null, operationName: "", variables: null, extensions: null, other: 1 })).toEqual(none);
    const all = { query: "{ a }", operationName: "A", variables: { a: 1 }, extensions: {} };
    expect(toParams(all)).toEqual(all);
    for (const wrong of [[], null, 1, { query: 1 }, { operationName: {} }, { variables: [] }, { extensions: "x" }]) {
      expect([wrong, refused(() => toParams(wrong))]).toEqual([wrong, "BAD_REQUEST"]);
    }
  });

  test("stands in a URL likewise, where objects are JSON", () => {
    const search = new URLSearchParams({ query: "{ a }", operationName: "A", variables: '{"a":1}', extensions: "" });
    expect(paramsOfSearch(search.toString(), LIMITS)).toEqual({
      ...{ query: "{ a }", operationName: "A", variables: { a: 1 }, extensions: undefined },
    });
    for (const variables of ["x", "[]", "1", '{"a":{"b":{"c":{}}}}']) {
      expect(refused(() => paramsOfSearch(`${new URLSearchParams({ variables })}`, LIMITS))).toBe("BAD_REQUEST");
    }
  });

  test("stands behind the first question mark of a target, without what follows a #", () => {
    expect(["/a?b?c#d?e", "http://h:1/a/b?c=1", "http://h?c", "http://h", "/#x?y", "/a?#x"].map(splitTarget)).toEqual([
      { path: "/a", search: "b?c" },
      { path: "/a/b", search: "c=1" },
      { path: "/", search: "c" },
      { path: "/", search: "" },
      { path: "/", search: "" },
      { path: "/a", search: "" },
    ]);
  });
});

describe("a query that is sent by its hash", () => {
  const query = "{ a }";
  const hash = createHash("sha256").update(query).digest("hex");
  const of = (sha256Hash: unknown, text?: string, version: unknown = 1) => (
    {
      query: text,
      operationName: undefined,
      variables: undefined,
      extensions: { persistedQuery: { version, sha256Hash } },
    }
  );

  test("is known once it was kept, and asked for until then", () => {
    const queries = createPersistedQueries({ isOn: true });
    expect(refused(() => queries.find(of(hash)))).toBe("PersistedQueryNotFound");
    expect(queries.find(of(hash, query))).toBe(query);
    // What was not found to be sound is not kept.
    expect(refused(() => queries.find(of(hash)))).toBe("PersistedQueryNotFound");
    queries.keep(of(hash, query));
    expect(queries.find(of(hash))).toBe(query);
    expect(queries.find(toParams({ query, extensions: { persistedQuery: null } }))).toBe(query);
  });

  test("is that query and no other", () => {
    const queries = createPersistedQueries({ isOn: true });
    expect(refused(() => queries.find(of(hash, "{ b }")))).toBe("PERSISTED_QUERY_HASH_MISMATCH");
    for (const wrong of [of(hash, query, 2), of(hash.slice(1), query), of(hash.toUpperCase(), query), of(1, query)]) {
      expect(refused(() => queries.find(wrong))).toBe("BAD_REQUEST");
    }
    for (const none of [toParams({}), toParams({ query: "" })]) {
      expect(refused(() => queries.find(none))).toBe("BAD_REQUEST");
    }
  });

  test("is not known where that is off, and its text is taken as it is", () => {
    const queries = createPersistedQueries({ isOn: false });
    queries.keep(of(hash, query));
    expect(queries.find(of(hash, query))).toBe(query);
    expect(refused(() => queries.find(of(hash)))).toBe("PersistedQueryNotSupported");
  });

  test("of more than 50,000 characters is not kept", () => {
    const queries = createPersistedQueries({ isOn: true });
    for (const [length, isKept] of [[49_936, true], [49_937, false]] as const) {
      const text = "x".repeat(length);
      const own = createHash("sha256").update(text).digest("hex");
      queries.keep(of(own, text));
      expect(refused(() => queries.find(of(own)))).toBe(isKept ? undefined : "PersistedQueryNotFound");
    }
  });
});

test("of too many connections the one that is idle longest goes; where none is idle, the new one does", () => {
  const gone: string[] = [];
  const socketOf = (name: string) => {
    const socket = new EventEmitter() as Socket;
    socket.destroy = () => (gone.push(name), socket);
    return socket;
  };
  const connections = createConnections(2);
  const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map(socketOf) as [Socket, Socket, Socket, Socket, Socket];
  expect([connections.add(a), connections.add(b), connections.counts()]).toEqual([true, true, { open: 2, shed: 0 }]);
  connections.busy(a);
  connections.idle(a);
  // By now b waits longest.
  expect([connections.add(c), gone, connections.counts()]).toEqual([true, ["b"], { open: 2, shed: 1 }]);
  connections.busy(a);
  connections.busy(c);
  expect([connections.add(d), connections.counts()]).toEqual([false, { open: 2, shed: 2 }]);
  a.emit("close");
  // One that is gone is idle no more.
  connections.idle(a);
  expect([connections.add(e), connections.counts()]).toEqual([true, { open: 2, shed: 2 }]);
  connections.closeIdle();
  expect(gone).toEqual(["b", "e"]);
});
