/**
 * `npm run --silent signing-key`: prints a new JWK set with one private key, as SIGNING_KEY_SECRET's secret must hold it.
 * With `--rotate` it reads the set of now and prints the one after it: a new key that signs, and the public halves of the
 * others, which tokens that are under way are checked by.
 */
import process from "node:process";
import { text } from "node:stream/consumers";
import { createKeySet, rotateKeySet } from "../../auth/keys.ts";

process.stdout.write(
  process.argv.includes("--rotate") ? await rotateKeySet(await text(process.stdin)) : await createKeySet(),
);
