import type { IncomingHttpHeaders } from "node:http";

export type S3Request = {
  method: string;
  /** Empty where the request is about the bucket itself. */
  key: string;
  query: Record<string, unknown>;
  headers: IncomingHttpHeaders;
};

export type Refusal = { status: number; code: string; message: string };

/** What the embedded server does have, beside plain requests. Anything else in a query is refused, not ignored. */
const BUCKET_PARAMETERS: Record<string, readonly string[]> = {
  GET: [
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "start-after",
    "continuation-token",
    "marker",
    "encoding-type",
    "fetch-owner",
    "lifecycle",
  ],
  PUT: ["lifecycle"],
  DELETE: ["lifecycle"],
  POST: ["delete"],
};
const KEY_PARAMETERS: Record<string, readonly string[]> = {
  GET: ["attributes", "response-content-disposition"],
  PUT: ["uploadId", "partNumber"],
  POST: ["uploads", "uploadId"],
  DELETE: ["uploadId"],
};

/**
 * What S3 would refuse and the embedded server would not: a write whose condition does not hold (RFC 9110,
 * sections 13.1.1 and 13.1.2), and a sub-resource that is not there. `findEtag` gives the tag of the key as it is now.
 */
export function refusalOf(request: S3Request, findEtag: () => string | undefined): Refusal | undefined {
  const known = (request.key ? KEY_PARAMETERS : BUCKET_PARAMETERS)[request.method] ?? [];
  const unknown = Object.keys(request.query).find((name) => !known.includes(name) && !/^(x-id$|x-amz-)/i.test(name));
  if (unknown !== undefined) return notImplemented(`?${unknown}`);

  const ifNoneMatch = request.headers["if-none-match"];
  const ifMatch = request.headers["if-match"];
  if (ifNoneMatch === undefined && ifMatch === undefined) return undefined;
  if (!completesAnObject(request)) {
    return ["GET", "HEAD"].includes(request.method) ? undefined : notImplemented("A condition on this request");
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") return notImplemented("If-None-Match with a tag");

  const etag = findEtag();
  if (ifNoneMatch !== undefined && etag !== undefined) return PRECONDITION_FAILED;
  if (ifMatch === undefined) return undefined;
  if (etag === undefined) return { status: 404, code: "NoSuchKey", message: "The specified key does not exist." };
  return unquoted(ifMatch) === unquoted(etag) ? undefined : PRECONDITION_FAILED;
}

const PRECONDITION_FAILED: Refusal = {
  status: 412,
  code: "PreconditionFailed",
  message: "At least one of the pre-conditions you specified did not hold",
};

function notImplemented(what: string): Refusal {
  return { status: 501, code: "NotImplemented", message: `${what} is not implemented by the embedded S3.` };
}

function completesAnObject({ method, key, query }: S3Request): boolean {
  if (!key) return false;
  return (method === "PUT" && !("partNumber" in query)) || (method === "POST" && "uploadId" in query);
}

function unquoted(etag: string): string {
  return etag.replace(/^"|"$/g, "");
}
