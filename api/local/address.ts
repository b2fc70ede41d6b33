import { randomInt } from "node:crypto";
import process from "node:process";

/**
 * An address of this machine alone that nobody can guess: of 16 million, at one of thousands of ports. It is the secret of
 * the embedded stores, which know no accounts: a page in a browser can call 127.0.0.1 at every port, and cannot find this.
 * Elsewhere than on Linux there is only 127.0.0.1.
 */
export function ownAddress(): string {
  if (process.platform !== "linux") return "127.0.0.1";
  return `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
}
