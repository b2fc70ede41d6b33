import { type EventInput, visit } from "../kit/journeys.ts";
import { createRandom } from "../proof/random.ts";

const WORDS =
  `my order has not arrived yet and the tracking page says it left depot on Monday could you please check where
  parcel is now thank for your patience we have asked carrier they tell us that delivery will take two more working days
  if nothing comes by then I would like a refund instead to same card sorry about this of course here are details number
  address changed since last month street house city which one do want keep blue shoes size smaller exchange return label
  email sent again spam folder look inside account settings password reset link expired try another browser phone call
  later`.split(/\s+/);

/**
 * `visit` with words of its own in every message: 8 to 21 in a question, 20 to 49 in an answer, as people write to a
 * shop, and a page view's properties. The same seed gives the same events.
 */
export function chat(sessionId: string, from: number, to: number, startAt: number): EventInput[] {
  const random = createRandom(`${sessionId} ${from}`);
  const upTo = (limit: number) => Math.floor(random() * limit);
  const say = (length: number) => Array.from({ length }, () => WORDS[upTo(WORDS.length)]).join(" ");
  return visit(sessionId, from, to, startAt).map((event) => {
    if (event.type === "MESSAGE_SENT") return { ...event, text: say(8 + upTo(14)) };
    if (event.type === "MESSAGE_RECEIVED") return { ...event, text: say(20 + upTo(30)) };
    return event.type === "PAGE_VIEWED" ? { ...event, properties: { scrolledPercent: upTo(101) } } : event;
  });
}
