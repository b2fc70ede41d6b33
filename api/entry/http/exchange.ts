/** A request, whichever way it came: from a server, as a Request, or in a function's event. */
export type Asked = {
  method: string;
  /** Without the query. */
  path: string;
  /** What stands behind the `?`; empty where nothing does. */
  search: string;
  header: (name: string) => string | undefined;
  /** From where it came, as the server or the event knows it. */
  peer: string;
  /** The whole body. Throws RefusedError where it is longer than `maxBytes`, takes longer than `maxMs` or breaks off. */
  read: (maxBytes: number, maxMs: number) => Promise<Uint8Array>;
};

/** Where a stream is written. */
export type Sink = {
  write: (chunk: Uint8Array) => void;
  /** Resolves when the reader has taken what was written, or is gone; undefined where it has. */
  taken: () => Promise<void> | undefined;
  /** Ends the response: whole, or cut off where it cannot be. */
  end: (isCut: boolean) => void;
};

/** Begins to write; gives what ends it when the reader is gone. */
export type Streamed = (sink: Sink) => () => void;

export type Answer = { status: number; headers: Record<string, string>; body: string | Uint8Array | Streamed };

/** The path and the query of a request's target or URL, without the cost of a URL object. */
export function splitTarget(target: string): { path: string; search: string } {
  const from = /^[a-z]+:\/\/[^/?#]*/i.exec(target)?.[0].length ?? 0;
  const hash = target.indexOf("#", from);
  const rest = target.slice(from, hash < 0 ? undefined : hash);
  const mark = rest.indexOf("?");
  return mark < 0
    ? { path: rest || "/", search: "" }
    : { path: rest.slice(0, mark) || "/", search: rest.slice(mark + 1) };
}

/** The request of a Fetch API Request. */
export function askedBy(request: Request, peer: string, read: Asked["read"]): Asked {
  return {
    method: request.method,
    ...splitTarget(request.url),
    header: (name) => request.headers.get(name) ?? (name === "host" ? new URL(request.url).host : undefined),
    peer,
    read,
  };
}

/** The answer as a Response. A reader that goes ends the stream. */
export function toResponse({ status, headers, body }: Answer): Response {
  const isEmpty = [204, 205, 304].includes(status);
  if (typeof body !== "function") {
    return new Response(isEmpty ? null : body as string | Uint8Array<ArrayBuffer>, { status, headers });
  }
  let stop = () => {};
  let taken: PromiseWithResolvers<void> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      stop = body({
        write: (chunk) => controller.enqueue(chunk),
        taken: () => (controller.desiredSize ?? 0) > 0 ? undefined : (taken ??= Promise.withResolvers()).promise,
        end: (isCut) => isCut ? controller.error(new Error("The stream broke off.")) : controller.close(),
      });
    },
    pull() {
      taken?.resolve();
      taken = undefined;
    },
    cancel() {
      taken?.resolve();
      stop();
    },
  }, { highWaterMark: 1 });
  return new Response(stream, { status, headers });
}
