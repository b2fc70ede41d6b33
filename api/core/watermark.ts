/**
 * How far the messages of one source have been counted: all from the source's first number up to `hi`,
 * and the ranges in `ahead` beyond it (as TCP's selective acknowledgement does).
 *
 * A watermark is a set of whole numbers, and this is its one canonical form: `ahead` ascends, its ranges
 * neither touch each other nor `hi`. The same numbers in any order, cut in any way, give the same watermark.
 */
export type Watermark = { readonly hi: bigint; readonly ahead: readonly NumberRange[] };

/** Both ends included. */
export type NumberRange = readonly [from: bigint, to: bigint];

/** Nothing counted yet, of a source whose first number is `first`. */
export function emptyWatermark(first: bigint): Watermark {
  return { hi: first - 1n, ahead: [] };
}

/** Whether `n` is counted. Numbers below the source's first count as counted. */
export function isCounted(wm: Watermark, n: bigint): boolean {
  return n <= wm.hi || wm.ahead.some(([from, to]) => from <= n && n <= to);
}

/** The watermark with all of `from` to `to` counted as well. Counting a number again changes nothing. */
export function count(wm: Watermark, from: bigint, to: bigint = from): Watermark {
  if (to < from) throw new RangeError(`a range ends before it starts: ${from} to ${to}`);
  if (from <= wm.hi + 1n) return settle(to > wm.hi ? to : wm.hi, wm.ahead);
  const apart = wm.ahead.filter(([f, t]) => t + 1n < from || to + 1n < f);
  const touching = wm.ahead.filter(([f, t]) => !(t + 1n < from || to + 1n < f));
  const joined: NumberRange = [
    touching.reduce((least, [f]) => (f < least ? f : least), from),
    touching.reduce((most, [, t]) => (t > most ? t : most), to),
  ];
  return { hi: wm.hi, ahead: [...apart, joined].sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** The numbers that `after` has counted and `before` has not, of a source whose first number is `first`. Ascending. */
export function difference(after: Watermark, before: Watermark, first: bigint): NumberRange[] {
  const counted: NumberRange[] = [[first, after.hi], ...after.ahead];
  const known: NumberRange[] = [[first, before.hi], ...before.ahead];
  return counted.flatMap(([from, to]) => {
    const fresh: NumberRange[] = [];
    let next = from;
    for (const [knownFrom, knownTo] of known) {
      if (knownTo < next || knownFrom > to) continue;
      if (knownFrom > next) fresh.push([next, knownFrom - 1n]);
      next = knownTo + 1n;
    }
    return next <= to ? [...fresh, [next, to] as const] : fresh;
  });
}

/** The gaps: numbers that must exist, because a later one was counted, and are not counted. Ascending. */
export function missing(wm: Watermark): NumberRange[] {
  const starts = [wm.hi, ...wm.ahead.map(([, to]) => to)];
  return wm.ahead.map(([from], i): NumberRange => [starts[i]! + 1n, from - 1n]);
}

/** How many numbers are counted, of a source whose first number is `first`. */
export function size(wm: Watermark, first: bigint): bigint {
  return wm.ahead.reduce((sum, [from, to]) => sum + to - from + 1n, wm.hi - first + 1n);
}

/** The canonical text, such as `50`, or `50,60-75,80` where 60 to 75 and 80 are ahead. */
export function formatWatermark(wm: Watermark): string {
  return [`${wm.hi}`, ...wm.ahead.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))].join(",");
}

/** Reads what `formatWatermark` wrote. Throws a SyntaxError on anything else, also on a form that is not canonical. */
export function parseWatermark(text: string): Watermark {
  const match = /^(-?\d+)((?:,\d+(?:-\d+)?)*)$/.exec(text);
  if (!match) throw new SyntaxError("not a watermark");
  const ahead = match[2]!.split(",").slice(1).map((part): NumberRange => {
    const [from, to] = part.split("-");
    return [BigInt(from!), BigInt(to ?? from!)];
  });
  if (ahead.some(([from, to]) => to < from)) throw new SyntaxError("not a watermark");
  const wm: Watermark = { hi: BigInt(match[1]!), ahead };
  const canonical = ahead.reduce((sum, [from, to]) => count(sum, from, to), { hi: wm.hi, ahead: [] } as Watermark);
  if (formatWatermark(canonical) !== text) throw new SyntaxError("not a canonical watermark");
  return wm;
}

/** Moves `hi` over the ranges that it reaches. */
function settle(hi: bigint, ahead: readonly NumberRange[]): Watermark {
  let top = hi;
  const rest: NumberRange[] = [];
  for (const range of ahead) {
    if (range[0] <= top + 1n) top = range[1] > top ? range[1] : top;
    else rest.push(range);
  }
  return { hi: top, ahead: rest };
}
