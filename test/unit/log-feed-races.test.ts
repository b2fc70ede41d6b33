import { expect, test } from "vitest";
import { createHub } from "../../api/live/hub.ts";
import { createLogFeed, feedCursorOf } from "../../api/live/log-feed.ts";
import { createRandom } from "../proof/random.ts";

/** Reads take their time, and each of their requests happens somewhere in it: what one reader saw another may have missed. */
const AT = Date.UTC(2026, 5, 1);
const RUNS = 1_000;
const KEYS = ["a", "b", "c"];
type Change = { key: string; n: number };

/** What there is of each thing at the end, and what was given of it to who followed from where a list was read. */
async function run(seed: number): Promise<{ states: Map<string, number>; given: Map<string, number[]> }> {
  const random = createRandom(`feed ${seed}`);
  const below = (most: number) => Math.floor(random() * most);
  const turns = async (most: number) => {
    for (let left = below(most); left > 0; left--) await Promise.resolve();
  };
  const hub = createHub();
  const states = new Map<string, number>();
  const log: { key: string; keptAt: number }[] = [];
  let now = AT;
  // A replica may not have the last lines yet.
  const lag = below(2) === 0 ? 3 : 1;
  const followLog = createLogFeed<Change>({
    ...{ hub, clock: () => now, pollMs: 3_600_000, formerKind: "former", hubKey: () => "changes" },
    async read(_tenant, _filter, sinceAt) {
      await turns(8);
      const seen = isQuiet ? log : log.slice(0, Math.max(0, log.length - below(lag)));
      const keys = new Set(seen.filter(({ keptAt }) => keptAt >= sinceAt).map(({ key }) => key));
      await turns(8);
      const found = [...keys].map((key) => ({ key, n: states.get(key)! }));
      await turns(8);
      return found.map((change) => ({ key: change.key, id: `${change.key} ${change.n}`, message: change }));
    },
  });
  let isQuiet = false;
  let n = 0;
  const change = async () => {
    const key = KEYS[below(KEYS.length)]!;
    states.set(key, ++n);
    await turns(6);
    log.push({ key, keptAt: now });
    now += below(40);
  };
  const leave = new AbortController();
  if (below(2) === 0) void Array.fromAsync(followLog("shop", undefined, undefined, leave.signal));
  for (let left = below(3); left > 0; left--) await change();
  const after = feedCursorOf("shop", now);
  const given = new Map([...states].map(([key, n]) => [key, [n]]));
  const following = (async () => {
    await turns(150);
    for await (const { key, n } of followLog("shop", undefined, after, leave.signal)) {
      given.set(key, [...given.get(key) ?? [], n]);
    }
  })();
  for (let left = 1 + below(5); left > 0; left--) {
    await turns(20);
    await change();
    if (below(2) === 0) hub.wake("changes");
  }
  isQuiet = true;
  for (let left = 4; left > 0; left--) {
    hub.wake("changes");
    await new Promise((resolve) => setImmediate(resolve));
  }
  leave.abort();
  await following;
  return { states, given };
}

test(`whoever follows a list from where it was read has the last state of each thing at the end (${RUNS} runs)`, async () => {
  const lost: unknown[] = [];
  for (let seed = 0; seed < RUNS; seed++) {
    const { states, given } = await run(seed);
    for (const [key, n] of states) if (given.get(key)?.at(-1) !== n) lost.push({ seed, key, n, given: given.get(key) });
  }
  expect([lost.length, lost[0]]).toEqual([0, undefined]);
});
