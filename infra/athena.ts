import { AthenaNamedQuery } from "@cdktf/provider-aws/lib/athena-named-query/index.js";
import { AthenaWorkgroup } from "@cdktf/provider-aws/lib/athena-workgroup/index.js";
import { GlueCatalogDatabase } from "@cdktf/provider-aws/lib/glue-catalog-database/index.js";
import {
  GlueCatalogTable,
  type GlueCatalogTableStorageDescriptor,
} from "@cdktf/provider-aws/lib/glue-catalog-table/index.js";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket/index.js";
import type { TerraformStack } from "cdktf";
import { harden } from "./objects.ts";
import type { Stage } from "./stages.ts";

const GIB = 1_073_741_824;
/** A query that would read more is ended: five US cents. */
export const MAX_BYTES_A_QUERY = 10 * GIB;
/** Results hold what the events hold, and an erasure does not know them: they do not stay. */
const RESULT_DAYS = 1;
/**
 * How far back the table reaches; events of before lie in the bucket, out of its sight. A query without a day looks into each
 * day of it: 3,650 prefixes, where a partition an hour since 2000 would be 236,000.
 */
const YEARS = 10;

/** The fields of a line, as `api/journeys/raw.ts` writes them. Names of columns have no case. */
export const COLUMNS = [
  { name: "sessionid", type: "string", comment: "The journey." },
  { name: "source", type: "string", comment: "Who numbered the event." },
  { name: "seq", type: "bigint", comment: "Its number; with session and source it is there once, for ever." },
  { name: "type", type: "string", comment: "What happened." },
  { name: "occurredat", type: "string", comment: "When, ISO 8601 in UTC: from_iso8601_timestamp(occurredat)." },
  { name: "receivedat", type: "string", comment: "When it first came, ISO 8601 in UTC." },
  { name: "visitorid", type: "string", comment: "Null where none was named." },
  { name: "page", type: "string", comment: "Null where there was none." },
  { name: "text", type: "string", comment: "What was said; null where nothing was." },
  { name: "properties", type: "string", comment: "JSON: json_extract_scalar(properties, '$.name')." },
] as const;

/** The columns of a Parquet file, as `api/journeys/columns.ts` writes them. */
export const PARQUET_COLUMNS = [
  ...COLUMNS.map(({ name, type, comment }) =>
    name === "occurredat" || name === "receivedat"
      ? { name, type: "timestamp", comment: comment.replace(/, ISO 8601.*/, ", UTC.") }
      : { name, type, comment }
  ),
  { name: "clientat", type: "timestamp", comment: "By the sender's clock, where that was wrong." },
  { name: "aliasof", type: "string", comment: "Another id of the visitor; null where none was named." },
  { name: "outdone", type: "boolean", comment: "True where it was refused: another of its number was counted." },
];

/**
 * Adds SQL over the raw events as they lie: a table whose partitions are computed and never loaded, and a workgroup whose
 * limits nobody can change in a query. A query names its tenant, or Athena refuses it.
 */
export function addAthena(stack: TerraformStack, stage: Stage, { events }: { events: S3Bucket }): AthenaWorkgroup {
  const database = new GlueCatalogDatabase(stack, "glue-database", {
    name: stage.prefix.replaceAll("-", "_"),
    description: "What Sojourn keeps in the object store.",
  });
  const table = addLines(stack, { database, events });
  addColumns(stack, { database, events });
  const results = new S3Bucket(stack, "bucket-athena", {
    bucket: `${stage.prefix}-athena`,
    forceDestroy: !stage.isProtected,
  });
  if (stage.isHardened) {
    harden(stack, results, "bucket-athena", { expireAfterDays: { "results/": RESULT_DAYS } });
  }
  const workgroup = new AthenaWorkgroup(stack, "athena", {
    name: stage.prefix,
    description: "Queries over raw events.",
    forceDestroy: !stage.isProtected,
    configuration: {
      enforceWorkgroupConfiguration: true,
      publishCloudwatchMetricsEnabled: true,
      bytesScannedCutoffPerQuery: MAX_BYTES_A_QUERY,
      resultConfiguration: {
        outputLocation: `s3://${results.bucket}/results/`,
        encryptionConfiguration: { encryptionOption: "SSE_S3" },
      },
    },
  });
  if (!stage.isEmulated) addExample(stack, { database, table, workgroup });
  return workgroup;
}

/** Adds a query to begin with, in the console's list. */
function addExample(
  stack: TerraformStack,
  { database, table, workgroup }: {
    database: GlueCatalogDatabase;
    table: GlueCatalogTable;
    workgroup: AthenaWorkgroup;
  },
): void {
  new AthenaNamedQuery(stack, "athena-example", {
    name: "events of a day by type",
    description: "Name the tenant and the day.",
    database: database.name,
    workgroup: workgroup.id,
    query: `SELECT type, count(*) AS events, count(DISTINCT sessionid) AS journeys FROM ${table.name} ` +
      `WHERE tenant = 'demo' AND day = '2026-01-31' GROUP BY type ORDER BY events DESC`,
  });
}

/** The lines as they were accepted: complete to the second, and slower to read. */
function addLines(
  stack: TerraformStack,
  { database, events }: { database: GlueCatalogDatabase; events: S3Bucket },
): GlueCatalogTable {
  return addTable(stack, "glue-events", {
    database,
    name: "events",
    description: "Raw events of journeys, one row an event. The day is of the first event of its batch.",
    folder: `s3://${events.bucket}/events/`,
    classification: "json",
    storage: {
      inputFormat: "org.apache.hadoop.mapred.TextInputFormat",
      outputFormat: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
      compressed: true,
      columns: COLUMNS.map((column) => ({ ...column })),
      serDeInfo: {
        name: "json",
        serializationLibrary: "org.openx.data.jsonserde.JsonSerDe",
        parameters: { "case.insensitive": "TRUE", "ignore.malformed.json": "FALSE" },
      },
    },
  });
}

/** The same in columns: closed days only, and a query reads the columns that it names. */
function addColumns(
  stack: TerraformStack,
  { database, events }: { database: GlueCatalogDatabase; events: S3Bucket },
): GlueCatalogTable {
  return addTable(stack, "glue-events-columns", {
    database,
    name: "events_columns",
    description: "Raw events of journeys of days that are over, in columns: what a query does not name is not read.",
    folder: `s3://${events.bucket}/parquet/`,
    classification: "parquet",
    storage: {
      inputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
      outputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
      columns: PARQUET_COLUMNS.map((column) => ({ ...column })),
      serDeInfo: {
        name: "parquet",
        serializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
      },
    },
  });
}

function addTable(
  stack: TerraformStack,
  id: string,
  { database, name, description, folder, classification, storage }: {
    database: GlueCatalogDatabase;
    name: string;
    description: string;
    folder: string;
    classification: string;
    storage: GlueCatalogTableStorageDescriptor;
  },
): GlueCatalogTable {
  return new GlueCatalogTable(stack, id, {
    databaseName: database.name,
    name,
    description,
    tableType: "EXTERNAL_TABLE",
    partitionKeys: [
      { name: "tenant", type: "string", comment: "Every query names one." },
      { name: "day", type: "string", comment: "UTC, such as 2026-01-31." },
    ],
    parameters: {
      "EXTERNAL": "TRUE",
      classification,
      "projection.enabled": "true",
      "projection.tenant.type": "injected",
      "projection.day.type": "date",
      "projection.day.format": "yyyy-MM-dd",
      "projection.day.range": `NOW-${YEARS}YEARS,NOW+1DAYS`,
      "projection.day.interval": "1",
      "projection.day.interval.unit": "DAYS",
      // The hours below a day are read with it: a query of one day is not worth a partition an hour.
      // Two dollar signs: Terraform would put in a value of its own.
      "storage.location.template": `${folder}tenant=$\${tenant}/date=$\${day}/`,
    },
    storageDescriptor: { location: folder, ...storage },
  });
}
