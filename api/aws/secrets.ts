import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { settingsOf } from "./clients.ts";
import { nameOf, translating } from "./faults.ts";

export type Secret = ReturnType<typeof createSecret>;

/**
 * The version that a first value becomes. A version is written once: of processes that start at once the first puts its value,
 * the others are refused and read that one.
 */
const FIRST_VERSION = "00000000-0000-4000-8000-736f6a6f7572";

/** One secret's text. `name` may be its ARN. */
export function createSecret(
  { region, secretsEndpoint }: { region: string; secretsEndpoint: string | undefined },
  name: string,
) {
  const client = new SecretsManagerClient(settingsOf(region, secretsEndpoint));
  return {
    /** As it is now; undefined where there is no such secret, or no value in it yet. */
    find: (): Promise<string | undefined> =>
      translating("Secrets Manager", async () => {
        try {
          return (await client.send(new GetSecretValueCommand({ SecretId: name }))).SecretString;
        } catch (error) {
          if (nameOf(error) === "ResourceNotFoundException") return undefined;
          throw error;
        }
      }),

    /** Puts the first value of a secret that has none. Where another was first, or nobody may, it changes nothing. */
    putFirst: (text: string): Promise<void> =>
      translating("Secrets Manager", async () => {
        const value = { SecretId: name, SecretString: text, ClientRequestToken: FIRST_VERSION };
        try {
          await client.send(new PutSecretValueCommand(value));
        } catch (error) {
          const expected = ["ResourceExistsException", "ResourceNotFoundException", "AccessDeniedException"];
          if (!expected.includes(nameOf(error))) throw error;
        }
      }),
  };
}
