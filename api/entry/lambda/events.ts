import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { isUtf8 } from "node:buffer";
import type { Asked } from "../http/exchange.ts";
import type { Peer } from "../http/rates.ts";

/** An HTTP request as API Gateway's HTTP API and function URLs (payload 2.0) or its REST API (1.0) give it. */
export type HttpEvent = APIGatewayProxyEvent | APIGatewayProxyEventV2;

/** From where an event's request came: API Gateway wrote it itself. */
export function peerOf({ requestContext }: HttpEvent): Peer {
  return { address: "http" in requestContext ? requestContext.http.sourceIp : requestContext.identity?.sourceIp };
}

/** The status, and the headers with one value each; `cookies` are the values of `set-cookie`. */
export type Head = { statusCode: number; headers: Record<string, string>; cookies?: string[] };

/** Lambda takes and gives so many bytes in an event: API Gateway's own limit of 10 MB is never reached. */
export const EVENT_BYTES = 6_291_456;
/** JSON in JSON can be twice as long, and then some: only what may be too long is measured. */
const SURE_BYTES = 1_000_000;

const TEXT = /^(text\/|application\/(json|[a-z.+-]+\+json|javascript|xml)\b)/i;

/** What an answer says to whoever asked, whatever is in it. */
const OF_THE_ASKER = [
  "x-request-id",
  "vary",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "cross-origin-resource-policy",
];

/** The request of an event. Gives the answer instead where there is none in it. */
export function toRequest(event: HttpEvent): Request | Response {
  if ("elb" in (event.requestContext ?? {})) {
    return refusal(400, "BAD_REQUEST", "A load balancer calls containers here; functions answer API Gateway.");
  }
  const parts = partsOf(event);
  if (!parts) return refusal(400, "BAD_REQUEST", "The event is no HTTP request of API Gateway or of a function URL.");
  const { method, host, path, query, headers } = parts;
  const body = event.body == null ? undefined : Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8");
  if (body && body.length > EVENT_BYTES) return tooLarge(`The body has ${body.length} bytes; a function takes`, 413);
  try {
    return new Request(`https://${host}${path}${query === "" ? "" : `?${query}`}`, {
      method,
      headers: withRequestId(new Headers(headers), event.requestContext.requestId),
      ...(body && !["GET", "HEAD"].includes(method) ? { body } : {}),
    });
  } catch {
    return refusal(400, "BAD_REQUEST", "The request's method, address or headers cannot be read. Send it again whole.");
  }
}

/** Who asks for what, also where no request can be made of the event. */
export function askedOf(event: HttpEvent): Pick<Asked, "header" | "path"> {
  const { path = "/", headers = [] } = partsOf(event) ?? {};
  return { path, header: (asked) => headers.find(([name]) => name.toLowerCase() === asked)?.[1] };
}

function partsOf(event: HttpEvent): Parts | undefined {
  return "httpMethod" in event ? fromRest(event) : "rawPath" in event ? fromHttp(event) : undefined;
}

type Parts = { method: string; host: string; path: string; query: string; headers: [string, string][] };

function fromHttp({ rawPath, rawQueryString, headers, cookies, requestContext }: APIGatewayProxyEventV2): Parts {
  const { http, domainName, stage } = requestContext;
  const prefix = `/${stage}`;
  const isBelowStage = stage !== "$default" && (rawPath === prefix || rawPath.startsWith(`${prefix}/`));
  return {
    method: http.method,
    host: domainName,
    path: isBelowStage ? rawPath.slice(prefix.length) || "/" : rawPath,
    query: rawQueryString,
    headers: [
      ...Object.entries(headers).flatMap((
        [name, value],
      ) => (value === undefined ? [] : [[name, value] as [string, string]])),
      ...(cookies ? [["cookie", cookies.join("; ")] as [string, string]] : []),
    ],
  };
}

function fromRest(event: APIGatewayProxyEvent): Parts {
  const { httpMethod, path, multiValueHeaders, multiValueQueryStringParameters, requestContext } = event;
  const headers = Object.entries(multiValueHeaders ?? {});
  const query = Object.entries(multiValueQueryStringParameters ?? {});
  return {
    method: httpMethod,
    host: requestContext.domainName ?? "api",
    path,
    query: new URLSearchParams(query.flatMap(([name, values]) => values?.map((value) => [name, value]) ?? []))
      .toString(),
    headers: headers.flatMap(([name, values]) => values?.map((value): [string, string] => [name, value]) ?? []),
  };
}

/** The caller's own id where it is there, else the one that API Gateway logs. */
function withRequestId(headers: Headers, requestId: string): Headers {
  if (!headers.has("x-request-id")) headers.set("x-request-id", requestId.replaceAll(/[^A-Za-z0-9_-]/g, ""));
  return headers;
}

export function headOf({ status, headers }: Response): Head {
  const cookies = headers.getSetCookie();
  const single = [...headers].filter(([name]) => name !== "set-cookie" && name !== "connection");
  return { statusCode: status, headers: Object.fromEntries(single), ...(cookies.length > 0 ? { cookies } : {}) };
}

/** A whole response as API Gateway takes it (payload 2.0). What is longer than Lambda can give becomes an error that says so. */
export async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const isBase64Encoded = !isText(response, bytes);
  const result = { ...headOf(response), body: bytes.toString(isBase64Encoded ? "base64" : "utf8"), isBase64Encoded };
  if (bytes.length < SURE_BYTES) return result;
  const length = Buffer.byteLength(JSON.stringify(result));
  if (length <= EVENT_BYTES) return result;
  const refused = tooLarge(`The answer has ${length} bytes; a function gives`, 500);
  for (const name of OF_THE_ASKER) {
    const value = response.headers.get(name);
    if (value !== null) refused.headers.set(name, value);
  }
  return await toResult(refused);
}

/** Whether bytes are still these where they go as text: not where they are no UTF-8, as what is compressed, whatever they are called. */
function isText({ headers }: Response, bytes: Uint8Array): boolean {
  return TEXT.test(headers.get("content-type") ?? "text/plain") && isUtf8(bytes);
}

function tooLarge(what: string, status: number): Response {
  const isAnswer = status === 500;
  const message = `${what} at most ${EVENT_BYTES}. ` +
    (isAnswer
      ? "Ask for smaller pages (first) or fewer fields; a collection comes by the link that exportCollection gives."
      : "Send it in parts; put a collection where collectionUploadUrl says, and import it by its uploadKey.");
  return refusal(status, isAnswer ? "ANSWER_TOO_LARGE" : "BODY_TOO_LARGE", message);
}

/** An answer without the service, in the shape that GraphQL clients know. */
export function refusal(status: number, code: string, message: string): Response {
  return Response.json({ errors: [{ message, extensions: { code } }] }, { status });
}
