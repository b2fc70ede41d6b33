import { describe, expect, test } from "vitest";
import type { Own, Piece, Session } from "../../api/sessions/model.ts";
import { addReadings, asSource, compose, cutPiece, isWithin, regrouped } from "../../api/sessions/pieces.ts";
import { AT, MINUTE, sessionOf } from "../kit/session.ts";

const after = (minutes: number) => AT + minutes * MINUTE;
const piece = (into: string, own: Partial<Piece> = {}): Piece => ({ into, samples: 1, ...own });

describe("a piece of a session's readings", () => {
  test("is half-open, and where it is cut each part has the latest of its own", () => {
    expect([0, 1, 2].map((minute) => isWithin({ from: AT, to: after(2) }, after(minute)))).toEqual([true, true, false]);
    expect(isWithin({ from: after(1) }, AT)).toBe(false);
    const cut = cutPiece(piece("a", { samples: 3, lastAt: after(5) }), after(2), "b", { samples: 3, lastAt: after(1) });
    expect(cut).toMatchObject([
      { into: "a", samples: 3, lastAt: after(1), to: after(2) },
      { into: "b", samples: 0, lastAt: undefined, from: after(2) },
    ]);
  });

  test("counts what comes late, and has the latest still", () => {
    const known = [piece("a", { lastAt: after(5), to: after(9) }), piece("b", { from: after(9) })];
    expect(addReadings(known, [{ at: after(1) }, { at: after(2) }])).toEqual([
      { into: "a", samples: 3, lastAt: after(5), to: after(9) },
      known[1],
    ]);
  });

  test("of one that became a part of another is that one's", () => {
    expect(asSource(sessionOf({ sessionId: "b", mergedInto: "a", sampleCount: 2 })).pieces).toEqual([
      { into: "a", samples: 2, lastAt: undefined },
    ]);
  });

  test("goes back to whom it was given by what is taken back, and what others hold stays theirs", () => {
    const before = [piece("a", { to: after(5) }), piece("z", { from: after(5) })];
    const now = [
      piece("c", { samples: 2, lastAt: after(1), to: after(2) }),
      piece("c", { samples: 3, lastAt: after(4), from: after(2), to: after(5) }),
      piece("y", { samples: 7, from: after(5) }),
    ];
    expect(regrouped(now, before, new Set(["a", "c"]))).toEqual([
      { into: "a", samples: 5, lastAt: after(4), from: undefined, to: after(5) },
      now[2],
    ]);
  });
});

describe("what a session is by the pieces that it holds", () => {
  const own = (more: Partial<Own> = {}): Own => ({ startedAt: AT, isStated: true, sampleCount: 1, ...more });
  /** A device's session that sent a batch, and holds or gave away these pieces. */
  const device = (sessionId: string, pieces: Piece[], more: Partial<Session> = {}) =>
    sessionOf({ sessionId, batches: { hi: 0n, ahead: [] }, pieces, own: own(), ...more });
  const holder = device("h", [piece("h")], { startedAt: after(5), own: own({ startedAt: after(5) }) });

  test("names the others that sent them, each once and in the order of their ids", () => {
    const others = [device("c", [piece("h"), piece("h")]), device("b", [piece("h")]), device("d", [piece("x")])];
    expect(compose(holder, [holder, ...others])).toMatchObject({ sources: ["b", "c"], sampleCount: 4 });
  });

  test("is final where each device whose end it holds said so, when the last of them ends", () => {
    const final = (startedAt: number, ms?: number) =>
      own({ startedAt, isFinal: true, ...(ms === undefined ? {} : { deviceDuration: { offset: 0, ms } }) });
    const one = device("a", [piece("h")], { own: final(AT, 9 * MINUTE) });
    const two = { ...holder, own: final(after(5), MINUTE) };
    expect(compose(two, [two, one])).toMatchObject({ isFinal: true, finalAt: after(9) });
    expect(compose(holder, [holder, one]).isFinal).toBeUndefined();
    // Of this one another holds the end.
    const begun = device("b", [piece("h", { to: after(3) }), piece("x", { from: after(3) })]);
    expect(compose(two, [two, begun]).isFinal).toBe(true);
    const empty = sessionOf({ sessionId: "h", pieces: [piece("h")], own: own() });
    expect(compose(empty, [empty]).isFinal).toBeUndefined();
  });

  describe("begins at the earliest start that a device states of what it holds", () => {
    const startOf = (other: Session, more: Session[] = [], own: Partial<Session> = {}) => {
      const one = { ...holder, ...own };
      return compose(one, [one, other, ...more]).startedAt;
    };
    test("stated, of its beginning, and not beaten by a person's", () => {
      expect(startOf(device("a", [piece("h")]))).toBe(AT);
      expect(startOf(device("a", [piece("h", { from: after(3) })]))).toBe(after(5));
      expect(startOf(device("a", [piece("h")], { own: own({ isStated: false }) }))).toBe(after(5));
      expect(startOf(device("a", [piece("h")], { corrected: { startedAt: after(7), until: after(7) } }))).toBe(
        after(5),
      );
    });

    test("also not by a person's of what it had become a part of by then", () => {
      const middle = device("m", [piece("h", { from: after(8) })], {
        mergedInto: "h",
        corrected: { startedAt: after(7), until: after(7) },
      });
      expect(startOf(device("a", [piece("h")], { mergedInto: "m" }), [middle])).toBe(after(5));
      expect(startOf(device("a", [piece("h")], { mergedInto: "m" }), [{ ...middle, corrected: undefined }])).toBe(AT);
    });

    test("one that is stated in place of a guess, which is none any more; a guess stays one", () => {
      const guessed = (isStartGuessed?: true) => {
        const one = {
          ...holder,
          startedAt: AT,
          isStartGuessed: true as const,
          own: own({ startedAt: after(5), isStartGuessed }),
        };
        const { startedAt, isStartGuessed: isGuess } = compose(one, [one]);
        return [startedAt, isGuess];
      };
      expect([guessed(), guessed(true)]).toEqual([[after(5), undefined], [after(5), true]]);
    });

    test("its own too, whatever a person says above that", () => {
      const corrected = { startedAt: after(7), until: after(7) };
      const said = { startedAt: after(6), isStated: true };
      const one = { ...holder, startedAt: after(7), corrected, said };
      expect(compose(one, [one])).toMatchObject({ startedAt: after(7), said: { startedAt: after(5), isStated: true } });
      const earlier = { ...one, said: { startedAt: after(1), isStated: true } };
      expect(compose(earlier, [earlier]).said).toEqual({ startedAt: after(1), isStated: true });
    });
  });
});
