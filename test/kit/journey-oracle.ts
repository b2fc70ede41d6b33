import { type Random, shuffled } from "../proof/random.ts";
import type { ArrivedEvent, Goals, Journey, OwnOutcome } from "../../api/journeys/model.ts";

/**
 * Random sessions, and what a journey is by its definition: from all its events at once, without a thought of how they came. The
 * pauses, texts and pages lie at the limits and beside them.
 */
const MINUTE = 60_000;
const T0 = Date.UTC(2026, 0, 1);
/** A pause of half an hour is none. */
const PAUSES = [0, 1, MINUTE, 10 * MINUTE, 30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1, 45 * MINUTE, 300 * MINUTE];
const TYPES = [
  ...["PAGE_VIEWED", "PAGE_VIEWED", "MESSAGE_SENT", "MESSAGE_RECEIVED", "FORM_STARTED", "CUSTOM"],
  ...["FORM_COMPLETED", "LINK_CLICKED", "CTA_CLICKED"],
];
const TEXTS = ["", " ", "\u200b", "hello", "why?", "q".repeat(256), "q".repeat(257)];
const PAGES = ["", "/", "/a", "/a/b?x=1", "/thanks", `/${"p".repeat(127)}`, `/${"p".repeat(128)}`];

export const GOALS: Goals = {
  version: 3,
  list: [
    { goalId: "paid", name: "paid", outranks: "FORM_COMPLETED", anyOf: [{ page: "/thanks" }] },
    { goalId: "asked", name: "asked", outranks: "ABANDONED", anyOf: [{ type: "MESSAGE_RECEIVED" }] },
    {
      goalId: "big",
      name: "big",
      outranks: "LINK_CLICKED",
      anyOf: [{ property: { name: "plan", value: "pro" } }, { type: "CUSTOM", page: "/a*" }],
    },
  ],
};

const below = (random: Random, n: number) => Math.floor(random() * n);
const oneOf = <T>(random: Random, of: readonly T[]) => of[below(random, of.length)]!;

/** Distinct numbers of some sources, whose clocks differ. `calm` sessions decide nothing, so that pauses tell their outcome. */
export function randomSession(random: Random, most = 40): ArrivedEvent[] {
  let at = T0;
  const next = new Map<string, number>();
  const types = oneOf(random, [TYPES, TYPES.slice(0, 6), TYPES.slice(0, 3)]);
  const pauses = oneOf(random, [PAUSES, PAUSES.slice(3, 7)]);
  return Array.from({ length: 1 + below(random, most) }, () => {
    at += oneOf(random, pauses);
    const source = oneOf(random, ["main", "tab-b", "🙂", "\uffff"]);
    const seq = (next.get(source) ?? 0) + 1;
    next.set(source, seq);
    const type = oneOf(random, types);
    return {
      ...{ sessionId: "s", source, seq, type, receivedAt: T0 },
      occurredAt: at + oneOf(random, [0, 0, 15 * MINUTE, 30 * MINUTE]),
      ...(below(random, 5) === 0 ? { visitorId: oneOf(random, ["anon", "user", "other"]) } : {}),
      ...(type.startsWith("MESSAGE") ? { text: oneOf(random, TEXTS) } : {}),
      ...(below(random, 2) === 0 ? { page: oneOf(random, PAGES) } : {}),
      ...(below(random, 6) === 0 ? { properties: { plan: oneOf(random, ["pro", "free", null]) } } : {}),
    };
  });
}

/** Some order, cut into batches, some of which come twice, or come again later with other content. */
export function randomBatches(random: Random, events: readonly ArrivedEvent[]): ArrivedEvent[][] {
  const order = shuffled(events, random);
  const batches: ArrivedEvent[][] = [];
  for (let from = 0; from < order.length;) {
    const to = from + 1 + below(random, 12);
    batches.push(order.slice(from, to));
    if (below(random, 4) === 0) batches.push(shuffled(order.slice(0, to), random).slice(0, 5));
    if (below(random, 4) === 0) {
      batches.push(order.slice(0, to).slice(-3).map((event) => ({ ...event, page: "/other" })));
    }
    from = to;
  }
  return batches;
}

/** What is shown of a journey. */
export function shownOf(journey: Journey, outcome: string) {
  const { visitor, otherIds, startedAt, endedAt, eventCount, userMessageCount, botMessageCount, types, visits } =
    journey;
  return {
    ids: [...otherIds, ...visitor ? [visitor.visitorId] : []].sort(),
    ...{ visitorId: visitor?.visitorId, startedAt, endedAt, eventCount, userMessageCount, botMessageCount, outcome },
    types: [...types],
    visits: visits.map(([from, to]) => [from, to]),
    firstQuestion: placeOf(journey.firstQuestion),
    questionText: journey.firstQuestion?.text,
    lastPage: placeOf(journey.lastPage),
    decided: placeOf(journey.decided),
    goals: journey.goals.reached.map((goal) => [goal.goalId, placeOf(goal)]),
  };
}

/** The same, by its definition. */
export function defined(events: readonly ArrivedEvent[], now: number): ReturnType<typeof shownOf> {
  const inOrder = events.toSorted((a, b) =>
    a.occurredAt - b.occurredAt || (a.source < b.source ? -1 : a.source > b.source ? 1 : a.seq - b.seq)
  );
  const of = (type: string) => inOrder.filter((event) => event.type === type);
  const question = of("MESSAGE_SENT").find(({ text }) => text && !["", " ", "\u200b"].includes(text));
  const decided = of("FORM_COMPLETED")[0] ?? of("CTA_CLICKED")[0] ?? of("LINK_CLICKED")[0];
  const visits: [number, number][] = [];
  for (const { occurredAt } of inOrder) {
    const last = visits.at(-1);
    if (last && occurredAt - last[1] <= 30 * MINUTE) last[1] = occurredAt;
    else visits.push([occurredAt, occurredAt]);
  }
  const engaged = inOrder.find(({ type }) => type === "FORM_STARTED" || type === "MESSAGE_SENT");
  const after = [...inOrder.map(({ occurredAt }) => occurredAt), now].filter((at) =>
    engaged && at >= engaged.occurredAt
  );
  const isLeft = after.some((at, i) => i > 0 && at - after[i - 1]! > 30 * MINUTE);
  const own = (decided?.type ?? (isLeft ? "ABANDONED" : "BROWSING")) as OwnOutcome;
  const plan = ({ properties }: ArrivedEvent) => (properties as { plan?: string } | undefined)?.plan;
  const reached = [
    ["paid", inOrder.find(({ page }) => page === "/thanks")],
    ["asked", of("MESSAGE_RECEIVED")[0]],
    [
      "big",
      inOrder.find((event) => plan(event) === "pro" || (event.type === "CUSTOM" && event.page?.startsWith("/a"))),
    ],
  ].filter((goal): goal is [string, ArrivedEvent] => goal[1] !== undefined);
  // `asked` takes the place of what is no more than ABANDONED: a form or message was begun, or nothing at all was decided.
  const order = ["FORM_COMPLETED", "CTA_CLICKED", "LINK_CLICKED", "ABANDONED", "BROWSING"];
  const outranks: Record<string, string> = { paid: "FORM_COMPLETED", asked: "ABANDONED", big: "LINK_CLICKED" };
  const level = decided?.type ?? (engaged ? "ABANDONED" : "BROWSING");
  const isWon = reached.some(([goalId]) => order.indexOf(outranks[goalId]!) <= order.indexOf(level));
  const named = [...new Set(inOrder.flatMap(({ visitorId }) => visitorId ?? []))];
  return {
    ids: named.toSorted(),
    visitorId: named[0],
    startedAt: inOrder[0]!.occurredAt,
    endedAt: inOrder.at(-1)!.occurredAt,
    eventCount: events.length,
    userMessageCount: of("MESSAGE_SENT").length,
    botMessageCount: of("MESSAGE_RECEIVED").length,
    outcome: isWon ? "GOAL_REACHED" : own,
    types: [...new Set(events.map(({ type }) => type))].sort(),
    visits,
    firstQuestion: placeOf(question),
    questionText: question && question.text!.length <= 256 ? question.text : undefined,
    lastPage: placeOf(inOrder.findLast(({ page }) => page)),
    decided: placeOf(decided),
    goals: reached.map(([goalId, event]) => [goalId, placeOf(event)]),
  };
}

function placeOf(at: { occurredAt: number; source: string; seq: number } | undefined): string | undefined {
  return at && `${at.occurredAt} ${at.source} ${at.seq}`;
}
