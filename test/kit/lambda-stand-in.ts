/**
 * Stands in for the native transport of `aws-lambda-ric`, which only its install script builds: the same three calls to the
 * runtime API, in JavaScript. Preloaded into the client's process; all else in it is the client's own.
 */
import { registerHooks } from "node:module";
import process from "node:process";

const base = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;
/** What was answered goes out before the next event is asked for. */
let sent: Promise<unknown> = Promise.resolve();

function post(path: string, body: string, headers: Record<string, string> = {}): void {
  sent = fetch(`${base}/${path}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } })
    .then((response) => response.text());
}

const client = {
  initializeClient() {},
  async next() {
    await sent;
    const response = await fetch(`${base}/next`);
    const headers = Object.fromEntries(response.headers);
    return { bodyJson: await response.text(), headers };
  },
  done: (id: string, body: string) => post(`${id}/response`, body),
  error: (id: string, body: string, xray: string) =>
    post(`${id}/error`, body, { "lambda-runtime-function-xray-error-cause": xray }),
};

const NAME = "./rapid-client.node";
const KEY = "sojourn.rapid-client";
(globalThis as Record<string, unknown>)[KEY] = client;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === NAME
      ? { url: "stand-in:rapid-client", format: "commonjs", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === "stand-in:rapid-client"
      ? { format: "commonjs", source: `module.exports = globalThis[${JSON.stringify(KEY)}]`, shortCircuit: true }
      : next(url, context),
});
