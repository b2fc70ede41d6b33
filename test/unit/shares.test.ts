import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { RateLimitedError } from "../../api/core/errors.ts";
import { createShares } from "../../api/rates/shares.ts";

/** Shares whose work ends when the test says so. */
function setUp(atOnce = 64) {
  const world = { now: 0 };
  const shares = createShares({ clock: () => world.now, atOnce });
  const running: { tenant: string; end: () => void }[] = [];
  const ask = (tenant: string, cost = 1) =>
    Promise.resolve(shares.run(tenant, cost, () =>
      new Promise<void>((resolve) => {
        const one = { tenant, end: () => (running.splice(running.indexOf(one), 1), resolve()) };
        running.push(one);
      })));
  const count = (tenant: string) => running.filter((one) => one.tenant === tenant).length;
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  return { world, shares, running, ask, count, tick };
}

describe("execution", () => {
  test("is all of a tenant's that is alone", () => {
    const { ask, count } = setUp();
    for (let i = 0; i < 100; i++) void ask("a");
    expect(count("a")).toBe(64);
  });

  test("begins at once for whoever comes while another has hundreds waiting", async () => {
    const { ask, count, running, tick } = setUp();
    for (let i = 0; i < 300; i++) void ask("a");
    running[0]!.end();
    await tick();
    void ask("b");
    await tick();
    expect(count("b")).toBe(0);
    // As soon as one of the other's has ended, since nothing more of the other's begins while it has more than its part.
    running[0]!.end();
    await tick();
    expect(count("b")).toBe(1);
  });

  test("is shared while two are there: each has its part, and the whole again when the other has left", async () => {
    const { world, ask, count, running, tick } = setUp();
    void ask("b");
    for (let i = 0; i < 100; i++) void ask("a");
    expect([count("a"), count("b")]).toEqual([4, 1]);
    running.find(({ tenant }) => tenant === "b")!.end();
    await tick();
    world.now += 3_000;
    void ask("a");
    running[0]!.end();
    await tick();
    expect(count("a")).toBe(64);
  });

  test("is weighed by what it costs: a dear operation takes more places, and never none", () => {
    const { ask, count } = setUp();
    void ask("b");
    void ask("a", 20_000);
    void ask("a", 1);
    void ask("c", 400);
    void ask("c", 400);
    expect([count("a"), count("c")]).toEqual([1, 1]);
  });

  test("that is full gives the next place to whoever was given least", async () => {
    const { ask, running, tick } = setUp(4);
    for (let i = 0; i < 50; i++) void ask("a");
    for (let i = 0; i < 10; i++) void ask("b");
    const order: string[] = [];
    for (let i = 0; i < 10; i++) {
      const before = [...running];
      running[0]!.end();
      await tick();
      order.push(...running.filter((one) => !before.includes(one)).map(({ tenant }) => tenant));
    }
    expect(order.filter((tenant) => tenant === "b").length).toBeGreaterThanOrEqual(4);
  });

  test("that is full gives it to whoever was given least, also to one who came first", async () => {
    const { ask, count, running, tick } = setUp(2);
    void ask("a");
    void ask("b", 20_000);
    void ask("a");
    void ask("b");
    running.find(({ tenant }) => tenant === "b")!.end();
    await tick();
    expect([count("a"), count("b")]).toEqual([2, 0]);
  });

  test("never takes more places than there are, for whoever runs something already", async () => {
    const { ask, count, running, tick } = setUp(3);
    void ask("b");
    void ask("a");
    void ask("a", 300);
    expect([count("a"), count("b")]).toEqual([1, 1]);
    running[0]!.end();
    await tick();
    expect([count("a"), count("b")]).toEqual([2, 0]);
  });

  test("is in the order in which a tenant asked: nothing small goes before something dear that waits", async () => {
    const { ask, count, running, tick } = setUp(8);
    void ask("a");
    void ask("a", 20_000);
    void ask("a");
    expect(count("a")).toBe(1);
    running[0]!.end();
    await tick();
    expect(count("a")).toBe(1);
    running[0]!.end();
    await tick();
    expect(count("a")).toBe(1);
  });

  test("is shared with whoever runs something, and for two seconds with whoever is through, not a millisecond longer", async () => {
    for (const [isThrough, passes, most] of [[false, 60_000, 4], [true, 1_999, 4], [true, 2_000, 64]] as const) {
      const { world, ask, count, running, tick } = setUp();
      void ask("b");
      if (isThrough) running[0]!.end();
      await tick();
      world.now += passes;
      for (let i = 0; i < 100; i++) void ask("a");
      expect(count("a")).toBe(most);
    }
  });

  test("of who has more waiting while others are there makes few requests to a store at once, and all of them in the end", async () => {
    const { shares, tick } = setUp(64);
    const asked = { now: 0, most: 0, done: 0 };
    const request = async () => {
      asked.most = Math.max(asked.most, ++asked.now);
      await tick();
      asked.now -= 1;
      asked.done += 1;
    };
    const dear = async () => void await Promise.all(Array.from({ length: 50 }, () => shares.step(request)));
    void shares.run("b", 1, () => new Promise<void>(() => {}));
    await tick();
    const all = Array.from({ length: 3 }, async () => {
      await shares.run("a", 5_000, async () => (await tick(), await dear()));
    });
    await all[0];
    expect(asked.most).toBe(2);
    await Promise.all(all);
    expect(asked.done).toBe(150);
    const alone = setUp(64);
    asked.most = 0;
    await alone.shares.run("a", 5_000, async () => (await tick(), await dear()));
    expect(asked.most).toBe(50);
  });

  test("of whose requests few went at once goes on with all of them as soon as it is alone", async () => {
    const { world, shares, ask, running, tick } = setUp(64);
    void ask("b");
    const begun: (() => void)[] = [];
    const request = () => new Promise<void>((resolve) => void begun.push(resolve));
    const dear = async () => void await Promise.all(Array.from({ length: 20 }, () => shares.step(request)));
    for (let i = 0; i < 2; i++) void shares.run("a", 5_000, async () => (await tick(), await dear()));
    await tick();
    await tick();
    expect(begun).toHaveLength(2);
    running[0]!.end();
    await tick();
    world.now += 3_000;
    void ask("a");
    begun.shift()!();
    await tick();
    expect(begun.length).toBeGreaterThanOrEqual(19);
  });

  test("of whom nothing waits may make many requests to a store at once while others are there, and alone whatever waits", async () => {
    const { shares, ask, tick } = setUp(64);
    const asked = { now: 0, most: 0 };
    const request = async () => {
      asked.most = Math.max(asked.most, ++asked.now);
      await tick();
      asked.now -= 1;
    };
    const many = () => Promise.all(Array.from({ length: 50 }, () => shares.step(request)));
    void ask("b");
    await shares.run("a", 1, many);
    expect(asked.most).toBe(50);
    const alone = setUp(1);
    asked.most = 0;
    const all = () => Promise.all(Array.from({ length: 50 }, () => alone.shares.step(request)));
    const both = [1, 2].map(async () => await alone.shares.run("a", 1, all));
    await Promise.all(both);
    expect(asked.most).toBe(50);
  });

  test("refuses what waits beyond its limit, to that tenant alone", async () => {
    const { ask, shares } = setUp();
    for (let i = 0; i < 564; i++) void ask("a");
    expect(() => shares.run("a", 1, () => 1)).toThrow(RateLimitedError);
    expect(() => shares.run("a", 1, () => 1)).toThrow("operations of this tenant that wait: at most 500");
    await expect(Promise.race([ask("b"), Promise.resolve("waits")])).resolves.toBe("waits");
  });

  test("gives a result that is there at once, at once, also an error, and loses no place by it", () => {
    const { shares } = setUp(1);
    for (let i = 0; i < 100; i++) {
      expect(shares.run("a", 1, () => i)).toBe(i);
      expect(() =>
        shares.run("a", 1, () => {
          throw new Error("x");
        })
      ).toThrow("x");
    }
  });

  test("runs all that was taken, whatever comes and ends in which order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 3_000 }), fc.nat(20)), {
          maxLength: 80,
        }),
        async (asked) => {
          const { ask, running, tick } = setUp(8);
          const answers: Promise<void>[] = [];
          for (const [tenant, cost, ends] of asked) {
            answers.push(ask(tenant, cost));
            if (ends < 8) running[ends]?.end();
          }
          await tick();
          while (running.length > 0) {
            running[0]!.end();
            await tick();
          }
          await Promise.all(answers);
          expect(running).toEqual([]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
