import { untrack } from "svelte";
import { ask, AskError, messageOf } from "../core/ask.ts";
import { follow } from "../core/follow.svelte.ts";
import { zone } from "../core/zone.svelte.ts";
import {
  AnswerCard,
  CheckTyped,
  CurrentReview,
  EndReview,
  ExtendReview,
  FollowReview,
  type OnHeld,
  type Rating,
  SaveReview,
  type SittingFragment,
  StartReview,
  UndoAnswer,
} from "./documents.ts";

/** Presses so soon after the last change are the same press, or meant the card before: nobody reads in 200 ms. */
export const GUARD_MS = 200;
const TRIES = 4;
const OWN = "sojourn.review";

/** What the mutations of a sitting give, with the members that one of them may lack. */
type Result =
  | { __typename: "ReviewPayload"; reviewSession: SittingFragment }
  | { __typename: "ReviewLostError"; status: SittingFragment["status"]; holder: string | null }
  | { __typename: string; code: string; message: string };

/**
 * One review of a deck in this tab. An answer counts when the service has acknowledged it: until then the card stays, and it is
 * asked again under the same id, so that no answer is lost or counted twice.
 */
export function createSitting(deckId: string) {
  let view = $state.raw<SittingFragment>();
  let held = $state.raw<{ holder: string; since: string; until: string }>();
  let revealed = $state(false);
  /** The answer's side with what was typed compared in it. */
  let compared = $state.raw<string>();
  let failure = $state<string>();
  let notice = $state<string>();
  let busy = $state(false);
  let changedAt = 0;
  let shownAt = 0;
  let stopFollowing = () => {};
  let isStopped = false;

  const isActive = () => view?.status === "ACTIVE";
  const canReveal = () => isActive() && view?.nextCard && !revealed && performance.now() - changedAt >= GUARD_MS;

  function reveal(): void {
    if (!canReveal()) return;
    revealed = true;
    changedAt = performance.now();
  }

  function take(next: SittingFragment): void {
    // The same card that comes again, as another device answered it, is another showing: nobody here has seen its answer.
    const before = view?.nextCard?.showing;
    view = next;
    if (next.nextCard?.showing !== before) {
      revealed = false;
      compared = undefined;
      changedAt = shownAt = performance.now();
    }
    if (next.status === "ACTIVE") sessionStorage.setItem(OWN, next.sessionId);
    else {
      sessionStorage.removeItem(OWN);
      stopFollowing();
    }
  }

  /** Throws AskError. What ended the sitting elsewhere is shown, and is no error. */
  function settle(result: Result): void {
    if ("reviewSession" in result) take(result.reviewSession);
    else if ("message" in result) throw new AskError(result.message, result.code);
    else if (view && "status" in result) take({ ...view, status: result.status, holder: result.holder ?? view.holder });
  }

  /** One thing at a time; a second press while one is under way does nothing. */
  async function attempt(work: () => Promise<void>): Promise<void> {
    if (busy) return;
    busy = true;
    failure = notice = undefined;
    try {
      await work();
    } catch (error) {
      failure = messageOf(error);
    } finally {
      busy = false;
    }
  }

  /** Asked again where the service could not be reached: the same answer id counts once. */
  async function persist<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await work();
      } catch (error) {
        const isPassing = error instanceof AskError && (error.code === "UNREACHABLE" || error.code === "INTERNAL");
        if (!isPassing || tries === TRIES || isStopped) throw error;
        notice = "The service does not answer. Your answer is kept here and sent again…";
        await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tries));
      }
    }
  }

  async function begin(onHeld: OnHeld): Promise<void> {
    const input = { deckId, holder: holderOf(navigator.userAgent), onHeld, timeZone: zone.name };
    const { startReview: result } = await ask(StartReview, { input });
    if (result.__typename === "ReviewHeldError") held = result;
    else {
      held = undefined;
      settle(result);
      followOn();
    }
  }

  function followOn(): void {
    stopFollowing();
    const sessionId = view?.sessionId;
    if (!sessionId || !isActive()) return;
    stopFollowing = follow(
      FollowReview,
      () => ({ sessionId }),
      ({ reviewSessionChanged: next }) => {
        // While an answer of this tab is under way, its own result is the newer one.
        if (!busy || next.status !== "ACTIVE") take(next);
      },
      () => {},
    );
  }

  return {
    get view() {
      return view;
    },
    get held() {
      return held;
    },
    get revealed() {
      return revealed;
    },
    get compared() {
      return compared;
    },
    get failure() {
      return failure;
    },
    get notice() {
      return notice;
    },
    get busy() {
      return busy;
    },
    /** When the next card comes (epoch ms), where none is there now and one still comes today. */
    get waitsUntil() {
      return view?.nextCardAt ? Date.parse(view.nextCardAt) : undefined;
    },
    /** Begins, or goes on with the review that this tab was in before a reload. The returned function leaves. */
    start(): () => void {
      const begun = () =>
        attempt(async () => {
          const own = sessionStorage.getItem(OWN);
          const current = own ? (await ask(CurrentReview, {})).reviewSession : null;
          const isOurs = current?.sessionId === own && current?.status === "ACTIVE" && current.deck.deckId === deckId;
          await begin(isOurs ? "RESUME" : "FAIL");
          if (isStopped) stopFollowing();
        });
      void untrack(begun);
      return () => {
        isStopped = true;
        stopFollowing();
      };
    },
    begin: (onHeld: OnHeld) => attempt(() => begin(onHeld)),
    reveal,
    /** Shows the answer beside what was typed; the answer alone where the service cannot compare it now. */
    async revealTyped(text: string): Promise<void> {
      const showing = view?.nextCard?.showing;
      if (!canReveal() || busy) return;
      await attempt(async () => {
        const { reviewSession } = await ask(CheckTyped, { text });
        if (reviewSession?.nextCard?.showing === showing) compared = reviewSession?.nextCard?.typed?.answer;
      });
      reveal();
    },
    async answer(rating: Rating): Promise<void> {
      const card = view?.nextCard;
      if (!isActive() || !view || !card || !revealed || performance.now() - changedAt < GUARD_MS) return;
      const { sessionId } = view;
      const duration = Math.min(60_000, Math.round(performance.now() - shownAt));
      const input = {
        sessionId,
        cardId: card.cardId,
        rating,
        answerId: crypto.randomUUID(),
        duration,
        showing: card.showing,
      };
      await attempt(async () => {
        const { answerCard } = await persist(() => ask(AnswerCard, { input }));
        notice = undefined;
        settle(answerCard);
        // The same card may come again at once: it is hidden again all the same.
        revealed = false;
        compared = undefined;
        changedAt = shownAt = performance.now();
      });
    },
    undo: () =>
      attempt(async () => {
        if (!view || !isActive() || view.answered === 0) return;
        settle((await ask(UndoAnswer, { input: { sessionId: view.sessionId } })).undoAnswer);
        revealed = false;
        if (isActive()) notice = "Taken back.";
      }),
    save: () =>
      attempt(async () => {
        if (view) settle((await ask(SaveReview, { input: { sessionId: view.sessionId } })).saveReview);
      }),
    extend: () =>
      attempt(async () => {
        if (view) settle((await ask(ExtendReview, { input: { sessionId: view.sessionId } })).extendReview);
      }),
    end: () =>
      attempt(async () => {
        if (view) settle((await ask(EndReview, { input: { sessionId: view.sessionId } })).endReview);
      }),
  };
}

export type Sitting = ReturnType<typeof createSitting>;

/** "Firefox on Linux": how the other tab or device names this one to a person. */
function holderOf(agent: string): string {
  const browser = /Edg\//.test(agent)
    ? "Edge"
    : /Firefox\//.test(agent)
    ? "Firefox"
    : /Chrome\//.test(agent)
    ? "Chrome"
    : /Safari\//.test(agent)
    ? "Safari"
    : "A browser";
  const system = /Android/.test(agent)
    ? "Android"
    : /iPhone|iPad/.test(agent)
    ? "iOS"
    : /Windows/.test(agent)
    ? "Windows"
    : /Mac OS X/.test(agent)
    ? "Mac"
    : "Linux";
  return `${browser} on ${system}`;
}
