import type { Random } from "./random.ts";
import type { Act, Batch, Input, Pause, Paused, Target } from "./sessions-inputs.ts";

const MINUTE = 60_000;

type Placed = { input: Input; place: number };

/** The same with what devices and people say of pauses, beside what was going to be sent and in it. */
export function withPauses(
  placed: readonly Placed[],
  random: Random,
  { sensors, named, startAt }: { sensors: readonly string[]; named: readonly string[]; startAt: number },
): Placed[] {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const copies = () => chance(0.3) ? 2 + below(2) : 1;
  const instant = () => startAt + (below(96) - 80) * (MINUTE / 2);
  const paused = (): Paused => {
    const from = instant();
    // No clock is believed that is further ahead.
    const to = Math.min(chance(0.3) ? instant() : from + below(12) * MINUTE, startAt + 8 * MINUTE);
    if (chance(0.3)) return { from };
    return chance(0.3) ? { to } : to < from ? { from } : { from, to };
  };
  const target = (): Target => chance(0.5) ? { sessionId: pick(named) } : { latestOf: pick(sensors) };

  // Each copy of a batch says the same.
  const batches = new Map<Batch, Batch>();
  const told = (batch: Batch): Batch => {
    const known = batches.get(batch) ?? (chance(0.25) ? { ...batch, pauses: many(1 + below(3), paused) } : batch);
    batches.set(batch, known);
    return known;
  };
  const all = placed.map(({ input, place }) => ({ input: input.kind === "batch" ? told(input) : input, place }));
  many(1 + below(5), () => {
    const pause: Pause = { kind: "pause", target: target(), ...paused() };
    many(copies(), () => all.push({ input: pause, place: random() }));
  });
  many(chance(0.3) ? 1 + below(2) : 0, (i) => {
    const own = { kind: "correct" as const, sensorId: pick(sensors), place: random(), part: random(), id: `r${i}` };
    const place = 0.3 + random() * 0.6;
    if (chance(0.5)) {
      // Its start is said, and taken back some time after.
      const back: Act = { ...own, more: "start" };
      all.push({ input: { ...own, part: own.part / 2 }, place });
      many(copies(), () => all.push({ input: back, place: place + random() * 0.4 }));
    } else {
      const part = (): [number, number] => {
        const from = random() * 1.2 - 0.1;
        return [from, from + random() * 0.6];
      };
      const act: Act = { ...own, more: chance(0.2) ? [] : many(1 + below(2), part) };
      many(copies(), () => all.push({ input: act, place }));
    }
  });
  return all;
}
