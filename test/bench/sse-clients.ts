/** Event streams over bare sockets, so that thousands of them cost the measuring process little. */
export type SseClient = { close: () => void };

const decoder = new TextDecoder();

/**
 * Opens `count` subscriptions, some at a time, and resolves when each has its first event. `onData` gets what comes,
 * as text that may begin or end anywhere.
 */
export async function openSseClients(options: {
  url: string;
  token: string;
  query: string;
  count: number;
  onData: (client: number, text: string) => void;
}): Promise<SseClient[]> {
  const { count } = options;
  const clients: SseClient[] = [];
  const CONCURRENCY = 50;
  for (let from = 0; from < count; from += CONCURRENCY) {
    const numbers = Array.from({ length: Math.min(CONCURRENCY, count - from) }, (_, i) => from + i);
    clients.push(...await Promise.all(numbers.map((client) => openOne(options, client))));
  }
  return clients;
}

async function openOne(
  { url, token, query, onData }: Parameters<typeof openSseClients>[0],
  client: number,
): Promise<SseClient> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({ query });
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const head = `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\naccept: text/event-stream\r\n` +
    `content-type: application/json\r\nauthorization: Bearer ${token}\r\ncontent-length: ${body.length}\r\n\r\n`;
  await connection.write(new TextEncoder().encode(head + body));
  const first = Promise.withResolvers<void>();
  void read();
  await first.promise;
  return { close: () => connection.close() };

  async function read(): Promise<void> {
    const buffer = new Uint8Array(16_384);
    let isOpen = false;
    let answer = "";
    try {
      for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
        const text = decoder.decode(buffer.subarray(0, n));
        if (!isOpen) answer += text;
        if (!isOpen && text.includes("event: next")) {
          isOpen = true;
          first.resolve();
        }
        onData(client, text);
      }
    } catch {
      // Closed by us.
    }
    first.reject(new Error(`A stream ended before its first event: ${answer}`));
    first.promise.catch(() => {});
  }
}
