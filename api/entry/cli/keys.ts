/** Makes the key file where there is none, for services that may only read it, and says where it is. */
import process from "node:process";
import { loadOrCreateSigningKeys, signingKeyFile } from "../../auth/keys.ts";
import { parseConfig } from "../../config.ts";

try {
  const file = signingKeyFile(parseConfig(process.env));
  await loadOrCreateSigningKeys(file);
  console.log(`The key file is ${file}.`);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
