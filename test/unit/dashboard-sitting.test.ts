import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { hangUp as HangUp } from "../../api/dashboard/core/follow.svelte.ts";
import type { Sitting } from "../../api/dashboard/review/sitting.svelte.ts";
import { installPageGlobals, type PageGlobals } from "../kit/page-globals.ts";

type Input = Record<string, unknown>;
type View = Record<string, unknown>;

const GUARD = 200;
const gone = () => Promise.reject(new TypeError("no route"));
const refused = (code: string) => ({ __typename: "UserError", code, message: `refused: ${code}` });
const cardOf = (cardId: string) => ({ cardId, showing: `${cardId}-1`, question: "q", answer: "a" });
const viewOf = (cardId: string | undefined, more: View = {}): View => ({
  ...{ sessionId: "own", status: "ACTIVE", holder: "here", answered: 0, nextCardAt: null, deck: { deckId: "d" } },
  nextCard: cardId === undefined ? null : cardOf(cardId),
  ...more,
});
const payload = (view: View) => ({ __typename: "ReviewPayload", reviewSession: view });

let page: PageGlobals;
let create: (deckId: string) => Sitting;
let hangUp: typeof HangUp;
let asked: { name: string; input: Input }[] = [];
/** What the service answers to an operation, in its order; the last one again and again. */
let answers: Record<string, (() => unknown)[]> = {};
/** Brings a view by the feed. */
let feed: ((view: View) => void) | undefined;

/** A socket that is open at once, and whose one subscription is fed by hand. */
class Socket {
  static OPEN = 1;
  static CONNECTING = 0;
  readyState = 1;
  onopen?: () => void;
  onmessage?: (event: { data: string }) => void;
  constructor() {
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    const { type, id } = JSON.parse(text) as { type: string; id: string };
    const say = (message: object) => this.onmessage?.({ data: JSON.stringify(message) });
    if (type === "connection_init") queueMicrotask(() => say({ type: "connection_ack" }));
    if (type === "complete") feed = undefined;
    if (type !== "subscribe") return;
    feed = (view) => say({ id, type: "next", payload: { data: { reviewSessionChanged: view } } });
  }
  close(): void {}
}

beforeAll(async () => {
  page = installPageGlobals({
    ...{ WebSocket: Socket, location: { pathname: "/review", search: "", href: "http://127.0.0.1/review" } },
    addEventListener: () => {},
    document: { hidden: false, addEventListener: () => {}, querySelector: () => null },
    fetch: async (_: string, { body }: { body: string }) => {
      const { query, variables } = JSON.parse(body) as { query: string; variables: { input?: Input } };
      const [, name = ""] = /(?:mutation|query) (\w+)/.exec(query) ?? [];
      asked.push({ name, input: variables.input ?? {} });
      const own = answers[name]!;
      const answer = await (own.length > 1 ? own.shift()! : own[0]!)();
      if ((answer as { errors?: unknown } | null)?.errors) return Response.json(answer);
      const field = `${name[0]!.toLowerCase()}${name.slice(1)}`;
      return Response.json({
        data: /^(CurrentReview|CheckTyped)$/.test(name) ? { reviewSession: answer } : { [field]: answer },
      });
    },
  });
  ({ createSitting: create } = await import("../../api/dashboard/review/sitting.svelte.ts"));
  ({ hangUp } = await import("../../api/dashboard/core/follow.svelte.ts"));
});
afterAll(() => {
  // The one connection of a tab would be the next file's, with this socket.
  hangUp();
  page.restore();
});

let leave = () => {};
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  page.stored.clear();
  [asked, answers, feed] = [[], {}, undefined];
});
afterEach(() => {
  leave();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const answersAsked = () => asked.filter(({ name }) => name === "AnswerCard").map(({ input }) => input);

/** A sitting whose first card is shown, long enough to be read. */
async function begun(cardId: string | undefined = "c1", more: View = {}): Promise<Sitting> {
  answers["StartReview"] ??= [() => payload(viewOf(cardId, more))];
  const sitting = create("d");
  leave = sitting.start();
  await pass(GUARD);
  return sitting;
}
async function revealed(): Promise<Sitting> {
  const sitting = await begun();
  sitting.reveal();
  await pass(GUARD);
  // A second press changes nothing, nor when an answer is one.
  sitting.reveal();
  return sitting;
}

describe("an answer", () => {
  test("is sent until the service has it, under one id, and the next card comes hidden", async () => {
    answers["AnswerCard"] = [gone, gone, () => payload(viewOf("c2", { answered: 1 }))];
    const sitting = await revealed();
    const answering = sitting.answer("GOOD");
    await pass(0);
    expect([sitting.busy, sitting.view!.nextCard!.cardId]).toEqual([true, "c1"]);
    expect(sitting.notice).toMatch(/kept here and sent again/);
    await pass(60_000);
    await answering;
    const sent = answersAsked();
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ answerId }) => answerId)).size).toBe(1);
    expect(sent[0]).toMatchObject({ sessionId: "own", cardId: "c1", rating: "GOOD", showing: "c1-1" });
    expect([sitting.view!.nextCard!.cardId, sitting.revealed, sitting.notice, sitting.failure, sitting.busy]).toEqual([
      ...["c2", false, undefined, undefined, false],
    ]);
  });

  test("that four tries did not bring there is told, and the card stays with its answer; a next press is an answer of its own", async () => {
    answers["AnswerCard"] = [gone];
    const sitting = await revealed();
    void sitting.answer("GOOD");
    await pass(60_000);
    expect(answersAsked()).toHaveLength(4);
    expect([sitting.failure, sitting.revealed, sitting.view!.nextCard!.cardId]).toEqual([
      ...[expect.stringMatching(/cannot be reached/), true, "c1"],
    ]);
    answers["AnswerCard"] = [() => payload(viewOf("c2"))];
    await sitting.answer("HARD");
    expect(sitting.failure).toBeUndefined();
    expect(new Set(answersAsked().map(({ answerId }) => answerId)).size).toBe(2);
  });

  test("that is refused is not sent again, and one that the service failed at is", async () => {
    const failed = (code: string) => ({ errors: [{ message: `refused: ${code}`, extensions: { code } }] });
    for (const answer of [refused("INVALID_INPUT"), failed("FORBIDDEN")]) {
      asked = [];
      answers["AnswerCard"] = [() => answer];
      const sitting = await revealed();
      void sitting.answer("GOOD");
      await pass(60_000);
      expect([answersAsked().length, sitting.failure, sitting.revealed]).toEqual([
        ...[1, expect.stringMatching(/^refused/), true],
      ]);
      leave();
      page.stored.clear();
    }
    asked = [];
    answers["AnswerCard"] = [() => failed("INTERNAL"), () => payload(viewOf("c2"))];
    const sitting = await revealed();
    void sitting.answer("GOOD");
    await pass(60_000);
    expect([answersAsked().length, sitting.failure]).toEqual([2, undefined]);
  });

  test("is sent no more by a page that was left", async () => {
    answers["AnswerCard"] = [gone];
    const sitting = await revealed();
    void sitting.answer("GOOD");
    await pass(0);
    leave();
    await pass(60_000);
    expect(answersAsked()).toHaveLength(2);
  });

  test("is of the card that was read: none before it is revealed, or so soon that it was meant for another", async () => {
    answers["AnswerCard"] = [() => payload(viewOf("c1", { answered: 1 }))];
    const sitting = await begun();
    await sitting.answer("GOOD");
    sitting.reveal();
    await pass(GUARD - 1);
    await sitting.answer("GOOD");
    expect(answersAsked()).toEqual([]);
    await pass(1);
    await sitting.answer("GOOD");
    expect(answersAsked()).toHaveLength(1);
    // The same card comes again at once: hidden, and not revealed by the press that answered it.
    expect(sitting.revealed).toBe(false);
    sitting.reveal();
    expect(sitting.revealed).toBe(false);
    await pass(GUARD);
    sitting.reveal();
    expect(sitting.revealed).toBe(true);
  });

  test("is one for two presses, and says how long the card was looked at, a minute at most", async () => {
    answers["AnswerCard"] = [() => payload(viewOf("c2")), () => payload(viewOf("c3"))];
    const sitting = await revealed();
    await Promise.all([sitting.answer("GOOD"), sitting.answer("AGAIN")]);
    expect(answersAsked()).toMatchObject([{ rating: "GOOD", duration: 2 * GUARD }]);
    await pass(61_000);
    sitting.reveal();
    await pass(GUARD);
    await sitting.answer("GOOD");
    expect(answersAsked()[1]).toMatchObject({ cardId: "c2", duration: 60_000 });
  });
});

describe("a review", () => {
  test("goes on after a reload where it is this tab's own, of this deck and not over; else it asks first", async () => {
    const current = (more: View) => () => viewOf("c1", more);
    for (
      const [stored, given, onHeld] of [
        ["own", current({}), "RESUME"],
        [undefined, undefined, "FAIL"],
        ["own", () => null, "FAIL"],
        ["own", current({ sessionId: "another" }), "FAIL"],
        ["own", current({ status: "ENDED" }), "FAIL"],
        ["own", current({ deck: { deckId: "e" } }), "FAIL"],
      ] as const
    ) {
      if (stored) page.stored.set("sojourn.review", stored);
      else page.stored.delete("sojourn.review");
      answers["CurrentReview"] = given ? [given] : [];
      asked = [];
      await begun();
      leave();
      expect(asked.map(({ name }) => name)).toEqual(given ? ["CurrentReview", "StartReview"] : ["StartReview"]);
      expect(asked.at(-1)!.input).toMatchObject({ deckId: "d", onHeld });
    }
  });

  test("that is held elsewhere says by whom, and takes over where that is asked for", async () => {
    const held = { __typename: "ReviewHeldError", holder: "Firefox on Linux", since: "s", until: "u" };
    answers["StartReview"] = [() => held, () => payload(viewOf("c1"))];
    const sitting = await begun();
    expect([sitting.held, sitting.view]).toEqual([held, undefined]);
    await sitting.begin("TAKE_OVER");
    expect([sitting.held, sitting.view!.sessionId]).toEqual([undefined, "own"]);
    expect(page.stored.get("sojourn.review")).toBe("own");
  });

  test("that begins when its page was left is followed by nobody", async () => {
    const begins = Promise.withResolvers<unknown>();
    answers["StartReview"] = [() => begins.promise];
    leave = create("d").start();
    await pass(0);
    leave();
    begins.resolve(payload(viewOf("c1")));
    await pass(GUARD);
    expect(feed).toBeUndefined();
  });

  test("that another took shows so, and is no failure; what this tab kept of it goes", async () => {
    const lost = (holder: string | null) => () => ({ __typename: "ReviewLostError", status: "TAKEN_OVER", holder });
    answers["SaveReview"] = [lost(null), lost("there")];
    const sitting = await begun();
    await sitting.save();
    expect(sitting.view).toMatchObject({ status: "TAKEN_OVER", holder: "here" });
    await sitting.save();
    expect(sitting.view).toMatchObject({ status: "TAKEN_OVER", holder: "there" });
    expect([sitting.failure, page.stored.has("sojourn.review"), feed]).toEqual([undefined, false, undefined]);
    await pass(GUARD);
    sitting.reveal();
    expect(sitting.revealed).toBe(false);
  });

  test("does one thing at a time: what is pressed meanwhile is not done", async () => {
    const answer = Promise.withResolvers<unknown>();
    answers["SaveReview"] = [() => answer.promise];
    const sitting = await begun();
    const both = Promise.all([sitting.save(), sitting.save(), sitting.end()]);
    await pass(0);
    answer.resolve(payload(viewOf("c1")));
    await both;
    expect(asked.filter(({ name }) => /^(Save|End)Review$/.test(name))).toHaveLength(1);
  });

  test("takes back an answer where there is one, and shows that card hidden", async () => {
    answers["UndoAnswer"] = [() => payload(viewOf("c1"))];
    let sitting = await begun();
    await sitting.undo();
    expect(asked.filter(({ name }) => name === "UndoAnswer")).toEqual([]);
    leave();
    page.stored.clear();
    delete answers["StartReview"];
    sitting = await begun("c2", { answered: 1 });
    sitting.reveal();
    await sitting.undo();
    expect([sitting.view!.nextCard!.cardId, sitting.revealed, sitting.notice]).toEqual(["c1", false, "Taken back."]);
  });

  test("shows what the feed brings, but not while an answer of its own is under way: its result is the newer one", async () => {
    const answer = Promise.withResolvers<unknown>();
    answers["AnswerCard"] = [() => answer.promise];
    const sitting = await revealed();
    feed!(viewOf("c1", { answered: 7 }));
    expect([sitting.view!.answered, sitting.revealed]).toEqual([7, true]);
    const answering = sitting.answer("GOOD");
    await pass(0);
    feed!(viewOf("c9"));
    expect(sitting.view!.nextCard!.cardId).toBe("c1");
    // That it is over is told at once.
    feed!(viewOf(undefined, { status: "ENDED" }));
    expect(sitting.view!.status).toBe("ENDED");
    answer.resolve(payload(viewOf(undefined, { status: "ENDED" })));
    await pass(0);
    await answering;
  });
});

describe("a card that comes again, as another device answered it", () => {
  const again: View = { nextCard: { ...cardOf("c1"), showing: "c1-2" }, answered: 1 };

  test("is hidden, and answered once its answer was seen here; by the feed and by whatever else brings it", async () => {
    for (const bring of ["feed", "save"] as const) {
      asked = [];
      answers["SaveReview"] = [() => payload(viewOf("c1", again))];
      answers["AnswerCard"] = [() => payload(viewOf("c2"))];
      const sitting = await revealed();
      if (bring === "feed") feed!(viewOf("c1", again));
      else await sitting.save();
      expect(sitting.revealed).toBe(false);
      await pass(GUARD);
      await sitting.answer("EASY");
      expect(answersAsked()).toEqual([]);
      sitting.reveal();
      await pass(GUARD);
      await sitting.answer("EASY");
      expect(answersAsked()).toMatchObject([{ showing: "c1-2", duration: 2 * GUARD }]);
      leave();
      page.stored.clear();
    }
  });

  test("is no press's that meant the one before: as soon as it is there, it is not even revealed", async () => {
    const sitting = await revealed();
    feed!(viewOf("c1", again));
    sitting.reveal();
    expect(sitting.revealed).toBe(false);
  });

  test("has nothing compared in it that was typed for the one before", async () => {
    const typed = (showing: string) => () => ({ nextCard: { showing, typed: { answer: "compared" } } });
    answers["CheckTyped"] = [typed("c1-1")];
    const sitting = await begun();
    await sitting.revealTyped("wort");
    expect(sitting.compared).toBe("compared");
    feed!(viewOf("c1", again));
    expect(sitting.compared).toBeUndefined();
    // The service compared it with a showing that this page does not show.
    await pass(GUARD);
    await sitting.revealTyped("wort");
    expect([sitting.revealed, sitting.compared]).toEqual([true, undefined]);
  });
});

describe("what is typed", () => {
  test("is compared by the service, and shown with the answer; where it cannot be, the answer is shown alone", async () => {
    answers["CheckTyped"] = [gone];
    const sitting = await begun();
    await sitting.revealTyped("wort");
    expect([sitting.revealed, sitting.compared, sitting.failure]).toEqual([
      ...[true, undefined, expect.stringMatching(/cannot be reached/)],
    ]);
  });

  test("is compared once for two presses", async () => {
    const answer = Promise.withResolvers<never>();
    answers["CheckTyped"] = [() => answer.promise];
    const sitting = await begun();
    const both = Promise.all([sitting.revealTyped("a"), sitting.revealTyped("b")]);
    await pass(0);
    expect(sitting.revealed).toBe(false);
    answer.reject(new TypeError("no route"));
    await both;
    expect(asked.filter(({ name }) => name === "CheckTyped")).toHaveLength(1);
  });
});
