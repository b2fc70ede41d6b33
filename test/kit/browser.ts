import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { signLocalToken } from "../../api/auth/setup.ts";
import { createClients } from "../../api/aws/clients.ts";
import { createQueues } from "../../api/aws/queues.ts";
import { SCOPES } from "../../api/auth/viewer.ts";
import { parseConfig } from "../../api/config.ts";
import { makeTempDir } from "./local.ts";
import { PATIENCE_MS, watch } from "./process.ts";

const CHROMIUM = "/usr/bin/chromium";
const ROOT = new URL("../..", import.meta.url).pathname;
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required";

/** Debian's Chromium, driven from Node: under Deno the pages would be the same. */
export const hasBrowser = existsSync(CHROMIUM) && !("Deno" in globalThis);
if (!hasBrowser) console.log(`The pages are not tried here: that needs ${CHROMIUM} (Debian's chromium) and Node.`);

export type TabOptions = { width?: number; height?: number; dark?: boolean; agent?: string };

/** A Chromium. What its pages complain about on their consoles is collected in `complaints`. */
export async function openBrowser() {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" "), timeout: PATIENCE_MS });
  const complaints: string[] = [];
  return {
    complaints,
    async openTab(base: string, options: TabOptions = {}) {
      const { width = 1280, height = 900, dark = false } = options;
      const context = await browser.newContext({
        baseURL: base,
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce",
        timezoneId: "UTC",
        locale: "en-GB",
        ...(options.agent ? { userAgent: options.agent } : {}),
      });
      return { context, page: await newPage(context) };
    },
    newPage,
    close: () => browser.close(),
  };

  async function newPage(context: BrowserContext): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A connection that a test cuts, and a refused token, are reported by the browser itself.
      if (message.type() === "error" && !/ERR_|WebSocket|status of 401/.test(message.text())) {
        complaints.push(message.text());
      }
    });
    return page;
  }
}

/** The service as `npm start -- --empty` runs it, in a folder of its own. */
export async function startService() {
  const folder = await makeTempDir();
  const child = spawn("sh", ["api/entry/cli/start.sh", "--empty"], {
    cwd: ROOT,
    env: {
      ...process.env,
      PATH: `${ROOT}/node_modules/.bin:${process.env.PATH}`,
      PORT: "0",
      HOST: "127.0.0.1",
      DATA_DIR: folder.path,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const running = watch(child);
  const [, url] = await running.says(/Pages\s+(http:\/\/\S+?)\/\s/);
  const [, sqs] = await running.says(/SQS\s+(http:\/\/\S+)/);
  const tokenOf = (tenantId: string) =>
    signLocalToken(parseConfig({ DATA_DIR: folder.path }), { tenantId, scopes: [...SCOPES] });
  return {
    url: url!,
    tokenOf,
    /** Asks as a device or a colleague would, past the pages. Throws where the service refuses. */
    async ask(tenantId: string, query: string, variables: object = {}): Promise<Record<string, unknown>> {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${await tokenOf(tenantId)}` },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = await response.json() as { data?: Record<string, unknown>; errors?: unknown };
      if (!data || errors) throw new Error(JSON.stringify(errors));
      return data;
    },
    /** Puts a message on the queue that takes what other systems send. */
    async send(message: object): Promise<void> {
      const clients = createClients({
        region: "eu-central-1",
        endpoints: { dynamodb: undefined, s3: undefined, sqs: sqs! },
      });
      await createQueues(clients.sqs).send("sojourn-ingest", JSON.stringify(message));
      clients.destroy();
    },
    async stop() {
      child.kill("SIGTERM");
      await running.ended;
      await folder.remove();
    },
  };
}

export type Service = Awaited<ReturnType<typeof startService>>;

/** A line to `url` that can be cut, which a browser's offline mode does not do to an open socket. */
export async function openLine(url: string) {
  const { port, hostname } = new URL(url);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    if (isCut) return void near.destroy();
    const far = connect(Number(port), hostname);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      open.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const destroyAll = () => open.forEach((socket) => socket.destroy());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      destroyAll();
    },
    mend: () => void (isCut = false),
    stop() {
      server.close();
      destroyAll();
    },
  };
}

/** Signs in with a token on the page that is open, as a person would. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("button", { name: "Use this token" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

const AXE = createRequire(import.meta.url).resolve("axe-core");

/** What axe finds serious or critical on the page as it is, in words; of all its rules, or of some. */
export async function faultsOf(page: Page, rules?: readonly string[]): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, "utf8"));
  const options = { iframes: false, resultTypes: ["violations"], ...(rules ? { runOnly: rules } : {}) };
  const found = await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`) as {
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  };
  return found.violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(
    ({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary}`,
  );
}

/** Bytes that came over the network to this page from now on, as they came (compressed). */
export async function countBytes(page: Page): Promise<() => number> {
  const session = await page.context().newCDPSession(page);
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  await session.send("Network.enable");
  return () => bytes;
}
