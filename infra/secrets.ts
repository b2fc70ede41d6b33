import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import type { TerraformStack } from "cdktf";
import { variables } from "../api/config.ts";
import type { Stage } from "./stages.ts";

const RECOVERY_DAYS = 30;

/**
 * Adds the place of the signing keys, empty, so that their value never comes into Terraform's state: the first process that
 * finds none makes a key and puts it there (`api/auth/keys.ts`), or a person does before.
 * Undefined where the installation has no accounts of its own, and so signs nothing.
 */
export function addSigningKey(stack: TerraformStack, stage: Stage): SecretsmanagerSecret | undefined {
  const hasAccounts = variables.ACCOUNTS.parse(stage.service.ACCOUNTS ?? variables.ACCOUNTS.fallback);
  if (!hasAccounts) return undefined;
  return new SecretsmanagerSecret(stack, "signing-key", {
    name: `${stage.prefix}-signing-key`,
    description: "JWK set with the private key that signs the tokens of built-in accounts.",
    recoveryWindowInDays: stage.isProtected ? RECOVERY_DAYS : 0,
  });
}
