/** Lambda: queries and mutations, behind API Gateway's HTTP API. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { createApp } from "../../app.ts";
import { createHttp } from "../http/fetch.ts";
import { flushes, FunctionTimeoutError, start, within } from "./runtime.ts";
import { askedOf, peerOf, refusal, toRequest, toResult } from "./events.ts";

const { http, log } = await start(async (config, log) => ({
  log,
  http: createHttp(flushes(await createApp(config, { log })), { atOnce: true }),
}));

export async function handler(
  event: APIGatewayProxyEventV2,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2> {
  try {
    return await within(context, async () => toResult(await answer(event)));
  } catch (error) {
    if (!(error instanceof FunctionTimeoutError)) throw error;
    log.error("an operation took too long", { error });
    const message = "It took too long, and may have happened. Ask for less, or send the same again.";
    return await toResult(http.mark(askedOf(event), refusal(504, "TIMEOUT", message)));
  }
}

async function answer(event: APIGatewayProxyEventV2): Promise<Response> {
  const request = toRequest(event);
  if (request instanceof Response) return http.mark(askedOf(event), request);
  // Measurements are for those inside: of a function they are in CloudWatch.
  if (new URL(request.url).pathname === "/metrics") {
    return http.mark(askedOf(event), refusal(404, "NOT_FOUND", "There is nothing at /metrics here."));
  }
  return await http.fetch(request, peerOf(event));
}
