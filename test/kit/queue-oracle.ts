import type { DatabaseSync } from "node:sqlite";

/**
 * Which cards are due, in which order of each kind, and how many each deck shows: Anki's rules written once more, over plain
 * lists, for tests alone. Nothing of it is shared with what is tested, but how a draw is made of an id (`draw`), since Anki's
 * own is by chance.
 */
export type Oracle = {
  learning: number[];
  dayLearning: number[];
  reviews: number[];
  fresh: number[];
  remaining: { new: number; learning: number; due: number };
};
export type OracleDeck = { deckId: number; new: number; learning: number; due: number; cards: number };

type Card =
  & Record<"id" | "nid" | "did" | "ord" | "type" | "queue" | "due" | "ivl" | "factor" | "odue" | "odid", number>
  & { data: string };
type Deck = { id: number; name: string[]; conf: number | undefined; filtered: boolean; json: Record<string, unknown> };
type Limit = { review: number; new: number };

const obj = (value: unknown) => (typeof value === "object" && value !== null ? value as Record<string, unknown> : {});
const num = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise);
const draw = (id: number, today: number) => ((id + today * 7_919) % 2_147_483_647) * 48_271 % 2_147_483_647;

/** Lists are sorted by several numbers, one after the other. */
const by = <T>(...keys: ((item: T) => number)[]) => (a: T, b: T) => {
  for (const key of keys) if (key(a) !== key(b)) return key(a) < key(b) ? -1 : 1;
  return 0;
};

export function queueOracle(
  db: DatabaseSync,
  { today, nowSecs, nextDaySecs }: { today: number; nowSecs: number; nextDaySecs: number },
) {
  const col = db.prepare("SELECT conf, decks, dconf FROM col").get()!;
  const [conf, rawDecks, presets] = [col["conf"], col["decks"], col["dconf"]].map((text) =>
    obj(JSON.parse(String(text)))
  );
  const lower = (json: unknown) => String(obj(json)["name"]).split("::").map((part) => part.trim().toLowerCase());
  const decks: Deck[] = Object.entries(rawDecks!).map(([id, json]) => ({
    id: Number(id),
    name: lower(json),
    conf: obj(json)["conf"] as number | undefined,
    filtered: obj(json)["dyn"] === 1,
    json: obj(json),
  })).sort((a, b) => {
    for (let i = 0; i < Math.min(a.name.length, b.name.length); i++) {
      if (a.name[i] !== b.name[i]) return a.name[i]! < b.name[i]! ? -1 : 1;
    }
    return a.name.length - b.name.length || a.id - b.id;
  });
  const deckOf = new Map(decks.map((deck) => [deck.id, deck]));
  const isAbove = (a: Deck, b: Deck) => a.name.length < b.name.length && a.name.every((part, i) => part === b.name[i]);
  const above = (deck: Deck) => decks.filter((other) => isAbove(other, deck));
  const presetOf = (deck: Deck | undefined) =>
    obj(deck?.conf === undefined ? undefined : presets![String(deck.conf)] ?? presets!["1"]);
  const ignores = conf!["newCardsIgnoreReviewLimit"] === true;
  const parentsHold = conf!["applyAllParentLimits"] === true;
  const fsrs = conf!["fsrs"] === true;
  const ahead = nowSecs + num(conf!["collapseTime"], 1_200);

  function limitOf(deck: Deck): Limit {
    if (deck.filtered) return { review: 9_999, new: 9_999 };
    const preset = presetOf(deck);
    const own = (name: string, otherwise: number) => {
      const day = obj(deck.json[`${name}LimitToday`]);
      return day["today"] === today ? num(day["limit"], otherwise) : num(deck.json[`${name}Limit`], otherwise);
    };
    const done = (name: string) => {
      const pair = deck.json[name] as number[] | undefined;
      return pair?.[0] === today ? pair[1]! : 0;
    };
    let review = own("review", num(obj(preset["rev"])["perDay"], 200)) - done("revToday");
    let fresh = own("new", num(obj(preset["new"])["perDay"], 20)) - done("newToday");
    if (!ignores) {
      review -= done("newToday");
      fresh = Math.min(fresh, review);
    }
    return { review: Math.max(0, review), new: Math.max(0, fresh) };
  }

  const cards = db.prepare("SELECT * FROM cards ORDER BY id").all() as unknown as Card[];
  // Cards that were buried on an earlier day are where they belong.
  const isOver = num(conf!["lastUnburied"], 0) < today || today + 7 < num(conf!["lastUnburied"], 0);
  const home = (card: Card) => [0, card.due > 1_000_000_000 ? 1 : 3, 2, card.due > 1_000_000_000 ? 1 : 3][card.type]!;
  const queued = cards.map((
    card,
  ) => (isOver && (card.queue === -2 || card.queue === -3) ? { ...card, queue: home(card) } : card));

  function memory({ data }: Card, name: "s" | "d" | "dr" | "decay" | "lrt"): number | undefined {
    try {
      return obj(JSON.parse(data))[name] as number | undefined;
    } catch {
      return undefined;
    }
  }

  function queueOf(deckId: number): Oracle {
    const root = deckOf.get(deckId)!;
    const active = decks.filter((deck) => deck === root || isAbove(root, deck));
    const place = new Map(active.map(({ id }, i) => [id, i]));
    const counted = parentsHold ? [...above(root), ...active] : active;
    const left = new Map(counted.map((deck) => [deck.id, limitOf(deck)]));
    const chain = (deck: Deck) => [deck, ...above(deck)].flatMap(({ id }) => left.get(id) ?? []);
    const room = (deck: Deck, kind: keyof Limit) => Math.min(...chain(deck).map((limit) => limit[kind]));
    const take = (deck: Deck, kind: keyof Limit) => {
      for (const limit of chain(deck)) {
        limit[kind]--;
        if (kind === "review" && !ignores) limit.new = Math.min(limit.new, limit.review);
      }
    };
    const options = root.filtered ? {} : presetOf(root);
    const mine = queued.filter(({ did }) => place.has(did));
    const seen = new Map<number, { new: boolean; review: boolean; day: boolean }>();
    const isBuried = (card: Card, kind: "new" | "review" | "day" | undefined) => {
      const preset = presetOf(deckOf.get(card.odid || card.did));
      const before = seen.get(card.nid);
      seen.set(card.nid, {
        new: before?.new === true || obj(preset["new"])["bury"] === true,
        review: before?.review === true || obj(preset["rev"])["bury"] === true,
        day: before?.day === true || preset["buryInterdayLearning"] === true,
      });
      return kind !== undefined && before?.[kind] === true;
    };
    const learning = mine.filter(({ queue, due }) => (queue === 1 || queue === 4) && due < nextDaySecs)
      .sort(by(({ due }) => due, ({ id }) => id));
    for (const card of learning) isBuried(card, undefined);

    const day = (card: Card) => card.due;
    const elapsed = (card: Card) => today - (card.odue || card.due) + card.ivl + 0.001;
    // The chance that it is known; by SM-2 how long it waits beside its interval.
    const recall = (card: Card) => {
      if (!fsrs) return -elapsed(card) / Math.max(card.ivl, 0.001);
      const [days, decay] = [daysSince(card), memory(card, "decay") ?? 0.5];
      const stability = Math.max((isKept(card) ? memory(card, "s") : undefined) ?? card.ivl, 0.001);
      return (1 + (0.9 ** (-1 / decay) - 1) * days / stability) ** -decay;
    };
    const isKept = (card: Card) => memory(card, "s") !== undefined && memory(card, "d") !== undefined;
    // The last answer is what the card says of it; else an interval before the day it is due.
    const dayOfAnswer = (card: Card) => {
      const at = memory(card, "lrt");
      return at === undefined ? (card.odue || card.due) - card.ivl : today - Math.floor((nextDaySecs - at) / 86_400);
    };
    const daysSince = (card: Card) => Math.max(0, today - dayOfAnswer(card));
    const overdue = (card: Card) => {
      const wanted = memory(card, "dr");
      if (!fsrs) return elapsed(card) / Math.max(card.ivl, 1);
      if (!isKept(card) || wanted === undefined) {
        return (Math.max(0, today - (card.odue || card.due) + card.ivl) + 0.001) / Math.max(card.ivl, 1);
      }
      const power = -1 / (memory(card, "decay") ?? 0.5);
      return (recall(card) ** power - 1) / (wanted ** power - 1);
    };
    const hardness = (card: Card) => memory(card, "d") ?? 5 - card.factor / 1_000;
    const inDeck = (card: Card) => place.get(card.did)!;
    const orders: Record<number, ((card: Card) => number)[]> = {
      0: [day],
      1: [day, inDeck],
      2: [inDeck, day],
      3: [({ ivl }) => ivl],
      4: [({ ivl }) => -ivl],
      5: [fsrs ? (card) => -hardness(card) : ({ factor }) => factor],
      6: [fsrs ? hardness : ({ factor }) => -factor],
      7: [recall],
      9: [({ nid }) => nid, ({ ord }) => ord],
      10: [({ nid }) => -nid, ({ ord }) => ord],
      11: [(card) => -recall(card)],
      12: [(card) => -overdue(card)],
    };
    const order = by(...(orders[num(options["reviewOrder"], 0)] ?? []), ({ id }: Card) => draw(id, today));
    const taken = (all: Card[], kind: keyof Limit, buries: "new" | "review" | "day") =>
      all.filter((card) => {
        const deck = deckOf.get(card.did)!;
        if (room(root, kind) <= 0 || room(deck, kind) <= 0 || isBuried(card, buries)) return false;
        take(deck, kind);
        return true;
      });
    const due = (queue: number) => mine.filter((card) => card.queue === queue && card.due <= today).sort(order);
    const dayLearning = taken(due(3), "review", "day");
    const reviews = taken(due(2), "review", "review");

    const gathering = num(options["newGatherPriority"], 0);
    const news = mine.filter(({ queue }) => queue === 0);
    const position = [({ due }: Card) => due, ({ ord }: Card) => ord];
    const byNote = [({ nid }: Card) => draw(nid, today), ({ ord }: Card) => ord];
    const gathered = {
      0: by(inDeck, ...position),
      1: by(...position),
      2: by(({ due }: Card) => -due, ({ ord }) => ord),
      3: by(...byNote),
      4: by(({ id }: Card) => draw(id, today)),
      5: by(inDeck, ...byNote),
    }[gathering]!;
    const fresh = taken(news.sort(by(({ id }) => id)).sort(gathered), "new", "new");
    const sorted = {
      0: [({ ord }: Card) => ord],
      1: [],
      2: [({ ord }: Card) => ord, ({ id }: Card) => draw(id, today)],
      3: [({ nid }: Card) => draw(nid, today), ({ ord }: Card) => ord],
      4: [({ id }: Card) => draw(id, today)],
    }[root.filtered ? 1 : num(options["newSortOrder"], 0)]!;
    fresh.sort(by(...sorted));
    const ids = (all: Card[]) => all.map(({ id }) => id);
    return {
      learning: ids(learning),
      dayLearning: ids(dayLearning),
      reviews: ids(reviews),
      fresh: ids(fresh),
      remaining: {
        new: fresh.length,
        learning: learning.filter((card) => card.due <= ahead).length + dayLearning.length,
        due: reviews.length,
      },
    };
  }

  /** All decks as the list of decks counts them. */
  function listOf(): OracleDeck[] {
    const capped = new Map<number, { new: number; review: number; day: number; learning: number; cards: number }>();
    const visit = (deck: Deck, parent: Limit | undefined) => {
      const own = limitOf(deck);
      const limit = parent ? { review: Math.min(own.review, parent.review), new: Math.min(own.new, parent.new) } : own;
      const here = queued.filter(({ did }) => did === deck.id);
      const sum = {
        new: here.filter(({ queue }) => queue === 0).length,
        review: here.filter(({ queue, due }) => queue === 2 && due <= today).length,
        day: here.filter(({ queue, due }) => queue === 3 && due <= today).length,
        learning: here.filter(({ queue, due }) => (queue === 1 && due < ahead) || (queue === 4 && due <= ahead)).length,
        cards: here.length,
      };
      for (const child of decks.filter((other) => above(other).at(-1) === deck)) {
        const below = visit(child, parentsHold ? limit : undefined);
        for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += below[key];
      }
      const dayLearning = Math.min(sum.day, limit.review);
      const review = Math.min(sum.review, limit.review - dayLearning);
      const fresh = Math.min(sum.new, limit.new, ignores ? Infinity : limit.review - dayLearning - review);
      const counts = { ...sum, day: dayLearning, review, new: fresh };
      capped.set(deck.id, counts);
      return counts;
    };
    for (const deck of decks) if (above(deck).length === 0) visit(deck, undefined);
    return decks.map(({ id }) => {
      const found = capped.get(id)!;
      return {
        deckId: id,
        new: found.new,
        learning: found.learning + found.day,
        due: found.review,
        cards: found.cards,
      };
    });
  }

  return { queueOf, listOf, deckIds: decks.map(({ id }) => id) };
}

/** Two kinds, spread evenly: Anki goes through both by their places, comparing shares. */
export function interspersed(one: number, two: number): ("one" | "two")[] {
  const ratio = (one + 1) / (two + 1);
  const all: ("one" | "two")[] = [];
  let [a, b] = [0, 0];
  while (a < one || b < two) {
    const isTwo = a === one || (b < two && (b + 1) * ratio < a + 1);
    all.push(isTwo ? "two" : "one");
    if (isTwo) b++;
    else a++;
  }
  return all;
}
