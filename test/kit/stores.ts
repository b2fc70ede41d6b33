import { createDynamo, type Dynamo } from "../../api/aws/dynamo.ts";
import { createObjects, type Objects } from "../../api/aws/objects.ts";
import { fullName } from "../../api/resources.ts";
import type { TestSystem } from "./local.ts";

/** The tables of a system, embedded or in memory, past the service. `before` is called before each request, and may end it. */
export function dynamoOf({ memory, clients }: TestSystem, before = () => {}): Dynamo {
  const dynamo: Dynamo = memory?.dynamo ?? createDynamo(clients.dynamodb);
  const asked = Object.entries(dynamo).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      before();
      return await (call as (...args: unknown[]) => Promise<unknown>)(...args);
    },
  ]);
  return Object.fromEntries(asked) as Dynamo;
}

/** One of its buckets, by its short name. */
export function bucketOf(
  { memory, clients, prefix }: Pick<TestSystem, "memory" | "clients" | "prefix">,
  name: string,
): Objects {
  return memory?.objects({ name }) ?? createObjects(clients.s3, fullName(prefix, { name }));
}
