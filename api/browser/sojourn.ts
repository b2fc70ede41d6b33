/**
 * The browser script that pages include as `/sojourn.js`: it numbers what happens on the page, keeps it until the service
 * has acknowledged it, and sends it again until then. Built by `npm run generate` into `built.ts`, at most 3 KB compressed.
 *
 *     <script async src="https://service.example/sojourn.js" data-key="sjw_…"></script>
 */
import { forget, openQueue, type Queue, type Sendable } from "./queue.ts";
import { randomText } from "./random.ts";
import { createSession } from "./session.ts";
import { type Fields, watchPage } from "./page.ts";

/** What pages call. */
export type Sojourn = {
  /** Records an event, such as `track("SEARCHED", {text: "shoes"})`. */
  track: (type: string, fields?: Fields) => void;
  /** From now on events name this visitor; `aliasOf` is another id of the same one. */
  identify: (visitorId: string, aliasOf?: string) => void;
  /** `false` stops and forgets what was not sent; `true` begins where the script waits for consent, and after a `false`. */
  consent: (given: boolean) => void;
  /** Sends what waits, now. */
  flush: () => Promise<void>;
};

const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** One request, below the 64 KB that a browser sends while a page goes away, also where each character takes three bytes. */
const MAX_EVENTS = 100;
const MAX_CHARS = 16_000;
const MAX_SEND_MS = 30_000;
/** The service takes no longer ones. */
const MAX_PAGE = 2_048;

const tag = document.currentScript as HTMLScriptElement;
const data = tag.dataset;
const address = new URL(`collect?key=${data.key}`, data.to ?? tag.src).href;

function start(): Sojourn {
  const session = createSession(() => state === "ON");
  /** Sent by now or not, everything that is not acknowledged. */
  let waiting: Sendable[] = [];
  let queue: Queue | undefined;
  let visitor: { visitorId?: string; aliasOf?: string } = {};
  let source = "";
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pause = PAUSE_MS;
  let sending: Promise<void> | undefined;
  /** "" until it is known whether events may be kept and sent. */
  let state: "ON" | "OFF" | "" = data.consent === "required" ? "" : "ON";
  const signals = navigator as { doNotTrack?: string; globalPrivacyControl?: boolean };
  const isRefused = signals.doNotTrack === "1" || !!signals.globalPrivacyControl;
  if (isRefused) state = "OFF";

  function renew(): void {
    source = randomText();
    seq = 0;
  }

  function track(type: string, { page = location.pathname.slice(0, MAX_PAGE), text, properties }: Fields = {}): void {
    if (state === "OFF") return;
    const event = {
      sessionId: session(),
      source,
      seq: ++seq,
      type,
      occurredAt: new Date().toISOString(),
      ...visitor,
      page,
      text,
      properties,
    };
    delete visitor.aliasOf;
    const sendable = { key: `${source}.${seq}`, json: JSON.stringify(event) };
    waiting.push(sendable);
    if (!state) return;
    queue?.put([sendable]);
    schedule();
  }

  function schedule(ms = PAUSE_MS): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void flush();
    }, ms);
  }

  /** The first of what waits that one request can carry. */
  function take(): Sendable[] {
    let room = MAX_CHARS;
    return waiting.slice(0, MAX_EVENTS).filter(({ json }, i) => (room -= json.length) > 0 || i === 0);
  }

  async function send(batch: readonly Sendable[]): Promise<void> {
    const body = `{"sentAt":"${new Date().toISOString()}","events":[${batch.map(({ json }) => json).join()}]}`;
    // Text needs no preflight; `keepalive` goes on where the page goes away.
    const headers = { "content-type": "text/plain" };
    const signal = AbortSignal.timeout(MAX_SEND_MS);
    const { status } = await fetch(address, {
      method: "POST",
      body,
      headers,
      signal,
      // A browser refuses to keep more than 64 KB alive: one event of so much is sent while the page is there.
      keepalive: body.length < 2 * MAX_CHARS,
      credentials: "omit",
    });
    // A body that is refused as such would be refused for ever.
    if (status !== 202 && status !== 400 && status !== 413) throw status;
    const keys = new Set(batch.map(({ key }) => key));
    waiting = waiting.filter(({ key }) => !keys.has(key));
    queue?.remove([...keys]);
  }

  async function sendAll(): Promise<void> {
    try {
      while (waiting.length && state === "ON") await send(take());
      pause = PAUSE_MS;
    } catch {
      pause = Math.min(2 * pause, MAX_PAUSE_MS);
      schedule(pause);
    }
  }

  function flush(): Promise<void> {
    return sending ??= sendAll().finally(() => sending = undefined);
  }

  /** The page may be gone after this: what is not safe yet is kept at once, and what waits is sent while it goes. */
  function leave(): void {
    if (state !== "ON") return;
    queue?.rescue(waiting);
    void flush();
  }

  function open(): void {
    queue = openQueue((found) => {
      waiting.push(...found.filter(({ key }) => !waiting.some((own) => own.key === key)));
      if (waiting.length) schedule(0);
    });
    queue.put(waiting);
  }

  function consent(given: boolean): void {
    if (given) {
      if (isRefused || state === "ON") return;
      state = "ON";
      open();
      schedule();
      return;
    }
    state = "OFF";
    waiting = [];
    // What an earlier page kept, too.
    forget();
    queue?.clear();
  }

  renew();
  if (state === "ON") open();
  if (state !== "OFF") {
    watchPage(track);
    addEventListener("pagehide", leave);
    addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
    addEventListener("online", () => void flush());
    addEventListener("pageshow", ({ persisted }) => {
      if (!persisted) return;
      // Back out of the cache: the page goes on, as a load of its own.
      renew();
      track("PAGE_VIEWED", { properties: { restored: true } });
    });
  }
  return {
    track,
    identify(visitorId, aliasOf) {
      visitor = aliasOf ? { visitorId, aliasOf } : { visitorId };
      track("IDENTIFIED");
    },
    consent,
    flush,
  };
}

const own = window as { sojourn?: Sojourn };
own.sojourn ??= start();
