import type { Random } from "./random.ts";
import type { Sent } from "./sessions-histories.ts";
import type { Said } from "./sessions-spec.ts";

type Motion = Said & { kind: "motion" };

/**
 * The same history at instants of a coarse grid, here and there a millisecond beside it: so many things happen at the very same
 * instant, or just at the edge of the timeout, which is twice the grid.
 */
export function coarse(history: readonly Sent[], random: Random, start: number, gridMs: number): Sent[] {
  const chance = (p: number) => random() < p;
  const snapped = (at: number) => {
    const beside = chance(0.12) ? (chance(0.5) ? 1 : -1) : 0;
    return start + Math.round((at - start) / gridMs) * gridMs + beside;
  };
  const own = (at: number | undefined) => at === undefined ? undefined : snapped(at);
  const ordered = ({ from, to }: { from?: number | undefined; to?: number | undefined }) => {
    const [a, b] = [own(from), own(to)];
    return { ...(a === undefined ? {} : { from: a }), ...(b === undefined ? {} : { to: Math.max(b, a ?? b) }) };
  };
  return history.map((one): Sent => {
    if ("act" in one) return { ...one, part: Math.round(one.part * 4) / 4 };
    switch (one.kind) {
      case "cleared":
        return { ...one, at: snapped(one.at) };
      case "motion": {
        const at = snapped(one.at);
        return { ...one, at, ...(one.endedAt === undefined ? {} : { endedAt: Math.max(at, snapped(one.endedAt)) }) };
      }
      case "end":
        return { ...one, at: snapped(one.at), of: ofSnapped(one.of) };
      case "told":
        return { ...one, of: ofSnapped(one.of) };
      case "create":
        return { ...one, startedAt: snapped(one.startedAt) };
      case "pause": {
        const { from: _from, to: _to, ...rest } = one;
        return { ...rest, of: ofSnapped(one.of), ...ordered(one) };
      }
      case "batch": {
        const readings = one.readings.map((at) => snapped(at));
        const said = "pauses" in one ? one.pauses : undefined;
        const pauses = said ? { pauses: said.map((own) => ordered(own)) } : {};
        return {
          ...one,
          readings,
          ...(one.startedAt === undefined ? {} : { startedAt: snapped(one.startedAt) }),
          ...pauses,
        };
      }
      default:
        return one;
    }
  });

  function ofSnapped<O extends { id: string } | { motionAt: number }>(of: O): O {
    return "motionAt" in of ? { ...of, motionAt: snapped(of.motionAt) } : of;
  }
}

/** The same with motion that lasted, as its own event says. */
export function lasting(history: readonly Sent[], random: Random): Sent[] {
  const LENGTHS = [0, 1_000, 2 * 60_000, 5 * 60_000, 12 * 60_000, 40 * 60_000];
  return history.map((one): Sent => {
    if ("act" in one || one.kind !== "motion" || random() < 0.6) return one;
    return { ...one, endedAt: one.at + LENGTHS[Math.floor(random() * LENGTHS.length)]! };
  });
}

/**
 * The same with numbers as devices have them: some events have none, a device starts again and says so, or counts to 255 and
 * wraps and says nothing, and then numbers come again with other instants.
 */
export function numbered(history: readonly Sent[], random: Random): Sent[] {
  const chance = (p: number) => random() < p;
  const below = (n: number) => Math.floor(random() * n);
  const first = below(256);
  const boots = ["", "", "x", "y", "z"];
  let n = 0;
  return history.map((one): Sent => {
    if ("act" in one || one.kind !== "motion") return one;
    const { seq: _seq, boot: _boot, ...bare } = one;
    if (chance(0.3)) return bare;
    const seq = chance(0.15) ? first : (first + n++) % (chance(0.5) ? 256 : 4);
    const boot = boots[below(boots.length)]!;
    return { ...bare, seq, ...(boot === "" ? {} : { boot }) } satisfies Motion;
  });
}

/** The same where people say that sessions were at another sensor, and take that back. */
export function moved(history: readonly Sent[], random: Random): Sent[] {
  return history.map((one): Sent => {
    if (!("act" in one) || one.act !== "correct" || random() < 0.4) return one;
    return { ...one, shownAt: random() < 0.7 ? "attic" : null };
  });
}

/** The same with clocks far ahead for a while, what is kept aside for it, and people who admit some of that, or drop it. */
export function aside(history: readonly Sent[], random: Random, farAt: number): Sent[] {
  const chance = (p: number) => random() < p;
  const far = () => farAt + Math.floor(random() * 8) * 150_000;
  const sent = history.map((one): Sent => {
    if ("act" in one) return one;
    if ((one.kind === "motion" || one.kind === "cleared") && chance(0.15)) {
      const { endedAt, ...rest } = { endedAt: undefined, ...one };
      const at = far();
      return { ...rest, at, ...(endedAt === undefined ? {} : { endedAt: at + endedAt - one.at }) };
    }
    return one.kind === "batch" && chance(0.3) ? { ...one, readings: [...one.readings, far()] } : one;
  });
  const acts = Array.from({ length: 2 + Math.floor(random() * 4) }, (_, n): Sent => (
    { act: chance(0.8) ? "admit" : "drop", place: random(), part: 0, n: 100 + n }
  ));
  return [...sent, ...acts];
}
