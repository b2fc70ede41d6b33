/** Fields of our own messages: what has one of them is no wrapping, whatever else it has. */
const OWN_FIELDS = ["tenant", "events", "metrics", "batch", "motion"] as const;
/** Editors and some senders put it before text. */
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * The object that a message of a queue is, out of what it may have come in: SNS sends one as the text `Message` of a
 * notification, where raw delivery is off, EventBridge as the `detail` of an event. What is around it says nothing: whose it is
 * and what it holds is said inside. One wrapping is taken off; one inside of it is refused, and so is what holds no message.
 */
export function unwrap(body: string): { content: Record<string, unknown> } | { reason: string } {
  const outer = parseObject(body);
  if (!outer) return { reason: "body: must be a JSON object" };
  const name = wrappingOf(outer);
  if (name === undefined) return { content: outer };
  if (name === "Question") {
    return { reason: "body: asks whether its topic may send here, and is no message: open its `SubscribeURL`" };
  }
  const content = name === "Message" ? parseObject(outer.Message as string) : outer.detail as Record<string, unknown>;
  if (!content) return { reason: "Message: must be a JSON object" };
  const inner = wrappingOf(content);
  if (inner === undefined) return { content };
  return {
    reason: `${name}: is itself a message of SNS or EventBridge; one of them is unpacked: send it to the queue by one`,
  };
}

/** The field that holds a wrapped message, or what else a service sends of itself; undefined where an object is neither. */
function wrappingOf(content: Record<string, unknown>): "Message" | "detail" | "Question" | undefined {
  if (OWN_FIELDS.some((name) => Object.hasOwn(content, name))) return undefined;
  const { Type: type, Message: message, detail } = content;
  if (typeof message === "string") {
    if (type === "Notification") return "Message";
    if (type === "SubscriptionConfirmation") return "Question";
  }
  return isObject(detail) ? "detail" : undefined;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
