import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

/** One piece of work, as OpenTelemetry knows it. Instants are epoch milliseconds with fractions. */
export type Span = {
  traceId: string;
  spanId: string;
  parentId: string | undefined;
  name: string;
  startedAt: number;
  endedAt: number;
  attributes: Record<string, string | number>;
  /** The name of the error that it ended with. */
  error: string | undefined;
};

export type Tracer = {
  /**
   * Does the work as a span: below `parent` (a W3C traceparent) where one came along, else below what is under way. Its attributes
   * are read when it ends.
   */
  span: <T>(name: string, attributes: Span["attributes"], work: () => Promise<T>, parent?: string) => Promise<T>;
  /** The traceparent of what is under way, for whoever goes on with it elsewhere. */
  current: () => string | undefined;
  /** Sends what has ended. */
  flush: () => Promise<void>;
};

/** Costs nothing: the work itself. */
export const NO_TRACER: Tracer = {
  span: (_name, _attributes, work) => work(),
  current: () => undefined,
  flush: () => Promise.resolve(),
};

type Context = { traceId: string; spanId: string; isSampled: boolean };

/** So many spans are sent at once; what comes while as many wait is dropped. */
const MAX_WAITING = 512;
const FLUSH_MS = 1_000;

/** Traces a part of the requests (`ratio`), and whatever belongs to a trace that came along. `send` never holds work up. */
export function createTracer(
  { send, ratio, random = randomBytes }: {
    send: (spans: readonly Span[]) => Promise<void>;
    ratio: number;
    random?: (bytes: number) => Buffer;
  },
): Tracer {
  const contexts = new AsyncLocalStorage<Context>();
  let waiting: Span[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const spans = waiting;
    waiting = [];
    // A collector that is away costs spans, and nothing else.
    if (spans.length > 0) await send(spans).catch(() => {});
  }

  function end(span: Span): void {
    if (waiting.length >= MAX_WAITING) return;
    waiting.push(span);
    timer ??= setTimeout(() => void flush(), FLUSH_MS);
  }

  return {
    async span(name, attributes, work, parent) {
      const above = (parent === undefined ? undefined : parseTraceparent(parent)) ?? contexts.getStore();
      const own: Context = {
        traceId: above?.traceId ?? random(16).toString("hex"),
        spanId: random(8).toString("hex"),
        isSampled: above?.isSampled ?? random(4).readUInt32BE() / 2 ** 32 < ratio,
      };
      if (!own.isSampled) return await contexts.run(own, work);
      const startedAt = performance.timeOrigin + performance.now();
      let error: string | undefined;
      try {
        return await contexts.run(own, work);
      } catch (thrown) {
        error = thrown instanceof Error ? thrown.name : "Error";
        throw thrown;
      } finally {
        const endedAt = performance.timeOrigin + performance.now();
        end({ ...own, parentId: above?.spanId, name, startedAt, endedAt, attributes, error });
      }
    },
    current() {
      const context = contexts.getStore();
      return context && `00-${context.traceId}-${context.spanId}-${context.isSampled ? "01" : "00"}`;
    },
    flush,
  };
}

/** A traceparent as W3C's Trace Context has it; undefined for anything else. */
function parseTraceparent(text: string): Context | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags!, 16) & 1) === 1 };
}

/** Spans as OTLP's JSON over HTTP has them, for any collector (https://opentelemetry.io/docs/specs/otlp/). */
export function toOtlp(serviceName: string, spans: readonly Span[]): object {
  const attribute = ([key, value]: [string, string | number]) => (
    { key, value: typeof value === "number" ? { doubleValue: value } : { stringValue: value } }
  );
  const nanos = (at: number) => `${BigInt(Math.round(at * 1_000)) * 1_000n}`;
  return {
    resourceSpans: [{
      resource: { attributes: [attribute(["service.name", serviceName])] },
      scopeSpans: [{
        scope: { name: "sojourn" },
        spans: spans.map(({ traceId, spanId, parentId, name, startedAt, endedAt, attributes, error }) => ({
          traceId,
          spanId,
          ...(parentId === undefined ? {} : { parentSpanId: parentId }),
          name,
          kind: parentId === undefined ? 2 : 1,
          startTimeUnixNano: nanos(startedAt),
          endTimeUnixNano: nanos(endedAt),
          attributes: Object.entries(attributes).map(attribute),
          status: error === undefined ? {} : { code: 2, message: error },
        })),
      }],
    }],
  };
}
