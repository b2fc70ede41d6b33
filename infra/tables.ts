import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table/index.js";
import type { TerraformStack } from "cdktf";
import { fullName, type IndexSpec, keyAttributes, projectionOf, tables, type TableSpec } from "../api/resources.ts";
import type { Stage } from "./stages.ts";

export type Tables = Record<keyof typeof tables, DynamodbTable>;

/** Adds every table of `api/resources.ts`, on demand, with its indexes, stream and expiry. */
export function addTables(stack: TerraformStack, stage: Stage): Tables {
  const added = Object.entries<TableSpec>(tables).map(([name, spec]) => [name, addTable(stack, stage, spec)]);
  return Object.fromEntries(added) as Tables;
}

function addTable(stack: TerraformStack, stage: Stage, spec: TableSpec): DynamodbTable {
  return new DynamodbTable(stack, `table-${spec.name}`, {
    name: fullName(stage.prefix, spec),
    billingMode: "PAY_PER_REQUEST",
    hashKey: spec.partition.name,
    ...(spec.sort ? { rangeKey: spec.sort.name } : {}),
    attribute: keyAttributes(spec, ...Object.values(spec.indexes)),
    globalSecondaryIndex: Object.entries(spec.indexes).map(([name, index]) => toIndex(name, index)),
    ...(spec.ttlAttribute ? { ttl: { attributeName: spec.ttlAttribute, enabled: true } } : {}),
    ...(spec.stream ? { streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES" } : {}),
    deletionProtectionEnabled: stage.isProtected,
    // Terraform then refuses at once, before it has taken anything away.
    ...(stage.isProtected ? { lifecycle: { preventDestroy: true } } : {}),
    // Absent, a table is encrypted with a key that DynamoDB owns, at no cost. The managed key of the account shows each use in
    // CloudTrail, and each use is a paid call of KMS.
    ...(stage.tableKey === "managed" ? { serverSideEncryption: { enabled: true } } : {}),
    ...(stage.isHardened ? { pointInTimeRecovery: { enabled: true } } : {}),
  });
}

function toIndex(name: string, index: IndexSpec) {
  const { type, attributes } = projectionOf(index);
  return {
    name,
    hashKey: index.partition.name,
    rangeKey: index.sort.name,
    projectionType: type,
    ...(attributes ? { nonKeyAttributes: attributes } : {}),
  };
}
