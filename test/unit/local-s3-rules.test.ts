import { expect, test } from "vitest";
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

test("a condition that would be ignored is refused", () => {
  expect(status({ method: "DELETE", headers: ifMatch }, '"1"')).toBe(501);
  expect(status({ headers: { "if-none-match": '"1"' } }, '"1"')).toBe(501);
  expect(status({ method: "GET", headers: { "if-none-match": '"1"' } }, '"1"')).toBeUndefined();
});

test("a sub-resource that is not there is refused, for keys and for buckets", () => {
  for (const name of ["tagging", "acl", "versionId", "retention"]) {
    expect(status({ query: { [name]: "" } })).toBe(501);
    expect(status({ method: "GET", key: "", query: { [name]: "" } })).toBe(501);
  }
  expect(status({ query: { "x-id": "PutObject", "X-Amz-Signature": "s" } })).toBeUndefined();
  expect(status({ method: "GET", key: "", query: { "list-type": "2", prefix: "p" } })).toBeUndefined();
});
