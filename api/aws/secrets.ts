import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { settingsOf } from "./clients.ts";
import { translating } from "./faults.ts";

/** Gives a reader of one secret's text, as it is now. `name` may be its ARN. */
export function createSecret(
  { region, secretsEndpoint }: { region: string; secretsEndpoint: string | undefined },
  name: string,
): () => Promise<string> {
  const client = new SecretsManagerClient(settingsOf(region, secretsEndpoint));
  return () =>
    translating("Secrets Manager", async () => {
      const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: name }));
      return text ?? "";
    });
}
