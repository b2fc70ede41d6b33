import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { Buffer } from "node:buffer";
import { setTimeout as pause } from "node:timers/promises";
import { settingsOf } from "./clients.ts";
import { nameOf } from "./faults.ts";

/**
 * What became of a message: the socket has it, is gone, takes none so long; or nobody knows (the answer was lost, or it is
 * throttled without end): then it may be there or not.
 */
export type Posted = "sent" | "gone" | "too-long" | "unknown";

export type Gateway = ReturnType<typeof createGateway>;

/** What API Gateway passes on at once. */
export const MAX_MESSAGE_BYTES = 131_072;
const THROTTLES: readonly string[] = ["LimitExceededException", "TooManyRequestsException", "ThrottlingException"];
/** A connection that is not there any more, or never was. */
const GONE: readonly string[] = ["GoneException", "ForbiddenException"];
const TRIES_WHERE_THROTTLED = 9;
const FIRST_PAUSE_MS = 20;

/** The sockets that API Gateway holds open, at the URL of its stage (`https://ID.execute-api.REGION.amazonaws.com/live`). */
export function createGateway({ region, url }: { region: string; url: string }) {
  // Once: what is not answered may have arrived, and must not arrive twice. (Functions run on Node; Deno's node:http sends again
  // by itself what was asked over a kept connection that breaks.)
  const client = new ApiGatewayManagementApiClient({ ...settingsOf(region, url), maxAttempts: 1 });

  async function post(id: string, data: Uint8Array): Promise<Posted> {
    for (let attempt = 1;; attempt++) {
      try {
        await client.send(new PostToConnectionCommand({ ConnectionId: id, Data: data }));
        return "sent";
      } catch (error) {
        const name = nameOf(error);
        if (GONE.includes(name)) return "gone";
        if (name === "PayloadTooLargeException") return "too-long";
        if (!THROTTLES.includes(name) || attempt === TRIES_WHERE_THROTTLED) return "unknown";
        // What is throttled was not sent. Spread, so that a crowd thins out.
        await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
      }
    }
  }

  return {
    post: (id: string, text: string): Promise<Posted> => {
      const data = Buffer.from(text);
      return data.length > MAX_MESSAGE_BYTES ? Promise.resolve("too-long") : post(id, data);
    },
    /** Closes a socket; its client sees the code 1000, which API Gateway lets nobody choose. It is no error where it is closed. */
    async close(id: string): Promise<void> {
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: id }));
      } catch {
        // It is gone, or will be: what it followed is removed by whoever closes it.
      }
    },
    destroy: () => client.destroy(),
  };
}
