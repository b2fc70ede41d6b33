import type { Objects } from "../aws/objects.ts";
import type { Queues } from "../aws/queues.ts";
import { buckets, type BucketSpec, queues as queueSpecs } from "../resources.ts";
import { createParked } from "./service.ts";

/** What could not be taken, by tenant. */
export function createParkedDomain({ objects, queues, named }: {
  objects: (spec: BucketSpec) => Objects;
  queues: Queues;
  named: (spec: { name: string }) => string;
}) {
  return createParked({
    objects: objects(buckets.events),
    queues,
    ingestQueue: named(queueSpecs.ingest),
    lateQueue: named(queueSpecs.late),
  });
}
