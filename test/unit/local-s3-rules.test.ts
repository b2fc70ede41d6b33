import { describe, expect, test } from "vitest";
import { isOwnClient } from "../../api/local/own-client.ts";
import { refusalOf, type S3Request } from "../../api/local/s3-rules.ts";

const status = (request: Partial<S3Request>, etag?: string) =>
  refusalOf({ method: "PUT", key: "k", query: {}, headers: {}, ...request }, () => etag)?.status;
const ifMatch = { "if-match": '"1"' };
const ifNoneMatch = { "if-none-match": "*" };

test("a create is refused where the key is taken", () => {
  expect(status({ headers: ifNoneMatch }, '"1"')).toBe(412);
  expect(status({ headers: ifNoneMatch })).toBeUndefined();
});

test("a replacement is refused under another tag, and not found without an object", () => {
  expect(status({ headers: ifMatch }, '"1"')).toBeUndefined();
  expect(status({ headers: ifMatch }, '"2"')).toBe(412);
  expect(status({ headers: ifMatch })).toBe(404);
});

test("a condition holds for the end of an upload in parts", () => {
  const complete = { method: "POST", query: { uploadId: "u" }, headers: ifNoneMatch };
  expect(status(complete, '"1"')).toBe(412);
  expect(status(complete)).toBeUndefined();
});

test("a tag is the same with its quotes and without, and where a key is to be free and to have one it is refused", () => {
  expect(status({ headers: { "if-match": "1" } }, '"1"')).toBeUndefined();
  expect(status({ headers: ifMatch }, "1")).toBeUndefined();
  expect(status({ headers: { ...ifMatch, ...ifNoneMatch } }, '"1"')).toBe(412);
  expect(status({ headers: { ...ifMatch, ...ifNoneMatch } })).toBe(404);
});

test("a condition that would be ignored is refused", () => {
  for (const headers of [ifMatch, ifNoneMatch]) {
    expect(status({ headers, query: { uploadId: "u", partNumber: "1" } }, '"1"')).toBe(501);
    expect(status({ method: "POST", headers, query: { uploads: "" } }, '"1"')).toBe(501);
    expect(status({ method: "POST", key: "", headers, query: { delete: "" } }, '"1"')).toBe(501);
    expect(status({ key: "", headers, query: { lifecycle: "" } }, '"1"')).toBe(501);
    expect(status({ method: "HEAD", headers }, '"2"')).toBeUndefined();
  }
  expect(status({ method: "DELETE", headers: ifMatch }, '"1"')).toBe(501);
  expect(status({ headers: { "if-none-match": '"1"' } }, '"1"')).toBe(501);
  expect(status({ method: "GET", headers: { "if-none-match": '"1"' } }, '"1"')).toBeUndefined();
});

test("a sub-resource that is not there is refused, for keys and for buckets", () => {
  for (const name of ["tagging", "acl", "versionId", "retention"]) {
    expect(status({ query: { [name]: "" } })).toBe(501);
    expect(status({ method: "GET", key: "", query: { [name]: "" } })).toBe(501);
  }
  expect(status({ query: { "x-identity": "" } })).toBe(501);
  expect(status({ query: { "not-x-amz-": "" } })).toBe(501);
  expect(status({ query: { "x-id": "PutObject", "X-Amz-Signature": "s" } })).toBeUndefined();
  // What a bucket knows a key does not, and the other way round.
  expect(status({ method: "GET", query: { prefix: "p" } })).toBe(501);
  expect(status({ method: "POST", key: "", query: { uploads: "" } })).toBe(501);
  expect(status({ method: "GET", key: "", query: { "list-type": "2", prefix: "p" } })).toBeUndefined();
});

describe("the embedded stores answer", () => {
  const own = { host: "127.4.5.6:4569" };
  const link = "/bucket/key?X-Amz-Date=d&X-Amz-Signature=s";

  test.each([
    ["the service, which names their address", own],
    ["one that names this machine", { host: "localhost" }],
    ["an address that a person typed", { ...own, "sec-fetch-site": "none", "sec-fetch-mode": "navigate" }],
    ["whoever follows a link, from whatever page", {
      ...own,
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
    }],
    ["a card that shows a picture by a link", { ...own, "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }],
    ["a card that plays a sound by a link", { ...own, "sec-fetch-site": "same-site", "sec-fetch-dest": "audio" }],
    ["a card that plays a film by a link", { ...own, "sec-fetch-site": "same-site", "sec-fetch-dest": "video" }],
  ])("%s", (_, headers) => expect(isOwnClient(headers, link)).toBe(true));

  test.each<[string, Record<string, string>, string?]>([
    ["a stranger's name that resolves to them", { host: "evil.example:4569" }],
    ["a name that begins like their address", { host: "127.4.5.6.evil.example" }],
    ["a name that ends like it", { host: "evil.127.4.5.6" }],
    ["a name that ends like this machine's", { host: "evil.localhost" }],
    ["nobody who names no host", {}],
    ["another machine's address", { host: "10.4.5.6" }],
    ["a script of another site, whatever it is for", {
      ...own,
      origin: "https://evil.example",
      "sec-fetch-mode": "navigate",
    }],
    ["a script that says no origin is one", { ...own, origin: "null", "sec-fetch-dest": "image" }],
    ["what a page loads of another site", { ...own, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
    ["what a page of the same site loads", { ...own, "sec-fetch-site": "same-site", "sec-fetch-dest": "script" }],
    [
      "a picture that nobody was given a link to",
      { ...own, "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" },
      "/bucket/key",
    ],
  ])("not %s", (_, headers, url = link) => expect(isOwnClient(headers, url)).toBe(false));
});
