import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, type TerraformStack, Testing } from "cdktf";
import { functions } from "../../api/functions.ts";
import { synthStack } from "../../infra/stack.ts";
import { stagesFrom } from "../../infra/stages.ts";

/** The settings of each way to run, as a person would type them. */
export const SWITCHES = {
  functions: { SOJOURN_STAGE: "dev" },
  container: { SOJOURN_STAGE: "dev", SOJOURN_RUN: "container", SOJOURN_IMAGE: "registry.example/sojourn:1" },
  both: {
    SOJOURN_STAGE: "prod",
    SOJOURN_RUN: "both",
    SOJOURN_IMAGE: "111122223333.dkr.ecr.eu-central-1.amazonaws.com/sojourn:1",
    SOJOURN_CACHE: "on",
    CERTIFICATE_ARN: "arn:aws:acm:eu-central-1:111122223333:certificate/1a2b",
    CORS_ORIGINS: "https://shop.example,https://app.example",
    BUDGET_USD: "50",
    ALARM_EMAIL: "ops@example.com",
  },
  domain: {
    SOJOURN_STAGE: "prod",
    DOMAIN: "sojourn.example.com",
    HOSTED_ZONE_ID: "Z0123456789ABCDEFGHIJ",
    ORIGIN_SECRET: "0123456789abcdef0123456789abcdef",
  },
  "domain-container": {
    SOJOURN_STAGE: "dev",
    SOJOURN_RUN: "container",
    SOJOURN_IMAGE: "registry.example/sojourn:1",
    DOMAIN: "sojourn.example.com",
    DOMAIN_CERTIFICATE_ARN: "arn:aws:acm:us-east-1:111122223333:certificate/1a2b",
    CERTIFICATE_ARN: "arn:aws:acm:eu-central-1:111122223333:certificate/1a2b",
    ORIGIN_SECRET: "0123456789abcdef0123456789abcdef",
  },
  vpc: {
    SOJOURN_STAGE: "dev",
    SOJOURN_RUN: "container",
    SOJOURN_IMAGE: "registry.example/sojourn:1",
    SOJOURN_CACHE: "on",
    VPC_ID: "vpc-0123456789abcdef0",
    PUBLIC_SUBNETS: "subnet-0a1b2c3d,subnet-4e5f6a7b",
    PRIVATE_SUBNETS: "subnet-1a1b2c3d,subnet-5e5f6a7b",
  },
  private: {
    SOJOURN_STAGE: "prod",
    SOJOURN_RUN: "container",
    SOJOURN_IMAGE: "registry.example/sojourn:1",
    SOJOURN_PRIVATE: "on",
  },
  canary: {
    SOJOURN_STAGE: "prod",
    SOJOURN_CANARY: "on",
    STATE_BUCKET: "acme-state",
    DEPLOY_FROM: "github:acme/sojourn:environment:prod",
  },
  "canary-container": {
    SOJOURN_STAGE: "prod",
    SOJOURN_RUN: "container",
    SOJOURN_IMAGE: "registry.example/sojourn:1",
    CERTIFICATE_ARN: "arn:aws:acm:eu-central-1:111122223333:certificate/1a2b",
    SOJOURN_CANARY: "on",
    STATE_BUCKET: "acme-state",
    DEPLOY_FROM: "github:acme/sojourn:environment:prod",
  },
  none: { SOJOURN_STAGE: "dev", SOJOURN_RUN: "none" },
  local: {
    SOJOURN_STAGE: "local",
    AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:20001",
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:20002",
    AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:20002",
  },
} as const satisfies Record<string, Record<string, string>>;

// oxlint-disable-next-line no-explicit-any
export type Attributes = Record<string, any>;
export type Synthesised = {
  provider: { aws: Attributes[] };
  terraform: { backend: Attributes };
  output: Record<string, { value: unknown; sensitive?: boolean }>;
  /** By type and id. */
  resource: Record<string, Record<string, Attributes>>;
};

/** What Terraform gets of each environment: a second of work each, which many files of tests ask for. */
const synthesised = new Map<string, string>();

/** Synthesises stages in a folder of its own, with files of a word in the place of the functions' code. */
export function createSynthKit() {
  const dir = mkdtempSync(join(tmpdir(), "sojourn-synth-"));
  const codeDir = join(dir, "code");
  mkdirSync(codeDir);
  const pagesDir = join(dir, "pages");
  mkdirSync(join(pagesDir, "assets"), { recursive: true });
  for (const name of ["index.html", "card.html", "assets/main-1a2b.js", "assets/main-1a2b.js.br"]) {
    writeFileSync(join(pagesDir, name), "<head></head>");
  }
  for (const name of Object.keys(functions)) writeFileSync(join(codeDir, `${name}.zip`), name);
  let count = 0;

  function appOf(env: Record<string, string>) {
    const folder = join(dir, `${count++}`);
    mkdirSync(folder);
    const app = new App({ outdir: join(folder, "cdktf.out") });
    return { app, stack: synthStack(app, stagesFrom(env), { codeDir, pagesDir }) };
  }
  return {
    dir,
    /** What Terraform gets. */
    synth(env: Record<string, string>): Synthesised {
      const key = JSON.stringify(env);
      const text = synthesised.get(key) ?? Testing.synth(appOf(env).stack, true);
      synthesised.set(key, text);
      return JSON.parse(text);
    },
    /** Writes the stack as `cdktf synth` does, after `change`; gives its folder. Throws where a policy is broken. */
    write(env: Record<string, string>, change: (stack: TerraformStack) => void = () => {}): string {
      const { app, stack } = appOf(env);
      change(stack);
      app.synth();
      return join(app.outdir, "stacks", stack.node.id);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** How many resources a stack has. */
export function countOf({ resource }: Synthesised): number {
  return Object.values(resource).reduce((sum, byId) => sum + Object.keys(byId).length, 0);
}
