import { describe, expect, test } from "vitest";
import { fromChunk, hollowed, toChunks, withoutIds } from "../../api/journeys/chunk.ts";
import { type HeldChunk, NO_MARK, pickCounted, toggled } from "../../api/journeys/counted.ts";
import { fromItem, isErased, toItem, visitorKeyOf } from "../../api/journeys/item.ts";
import { type ArrivedEvent, eventName, expiresAt, isExpired, type Journey } from "../../api/journeys/model.ts";
import { compareEvents, decideEvents, DEFAULT_POLICY, isVisible } from "../../api/journeys/rules.ts";

const T0 = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const MOST_BYTES = 262_144;
const event = (seq: number, own: Partial<ArrivedEvent> = {}): ArrivedEvent => ({
  ...{ sessionId: "s", source: "main", seq, type: "PAGE_VIEWED", occurredAt: T0 + seq * MINUTE, receivedAt: T0 + DAY },
  ...own,
});

describe("a chunk of events", () => {
  const sized = (seq: number, bytes: number): ArrivedEvent => {
    const bare = Buffer.byteLength(JSON.stringify(event(seq, { text: "" })));
    return event(seq, { text: "x".repeat(bytes - bare) });
  };
  const lengths = (...sizes: number[]) =>
    toChunks(sizes.map((bytes, i) => sized(i + 1, bytes))).map(({ bytes }) => fromChunk("s", bytes).length);

  test("holds 256 KB of them as they are written down, and no byte more; one that is larger is a chunk of its own", () => {
    expect(lengths(1_000, MOST_BYTES - 1_000)).toEqual([2]);
    expect(lengths(1_000, MOST_BYTES - 999)).toEqual([1, 1]);
    expect(lengths(1_000, MOST_BYTES - 1_000, 1_000, 1_000)).toEqual([2, 2]);
    expect(lengths(MOST_BYTES + 1, 1_000)).toEqual([1, 1]);
    expect(toChunks([])).toEqual([]);
  });

  test("says when they happened and came, and by its id which they are, whatever else they say", () => {
    const events = [event(5), event(2), event(9)];
    const [chunk, ...more] = toChunks(events);
    expect(more).toEqual([]);
    expect(chunk).toMatchObject({
      ...{ firstAt: T0 + 2 * MINUTE, lastAt: T0 + 9 * MINUTE, receivedAt: T0 + DAY },
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    const idOf = (own: ArrivedEvent[]) => toChunks(own)[0]!.id;
    expect(idOf(events.map((one) => ({ ...one, text: "x", receivedAt: 1, visitorId: "v" })))).toBe(chunk!.id);
    const others = [{ source: "b" }, { seq: 6 }, { occurredAt: T0 }, { type: "B" }].map((own) =>
      idOf([{ ...events[0]!, ...own }, ...events.slice(1)])
    );
    expect(new Set([...others, chunk!.id, idOf(events.toReversed())]).size).toBe(6);
  });

  test("gives each event what it had, and nothing of the others", () => {
    const events = [
      event(1, { visitorId: "v", aliasOf: "w", page: "/a", text: "", properties: { a: null }, clientAt: T0 }),
      event(2),
      event(3, { page: "", visitorId: "v", properties: 0, clientAt: T0 + 3 * MINUTE }),
      event(1, { source: "tab", text: "/a", properties: false }),
    ];
    expect(toChunks(events).flatMap(({ bytes }) => fromChunk("s", bytes))).toEqual(events);
    expect(Object.keys(fromChunk("s", toChunks([event(2)])[0]!.bytes)[0]!)).toEqual(Object.keys(event(2)));
    expect(fromChunk("other", toChunks([event(2)])[0]!.bytes)).toEqual([event(2, { sessionId: "other" })]);
  });

  test("that is hollowed says which events there were and in which minutes, and nothing that anybody did", () => {
    const rich = { visitorId: "v", aliasOf: "w", page: "/a", text: "t", properties: { a: 1 }, clientAt: T0 };
    const { bytes } = toChunks([event(1, { ...rich, occurredAt: T0 + 59_999 }), event(2)])[0]!;
    expect(fromChunk("s", hollowed("s", bytes))).toEqual([
      event(1, { type: "", occurredAt: T0 }),
      event(2, { type: "" }),
    ]);
  });

  test("loses a visitor's ids, each alone and both; without them it stays as it is", () => {
    const without = (events: ArrivedEvent[], ...ids: string[]) => {
      const left = withoutIds("s", toChunks(events)[0]!.bytes, new Set(ids));
      return left && fromChunk("s", left);
    };
    expect(without([event(1, { visitorId: "v" }), event(2)], "w")).toBeUndefined();
    expect(without([event(1), event(2)], "w")).toBeUndefined();
    const mixed = [event(1, { visitorId: "u" }), event(2, { visitorId: "v", aliasOf: "w", page: "/a" })];
    for (const ids of [["v"], ["w"], ["v", "w"]]) {
      const left = without(mixed, ...ids)!;
      expect(left[0]).toEqual(mixed[0]);
      expect(left[1]).toMatchObject({ seq: 2, page: "/a" });
      expect(JSON.stringify(left).includes('"v"') && ids.includes("v")).toBe(false);
      expect(JSON.stringify(left).includes('"w"') && ids.includes("w")).toBe(false);
    }
  });
});

describe("a journey's item", () => {
  const goals = {
    version: 3,
    list: [{ goalId: "paid", name: "Paid", anyOf: [{ type: "PAID" }], outranks: "ABANDONED" as const }],
  };
  const whole = [
    event(1, { visitorId: "v", page: "/a" }),
    event(2, { type: "MESSAGE_SENT", text: "Hi?" }),
    event(3, { type: "MESSAGE_RECEIVED", visitorId: "w" }),
    event(60, { type: "LINK_CLICKED", page: "/b" }),
    event(1, { source: "tab", type: "PAID", occurredAt: T0 + 61 * MINUTE }),
  ];
  const journeyOf = (events: ArrivedEvent[], policy = DEFAULT_POLICY) =>
    decideEvents("shop", undefined, events, undefined, policy).journey!;

  test("holds what is known of it, and nothing of what it has not", () => {
    const bare = journeyOf([event(1)]);
    expect(toItem(bare)).toEqual({
      ...{ pk: expect.stringMatching(/^shop#\d$/), sk: "s#META", tenant: "shop" },
      ...{ startedAt: T0 + MINUTE, endedAt: T0 + MINUTE, events: 1, sent: 0, received: 0, stage: "BROWSING" },
      ...{ types: ",PAGE_VIEWED,", wm: '{"main":"1"}', chunks: 0, span: 0, mark: NO_MARK },
      ...{ arrivedAt: T0 + DAY, ttl: (T0 + 91 * DAY) / 1_000 },
    });
    const rich = journeyOf(whole, { goals, keepDays: 7 });
    const at = (minutes: number, source = "main", seq = minutes) =>
      JSON.stringify([T0 + minutes * MINUTE, source, seq]);
    const visits = [T0 + MINUTE, 2 * MINUTE, 57 * MINUTE, MINUTE].map((ms) => ms.toString(36)).join(" ");
    const item = toItem(rich);
    expect(item).toEqual({
      ...{ pk: item.pk, sk: "s#META", tenant: "shop" },
      ...{ startedAt: T0 + MINUTE, endedAt: T0 + 61 * MINUTE, events: 5, sent: 1, received: 1 },
      ...{ stage: "LINK_CLICKED", types: ",LINK_CLICKED,MESSAGE_RECEIVED,MESSAGE_SENT,PAGE_VIEWED,PAID," },
      ...{ wm: '{"main":"3,60","tab":"1"}', chunks: 0, span: 0, mark: NO_MARK, arrivedAt: T0 + DAY },
      ...{ ttl: (T0 + 8 * DAY) / 1_000, keep: 7, gv: 3 },
      goals: JSON.stringify([["paid", 3, T0 + 61 * MINUTE, "tab", 1]]),
      ...{ visitorKey: "shop#v", visitor: at(1), ids: '["w"]', question: "Hi?", questionAt: at(2) },
      ...{ decidedAt: at(60), engagedAt: T0 + 2 * MINUTE, page: "/b", pageAt: at(60), visits },
    });
    expect(fromItem(item)).toEqual(rich);
    expect(visitorKeyOf("shop", "v")).toBe(item.visitorKey);
  });

  test("says that it reached a goal, and what it came to by itself", () => {
    const engaged = journeyOf([event(2, { type: "MESSAGE_SENT" }), event(3, { type: "PAID" })], {
      goals,
      keepDays: 90,
    });
    expect(toItem(engaged)).toMatchObject({ stage: "GOAL_REACHED", own: "ENGAGED" });
    expect(fromItem(toItem(engaged))).toEqual(engaged);
    const { own: _, ...plain } = toItem(journeyOf([event(2, { type: "FORM_STARTED" })]));
    expect(plain.stage).toBe("ENGAGED");
    expect(toItem(engaged)).not.toHaveProperty("keep");
  });

  test("of before marks has none, and reads so; one that is erased says so", () => {
    const { mark: _, ...old } = toItem(journeyOf([event(1)]));
    expect(fromItem(old).chunks).toEqual({ count: 0, maxSpanMs: 0, mark: undefined });
    expect(toItem(fromItem(old))).not.toHaveProperty("mark");
    expect([isErased(old), isErased({ ...old, erased: T0 })]).toEqual([false, true]);
  });

  test("goes when its time is over: as many days after the last arrival as its tenant says, to the millisecond", () => {
    const of = { lastArrivalAt: T0, keepDays: 7 };
    expect(expiresAt(of)).toBe(T0 + 7 * DAY);
    expect([isExpired(of, T0 + 7 * DAY), isExpired(of, T0 + 7 * DAY + 1)]).toEqual([false, true]);
    const part = journeyOf([event(1, { receivedAt: T0 + 1 })]);
    expect(toItem(part).ttl).toBe(T0 / 1_000 + 90 * 24 * 3_600 + 1);
  });
});

describe("what a journey shows", () => {
  test("is ordered by time, then source, then number", () => {
    const [a, b] = [event(2), event(1, { occurredAt: T0 + 9 * MINUTE })];
    expect(compareEvents(a, b)).toBeLessThan(0);
    expect(compareEvents(b, a)).toBeGreaterThan(0);
    const same = { occurredAt: T0 };
    expect(compareEvents(event(2, { ...same, source: "a" }), event(1, { ...same, source: "b" }))).toBeLessThan(0);
    expect(compareEvents(event(1, { ...same, source: "b" }), event(2, { ...same, source: "a" }))).toBeGreaterThan(0);
    expect(compareEvents(event(2, same), event(3, same))).toBeLessThan(0);
    expect(compareEvents(event(2, same), event(2, same))).toBe(0);
  });

  test("is what it counts, of sources that it knows, whatever they are called", () => {
    const { watermarks } = decideEvents("t", undefined, [event(1), event(3, { source: "__proto__" })]).journey!;
    const seen = (source: string, seq: number) => isVisible(watermarks, { source, seq });
    expect([seen("main", 1), seen("main", 2), seen("__proto__", 3), seen("__proto__", 2)]).toEqual([
      ...[true, false, true, false],
    ]);
    expect(seen("constructor", 1)).toBe(false);
    expect(eventName({ sessionId: "s", source: "main", seq: 7 })).toBe('["s","main",7]');
  });
});

describe("the events that a journey counts", () => {
  const held = (...events: ArrivedEvent[]): HeldChunk<ArrivedEvent> => ({ id: toChunks(events)[0]!.id, events });
  const mark = (...chunks: HeldChunk[]) => toggled(NO_MARK, chunks.map(({ id }) => id));
  const all = () => true;

  test("are those of the chunks that its mark is of, and no other's, though that holds the same", () => {
    const [a, b] = [held(event(1), event(2)), held(event(2, { occurredAt: T0 }), event(3))];
    const c = held(event(3), event(4));
    expect(pickCounted([a, b, c], all, 4, mark(a, c))).toEqual({
      ...{ events: [...a.events, ...c.events], isExact: true, inDoubt: [] },
    });
    // One of which an event is not counted lies there whole, and counts nothing.
    expect(pickCounted([a, b], ({ seq }) => seq < 3, 2, mark(a))).toMatchObject({ events: a.events, isExact: true });
  });

  test("are not exact where the mark is of others, where one is missing or counted twice", () => {
    const [a, b] = [held(event(1)), held(event(2))];
    expect(pickCounted([a, b], all, 2, mark(a))).toMatchObject({ isExact: false, inDoubt: [event(1), event(2)] });
    expect(pickCounted([a], all, 2, mark(a))).toMatchObject({ isExact: false, inDoubt: [event(1)] });
    const twice = held(event(1, { occurredAt: T0 }), event(2));
    expect(pickCounted([a, twice], all, 3, mark(a, twice))).toMatchObject({ isExact: false });
    expect(pickCounted([a, twice], all, 2, mark(twice))).toMatchObject({ events: twice.events, isExact: true });
    // Where all of it is there twice the mark alone says which.
    const other = held(event(1, { occurredAt: T0 }));
    for (const counted of [a, other]) {
      expect(pickCounted([a, other], all, 1, mark(counted))).toEqual({
        ...{ events: counted.events, isExact: true, inDoubt: [] },
      });
    }
    expect(pickCounted([a, other], all, 1, mark(b))).toMatchObject({ isExact: false });
    expect(pickCounted([], all, 0, NO_MARK)).toEqual({ events: [], isExact: true, inDoubt: [] });
  });

  test("of a journey without a mark are those that came first; of equals the one that happened first", () => {
    const of = (...own: Partial<ArrivedEvent>[]) => own.map((one) => held(event(1, one)));
    const picked = (chunks: HeldChunk<ArrivedEvent>[], count = 1) => pickCounted(chunks, all, count, undefined);
    const early = { receivedAt: T0 + 1, occurredAt: T0 + 50 };
    const late = { receivedAt: T0 + 2, occurredAt: T0 + 40 };
    for (const order of [[early, late], [late, early]]) {
      expect(picked(of(...order))).toMatchObject({ events: [event(1, early)], isExact: false });
    }
    const same = { receivedAt: T0 + 1, occurredAt: T0 + 40 };
    for (const order of [[early, same], [same, early]]) {
      expect(picked(of(...order)).events).toEqual([event(1, same)]);
    }
    // Stored twice at one time it is one event, and nothing is in doubt.
    expect(picked(of(early, { ...early, text: "x" }))).toMatchObject({ isExact: true, inDoubt: [] });
    expect(picked(of(early), 2).isExact).toBe(false);
  });
});

test("a journey is kept as its tenant says now, whatever it said before", () => {
  const before = decideEvents("t", undefined, [event(1)], undefined, { ...DEFAULT_POLICY, keepDays: 7 });
  const after = decideEvents("t", before.journey, [event(2)], undefined, { ...DEFAULT_POLICY, keepDays: 30 });
  expect([before.journey!.keepDays, after.journey!.keepDays]).toEqual([7, 30]);
  const again = decideEvents("t", before.journey, [event(1)], undefined, { ...DEFAULT_POLICY, keepDays: 30 });
  expect(again).toEqual({ verdicts: [{ status: "DUPLICATE" }], added: [], journey: before.journey });
  expect(decideEvents("t", undefined, [])).toEqual({ verdicts: [], added: [], journey: undefined });
});

test("of texts and pages that are long a journey knows where they are; the first and the last are found by that", () => {
  const texts = (length: number) =>
    event(2, { type: "MESSAGE_SENT", text: "q".repeat(length), page: "p".repeat(length) });
  const of = (...events: ArrivedEvent[]): Journey => decideEvents("t", undefined, events).journey!;
  expect(of(texts(256)).firstQuestion!.text).toHaveLength(256);
  expect(of(texts(257)).firstQuestion).toEqual({ occurredAt: T0 + 2 * MINUTE, source: "main", seq: 2 });
  expect(of(texts(128)).lastPage!.page).toHaveLength(128);
  expect(of(texts(129)).lastPage).toEqual({ occurredAt: T0 + 2 * MINUTE, source: "main", seq: 2 });
  expect(fromItem(toItem(of(texts(257))))).toEqual(of(texts(257)));
  const received = { receivedAt: T0 + 2 * DAY };
  expect(of(event(1, received), event(2)).lastArrivalAt).toBe(T0 + 2 * DAY);
  expect(of(event(1), event(2, received)).lastArrivalAt).toBe(T0 + 2 * DAY);
});
