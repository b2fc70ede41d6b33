import { expect, test } from "vitest";
import { EVENTS, MULTIPART } from "../../api/entry/http/streams.ts";

const decoder = new TextDecoder();
const textOf = (...parts: Uint8Array[]) => parts.map((part) => decoder.decode(part)).join("");
const result = (n: number) => ({ data: { n } });

/** The bodies that a reader of multipart answers can give: those whose boundary has come. */
function given(text: string): string[] {
  const [, ...parts] = text.split("\r\n---");
  return parts.slice(0, -1).map((part) => part.slice(part.indexOf("\r\n\r\n") + 4));
}

test("a reader of parts can give each as soon as it was sent, not with the next one", () => {
  const sent = [MULTIPART.first, MULTIPART.frame(result(1)), MULTIPART.ping, MULTIPART.frame(result(2))];
  const bodies = ["{}", '{"payload":{"data":{"n":1}}}', "{}", '{"payload":{"data":{"n":2}}}'];
  for (let n = 1; n <= sent.length; n++) expect(given(textOf(...sent.slice(0, n)))).toEqual(bodies.slice(0, n));
  const whole = textOf(...sent, MULTIPART.last!);
  expect(whole).toMatch(/\r\n-----\r\n$/);
  expect(whole.match(/content-type: application\/json\r\n\r\n/g)).toHaveLength(4);
});

test("each event of server-sent events ends with its empty line", () => {
  for (const bytes of [EVENTS.first, EVENTS.ping, EVENTS.frame(result(1)), EVENTS.last!]) {
    expect(textOf(bytes)).toMatch(/^(?:[^\n]+\n)+\n$/);
  }
});
