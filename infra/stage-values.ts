/** How the text of a stage's variable becomes a value. Each throws SettingError, which says what the text must be. */
import { matching, optional, SettingError } from "../api/core/settings.ts";
import { functions } from "../api/functions.ts";

/** Those that CloudWatch accepts. */
const RETENTION_DAYS = "1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653";

export const regionName = matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be the name of a region: eu-central-1");

export function retention(text: string): number {
  if (RETENTION_DAYS.split(" ").includes(text)) return Number(text);
  throw new SettingError(`must be a number of days that CloudWatch knows: ${RETENTION_DAYS.replaceAll(" ", ", ")}`);
}

/** What begins or ends a name of a bucket, a load balancer, a security group or a cache that AWS does not take. */
const REFUSED_PREFIX = /^(?:sg-|internal-|xn--|sthree-|amzn-s3-demo-)|--|-$/;

/** The prefix of every name, which was read as the service reads it, as AWS takes it too. */
export function awsPrefix(text: string): string {
  if (!REFUSED_PREFIX.test(text)) return text;
  throw new SettingError(
    "AWS takes no names that begin with sg-, internal-, xn--, sthree- or amzn-s3-demo-, hold two hyphens together or end in one",
  );
}

/** Such as `a,b`. */
export function twoZones(text: string): readonly [string, string] {
  const [, one, other] = /^([a-z]),([a-z])$/.exec(text) ?? [];
  if (one && other && one !== other) return [one, other];
  throw new SettingError("must be the letters of two zones of the region: a,b");
}

/** Such as `http=200 schedule=2`, or `none`. */
export function concurrency(text: string): Record<string, number> {
  if (text === "none") return {};
  const parts = text.split(/\s+/).map((part) => /^([a-z]+)=(\d{1,5})$/.exec(part));
  const isKnown = parts.every((part) => part !== null && Object.hasOwn(functions, part[1]!));
  if (isKnown) return Object.fromEntries(parts.map((part) => [part![1]!, Number(part![2])]));
  throw new SettingError(
    `must be none, or a number for some of ${Object.keys(functions).join(", ")}: http=200 schedule=2`,
  );
}

export function budget(text: string): number | undefined {
  if (text === "") return undefined;
  if (/^\d{1,7}(\.\d\d)?$/.test(text) && Number(text) > 0) return Number(text);
  throw new SettingError("must be US dollars a month, such as 50");
}

export const imageName = optional(matching(
  /^[a-z0-9][a-z0-9.\-:]*(\/[a-z0-9._-]+)+(:[\w.-]{1,128}|@sha256:[0-9a-f]{64})$/,
  "must be REPOSITORY:TAG or REPOSITORY@sha256:DIGEST",
));
export const emailAddress = optional(matching(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, "must be an address: ops@example.com"));
export const bucketName = optional(matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be the name of a bucket"));
export const certificateArn = optional(matching(
  /^arn:aws[\w-]*:acm:[\w-]+:\d{12}:certificate\/[\w-]+$/,
  "must be the ARN of a certificate in ACM: arn:aws:acm:REGION:ACCOUNT:certificate/ID",
));
/** CloudFront takes its certificates from there alone. */
export const edgeCertificateArn = optional(matching(
  /^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/,
  "must be the ARN of a certificate in us-east-1: arn:aws:acm:us-east-1:ACCOUNT:certificate/ID",
));
export const hostName = optional(matching(
  /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/,
  "must be a name in lower case: sojourn.example.com",
));
export const zoneId = optional(matching(/^Z[A-Z0-9]{6,31}$/, "must be the id of a hosted zone: Z0123456789ABCDEFGHIJ"));
export const vpcId = optional(matching(/^vpc-[0-9a-f]{8,17}$/, "must be the id of a VPC: vpc-0123456789abcdef0"));

/** Such as `subnet-0a1b2c3d,subnet-4e5f6a7b`: two at least, in two zones. */
export function twoSubnets(text: string): string[] {
  const ids = text.split(",");
  const isGood = ids.length >= 2 && new Set(ids).size === ids.length &&
    ids.every((id) => /^subnet-[0-9a-f]{8,17}$/.test(id));
  if (isGood) return ids;
  throw new SettingError("must be ids of subnets in two zones at least: subnet-0a1b2c3d,subnet-4e5f6a7b");
}
/** Each provider's own words for one job: no pattern, so that no other branch or project is meant along. */
const SUBJECTS = {
  github: { pattern: /^[\w.-]+\/[\w.-]+:(environment:[\w.-]+|ref:refs\/heads\/[\w./-]+)$/, begin: "repo:" },
  gitlab: { pattern: /^[\w./-]+:ref_type:branch:ref:[\w./-]+$/, begin: "project_path:" },
} as const;

/** Such as `github:acme/sojourn:environment:prod`. */
export function deployFrom(text: string): { kind: keyof typeof SUBJECTS; subject: string } | undefined {
  if (text === "") return undefined;
  const [, kind, job = ""] = /^(github|gitlab):(.+)$/.exec(text) ?? [];
  const known = kind && SUBJECTS[kind as keyof typeof SUBJECTS];
  if (known && known.pattern.test(job)) return { kind: kind as keyof typeof SUBJECTS, subject: `${known.begin}${job}` };
  throw new SettingError(
    "must be github:OWNER/REPOSITORY:environment:NAME, github:OWNER/REPOSITORY:ref:refs/heads/BRANCH, or " +
      "gitlab:GROUP/PROJECT:ref_type:branch:ref:BRANCH",
  );
}
export const oidcProviderArn = optional(matching(
  /^arn:aws[\w-]*:iam::\d{12}:oidc-provider\/[\w./-]+$/,
  "must be the ARN of an identity provider: arn:aws:iam::ACCOUNT:oidc-provider/HOST",
));
