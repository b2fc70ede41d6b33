import { InvalidInputError, UnavailableError } from "../../api/core/errors.ts";
import { ReviewHeldError, ReviewLostError, ReviewNotFoundError } from "../../api/review/errors.ts";
import { readPackage } from "../../api/anki/file/package.ts";
import type { Person } from "../../api/review/model.ts";
import type { ReviewView } from "../../api/review/service.ts";
import type { Random } from "./random.ts";
import { CHILD, DECK, logRowsOf, OTHER, type Package, withFile } from "./reviews-files.ts";
import type { Review } from "./reviews-hosts.ts";
import type { Oracle, SentAnswer } from "./reviews-oracle.ts";
import type { Attempt, Counts, World } from "./reviews-world.ts";

type Shown = { view: ReviewView; cardId: number | undefined; showing?: string | undefined };
type Undo = { sessionId: string };

const EXPECTED = [UnavailableError, ReviewHeldError, ReviewLostError, ReviewNotFoundError, InvalidInputError];

export type Clients = ReturnType<typeof createClients>;

/** The devices of a person, and others who import, export and sweep. What they are answered is held against the oracle. */
export function createClients({ world, oracle, random, counts, person, packages }: {
  world: World;
  oracle: Oracle;
  random: Random;
  counts: Counts;
  person: Person;
  packages: readonly Package[];
}) {
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const cards = new Map(packages.flatMap((each) => [...each.cards]));
  let ids = 0;

  /** Sends a request once; gives undefined where it was refused by name or nobody answered. */
  async function ask<T>(name: string, run: (review: Review, attempt: Attempt) => Promise<T>) {
    let sending: Attempt | undefined;
    const noted = (review: Review, attempt: Attempt) => run(review, sending = attempt);
    try {
      return await (name.startsWith("quiet") ? world.send(name, noted, 0) : world.send(name, noted));
    } catch (error) {
      if (error instanceof ReviewHeldError) oracle.held(error.by.sessionId, sending!);
      const isExpected = EXPECTED.some((type) => error instanceof type);
      oracle.must(isExpected, "a request is answered, or refused by name", [name, (error as Error).stack]);
      return { error: error as Error };
    }
  }

  /** What a process shows after a request, as its resolvers ask for it; now and then held against a fresh computation. */
  async function shownBy(review: Review, attempt: Attempt, view: ReviewView): Promise<Shown> {
    const next = await review.reviews.next(view);
    const at = attempt.lastNow;
    const isShown = view.session.status === "ACTIVE" && at < view.session.expiresAt;
    if (isShown && chance(0.12)) {
      counts.shown++;
      const found = oracle.isShown(view.lease, view.session.deckId, at, next);
      if (found === "later") counts.ahead++;
      oracle.must(found !== "never", "every process shows the card that a fresh one shows", [attempt.name, at, next]);
    }
    const card = chance(0.3) ? await review.reviews.nextCard(view) : undefined;
    const showing = card?.cardId === next.cardId ? card?.showing : undefined;
    return { view, cardId: next.cardId, showing };
  }

  /** One device: begins, answers, takes back, saves, ends, and repeats what was not answered. */
  async function device(name: string, steps: number, eagerness: number): Promise<void> {
    let shown: Shown | undefined;
    const earlier: SentAnswer[] = [];
    const keep = (got: { value: Shown } | { error: Error }) => {
      if ("value" in got) shown = got.value;
      else if (got.error instanceof ReviewLostError && chance(0.7)) shown = undefined;
    };
    for (let step = 0; step < steps; step++) {
      await world.think();
      if (!shown && chance(0.15)) await bring(below(packages.length), name);
      if (!shown || chance(0.03)) {
        keep(await start(name));
        continue;
      }
      const { sessionId } = shown.view.session;
      const dice = random();
      if (dice < eagerness) {
        const answer = answerTo(name, sessionId, shown);
        earlier.push(answer);
        keep(await untilAnswered(() => sendAnswer(name, answer)));
      } else if (dice < eagerness + 0.06 && earlier.length > 0) await sendAnswer(name, pick(earlier));
      else if (dice < eagerness + 0.14) keep(await undo(name, { sessionId }));
      else if (dice < eagerness + 0.19) keep(await simple(name, "save", sessionId));
      else if (dice < eagerness + 0.22) keep(await simple(name, "extend", sessionId));
      else if (dice < eagerness + 0.26) {
        const ended = await simple(name, "end", sessionId);
        if ("value" in ended) shown = undefined;
      } else if (dice < eagerness + 0.3) await ask(`${name} deck`, (review) => review.reviews.decks(person));
      else if (dice < eagerness + 0.31) shown = undefined;
    }
  }

  async function start(name: string, onHeld = pick(["FAIL", "RESUME", "RESUME", "TAKE_OVER"])) {
    const deckId = String(pick([DECK, DECK, CHILD, OTHER]));
    const got = await ask(
      `${name} start ${onHeld}`,
      async (review, attempt) =>
        await shownBy(review, attempt, await review.reviews.start(person, { deckId, holder: name, onHeld })),
    );
    if (!("value" in got)) return got;
    oracle.started(got.value.view.session.sessionId);
    if (onHeld === "TAKE_OVER" && got.value.view.lease.before?.status === "TAKEN_OVER") counts.takeovers++;
    return got;
  }

  /** Mostly the card that was shown; now and then another one, or one that is not under review at all. */
  function answerTo(name: string, sessionId: string, shown: Shown): SentAnswer {
    const { view, cardId } = shown;
    const isOf = (did: number) => did === view.session.deckId || (did === CHILD && view.session.deckId === DECK);
    const own = [...cards].filter(([, did]) => isOf(did)).map(([id]) => id);
    const others = [...cards].filter(([, did]) => !isOf(did)).map(([id]) => id);
    const dice = random();
    const wrong = dice < 0.03 ? pick(others) : dice < 0.04 ? 999_999 : undefined;
    const card = wrong ?? (cardId === undefined || dice > 0.93 ? pick(own) : cardId);
    const answer = {
      ...{ answerId: `${name}-${ids++}`, sessionId, cardId: card, ease: 1 + below(4), mayCount: wrong === undefined },
      ...(card === shown.cardId && shown.showing !== undefined && { showing: shown.showing }),
    };
    oracle.sent(answer);
    return answer;
  }

  async function sendAnswer(name: string, answer: SentAnswer) {
    const { answerId, sessionId, cardId, ease, showing } = answer;
    const rating = ["AGAIN", "HARD", "GOOD", "EASY"][ease - 1];
    const input = { sessionId, cardId: String(cardId), rating, answerId, showing };
    const got = await ask(
      `${name} answer ${answerId}`,
      async (review, attempt) => {
        const view = await review.reviews.answer(person, input);
        // A payload begins to be written here: the next read may fail, the answer counts.
        oracle.acknowledged(answer, attempt.name);
        return await shownBy(review, attempt, view);
      },
    );
    if ("value" in got) counts.answers++;
    return got;
  }

  async function undo(name: string, { sessionId }: Undo) {
    const before = oracle.position();
    const got = await ask(`${name} undo`, async (review, attempt) => {
      const view = await review.reviews.undo(person, sessionId);
      oracle.undone(attempt, before);
      return await shownBy(review, attempt, view);
    });
    if ("value" in got) counts.undos++;
    else if (got.error.message.startsWith("No answer")) oracle.refusedUndo(sessionId, `${name} undo`, before);
    return got;
  }

  async function simple(name: string, method: "save" | "extend" | "end", sessionId: string) {
    return await ask(`${name} ${method}`, async (review, attempt) => {
      const before = oracle.position();
      const view = await review.reviews[method](person, sessionId);
      if (method === "save") {
        oracle.must(view.lease.base >= Math.min(before, view.lease.base), "a save saves", attempt.name);
      }
      return await shownBy(review, attempt, view);
    });
  }

  /** As clients do: the same request again while nobody answers, at once or later, at most three times. */
  async function untilAnswered<T>(send: () => Promise<{ value: T } | { error: Error }>) {
    let got = await send();
    for (let i = 0; i < 3 && "error" in got && got.error instanceof UnavailableError && chance(0.85); i++) {
      if (chance(0.5)) await world.think();
      got = await send();
    }
    return got;
  }

  async function bring(n: number, name = "other") {
    const got = await ask(
      `${name} import ${n}`,
      (review) => review.transfer.importCollection(person, { file: packages[n]!.base64 }),
    );
    if ("value" in got) counts.imports++;
    return got;
  }

  async function take() {
    const before = oracle.position();
    const got = await ask("other export", async (review, attempt) => {
      const { url } = await review.transfer.exportCollection(person);
      const { collection } = await readPackage(world.bodies.find(url)!.body);
      const rows = withFile(collection, logRowsOf);
      const law = "an export has every answer that was there when it was asked for";
      oracle.must(oracle.wasExported(rows, before), law, attempt.name);
    });
    if ("value" in got) counts.exports++;
  }

  /** Puts a package in the place of the collection, or takes that back, or deletes it. */
  async function exchange(): Promise<void> {
    const n = below(packages.length);
    const dice = random();
    if (dice < 0.35) {
      const got = await ask(
        `other replace ${n}`,
        (review) => review.transfer.importCollection(person, { file: packages[n]!.base64, mode: "REPLACE" }),
      );
      if ("value" in got) counts.replaced++;
    } else if (dice < 0.6) {
      const got = await ask("other restore", (review) => review.transfer.undoReplacement(person));
      if ("value" in got) counts.restored++;
    } else {
      const got = await ask("other delete", (review) => review.deleteCollection(person));
      if ("value" in got) counts.deleted++;
    }
  }

  /** Notes of a table: one change, made in a thread; now and then again. */
  async function table(): Promise<void> {
    const isAgain = tables.length > 0 && chance(0.25);
    const editId = isAgain ? pick(tables) : `table-${ids++}`;
    if (!isAgain) tables.push(editId);
    oracle.marks(editId, `row of ${editId}\u001f`);
    const input = { editId, deckId: "1", kind: "BASIC", text: `row of ${editId},back`, hasHeader: false };
    const got = await ask(`other table ${editId}`, async (review, attempt) => {
      await review.importNotes(person, input);
      oracle.changed(editId, attempt.name, undefined);
    });
    if ("value" in got) counts.tables++;
  }
  const tables: string[] = [];

  /** A picture comes, under a name that others may have; or those that nothing names go. */
  async function media(): Promise<void> {
    const content = Buffer.from(`picture ${below(3)}`).toString("base64");
    const got = chance(0.6)
      ? await ask("other addMedia", (review) => review.media.add(person, { name: `p${below(3)}.png`, content }))
      : await ask("other deleteMedia", (review) => review.media.deleteUnused(person, undefined));
    if ("value" in got) counts.media++;
  }

  type Wanted = { editId: string; command: string; send: (review: Review) => Promise<unknown> };
  const edited: Wanted[] = [];

  /** A change of some kind: a new note, a card that is suspended or flagged, a deck. What it sends is the same each time. */
  function wantedBy(editId: string): Wanted {
    const cardIds = [String(pick([...cards.keys()]))];
    const dice = random();
    if (dice < 0.4) {
      const fields = [{ name: "Front", value: `made by ${editId}` }];
      oracle.marks(editId, `made by ${editId}\u001f`);
      const input = { editId, deckId: String(DECK), kind: "BASIC", fields };
      return { editId, command: "createNote", send: (review) => review.edits.createNote(person, input) };
    }
    if (dice < 0.7) {
      const wanted = dice < 0.6 ? { suspended: chance(0.5) } : { flag: below(8) };
      const input = { editId, cardIds, ...wanted };
      return { editId, command: "changeCards", send: (review) => review.edits.changeCards(person, input) };
    }
    if (dice < 0.8) {
      const searches = [{ search: "is:due", limit: 3, order: "DUE_FIRST" }];
      const input = { editId, name: `Filtered ${editId}`, searches };
      return { editId, command: "fillDeck", send: (review) => review.studying.createFilteredDeck(person, input) };
    }
    const input = { editId, name: `Deck ${editId}` };
    return { editId, command: "createDeck", send: (review) => review.edits.createDeck(person, input) };
  }

  /** A change; now and then again, or taken back. */
  async function edit() {
    const isAgain = edited.length > 0 && chance(0.2);
    const again = isAgain ? pick(edited) : undefined;
    const editId = again?.editId ?? `edit-${ids++}`;
    if (edited.length > 0 && chance(0.25)) {
      const got = await ask(
        "other undoEdit",
        (review) => review.edits.undoEdit(person, { editId: edited.at(-1)!.editId }),
      );
      if ("value" in got) counts.edits++;
      return;
    }
    // Now and then an id is used again for something else: that is told.
    const asked = again && chance(0.7) ? again : wantedBy(editId);
    if (!isAgain) edited.push(asked);
    const got = await ask(`other edit ${editId}`, async (review, attempt) => {
      await asked.send(review);
      oracle.changed(editId, attempt.name, asked.command);
    });
    if ("value" in got) counts.edits++;
  }

  const sweep = async () => await ask("other sweep", (review) => review.sweep());

  /** Everybody else: sweeps all the time; imports and exports now and then. */
  async function others(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      await world.think();
      const dice = random();
      if (chance(0.4)) await edit();
      if (chance(0.15)) await exchange();
      if (chance(0.15)) await table();
      if (chance(0.2)) await media();
      if (dice < 0.5) await sweep();
      else if (dice < 0.92) await bring(below(packages.length));
      else if (dice < 0.97) await take();
      else await ask("other find", (review) => review.reviews.find(person));
    }
  }

  /** On one process: a session that writes a file, by an answer or, where nothing is left to answer, after an import. */
  async function quietSession(): Promise<void> {
    if (await answerQuietly()) return;
    const got = await ask(
      "quiet import 0",
      (review) => review.transfer.importCollection(person, { file: packages[0]!.base64 }),
    );
    oracle.must("value" in got, "in calm an import is done", got);
    await answerQuietly();
  }

  /** Starts, answers what is shown, ends: nothing of it may fail. Gives whether there was anything to answer. */
  async function answerQuietly(): Promise<boolean> {
    const started = await start("quiet", "TAKE_OVER");
    oracle.must("value" in started, "in calm a session begins", started);
    if (!("value" in started)) return true;
    const { view, cardId } = started.value;
    const { sessionId } = view.session;
    const answer: SentAnswer = { answerId: `quiet-${ids++}`, sessionId, cardId: cardId ?? 0, ease: 3, mayCount: true };
    oracle.sent(answer);
    if (cardId !== undefined) {
      oracle.must("value" in await sendAnswer("quiet", answer), "in calm an answer counts", answer);
    }
    oracle.must("value" in await simple("quiet", "end", sessionId), "in calm a session ends", sessionId);
    return cardId !== undefined;
  }

  /** Several times one after another, with pictures and tables between them. */
  async function exchanges(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await exchange();
      if (chance(0.5)) await media();
      if (chance(0.3)) await table();
    }
  }

  return { device, others, sweep, bring, quietSession, exchanges };
}
