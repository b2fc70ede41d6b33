import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A Secrets Manager that holds these secrets and gives their values, and can do no more. */
export async function startSecrets(texts: Readonly<Record<string, string>>) {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { SecretId: name } = JSON.parse(body) as { SecretId: string };
      const found = texts[name];
      const answer = found === undefined
        ? { __type: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret." }
        : { Name: name, SecretString: found };
      response.writeHead(found === undefined ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    texts,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
