import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export type Jwks = Awaited<ReturnType<typeof startJwks>>;

/** An identity provider on this machine: its key set by HTTP, and tokens as it signs them. */
export async function startJwks(
  { alg = "RS256", header = {}, jwk = {} }: { alg?: string; header?: object; jwk?: object },
) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = "key-1";
  const answer = {
    status: 200,
    headers: {} as Record<string, string>,
    keys: [{ ...await exportJWK(publicKey), kid, use: "sig", ...jwk }] as JWK[],
    requests: 0,
  };
  const server = createServer((_, response) => {
    answer.requests++;
    response.writeHead(answer.status, { "content-type": "application/json", connection: "close", ...answer.headers });
    response.end(JSON.stringify({ keys: answer.keys }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    answer,
    sign: (claims: JWTPayload): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
