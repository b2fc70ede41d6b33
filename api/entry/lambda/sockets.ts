/** Lambda: what clients of a WebSocket API of API Gateway do: connect, send a message, go. */
import type { APIGatewayProxyWebsocketEventV2, Context } from "aws-lambda";
import { createSocketService } from "./socket-service.ts";
import { start, within } from "./runtime.ts";

/** Of an event that opens a socket there are headers too. */
export type SocketEvent = Omit<APIGatewayProxyWebsocketEventV2, "requestContext"> & {
  requestContext: APIGatewayProxyWebsocketEventV2["requestContext"] & { identity?: { sourceIp?: string } };
  headers?: Record<string, string | undefined>;
};
export type SocketAnswer = { statusCode: number; headers?: Record<string, string>; body?: string };

const { messages } = await start((config, log) => createSocketService(config, { log }));

export async function handler(event: SocketEvent, context: Context): Promise<SocketAnswer> {
  const { requestContext: { eventType, connectionId, identity, requestTimeEpoch }, headers = {}, body = "" } = event;
  const peer = identity?.sourceIp ?? "unknown";
  return await within(context, async () => {
    switch (eventType) {
      case "CONNECT": {
        const named = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
        return await messages.connect(connectionId, (name) => named.get(name), peer);
      }
      case "DISCONNECT":
        await messages.disconnect(connectionId);
        return { statusCode: 200 };
      default: {
        const answer = await messages.message(connectionId, body, peer, requestTimeEpoch);
        return { statusCode: 200, ...(answer === undefined ? {} : { body: answer }) };
      }
    }
  });
}
