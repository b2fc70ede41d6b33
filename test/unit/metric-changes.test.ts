import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import {
  changesSince,
  type Given,
  lastOfEach,
  NOTHING,
  type Snapshot,
  type State,
  toSnapshot,
  windowStart,
} from "../../api/metrics/changes.ts";
import type { FixedSize, HourBucket } from "../../api/metrics/model.ts";
import { emptyHour, toBucket } from "../../api/metrics/rules.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 5, 1, 12, 30);
const HOURS = [NOW - 2.5 * HOUR, NOW - 1.5 * HOUR, NOW - 0.5 * HOUR].map((at) => Math.floor(at / HOUR) * HOUR);
/** Cursors as they are, so that a test can go on from one. */
const encode = (given: Given) => JSON.stringify([...given]);
const decode = (cursor: string): State => ({ given: new Map(JSON.parse(cursor)), isFirst: false, round: Infinity });

/** Hours in which each write counts one more in some minutes, with the next version. */
function createHours() {
  const hours = new Map<number, HourBucket>(HOURS.map((at) => [at, emptyHour("ITEMS", at)]));
  let snapshot: Snapshot | undefined;
  return {
    write(hour: number, minutes: readonly number[]) {
      const before = hours.get(HOURS[hour]!)!;
      const version = Math.max(0, ...[...before.minutes.values()].map((minute) => minute.version)) + 1;
      const after = new Map(before.minutes);
      for (const minute of minutes) {
        after.set(minute, { count: (after.get(minute)?.count ?? 0) + 1, version, expired: 0 });
      }
      hours.set(before.hourAt, { ...before, minutes: after });
    },
    read: (size: FixedSize) => snapshot = toSnapshot(snapshot, size, NOW, [...hours.values()], [], 10),
    hours,
  };
}

type Step =
  | { kind: "write"; hour: number; minutes: number[] }
  | { kind: "take"; who: number }
  | { kind: "cut"; who: number; at: number };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    hour: fc.nat({ max: 2 }),
    minutes: fc.uniqueArray(fc.nat({ max: 59 }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("take" as const), who: fc.nat({ max: 2 }) }),
  fc.record({ kind: fc.constant("cut" as const), who: fc.nat({ max: 2 }), at: fc.nat({ max: 5 }) }),
);

describe("the changes of metric buckets", () => {
  test("bring every follower to the store's state, never back and nothing twice, however slow, cut and resumed", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<FixedSize>("ONE_MINUTE", "FIFTEEN_MINUTES", "ONE_HOUR"),
        fc.array(step, { maxLength: 40 }),
        (size, steps) => {
          const store = createHours();
          const followers = [0, 1, 2].map(() => ({
            state: NOTHING,
            cursor: "[]",
            versions: new Map<number, string>(),
          }));
          const take = (who: number, upTo = Infinity) => {
            const follower = followers[who]!;
            const { messages, state } = changesSince(store.read(size), follower.state, encode);
            const isCut = messages.length > upTo;
            for (const { cursor, bucket } of messages.slice(0, upTo)) {
              const before = follower.versions.get(bucket.start);
              expect(before === undefined || bucket.version > before).toBe(true);
              follower.versions.set(bucket.start, bucket.version);
              follower.cursor = cursor;
            }
            // Who was given nothing at all has no cursor to go on from.
            if (!isCut) follower.state = state;
            else if (follower.versions.size > 0) follower.state = decode(follower.cursor);
          };
          // Everyone has been given the window as it was.
          followers.forEach((_, who) => take(who));
          for (const each of steps) {
            if (each.kind === "write") store.write(each.hour, each.minutes);
            else if (each.kind === "take") take(each.who);
            else take(each.who, each.at);
          }
          followers.forEach((_, who) => take(who));
          for (const { versions } of followers) {
            for (const [start, version] of versions) {
              const hour = store.hours.get(Math.floor(start / HOUR) * HOUR);
              expect(version).toBe(toBucket("ITEMS", size, start, hour, NOW).version);
            }
          }
          const given = followers.map(({ state }) => state);
          expect(new Set(given).size).toBe(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("begin with the bucket in which two hours ago lies", () => {
    const at = Date.UTC(2026, 5, 1, 12, 37, 20, 5);
    const sizes: FixedSize[] = ["ONE_MINUTE", "FIVE_MINUTES", "FIFTEEN_MINUTES", "ONE_HOUR"];
    expect(sizes.map((size) => new Date(windowStart(at, size)).toISOString().slice(11))).toEqual([
      ...["10:37:00.000Z", "10:35:00.000Z", "10:30:00.000Z", "10:00:00.000Z"],
    ]);
  });

  test("are made once for all who are at the same state", () => {
    const store = createHours();
    store.write(1, [3, 4]);
    const first = changesSince(store.read("ONE_MINUTE"), NOTHING, encode);
    const cursor = first.messages.at(-1)!.cursor;
    expect(changesSince(store.read("ONE_MINUTE"), decode(cursor), encode)).toEqual({
      messages: [],
      state: first.state,
    });
    expect(store.read("ONE_MINUTE")).toBe(store.read("ONE_MINUTE"));
    store.write(1, [3]);
    expect(changesSince(store.read("ONE_MINUTE"), first.state, encode).messages).toHaveLength(1);
  });

  test("of an hour long ago are told once each to those who follow, and to nobody who comes later", () => {
    const old = NOW - 30 * 24 * HOUR;
    const hourAt = Math.floor(old / HOUR) * HOUR;
    const hourOf = (counts: [minute: number, version: number][]): HourBucket => ({
      ...emptyHour("ITEMS", hourAt),
      minutes: new Map(counts.map(([minute, version]) => [minute, { count: 1, version, expired: 0 }])),
    });
    const window = HOURS.map((at) => emptyHour("ITEMS", at));
    const start = toSnapshot(undefined, "ONE_MINUTE", NOW, window, [], 10);
    const { state } = changesSince(start, NOTHING, encode);
    const told = toSnapshot(start, "ONE_MINUTE", NOW, window, [hourOf([[5, 1]])], 10);
    const after = changesSince(told, state, encode);
    expect(after.messages.map(({ bucket }) => bucket.start)).toEqual([hourAt + 5 * 60_000]);
    const more = toSnapshot(told, "ONE_MINUTE", NOW, window, [hourOf([[5, 1], [7, 2]])], 10);
    expect(changesSince(more, after.state, encode).messages.map(({ bucket }) => bucket.start)).toEqual([
      hourAt + 7 * 60_000,
    ]);
    // Nor again from the same snapshot.
    expect(changesSince(more, changesSince(more, after.state, encode).state, encode).messages).toEqual([]);
    // Who missed the snapshot between gets both, who comes now none.
    expect(changesSince(more, state, encode).messages).toHaveLength(2);
    expect(new Set(changesSince(more, NOTHING, encode).messages.map(({ bucket }) => bucket.count))).toEqual(
      new Set([0]),
    );
  });

  test("are of another snapshot once a minute has passed, though nothing was counted, and not before", () => {
    const window = HOURS.map((at) => emptyHour("ITEMS", at));
    const first = toSnapshot(undefined, "ONE_MINUTE", NOW, window, [], 10);
    expect(toSnapshot(first, "ONE_MINUTE", NOW + 59_999, window, [], 10)).toBe(first);
    expect(toSnapshot(first, "ONE_MINUTE", NOW + 60_000, window, [], 10)).toMatchObject({
      now: NOW + 60_000,
      round: 2,
    });
  });

  test("remember the latest of hours long ago, and all that one round found", () => {
    const window = HOURS.map((at) => emptyHour("ITEMS", at));
    const old = (...numbers: number[]) => numbers.map((n) => emptyHour("ITEMS", HOURS[0]! - 1_000 * HOUR + n * HOUR));
    const late = ({ late: own }: Snapshot) => [...own.values()].map(({ hour }) => hour);
    const first = toSnapshot(undefined, "ONE_MINUTE", NOW, window, old(1, 2), 2);
    const next = toSnapshot(first, "ONE_MINUTE", NOW, window, old(3), 2);
    expect(late(next)).toEqual(old(2, 3));
    // One that changes again is the latest.
    expect(late(toSnapshot(next, "ONE_MINUTE", NOW, window, old(2), 2))).toEqual(old(3, 2));
    expect(late(toSnapshot(next, "ONE_MINUTE", NOW, window, old(4, 5, 6), 2))).toEqual(old(4, 5, 6));
  });

  test("tell who came back nothing of an hour that it was given then or since, and what is new in it all the same", () => {
    const window = HOURS.map((at) => emptyHour("ITEMS", at));
    const hourAt = HOURS[0]! - 1_000 * HOUR;
    const old = (...versions: number[]): HourBucket => ({
      ...emptyHour("ITEMS", hourAt),
      minutes: new Map(versions.map((version, minute) => [minute, { count: 1, version, expired: 0 }])),
    });
    let snapshot = toSnapshot(undefined, "ONE_MINUTE", NOW, window, [], 10);
    const version = (n: number) => toBucket("ITEMS", "ONE_MINUTE", hourAt, old(n), NOW).version;
    const given: Given = new Map([[`ITEMS ${hourAt}`, [version(1), hourAt]]]);
    let state: State = {
      ...changesSince(snapshot, NOTHING, encode).state,
      before: { given, till: NOW + 60_000 },
    };
    const told = (now: number, ...versions: number[]) => {
      snapshot = toSnapshot(snapshot, "ONE_MINUTE", now, window, [old(...versions)], 10);
      const { messages, state: next } = changesSince(snapshot, state, encode);
      state = next;
      return messages.map(({ bucket }) => (bucket.start - hourAt) / 60_000);
    };
    // Found anew; then with another minute; then that anew.
    expect([told(NOW, 1), told(NOW, 1, 2), told(NOW, 1, 2)]).toEqual([[], [1], []]);
    expect(state.before).toBeDefined();
    expect(told(NOW + 60_000, 1, 2)).toEqual([]);
    // After a while it is known like by any other follower.
    expect(state.before).toBeUndefined();
  });

  test("are at first the whole window up to now, and nothing that was over before it; then only what is new", () => {
    const store = createHours();
    store.write(0, [5, 45]);
    store.write(2, [50]);
    const MINUTE = 60_000;
    const first = changesSince(store.read("ONE_MINUTE"), NOTHING, encode);
    const starts = first.messages.map(({ bucket }) => bucket.start);
    const window = Array.from({ length: 121 }, (_, i) => NOW - 2 * HOUR + i * MINUTE);
    // What somebody counted into a minute that is to come is given too: it has a version.
    expect(new Set(starts)).toEqual(new Set([...window, HOURS[2]! + 50 * MINUTE]));
    expect(starts).toHaveLength(122);
    expect(changesSince(store.read("ONE_MINUTE"), first.state, encode).messages).toEqual([]);
    store.write(0, [5]);
    const next = changesSince(store.read("ONE_MINUTE"), first.state, encode);
    expect(next.messages.map(({ bucket }) => [bucket.start, bucket.count])).toEqual([[HOURS[0]! + 5 * MINUTE, 2]]);
    const empty = emptyHour("ITEMS", HOURS[2]! + HOUR);
    const later = toSnapshot(
      store.read("ONE_MINUTE"),
      "ONE_MINUTE",
      NOW + 2 * HOUR,
      [store.hours.get(HOURS[2]!)!, empty],
      [],
      10,
    );
    const moved = changesSince(later, next.state, encode);
    expect(moved.messages).toEqual([]);
    // Who followed all the time and who begins now remember the same: hours that left the window are forgotten.
    expect(moved.state).toBe(later.settled);
    expect([...moved.state.given.keys()]).toEqual([`ITEMS ${HOURS[2]}`]);
  });
});

test("of updates the last of each hour is the one of the latest version, whatever their order", () => {
  const update = (source: string, start: number, version: string) => (
    { cursor: "", bucket: { source, start, version } } as unknown as Parameters<typeof lastOfEach>[0][number]
  );
  const hour = HOURS[0]!;
  const all = [update("ITEMS", hour, "1"), update("ITEMS", hour + 60_000, "2"), update("ITEMS", hour, "2")];
  for (const some of [all, all.toReversed()]) {
    expect(lastOfEach([...some, update("TASKS", hour, "1")])).toEqual(
      new Map([[`ITEMS ${hour}`, ["2", hour + 60_000]], [`TASKS ${hour}`, ["1", hour]]]),
    );
  }
});

test("what a follower was given as it came back is remembered up to an instant, and not in it", () => {
  const before = { given: new Map([[`ITEMS ${HOURS[0]!}`, ["1", HOURS[0]!] as const]]), till: NOW + 1 };
  const stateAt = (now: number) =>
    changesSince(
      toSnapshot(undefined, "ONE_MINUTE", now, [emptyHour("ITEMS", HOURS[2]!)], [], 10),
      { ...NOTHING, isFirst: false, before },
      encode,
    ).state.before;
  expect([stateAt(NOW), stateAt(NOW + 1)]).toEqual([before, undefined]);
});
