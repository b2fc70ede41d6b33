import type { LoadedEvent } from "../load/events.ts";

/** Gives a number from 0 up to 1. Passed in, so that tests decide what happens. */
export type Random = () => number;

/** What a visitor of the sample does: how many seconds after the step before, and what. */
type Step = [seconds: number, type: string, what?: { page?: string; text?: string }];

const ASK = "MESSAGE_SENT";
const TELL = "MESSAGE_RECEIVED";

/** Visits to a shop for walking gear, written for this sample. */
const SCRIPTS: readonly Step[][] = [
  [
    [0, "PAGE_VIEWED", { page: "/" }],
    [6, "PAGE_VIEWED", { page: "/boots" }],
    [9, "WIDGET_OPENED", { page: "/boots" }],
    [11, ASK, { text: "Do you ship to Nepal?" }],
    [3, TELL, { text: "Yes, in five to eight days. From 80 euros it costs nothing." }],
    [8, "PAGE_VIEWED", { page: "/boots/ridge-2" }],
    [14, "CTA_CLICKED", { page: "/boots/ridge-2" }],
  ],
  [
    [0, "PAGE_VIEWED", { page: "/tents" }],
    [12, "WIDGET_OPENED", { page: "/tents" }],
    [7, ASK, { text: "Is the two-person tent light enough to carry for a week?" }],
    [4, TELL, { text: "It weighs 1.4 kg with its poles. Many take it on the long trails." }],
    [9, ASK, { text: "And in strong wind?" }],
    [3, TELL, { text: "It stood 90 km/h in our test, with all six lines tied." }],
    [10, "FORM_STARTED", { page: "/checkout" }],
    [25, "FORM_COMPLETED", { page: "/checkout" }],
  ],
  [
    [0, "PAGE_VIEWED", { page: "/pricing" }],
    [10, "WIDGET_OPENED", { page: "/pricing" }],
    [9, ASK, { text: "Can a club pay by invoice?" }],
    [4, TELL, { text: "Yes. Leave the club's address and we send one." }],
    [12, "FORM_STARTED", { page: "/clubs" }],
  ],
  [
    [0, "PAGE_VIEWED", { page: "/" }],
    [8, "PAGE_VIEWED", { page: "/maps" }],
    [15, "LINK_CLICKED", { page: "/maps" }],
  ],
  [
    [0, "PAGE_VIEWED", { page: "/returns" }],
    [5, "WIDGET_OPENED", { page: "/returns" }],
    [8, ASK, { text: "The left boot squeaks. Can I send both back?" }],
    [3, TELL, { text: "Of course, within a year. The label is in your mail." }],
  ],
  [[0, "PAGE_VIEWED", { page: "/" }], [7, "PAGE_VIEWED", { page: "/boots" }], [9, "PAGE_VIEWED", { page: "/socks" }]],
];

/** A visit as it would arrive if nobody had to wait: its events by their times (epoch ms), the first at `startedAt`. */
export function visitOf(random: Random, sessionId: string, startedAt: number): LoadedEvent[] {
  const script = SCRIPTS[Math.floor(random() * SCRIPTS.length)]!;
  const visitorId = `guest-${Math.floor(random() * 40)}`;
  let at = startedAt;
  return script.map(([seconds, type, what], i) => {
    at += Math.round(seconds * 1_000 * (0.7 + random() * 0.6));
    return { sessionId, source: "main", seq: i + 1, type, occurredAt: new Date(at).toISOString(), visitorId, ...what };
  });
}
