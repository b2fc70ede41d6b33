import { fc } from "../kit/property.ts";
import { describe, expect, test } from "vitest";
import { fromChunk, toChunks } from "../../api/journeys/chunk.ts";
import { fromItem, toItem } from "../../api/journeys/item.ts";
import { type ArrivedEvent, type Journey, parseEvent } from "../../api/journeys/model.ts";
import { decideEvents, outcomeOf } from "../../api/journeys/rules.ts";

const T0 = Date.UTC(2026, 0, 1, 12);
const MIN = 60_000;
const DAY = 24 * 60 * MIN;

const at = (minutes: number, source: string, seq: number, type = "PAGE_VIEWED"): ArrivedEvent => ({
  ...{ sessionId: "s", source, seq, type },
  occurredAt: T0 + minutes * MIN,
  receivedAt: T0 + 100 * DAY,
});

/** The journey after these batches, read back from its item after each. */
function countBatches(batches: readonly (readonly ArrivedEvent[])[]): Journey {
  return batches.reduce<Journey | undefined>((known, batch) => {
    const { journey, verdicts } = decideEvents("t", known, batch);
    expect(verdicts.every(({ status }) => status === "ACCEPTED")).toBe(true);
    return fromItem(toItem(journey!));
  }, undefined)!;
}

describe("a journey is a function of its events, also", () => {
  const begun = [at(-120, "tab-a", 1, "FORM_STARTED")];
  const sparse = Array.from({ length: 16 }, (_, i) => at(31 * i, "tab-a", i + 2));
  const between = Array.from({ length: 15 }, (_, i) => at(31 * i + 15, "tab-b", i + 1));

  test.each([
    ["form, pages, pages between", [begun, sparse, between]],
    ["pages between, pages, form", [between, sparse, begun]],
    ["pages, form, pages between", [sparse, begun, between]],
    ["all in one batch", [[...begun, ...sparse, ...between]]],
    ["one by one", [...sparse, ...begun, ...between].map((event) => [event])],
  ])("with more than sixteen pauses: %s", (_, batches) => {
    const journey = countBatches(batches);
    expect(outcomeOf(journey, journey.endedAt)).toBe("ABANDONED");
    expect(toItem(journey)).toEqual(toItem(countBatches([batches.flat()])));
  });

  test("where late events fill every pause after a form, so that it never was abandoned", () => {
    const asked = [at(0, "tab-a", 1, "MESSAGE_SENT")];
    const later = Array.from({ length: 40 }, (_, i) => at(31 * (i + 1), "tab-a", i + 2));
    const filling = Array.from({ length: 40 }, (_, i) => at(31 * i + 15, "tab-b", i + 1));
    for (const batches of [[asked, later, filling], [later, filling, asked], [filling.toReversed(), later, asked]]) {
      const journey = countBatches(batches);
      expect(outcomeOf(journey, journey.endedAt)).toBe("BROWSING");
      expect(journey.visits).toEqual([[T0, journey.endedAt]]);
    }
  });

  test("with 100,000 events over 31 days, whatever their order: exact, in an item of 25 KB at most", () => {
    const random = mulberry(7);
    // One event a half hour and a little more, all over the month, and 98,500 more on some of its days.
    const events = [
      ...Array.from({ length: 1_430 }, (_, i) => at(31 * i, "tab-a", i + 1, i === 20 ? "MESSAGE_SENT" : "PAGE_VIEWED")),
      ...Array.from(
        { length: 98_570 },
        (_, i) => at(random() * DAY / MIN * (1 + (i % 5) * 6), `tab-${i % 3}-b`, Math.floor(i / 3) + 1),
      ),
    ];
    const shuffled = (seed: number) => {
      const next = mulberry(seed);
      const blocks = Array.from(
        { length: Math.ceil(events.length / 500) },
        (_, i) => events.slice(i * 500, i * 500 + 500),
      );
      return blocks.map((block) => [next(), block] as const).sort(([a], [b]) => a - b).map(([, block]) => block);
    };
    const whole = toItem(countBatches(shuffled(1)));
    expect(toItem(countBatches(shuffled(2).toReversed()))).toEqual(whole);
    expect(JSON.stringify(whole).length).toBeLessThan(25_000);
    const times = events.map(({ occurredAt }) => occurredAt).sort((a, b) => a - b);
    const pauses = times.filter((time, i) => i > 0 && time - times[i - 1]! > 30 * MIN).length;
    expect(fromItem(whole).visits).toHaveLength(pauses + 1);
  });

  test("with more visits than one session may have: the event that opens another is refused, with what to do", () => {
    const days = Array.from({ length: 1_501 }, (_, i) => at(60 * i, `d${i % 2}`, Math.floor(i / 2) + 1));
    const { verdicts, journey } = decideEvents("t", undefined, days);
    expect(verdicts.filter(({ status }) => status === "REJECTED")).toEqual([{
      status: "REJECTED",
      code: "SESSION_FULL",
      reason: expect.stringContaining("occurredAt: a session has at most 1500 visits"),
    }]);
    expect(journey!.eventCount).toBe(1_500);
  });
});

describe("a number that comes again", () => {
  const first: ArrivedEvent = {
    ...at(0, "main", 1),
    page: "/a",
    text: "hello",
    visitorId: "v",
    properties: { b: 1, a: [{ d: 1, c: null }] },
  };
  const known = decideEvents("t", undefined, [first]).journey;
  const again = (event: ArrivedEvent) => decideEvents("t", known, [event], new Map([["1#main", first]])).verdicts[0];

  test("with the same content is a duplicate, however it is written down", () => {
    expect(again({ ...first, receivedAt: first.receivedAt + DAY })).toEqual({ status: "DUPLICATE" });
    expect(again({ ...first, properties: { a: [{ c: null, d: 1 }], b: 1 } })).toEqual({ status: "DUPLICATE" });
    // A wrong clock is corrected anew at each try; what it said itself stays the same.
    const said = { ...first, clientAt: 5, occurredAt: 9 };
    expect(decideEvents("t", known, [{ ...said, occurredAt: 11 }], new Map([["1#main", said]])).verdicts[0])
      .toEqual({ status: "DUPLICATE" });
  });

  test.each<[string, Partial<ArrivedEvent>]>([
    ["occurredAt", { occurredAt: first.occurredAt + 1 }],
    ["type", { type: "OTHER" }],
    ["visitorId", { visitorId: undefined }],
    ["aliasOf", { aliasOf: "w" }],
    ["page", { page: "" }],
    ["text", { text: undefined }],
    ["properties", { properties: { b: 1, a: [{ d: 1, c: 0 }] } }],
  ])("with another %s is refused, with what to do, and the first stays", (field, other) => {
    expect(again({ ...first, ...other })).toEqual({
      status: "REJECTED",
      code: "PAYLOAD_MISMATCH",
      reason: `seq: 1 of source "main" was recorded with another ${field}, which stays; number each event once, and ` +
        "give each tab, page load and restart a source of its own",
    });
  });

  test("within its own batch is told apart in the same way", () => {
    const { verdicts } = decideEvents("t", undefined, [first, first, { ...first, page: "/b" }]);
    expect(verdicts.map((verdict) => "code" in verdict ? verdict.code : verdict.status))
      .toEqual(["ACCEPTED", "DUPLICATE", "PAYLOAD_MISMATCH"]);
  });
});

describe("what an event holds", () => {
  const good = { sessionId: "s", seq: 1, type: "A", occurredAt: "2026-01-01T11:00:00Z" };

  test.each<[unknown, string]>([
    [{ ...good, occurredAt: "2026-01-01T11:00:00" }, "occurredAt: must be an RFC 3339 instant with its offset"],
    [{ ...good, occurredAt: "" }, "occurredAt: must be an RFC 3339 instant with its offset"],
    [{ ...good, occurredAt: T0 }, "occurredAt: must be RFC 3339 text such as 2026-01-31T12:00:00.000Z, got"],
    [{ ...good, occurredAt: null }, "occurredAt: must be RFC 3339 text"],
    [{ ...good, seq: 1.5 }, "seq: must be a whole number from 1 to 2147483647, got 1.5"],
    [{ ...good, seq: "2" }, "seq: must be a whole number"],
    [{ ...good, referer: "/x" }, "referer: is no field of an event; put it into properties"],
    [{ ...good, sessionId: undefined }, "sessionId: must be text"],
    [{ seq: 1, type: "A", occurredAt: good.occurredAt }, "sessionId: is missing"],
    [{ ...good, aliasOf: "w" }, "aliasOf: needs the visitorId that it is another id of"],
    [null, "event: must be an object, got null"],
    ["text", 'event: must be an object, got "text"'],
    [[], "sessionId: is missing"],
  ])("%j is refused with the field: %s", (event, reason) => {
    expect(parseEvent(event, T0)).toEqual({ reason: expect.stringContaining(reason) });
  });

  test("is left out where it is null, and kept where it is empty", () => {
    const none = { source: null, visitorId: null, aliasOf: null, page: null, text: null, properties: null };
    const { event } = parseEvent({ ...good, ...none }, T0) as { event: ArrivedEvent };
    expect(event).toEqual({ ...good, source: "main", occurredAt: Date.parse(good.occurredAt) });
    expect(parseEvent({ ...good, page: "", text: "" }, T0)).toMatchObject({ event: { page: "", text: "" } });
  });

  test("is read back from a chunk as it was put in, empty texts and corrected clocks too", () => {
    fc.assert(fc.property(
      fc.array(
        fc.record({
          page: fc.option(fc.constantFrom("", "/a"), { nil: undefined }),
          text: fc.option(fc.constantFrom("", " ", "b"), { nil: undefined }),
          aliasOf: fc.option(fc.constant("w"), { nil: undefined }),
          clientAt: fc.option(fc.integer({ min: T0, max: T0 + DAY }), { nil: undefined }),
        }),
        { minLength: 1, maxLength: 20 },
      ),
      (some) => {
        const events = some.map((own, i) => ({ ...at(i, "main", i + 1), ...own }));
        const back = toChunks(events).flatMap(({ bytes }) => fromChunk("s", bytes));
        expect(back).toEqual(JSON.parse(JSON.stringify(events)));
      },
    ));
  });

  test("of blanks is no question; the first text that says something is", () => {
    const message = (seq: number, text?: string) => ({ ...at(seq, "main", seq, "MESSAGE_SENT"), text });
    const { journey } = decideEvents("t", undefined, [
      message(1),
      message(2, ""),
      message(3, " \n\t"),
      message(4, " Hi?"),
    ]);
    expect(journey).toMatchObject({ userMessageCount: 4, firstQuestion: { text: " Hi?", seq: 4 } });
  });

  test.each([
    ..."\u00a0 \u0085 \u1680 \u2003 \u2028 \u202f \u3000 \u200b \u200d \u2060 \ufeff \u00ad \u180e \u115f \u3164 \u2800 \u0000 \u202e"
      .split(" "),
    "\u200b \u3000\n",
  ])("of nothing that can be seen (%j) is no question either", (blank) => {
    const texts = [blank, "👍"];
    const events = texts.map((text, i) => ({ ...at(i, "main", i + 1, "MESSAGE_SENT"), text }));
    expect(decideEvents("t", undefined, events).journey!.firstQuestion!.text).toBe("👍");
  });
});

/** Numbers from 0 to 1, the same for the same seed: mulberry32. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
