/** `npm run --silent signing-key`: prints a new JWK set with one private key, as SIGNING_KEY_SECRET's secret must hold it. */
import process from "node:process";
import { createKeySet } from "../../auth/keys.ts";

process.stdout.write(await createKeySet());
