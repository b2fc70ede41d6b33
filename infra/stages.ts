import { variables } from "../api/config.ts";
import { oneOf, onOff } from "../api/core/settings.ts";
import {
  awsPrefix,
  bucketName,
  budget,
  certificateArn,
  concurrency,
  deployFrom,
  edgeCertificateArn,
  emailAddress,
  hostName,
  imageName,
  oidcProviderArn,
  regionName,
  retention,
  twoSubnets,
  twoZones,
  vpcId,
  zoneId,
} from "./stage-values.ts";

/** One installation: everything that makes its stack differ from another's. */
export type Stage = {
  name: "dev" | "prod" | "local";
  /** Begins every name, names the stack and its state. Names of buckets are unique among all accounts: so is this. */
  prefix: string;
  region: string;
  /** What serves the API. Neither: tables, buckets and queues alone. */
  runs: { functions: boolean; container: boolean };
  /** Of the local stage: where its tables, buckets and queues are. */
  endpoints: { dynamodb: string; s3: string; sqs: string } | undefined;
  /** One endpoint that stands for all of AWS, such as moto's. */
  endpoint: string | undefined;
  /** True where an endpoint is given: no account is asked for, and what only AWS has is left out where it would fail. */
  isEmulated: boolean;
  /** Deletion protection, and buckets that are not emptied to be removed. */
  isProtected: boolean;
  /** Versions, encryption, point-in-time recovery, policies: what embedded servers do not have. */
  isHardened: boolean;
  /** Whose key encrypts the tables: DynamoDB's own, which is free, or the account's that AWS manages (KMS calls are paid). */
  tableKey: "owned" | "managed";
  /** ElastiCache Serverless for Valkey. */
  cache: boolean;
  /** Glue and Athena over the raw events. */
  analytics: boolean;
  /** The IoT rule into the ingest queue. */
  iot: boolean;
  logRetentionDays: number;
  /** Whether sockets and streams have a log of requests: the account's API Gateway needs a role for it, which is one for all. */
  gatewayLogs: boolean;
  /** By the function's name; without a number it takes what the account has. */
  reservedConcurrency: Readonly<Record<string, number>>;
  budgetUsd: number | undefined;
  alarmEmail: string | undefined;
  /** The container's image, REPOSITORY:TAG or REPOSITORY@DIGEST. */
  image: string | undefined;
  /** ARN of an ACM certificate for the load balancer. */
  certificate: string | undefined;
  /** Who may deploy without a key; undefined where people do. */
  deployer: Deployer | undefined;
  /** A network that is there, for the containers and the cache; undefined where the installation makes its own. */
  vpc: { id: string; publicSubnets: readonly string[]; privateSubnets: readonly string[] } | undefined;
  /** Whether containers in a network of ours lie in private subnets, and go out by NAT gateways. */
  isPrivate: boolean;
  /** Whether new versions of what callers meet come to a tenth of them first (`npm run release`). */
  canary: boolean;
  /** The installation's own name, before all that answers; undefined where each part has the address that AWS gives it. */
  domain: Domain | undefined;
  /** What the image was built for. */
  architecture: "arm64" | "x86_64";
  /** The letters of the two zones of the region in which the containers and the cache lie: an account has not all of them. */
  zones: readonly [string, string];
  /** Of `api/config.ts`: the variables that functions and containers are started with. Names and queues are not among them. */
  service: Readonly<Record<string, string>>;
  /** A bucket for Terraform's state; without it the state is a file beside cdktf.json. */
  stateBucket: string | undefined;
};

/** How the installation is reached by one name. */
export type Domain = {
  name: string;
  /** The hosted zone in Route 53 that the records and the certificate's proof are put into. */
  zone: string | undefined;
  /** A certificate in us-east-1, where there is no zone to prove a new one in. */
  certificate: string | undefined;
  /** Added to each request that comes by the name; others are refused. */
  secret: string;
  /** Whether a web application firewall looks at requests first. */
  firewall: boolean;
};

/** Who deploys by a role of the installation: a job of GitHub or GitLab, by the words that its token says it is. */
export type Deployer = { kind: "github" | "gitlab"; subject: string; provider: string | undefined };

export class StageError extends Error {
  override name = "StageError";
}

/** Variables of the service that a deployment says itself, or that are of one machine; all others are passed on as given. */
const OWN: readonly string[] = [
  ...["PORT", "HOST", "DATA_DIR", "NAME_PREFIX", "DYNOXIDE_BIN", "DRAIN_SECONDS", "SIGNING_KEY_FILE"],
  ...["AWS_REGION", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"],
  ...[
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "AWS_ENDPOINT_URL_SNS",
    "SIGNING_KEY_SECRET",
    "REDIS_URL",
    "SOCKETS_URL",
    "ORIGIN_SECRET",
  ],
];
export const PASSED_ON = (Object.keys(variables) as (keyof typeof variables)[]).filter((key) => !OWN.includes(key));
const ENDPOINTS = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SQS"] as const;
/** What each stage is where its variable is absent. */
const DEFAULTS = {
  dev: { run: "functions", retentionDays: "14", concurrency: "none", firewall: "off" },
  prod: {
    run: "functions",
    retentionDays: "90",
    firewall: "on",
    concurrency: "http=200 stream=20 sockets=50 push=50 ingest=50 rollup=100 late=2 schedule=22",
  },
  local: { run: "none", retentionDays: "1", concurrency: "none", firewall: "off" },
} as const;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment into a Stage. An empty variable counts as absent.
 * Throws one StageError that names every wrong variable, also those of the service.
 */
export function stagesFrom(env: Env): Stage {
  const wrong: string[] = [];
  const given = (key: string) => env[key] || undefined;
  const read = <T>(key: string, fallback: string, parse: (text: string) => T): T => {
    const text = given(key) ?? fallback;
    try {
      return parse(text);
    } catch (error) {
      wrong.push(`  ${key}=${text}: ${(error as Error).message}`);
      return undefined as T;
    }
  };
  const forbid = (keys: readonly string[], why: string) =>
    wrong.push(...keys.filter(given).map((key) => `  ${key}=${given(key)}: ${why}`));
  const own = <K extends keyof typeof variables>(key: K) =>
    read(
      key,
      variables[key].fallback,
      variables[key].parse as (text: string) => ReturnType<typeof variables[K]["parse"]>,
    );

  const name = read("SOJOURN_STAGE", "dev", oneOf("dev", "prod", "local")) ?? "dev";
  const isLocal = name === "local";
  const defaults = DEFAULTS[name];
  const run = read("SOJOURN_RUN", defaults.run, oneOf("functions", "container", "both", "none"));
  const prefix = read(
    "NAME_PREFIX",
    variables.NAME_PREFIX.fallback,
    (text) => awsPrefix(variables.NAME_PREFIX.parse(text)),
  );
  const region = read("AWS_REGION", variables.AWS_REGION.fallback, regionName);
  const endpoint = read("AWS_ENDPOINT_URL", "", variables.AWS_ENDPOINT_URL_S3.parse);
  const image = read("SOJOURN_IMAGE", "", imageName);
  const runs = { functions: run === "functions" || run === "both", container: run === "container" || run === "both" };

  if (isLocal) {
    if (run !== "none") wrong.push(`  SOJOURN_RUN=${run}: must be none in the stage local: npm start serves the API`);
    const missing = endpoint ? [] : ENDPOINTS.filter((key) => !given(key));
    wrong.push(
      ...missing.map((key) => `  ${key}: is needed in the stage local: where the service that stands for it listens`),
    );
  } else {
    forbid(ENDPOINTS, "is for the stage local; for one endpoint that stands for all of AWS, set AWS_ENDPOINT_URL");
    if (runs.container && !given("SOJOURN_IMAGE")) {
      wrong.push(`  SOJOURN_IMAGE: is needed where SOJOURN_RUN is ${run}: build the image, push it, and name it here`);
    }
  }
  if (run !== "none" && given("ACCOUNTS") === "off" && !given("JWKS_URL")) {
    wrong.push("  JWKS_URL: is needed where ACCOUNTS is off: without it no token would be known");
  }
  const from = read("DEPLOY_FROM", "", deployFrom);
  const deployer = from && { ...from, provider: read("OIDC_PROVIDER_ARN", "", oidcProviderArn) };
  if (!from) forbid(["OIDC_PROVIDER_ARN"], "is for who deploys; set DEPLOY_FROM");
  else if (!given("STATE_BUCKET")) {
    wrong.push("  STATE_BUCKET: is needed with DEPLOY_FROM: a pipeline keeps no files");
  }
  const vpcName = read("VPC_ID", "", vpcId);
  const vpc = vpcName === undefined ? undefined : {
    id: vpcName,
    publicSubnets: read("PUBLIC_SUBNETS", "", twoSubnets) ?? [],
    privateSubnets: read("PRIVATE_SUBNETS", "", twoSubnets) ?? [],
  };
  const ofNetwork = ["VPC_ID", "PUBLIC_SUBNETS", "PRIVATE_SUBNETS", "SOJOURN_PRIVATE"];
  if (!runs.container) {
    forbid(ofNetwork, "is for containers (SOJOURN_RUN=container or both); functions lie in no network");
  } else if (!vpc) forbid(["PUBLIC_SUBNETS", "PRIVATE_SUBNETS"], "is of a network that is there; set VPC_ID");
  else forbid(["SOJOURN_PRIVATE"], "is for a network of the installation's own; PRIVATE_SUBNETS says it of this one");
  if (run === "none" && given("SOJOURN_CANARY") === "on") {
    wrong.push("  SOJOURN_CANARY=on: is for an API; set SOJOURN_RUN");
  }
  if (!runs.functions && given("SOJOURN_GATEWAY_LOGS") === "on") {
    wrong.push(
      "  SOJOURN_GATEWAY_LOGS=on: is for functions (SOJOURN_RUN=functions or both); load balancers log anyway",
    );
  }
  if (!runs.container && given("SOJOURN_CACHE") === "on") {
    wrong.push(
      "  SOJOURN_CACHE=on: is for containers (SOJOURN_RUN=container or both); functions lie outside of its network",
    );
  }
  const isEmulated = isLocal || endpoint !== undefined;
  const domainName = read("DOMAIN", "", hostName);
  const domain: Domain | undefined = domainName === undefined ? undefined : {
    name: domainName,
    zone: read("HOSTED_ZONE_ID", "", zoneId),
    certificate: read("DOMAIN_CERTIFICATE_ARN", "", edgeCertificateArn),
    secret: own("ORIGIN_SECRET") ?? "",
    firewall: read("SOJOURN_FIREWALL", defaults.firewall, onOff),
  };
  if (domain) {
    if (run === "none") wrong.push(`  DOMAIN=${domain.name}: is for an API; set SOJOURN_RUN`);
    if (!given("HOSTED_ZONE_ID") === !given("DOMAIN_CERTIFICATE_ARN")) {
      wrong.push(
        "  HOSTED_ZONE_ID, DOMAIN_CERTIFICATE_ARN: DOMAIN needs one of them: the zone in Route 53 in which records and a " +
          "certificate are made, or a certificate in us-east-1",
      );
    }
    if (!given("ORIGIN_SECRET")) {
      wrong.push("  ORIGIN_SECRET: is needed with DOMAIN, or callers could go past it: openssl rand -hex 32");
    }
    if (runs.container && !given("CERTIFICATE_ARN")) {
      wrong.push(
        `  CERTIFICATE_ARN: is needed with DOMAIN and containers: a certificate for ${domain.name} in ${region}, by which ` +
          "CloudFront reaches the load balancer",
      );
    }
  } else {
    const alone = ["HOSTED_ZONE_ID", "DOMAIN_CERTIFICATE_ARN", "ORIGIN_SECRET"];
    forbid(alone, "is for a name of your own; set DOMAIN");
  }
  const stage: Stage = {
    name,
    prefix,
    region,
    runs,
    endpoints: isLocal
      ? {
        dynamodb: own("AWS_ENDPOINT_URL_DYNAMODB") ?? endpoint!,
        s3: own("AWS_ENDPOINT_URL_S3") ?? endpoint!,
        sqs: own("AWS_ENDPOINT_URL_SQS") ?? endpoint!,
      }
      : undefined,
    endpoint,
    isEmulated,
    isProtected: name === "prod",
    isHardened: !isLocal,
    tableKey: read("SOJOURN_TABLE_KEY", "owned", oneOf("owned", "managed")),
    cache: read("SOJOURN_CACHE", "off", onOff) && !isEmulated,
    analytics: read("SOJOURN_ANALYTICS", "on", onOff) && !isLocal,
    iot: read("SOJOURN_IOT", "on", onOff) && !isEmulated,
    logRetentionDays: read("LOG_RETENTION_DAYS", defaults.retentionDays, retention),
    gatewayLogs: read("SOJOURN_GATEWAY_LOGS", "off", onOff),
    reservedConcurrency: read("RESERVED_CONCURRENCY", defaults.concurrency, concurrency),
    budgetUsd: read("BUDGET_USD", "", budget),
    alarmEmail: read("ALARM_EMAIL", "", emailAddress),
    image,
    certificate: read("CERTIFICATE_ARN", "", certificateArn),
    domain,
    deployer,
    vpc,
    isPrivate: read("SOJOURN_PRIVATE", "off", onOff),
    canary: read("SOJOURN_CANARY", "off", onOff),
    architecture: read("SOJOURN_ARCHITECTURE", "x86_64", oneOf("arm64", "x86_64")),
    zones: read("SOJOURN_ZONES", "a,b", twoZones),
    service: {
      ...Object.fromEntries(
        PASSED_ON.flatMap((key) => own(key) !== undefined && given(key) ? [[key, given(key)!]] : []),
      ),
      // Pages of the name itself: they are served by one part and call the others.
      ...(domain
        ? { CORS_ORIGINS: [...(given("CORS_ORIGINS")?.split(",") ?? []), `https://${domain.name}`].join(",") }
        : {}),
    },
    stateBucket: read("STATE_BUCKET", "", bucketName),
  };
  if (wrong.length > 0) throw new StageError(`Wrong in the environment:\n${wrong.join("\n")}`);
  return stage;
}

/** SNS topics beside the installation's own that webhooks may name. */
export function topicArnsOf({ service }: Pick<Stage, "service">): string[] {
  return variables.WEBHOOK_TOPICS.parse(service.WEBHOOK_TOPICS ?? "").map(({ arn }) => arn);
}

/** The origins of web pages that may call this installation. */
export function corsOriginsOf({ service }: Stage): string[] {
  return variables.CORS_ORIGINS.parse(service.CORS_ORIGINS ?? "");
}
