import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

type Asked = { SecretId: string; SecretString?: string; ClientRequestToken?: string };

/**
 * A Secrets Manager that holds these secrets, undefined where one has no value yet. It gives values, and takes them by version as
 * AWS documents PutSecretValue: a version that is there with other content is refused.
 */
export async function startSecrets(texts: Record<string, string | undefined>) {
  const versions = new Map<string, string>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const asked = JSON.parse(body) as Asked;
      const isPut = String(request.headers["x-amz-target"]).endsWith("PutSecretValue");
      const answer = isPut ? put(asked) : get(asked);
      response.writeHead("__type" in answer ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(answer));
    });
  });

  function get({ SecretId: name }: Asked) {
    const found = texts[name];
    return found === undefined ? fault("ResourceNotFoundException") : { Name: name, SecretString: found };
  }

  function put({ SecretId: name, SecretString: value = "", ClientRequestToken: version = "" }: Asked) {
    if (!Object.hasOwn(texts, name)) return fault("ResourceNotFoundException");
    const key = `${name} ${version}`;
    if ((versions.get(key) ?? value) !== value) return fault("ResourceExistsException");
    versions.set(key, value);
    texts[name] = value;
    return { Name: name, VersionId: version };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    texts,
    /** Every value that was ever taken, by secret and version. */
    versions,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fault(name: string) {
  return { __type: name, message: `${name}, said by the stand-in.` };
}
