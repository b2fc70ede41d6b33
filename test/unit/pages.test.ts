import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDemoSignIn } from "../../api/entry/http/demo.ts";
import { askedBy, toResponse } from "../../api/entry/http/exchange.ts";
import { createPages, storeOrigin } from "../../api/entry/http/pages.ts";
import { makeTempDir } from "../kit/local.ts";

const STORE = "https://acme-collections.s3.eu-west-1.amazonaws.com";
let folder: string;
let remove: () => Promise<void>;

beforeAll(async () => {
  ({ path: folder, remove } = await makeTempDir());
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "index.html.br"), "small");
  await writeFile(join(folder, "card.html"), "card");
  await writeFile(join(folder, "assets/a-1.js"), "1");
});
afterAll(() => remove());

function asked(url: string, init: RequestInit) {
  return askedBy(new Request(url, init), "127.0.0.1", () => Promise.resolve(new Uint8Array()));
}

function get(path: string, init: RequestInit = {}): Response | undefined {
  const page = createPages(STORE, folder).find(path);
  return page && toResponse(page(asked(`http://127.0.0.1${path}`, init)));
}

describe("pages", () => {
  test.each(["/", "/live", "/sessions/hall%20way", "/review/1/2"])("%s is the one document", async (path) => {
    expect(await get(path)!.text()).toBe("<!doctype html>");
  });

  test.each(["/graphql", "/metrics", "/livery", "/assets/../index.html", "/.stamp", "/assets/none.js", "//live"])(
    "%s is none",
    (path) => expect(get(path)).toBeUndefined(),
  );

  test("run no script but ours, and are framed by nobody", () => {
    const policy = get("/")!.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe");
  });

  test("show media from here and from the object store, where links to large ones lead, and send nowhere else", () => {
    const sources = (path: string) =>
      Object.fromEntries(
        get(path)!.headers.get("content-security-policy")!.split("; ").map((part) => part.split(" "))
          .map(([name, ...from]) => [name, from.filter((one) => one !== "data:" && one !== "blob:")]),
      );
    const both = ["'self'", STORE];
    expect(sources("/")).toMatchObject({ "img-src": both, "media-src": both, "connect-src": both });
    expect(sources("/")).toMatchObject({ "script-src": ["'self'"], "style-src": ["'self'"], "frame-src": ["'self'"] });
    expect(sources("/card.html")).toMatchObject({ "img-src": both, "media-src": both });
    expect(sources("/card.html")).not.toHaveProperty("connect-src");
    const endpoints = { dynamodb: undefined, s3: undefined, sqs: undefined, sns: undefined };
    expect(storeOrigin({ prefix: "acme", region: "eu-west-1", endpoints })).toBe(STORE);
    const local = { ...endpoints, s3: "http://127.0.0.1:9000/" };
    expect(storeOrigin({ prefix: "acme", region: "eu-west-1", endpoints: local })).toBe("http://127.0.0.1:9000");
  });

  test("a card's frame runs no script at all", () => {
    const policy = get("/card.html")!.headers.get("content-security-policy")!;
    expect(policy).toMatch(/default-src 'none'.*sandbox allow-same-origin$/);
    expect(policy).not.toMatch(/script-src|allow-scripts/);
  });

  test("assets never change under their name, documents are asked for again", () => {
    expect(get("/assets/a-1.js")!.headers.get("cache-control")).toContain("immutable");
    const first = get("/")!;
    expect(first.headers.get("cache-control")).toBe("no-cache");
    expect(get("/", { headers: { "if-none-match": first.headers.get("etag")! } })!.status).toBe(304);
  });

  test("go out compressed where the browser takes it", async () => {
    const small = get("/", { headers: { "accept-encoding": "gzip, br" } })!;
    expect(small.headers.get("content-encoding")).toBe("br");
    expect(await small.text()).toBe("small");
  });

  test("are only read", () => expect(get("/", { method: "POST" })!.status).toBe(405));

  test("are not there where nothing was built", () =>
    expect(createPages(STORE, join(folder, "none")).find("/")).toBeUndefined());
});

describe("one-click sign-in", () => {
  const signIn = createDemoSignIn(() => Promise.resolve("token"));
  const ask = (headers: Record<string, string>, method = "POST") =>
    signIn(asked("http://127.0.0.1:4000/demo-token", { method, headers })).then(toResponse);

  test("gives a page of this instance a token", async () => {
    const response = await ask({
      host: "127.0.0.1:4000",
      origin: "http://127.0.0.1:4000",
      "sec-fetch-site": "same-origin",
    });
    expect(await response.json()).toEqual({ token: "token" });
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test.each([
    ["another site", { host: "127.0.0.1:4000", origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["another port", { host: "127.0.0.1:4000", origin: "http://127.0.0.1:5173", "sec-fetch-site": "same-site" }],
    ["another site that names no origin", { host: "127.0.0.1:4000", "sec-fetch-site": "cross-site" }],
    ["a name that resolves here", { host: "evil.example:4000", origin: "http://evil.example:4000" }],
    ["a page without an origin", { host: "127.0.0.1:4000", origin: "null" }],
  ])("refuses %s", async (_, headers) => {
    await expect(ask(headers)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
