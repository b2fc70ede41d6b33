import type { Config } from "../../config.ts";
import type { Log } from "../../core/log.ts";
import { clientAddress } from "../../rates/address.ts";
import type { Asked } from "./exchange.ts";

/** Who is at the other end of a connection, as the server or the function's event knows it. */
export type Peer = { address?: string | undefined };

/** Tells from where a request comes, as it is counted. Says once where a proxy is in front that nobody told us of. */
export function createAddressOf({ trustedProxies }: Config, log: Log) {
  let hasWarned = false;
  return ({ header, peer }: Pick<Asked, "header" | "peer">): string => {
    const forwarded = header("x-forwarded-for");
    if (forwarded !== undefined && trustedProxies === 0 && !hasWarned) {
      hasWarned = true;
      log.warn(
        "X-Forwarded-For comes in and is not trusted: behind a proxy all clients count as one address. " +
          "Set TRUST_PROXY to the number of proxies in front.",
      );
    }
    return clientAddress(peer, forwarded, trustedProxies);
  };
}
