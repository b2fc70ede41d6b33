import { readFileSync } from "node:fs";
import type { JWK } from "jose";
import { describe, expect, test } from "vitest";
import { createHttp } from "../../api/entry/http/fetch.ts";
import { createTinyApp } from "../kit/tiny-app.ts";
import { verifierOf } from "../kit/verifier.ts";

type Vector = { tcId: number; comment: string; jws: string | object; result: "valid" | "invalid" };
type Answer = { data?: unknown; errors?: { message: string; extensions: { code: string } }[] };
type Group = { comment: string; public?: JWK; private?: JWK; tests: Vector[] };

const file = new URL("../fixtures/wycheproof/json_web_signature_test.json", import.meta.url);
const { testGroups } = JSON.parse(readFileSync(file, "utf8")) as { testGroups: Group[] };

/** Everything that can be configured, so that nothing is refused for a setting. */
const ALL = ["EdDSA", "ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
/** The payloads are no claims, so what passes the signature is told just that. */
const PASSED = "The token is signed and holds no claims; it must be a JWT.";

/** Valid by their signature, and refused here; each with the reason. */
const EMPTY = "a JWT without a payload is none";
const OTHER = "its key names another algorithm (PS256, ES521) than the token has";
const STRICTER = new Map<number, string>([
  ...[259, 264, 268, 272, 320, 325].map((tcId): [number, string] => [tcId, EMPTY]),
  ...[346, 347, 350, 351].map((tcId): [number, string] => [tcId, OTHER]),
]);

const { app } = createTinyApp({ RATE_ADDRESS: "off" });
/** One for all: with one for each vector Deno took 6 GB. It asks whoever judges the tokens of the vector that is tried. */
let authenticate = app.authenticate;
const http = createHttp({ ...app, authenticate: (...asked) => authenticate(...asked) });
const judges = new Map(testGroups.map((group) => {
  const jwk = keyOf(group);
  return [
    jwk,
    verifierOf([async () => ({ keys: { keys: [jwk] } })], { clock: Date.now, algorithms: ALL }).authenticate,
  ];
}));

function keyOf(group: Group): JWK {
  return (group.public ?? group.private)!;
}

/** What the API says over HTTP to a request with this token, where the issuer's key is `jwk`. */
async function answerTo(jwk: JWK, jws: string): Promise<string> {
  authenticate = judges.get(jwk)!;
  const headers = { "content-type": "application/json", authorization: `Bearer ${jws}` };
  const request = new Request("http://127.0.0.1/graphql", { method: "POST", headers, body: `{"query":"{who}"}` });
  const { data, errors } = await (await http.fetch(request)).json() as Answer;
  expect([data ?? null, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ["UNAUTHENTICATED"]]);
  return errors![0]!.message;
}

describe("Wycheproof's signatures", () => {
  const cases = testGroups.flatMap((group) =>
    group.tests.map((vector) => ({ ...vector, jwk: keyOf(group), kind: group.comment }))
  );
  test.each(cases)("$tcId $kind $comment is $result", async ({ jwk, jws, result, tcId }) => {
    const text = typeof jws === "string" ? jws : JSON.stringify(jws);
    const message = await answerTo(jwk, text);
    const isGood = result === "valid" && jwk.kty !== "oct" && !STRICTER.has(tcId);
    expect(message === PASSED).toBe(isGood);
  });
});
