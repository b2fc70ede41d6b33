import { allow, type Condition, type Statement } from "./roles.ts";

/** What statements of the deploy role are written from: how AWS calls what bears the installation's name. */
export type DeployNames = {
  prefix: string;
  /** The prefix where hyphens are not allowed: of databases and of rules of IoT. */
  word: string;
  /** An ARN of the installation's region and any account: the role is of one account, so it is that. */
  arn: (service: string, rest: string) => string;
  /** An ARN of a service without regions. */
  global: (service: string, rest: string) => string;
  /** An ARN of the region of what CloudFront takes from there alone. */
  edge: (service: string, rest: string) => string;
  s3: (rest: string) => string;
};

const EDGE_REGION = "us-east-1";

export function deployNames(
  { prefix, region, partition }: { prefix: string; region: string; partition: string },
): DeployNames {
  const at = (place: string) => (service: string, rest: string) => `arn:${partition}:${service}:${place}:*:${rest}`;
  return {
    prefix,
    word: prefix.replaceAll("-", "_"),
    arn: at(region),
    global: at(""),
    edge: at(EDGE_REGION),
    s3: (rest) => `arn:${partition}:s3:::${rest}`,
  };
}

/** `actions("sqs", "CreateQueue DeleteQueue")` */
export function actions(service: string, names: string): string[] {
  return names.trim().split(/\s+/).map((name) => `${service}:${name}`);
}

/** Only what the installation's tag is put on as it is made. */
export const tagging = ({ prefix }: DeployNames): Condition => ({
  StringEquals: { "aws:RequestTag/installation": prefix },
});
/** Only what carries the installation's tag. */
export const tagged = ({ prefix }: DeployNames): Condition => ({
  StringEquals: { "aws:ResourceTag/installation": prefix },
});

/** Permissions of one service. */
export function may(
  sid: string,
  service: string,
  names: string,
  resources: readonly string[],
  condition?: Condition,
): Statement {
  return allow(sid, actions(service, names), [...resources], condition);
}
