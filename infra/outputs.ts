import type { IamRole } from "@cdktf/provider-aws/lib/iam-role/index.js";
import type { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import { TerraformOutput, type TerraformStack } from "cdktf";
import type { Container } from "./container.ts";
import type { Edge } from "./edge.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

/** Adds what a person needs to know after a deployment. None of it is secret. */
export function addOutputs(
  stack: TerraformStack,
  stage: Pick<Stage, "budgetUsd" | "isEmulated">,
  { stores, api, container, edge, signingKey, deployRole }: {
    stores: Stores;
    /** Where functions answer; undefined where containers serve the API. */
    api: Record<"http" | "stream" | "sockets", { url: string }> | undefined;
    container: Container | undefined;
    edge: Edge | undefined;
    signingKey: SecretsmanagerSecret | undefined;
    deployRole: IamRole | undefined;
  },
): void {
  const output = (name: string, value: unknown, description: string) =>
    new TerraformOutput(stack, name, { value, description });

  output("buckets", namesOf(stores.buckets, (bucket) => bucket.bucket), "The buckets, by what they hold.");
  output("tables", namesOf(stores.tables, (table) => table.name), "The tables, by what they hold.");
  const [topic] = stores.topicArns;
  if (topic) output("webhook_topic", topic, "The SNS topic that webhooks of every tenant may name; subscribe to it.");
  output("queues", namesOf(stores.queues, ({ queue }) => queue.url), "The queues that other systems may send to.");
  if (edge) {
    output(
      "url",
      edge.url,
      "The pages; the API is at /graphql, subscriptions of functions at /sockets and /stream/graphql.",
    );
    output(
      "edge_host",
      edge.distribution.domainName,
      "What the name has to lead to, where its zone is not in Route 53.",
    );
  }
  if (api) {
    output("graphql_url", `${api.http.url}/graphql`, "Queries and mutations.");
    output("subscriptions_url", api.stream.url, "Subscriptions, as server-sent events: a function for each.");
    output(
      "sockets_url",
      api.sockets.url,
      "Subscriptions over WebSockets (graphql-transport-ws), for pages that stay open.",
    );
  }
  if (container) {
    output(
      "container_url",
      `${container.url}/graphql`,
      "The API of the containers, subscriptions included. A certificate's name has to lead to this host.",
    );
    if (container.warning) output("container_warning", container.warning, "What is not as it should stay.");
  }
  if (stage.budgetUsd !== undefined && !stage.isEmulated) {
    const note =
      "The budget sees nothing until the account's billing console has `installation` as a cost allocation tag.";
    output("budget_note", note, "What is left to do for the budget.");
  }
  if (deployRole) output("deploy_role", deployRole.arn, "What the pipeline takes: DEPLOY_ROLE_ARN.");
  if (signingKey) output("signing_key_secret", signingKey.name, "The secret to put the signing keys into.");
}

function namesOf<T>(parts: Record<string, T>, nameOf: (part: T) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, nameOf(part)]));
}
