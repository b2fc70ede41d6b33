import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { restsOutOfSight } from "../../api/dashboard/core/rest.ts";

const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A page whose sight is set, and what it follows. */
function world({ hidden = false } = {}) {
  let look = () => {};
  const page = { hidden, addEventListener: (_: "visibilitychange", listener: () => void) => void (look = listener) };
  const did: string[] = [];
  const follow = (name: string) => ({
    begin: () => void did.push(`${name} begins`),
    rest: () => void did.push(`${name} rests`),
  });
  return {
    did: () => did.splice(0),
    follow,
    sight: restsOutOfSight(page),
    show: (is: boolean) => {
      page.hidden = !is;
      look();
    },
  };
}

describe("what a page follows", () => {
  test("rests two minutes after the page was last seen, not before, and begins as it is seen again", () => {
    const { sight, follow, did, show } = world();
    sight.keep(follow("a"));
    expect(did()).toEqual(["a begins"]);
    show(false);
    vi.advanceTimersByTime(2 * MINUTE - 1);
    expect(did()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(did()).toEqual(["a rests"]);
    vi.advanceTimersByTime(60 * MINUTE);
    show(true);
    expect(did()).toEqual(["a begins"]);
  });

  test("goes on where the page was out of sight for a moment", () => {
    const { sight, follow, did, show } = world();
    sight.keep(follow("a"));
    did();
    for (let i = 0; i < 3; i++) {
      show(false);
      vi.advanceTimersByTime(2 * MINUTE - 1);
      show(true);
    }
    vi.advanceTimersByTime(60 * MINUTE);
    expect(did()).toEqual([]);
  });

  test("that is asked for while the page rests begins as it is seen, and what was ended meanwhile does not", () => {
    const { sight, follow, did, show } = world({ hidden: true });
    const end = sight.keep(follow("a"));
    vi.advanceTimersByTime(2 * MINUTE);
    sight.keep(follow("b"));
    expect(did()).toEqual(["a begins", "a rests"]);
    end();
    end();
    expect(did()).toEqual(["a rests"]);
    show(true);
    expect(did()).toEqual(["b begins"]);
  });
});
