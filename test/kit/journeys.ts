import type { Answer, TestApp } from "./app.ts";

export type EventInput = {
  sessionId: string;
  source?: string;
  seq: number;
  type: string;
  occurredAt: string;
  visitorId?: string;
  aliasOf?: string;
  page?: string;
  text?: string;
  properties?: unknown;
};

const RECORD = `mutation ($events: [EventInput!]!) { recordEvents(input: { events: $events }) {
  __typename
  ... on RecordEventsPayload { accepted duplicates rejected receipts { status code reason } }
  ... on UserError { code message }
  ... on InvalidInputError { fields { path message } }
} }`;

/** The answer of `recordEvents`. Throws where the request failed as a whole. */
// oxlint-disable-next-line no-explicit-any
export async function record(api: TestApp, tenantId: string, events: readonly EventInput[]): Promise<any> {
  const answer = await api.ask(tenantId, RECORD, { events });
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.recordEvents;
}

/** The same request, with whatever came back. */
export function tryRecord(api: TestApp, tenantId: string, events: readonly EventInput[]): Promise<Answer> {
  return api.ask(tenantId, RECORD, { events });
}

/** A visit as a chat widget would send it: events `from` to `to`, some seconds apart. */
export function visit(
  sessionId: string,
  from: number,
  to: number,
  startAt: number,
  more: Partial<EventInput> = {},
): EventInput[] {
  const types = ["PAGE_VIEWED", "MESSAGE_SENT", "MESSAGE_RECEIVED", "PAGE_VIEWED", "WIDGET_OPENED"];
  const texts = [
    "Where is my order?",
    "Can I change the delivery address?",
    "Thanks, that helps.",
    "How long does it take?",
  ];
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const seq = from + i;
    const type = types[seq % types.length]!;
    const isMessage = type.startsWith("MESSAGE");
    return {
      sessionId,
      seq,
      type,
      occurredAt: new Date(startAt + seq * 7_310 + ((seq * 7_919) % 3_000)).toISOString(),
      visitorId: `visitor-${sessionId}`,
      ...(isMessage
        ? { text: `${texts[seq % texts.length]} (${seq})` }
        : { page: `/products/${(seq * 31) % 17}/details` }),
      ...more,
    };
  });
}
