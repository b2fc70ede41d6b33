import type { App } from "../../app.ts";
import { type Clock, SECOND_MS } from "../../core/clock.ts";
import type { Telemetry } from "../../core/telemetry.ts";
import type { Answer } from "./exchange.ts";

const WELCOME = `Sojourn: sessions, journeys, metrics and review over one GraphQL API.

The API, and GraphiQL in a browser:  /graphql
Alive, ready, measurements:          /health  /ready  /metrics
`;

/** Without these all works, later: how they are is told, and makes nobody unready. */
const HINTS: readonly string[] = ["redis", "jwksRefresh"];

/** What those who run the service ask it, by path. */
export function createProbes(app: App, telemetry: Telemetry, clock: Clock) {
  let isStopping = false;
  let checked: { at: number; states: Promise<Record<string, string>> } | undefined;

  /** At most one check a second, however many ask. */
  function check(): Promise<Record<string, string>> {
    if (!checked || clock() - checked.at >= SECOND_MS) checked = { at: clock(), states: checkNow() };
    return checked.states;
  }

  async function checkNow(): Promise<Record<string, string>> {
    try {
      return await app.checkDependencies();
    } catch (error) {
      app.log.error("The check of the dependencies failed.", { error });
      return { service: "the check itself failed; see the log" };
    }
  }

  async function ready(): Promise<Answer> {
    const states = isStopping ? { service: "stopping" } : await check();
    const isReady = Object.entries(states).every(([name, state]) => state === "ok" || HINTS.includes(name));
    return json(isReady ? 200 : 503, { ready: isReady, dependencies: states });
  }

  const routes = new Map<string, () => Answer | Promise<Answer>>([
    ["/", () => ({ status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: WELCOME })],
    ["/health", () => json(200, { alive: true })],
    ["/ready", ready],
    ["/metrics", async () => {
      return { status: 200, headers: { "content-type": telemetry.contentType }, body: await telemetry.text() };
    }],
  ]);

  return {
    find: (path: string) => routes.get(path),
    /** From now on the service is not ready, so that nobody sends it more. */
    stop(): void {
      isStopping = true;
    },
  };
}

function json(status: number, body: object): Answer {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
