import { createHmac } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

export type Call = { id: string; timestamp: number; signatures: string[]; body: string; path: string };

/** A server that is told of events. `answer` decides what it says; it notes each call. */
export async function startReceiver(answer: (call: Call) => number = () => 200) {
  const calls: Call[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
      const header = (name: string) => String(request.headers[name]);
      const call = {
        id: header("webhook-id"),
        timestamp: Number(header("webhook-timestamp")),
        signatures: header("webhook-signature").split(" "),
        body: Buffer.concat(chunks).toString("utf8"),
        path: request.url!,
      };
      calls.push(call);
      response.writeHead(answer(call)).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    stop: () => new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  };
}

/** Whether a call is signed with a secret, computed as Standard Webhooks says. */
export function isSignedBy(secret: string, { id, timestamp, signatures, body }: Call): boolean {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const own = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return signatures.includes(`v1,${own}`);
}
