/** Lambda: subscriptions as server-sent events, behind a REST API or a function URL that streams responses. */
import type { Context } from "aws-lambda";
import type { Writable } from "node:stream";
import { createApp } from "../../app.ts";
import { SECOND_MS } from "../../core/clock.ts";
import { createHttp } from "../http/fetch.ts";
import { start, within } from "./runtime.ts";
import { askedOf, headOf, type HttpEvent, peerOf, toRequest } from "./events.ts";
import { pipe } from "../http/pipe.ts";

/** Streams end so long before the function's time does; clients subscribe again with the last cursor. */
const END_BEFORE_MS = 2 * SECOND_MS;

type Stream = Writable;
type Handler = (event: HttpEvent, stream: Stream, context: Context) => Promise<void>;
/** What the runtime puts into the global scope. The AWS SDK makes an empty object of that name where there is none. */
type Runtime = {
  streamifyResponse?: (handler: Handler) => Handler;
  HttpResponseStream: { from: (stream: Stream, head: object) => Stream };
};
const runtime = (globalThis as unknown as { awslambda: Runtime }).awslambda;

const http = await start(async (config, log) =>
  createHttp(await createApp(config, { log }), { subscriptionsOnly: true })
);

async function answer(event: HttpEvent, stream: Stream, context: Context): Promise<void> {
  const request = toRequest(event);
  const response = request instanceof Response
    ? http.mark(askedOf(event), request)
    : await within(context, () => http.fetch(request, peerOf(event)));
  const out = runtime.HttpResponseStream.from(stream, headOf(response));
  // The head goes with the first bytes, of which there may be none.
  out.write("");
  if (response.body) await pipe(response.body, out, context.getRemainingTimeInMillis() - END_BEFORE_MS);
  out.end();
}

if (!runtime?.streamifyResponse) throw new Error("This function needs a runtime that streams: nodejs22.x on Lambda.");

export const handler = runtime.streamifyResponse(answer);
