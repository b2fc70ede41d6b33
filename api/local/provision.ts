import type { AwsClients } from "../aws/clients.ts";
import { ensureBucket, ensureQueue, ensureTable } from "../aws/provision.ts";
import { buckets, fullName, queues, type QueueSpec, tables, type TableSpec } from "../resources.ts";

/** Creates what `api/resources.ts` names and is not there yet. Doing it again changes nothing and removes nothing. */
export async function provision(clients: AwsClients, prefix: string): Promise<void> {
  await Promise.all([
    ...Object.values<TableSpec>(tables).map((spec) => ensureTable(clients.dynamodb, fullName(prefix, spec), spec)),
    ...Object.values(buckets).map((spec) => ensureBucket(clients.s3, fullName(prefix, spec))),
    ...Object.values<QueueSpec>(queues).map((spec) => provisionQueue(clients, prefix, spec)),
  ]);
}

async function provisionQueue({ sqs }: AwsClients, prefix: string, spec: QueueSpec): Promise<void> {
  const { deadLetter } = spec;
  const deadLetterTargetArn = await ensureQueue(sqs, fullName(prefix, deadLetter), {
    MessageRetentionPeriod: `${deadLetter.retentionSeconds}`,
  });
  await ensureQueue(sqs, fullName(prefix, spec), {
    VisibilityTimeout: `${spec.visibilitySeconds}`,
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: deadLetter.maxReceives }),
  });
}
