import { createRandom } from "./random.ts";
import type { Kind, Sent } from "./sessions-histories.ts";
import { noActs, sayOnce, type Wrong } from "./sessions-orders.ts";

/** So many ways to say the same, by other processes and with other sweeps, are tried before it counts as right. */
const WAYS = 30;

/**
 * A history that came out wrong with as little in it as still does: things are left out, many at once and then one by one, for as
 * long as what is left is wrong in some way. Undefined where that takes more luck than there is.
 */
export async function shrunk(sent: Wrong["sent"], kind: Kind): Promise<Wrong | undefined> {
  let least = sent.map(([one]) => one);
  let wrong = await wrongOf(least, kind);
  for (let size = Math.ceil(least.length / 2); wrong && size >= 1;) {
    const before = least.length;
    for (let i = 0; i < least.length;) {
      const rest = least.toSpliced(i, size);
      const still = rest.length > 0 ? await wrongOf(rest, kind) : undefined;
      if (still) [least, wrong] = [rest, still];
      else i += size;
    }
    if (size > 1) size = Math.floor(size / 2);
    else if (least.length === before) size = 0;
  }
  return wrong;
}

async function wrongOf(sent: readonly Sent[], kind: Kind): Promise<Wrong | undefined> {
  for (let way = 0; way < WAYS; way++) {
    const wrong = await sayOnce(sent, createRandom(`way ${way}`), kind, noActs());
    if (wrong) return wrong;
  }
  return undefined;
}
