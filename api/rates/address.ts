import ipaddr from "ipaddr.js";

/** All of a household, or of a machine, has the same first 64 bits of IPv6. */
const OWN_BITS = 64;

/**
 * The address that counts as the client's. `peer` is who is connected, `forwarded` the X-Forwarded-For that came, and
 * `proxies` how many proxies in front are ours: each adds to the end of that list whom it saw, and what stands before is
 * whatever the client wrote. So with one proxy the last entry counts, with none the peer.
 */
export function clientAddress(peer: string, forwarded: string | null | undefined, proxies: number): string {
  const seen = proxies === 0 || !forwarded ? [] : forwarded.split(",").slice(-proxies - 1).map((part) => part.trim());
  // A function's event names as its peer whom the list ends with.
  const chain = seen.at(-1) === peer ? seen : [...seen, peer];
  return group(chain.at(-1 - proxies) ?? chain[0]!);
}

/** An address as it is counted: IPv4 as it is, also inside of IPv6; of IPv6 the first 64 bits. */
function group(text: string): string {
  const bare = text.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1");
  if (!ipaddr.isValid(bare)) return "unknown";
  const address = ipaddr.process(bare);
  if (address.kind() === "ipv4") return address.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${OWN_BITS}`);
  return `${network.toString()}/${OWN_BITS}`;
}
