import { describe, expect, test } from "vitest";
import { REASONS, type Resource, RULES } from "../../infra/rules.ts";

const WHOLE = { isHardened: true, isProtected: true };
const PLAIN = { isHardened: false, isProtected: false };

const made = (type: string, attributes: object, id = type): Resource => ({ id, type, attributes: { ...attributes } });
/** What is said of resources, each once, by the first words. */
const breaches = (all: Resource[], stage = WHOLE) =>
  RULES.flatMap((rule) => rule(all, stage)).map(({ id, message }) => `${id}: ${message.split(/[:.]/)[0]}`);

const role = (statement: object, name = "policy") =>
  made("aws_iam_role_policy", {
    [name]: JSON.stringify({
      Statement: { Effect: "Allow", Sid: "S", Action: "s3:GetObject", Resource: "a", ...statement },
    }),
  });

describe("a statement", () => {
  const everything = "aws_iam_role_policy: The statement S allows something on every resource";
  const more = "aws_iam_role_policy: The statement S allows more than it names";
  const anybody = "aws_iam_role_policy: The statement S allows anybody";

  test.each<[string, object, string[]]>([
    ["names what it allows, and where", {}, []],
    ["is on everything", { Resource: "*" }, [everything]],
    ["is on everything, among others", { Resource: ["a", "*"] }, [everything]],
    ["is on what begins with a name", { Resource: "a*" }, []],
    ["is on everything for a reason that is written down", { Sid: "ListStreams", Resource: "*" }, []],
    ["denies", { Effect: "Deny", Action: "*", Resource: "*", Principal: "*" }, []],
    ["allows all actions of a service", { Action: ["s3:GetObject", "s3:*"] }, [more]],
    ["allows all but some actions", { NotAction: "s3:GetObject" }, [more]],
    ["allows it on all but some", { NotResource: "a" }, [more]],
    ["is for anybody", { Principal: "*" }, [anybody]],
    ["is for anybody of AWS", { Principal: { Service: "x", AWS: ["a", "*"] } }, [anybody]],
    ["is for anybody under a condition", { Principal: "*", Condition: { Bool: {} } }, []],
    ["is for somebody", { Principal: { AWS: "a" } }, []],
    ["is for nobody at all", { Principal: null }, []],
  ])("that %s", (_, statement, said) => {
    expect(breaches([role(statement)])).toEqual(said);
  });

  test("that allows a service to come to a bucket, topic or queue says whose it must be", () => {
    const said = (statement: object, type = "aws_sns_topic_policy") =>
      breaches([made(type, {
        policy: JSON.stringify({
          Statement: {
            Effect: "Allow",
            Sid: "S",
            Action: "a",
            Resource: "b",
            Principal: { Service: "s" },
            ...statement,
          },
        }),
      })]);
    for (const type of ["aws_s3_bucket_policy", "aws_sns_topic_policy", "aws_sqs_queue_policy"]) {
      expect(said({}, type)).toEqual([`${type}: The statement S allows a service in anybody's name`]);
      expect(said({ Condition: { Bool: { "aws:SecureTransport": "true" } } }, type)).toHaveLength(1);
      expect(said({ Condition: { StringEquals: { "aws:SourceAccount": "1" } } }, type)).toEqual([]);
      expect(said({ Condition: { ArnLike: { "aws:SourceArn": "x" } } }, type)).toEqual([]);
    }
    expect(said({ Resource: ["a/${aws_security_group.x.owner_id}/*"] })).toEqual([]);
    expect(said({ Resource: ["a/${aws_security_group.x.owner_id}/*", "b"] })).toHaveLength(1);
    expect(said({ Effect: "Deny" })).toEqual([]);
    expect(said({ Principal: { AWS: "a" } })).toEqual([]);
    // Roles are taken by services in the name of their own account.
    expect(said({}, "aws_iam_role")).toEqual([]);
  });

  test("is looked at in whatever a policy is called, among others, and where there is none it is no matter", () => {
    for (const name of ["policy", "assume_role_policy", "inline_policy", "access_policy", "queue_policy"]) {
      expect(breaches([role({ Resource: "*" }, name)])).toEqual([everything]);
    }
    const several = { Statement: [{ Effect: "Deny" }, { Effect: "Allow", Sid: "S", Action: "a", Resource: "*" }] };
    expect(breaches([made("aws_iam_role_policy", { policy: `  ${JSON.stringify(several)}` })])).toEqual([everything]);
    expect(breaches([made("x", { policy: "${data.aws_iam_policy.x.json}", inline_policy: [{}] })])).toEqual([]);
    const nameless = { Statement: { Effect: "Allow", Resource: "*" } };
    expect(breaches([made("x", { policy: JSON.stringify(nameless) })])).toHaveLength(1);
  });

  test("has reasons that say why there is nothing narrower", () => {
    for (const reason of Object.values(REASONS)) expect(reason).toMatch(/\w.{30,}\.$/);
  });
});

describe("a resource", () => {
  const table = { deletion_protection_enabled: true, point_in_time_recovery: { enabled: true } };
  const isOpen = "Everybody reaches a port that is not the web's";
  const isProtected = "A table of this stage is protected from deletion";
  const isRecoverable = "A table can be had back as it was at any moment";
  const isStarted = "Anybody, or anything of a service, may start the function";

  test.each<[string, string, object, string | undefined, boolean?]>([
    [
      "a port of the web for everybody",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv4: "0.0.0.0/0", to_port: 443 },
      undefined,
    ],
    ["port 80 for everybody", "aws_vpc_security_group_ingress_rule", { cidr_ipv6: "::/0", to_port: 80 }, undefined],
    [
      "another port for all of IPv4",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv4: "0.0.0.0/0", to_port: 8080 },
      isOpen,
    ],
    ["another port for all of IPv6", "aws_vpc_security_group_ingress_rule", { cidr_ipv6: "::/0", to_port: 22 }, isOpen],
    [
      "another port for some",
      "aws_vpc_security_group_ingress_rule",
      { cidr_ipv4: "10.0.0.0/8", to_port: 22 },
      undefined,
    ],
    ["ingress in the group", "aws_security_group", { ingress: [] }, "What comes in is said rule by rule"],
    ["a group", "aws_security_group", {}, undefined],
    ["a permission by a source", "aws_lambda_permission", { principal: "s3", source_arn: "a" }, undefined],
    ["a permission without a source", "aws_lambda_permission", { principal: "s3" }, isStarted],
    ["a permission for anybody", "aws_lambda_permission", { principal: "*", source_arn: "a" }, isStarted],
    ["an address with IAM", "aws_lambda_function_url", { authorization_type: "AWS_IAM" }, undefined],
    [
      "a public address",
      "aws_lambda_function_url",
      { authorization_type: "NONE" },
      "A public function URL has no limit, and answers 403 without a permission that the provider cannot make",
    ],
    ["a policy of AWS's own", "aws_iam_role_policy_attachment", {}, "AWS's own policies allow more than is needed"],
    ["a policy of AWS's own, for all", "aws_iam_policy_attachment", {}, "AWS's own policies allow more than is needed"],
    ["logs for a day", "aws_cloudwatch_log_group", { retention_in_days: 1 }, undefined],
    ["logs for ever", "aws_cloudwatch_log_group", { retention_in_days: 0 }, "Logs are kept for a time that is said"],
    ["logs for whatever time", "aws_cloudwatch_log_group", {}, "Logs are kept for a time that is said"],
    ["a table", "aws_dynamodb_table", table, undefined],
    [
      "a table that anybody may drop",
      "aws_dynamodb_table",
      { ...table, deletion_protection_enabled: false },
      isProtected,
    ],
    [
      "a table of a moment",
      "aws_dynamodb_table",
      { ...table, point_in_time_recovery: { enabled: false } },
      isRecoverable,
      true,
    ],
    [
      "a table that says nothing of it",
      "aws_dynamodb_table",
      { deletion_protection_enabled: true },
      isRecoverable,
      true,
    ],
    ["a queue", "aws_sqs_queue", { sqs_managed_sse_enabled: true }, undefined],
    ["a queue with a key", "aws_sqs_queue", { kms_master_key_id: "k" }, undefined],
    ["a queue that is not encrypted", "aws_sqs_queue", {}, "A queue is encrypted", true],
  ])("%s", (_, type, attributes, said, isOfHardened = false) => {
    const one = made(type, attributes);
    expect(breaches([one])).toEqual(said === undefined ? [] : [`${type}: ${said}`]);
    const onlyHardened = breaches([one], { isHardened: false, isProtected: true });
    expect(onlyHardened).toEqual(said === undefined || isOfHardened ? [] : [`${type}: ${said}`]);
  });

  test("of a stage that nothing protects may be dropped", () => {
    expect(breaches([made("aws_dynamodb_table", {}), made("aws_s3_bucket", { force_destroy: true })], PLAIN)).toEqual(
      [],
    );
  });
});

describe("a bucket", () => {
  const bucket = (name: string, attributes = {}) => made("aws_s3_bucket", attributes, name);
  const part = (type: string, attributes: object, of = "files") =>
    made(type, { bucket: `\${aws_s3_bucket.${of}.id}`, ...attributes }, `${type} ${of}`);
  const blocked = {
    ...{ block_public_acls: true, block_public_policy: true, ignore_public_acls: true, restrict_public_buckets: true },
  };
  const denied = {
    policy: JSON.stringify({
      Statement: [{
        ...{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "a" },
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }],
    }),
  };
  const parts = (of = "files") => [
    part("aws_s3_bucket_public_access_block", blocked, of),
    part("aws_s3_bucket_server_side_encryption_configuration", {}, of),
    part("aws_s3_bucket_policy", denied, of),
    part("aws_s3_bucket_lifecycle_configuration", {}, of),
    part("aws_s3_bucket_versioning", {}, of),
  ];

  test("has all five parts where a stage is hardened, each of its own; without them each is told", () => {
    expect(breaches([bucket("files"), ...parts()])).toEqual([]);
    const words = ["A bucket is never public", "A bucket is encrypted", "A bucket answers over TLS alone"];
    const all = [...words, "A bucket's old versions end", "A bucket keeps what was replaced"];
    expect(breaches([bucket("files")])).toEqual(all.map((said) => `files: ${said}`));
    expect(breaches([bucket("files"), bucket("other"), ...parts()])).toEqual(all.map((said) => `other: ${said}`));
    // A name that only begins alike is no cover.
    expect(breaches([bucket("file"), bucket("files"), ...parts()])).toEqual(all.map((said) => `file: ${said}`));
    for (const [i, said] of all.entries()) {
      expect(breaches([bucket("files"), ...parts().filter((_, own) => own !== i)])).toEqual([`files: ${said}`]);
    }
    expect(breaches([bucket("files")], PLAIN)).toEqual([]);
  });

  test("is public where one of the four ways is open, and plain where its policy does not deny that", () => {
    for (const name of Object.keys(blocked)) {
      const open = part("aws_s3_bucket_public_access_block", { ...blocked, [name]: false });
      expect(breaches([bucket("files"), open, ...parts().slice(1)])).toEqual(["files: A bucket is never public"]);
    }
    const allowed = part("aws_s3_bucket_policy", { policy: denied.policy.replace('"false"', '"true"') });
    expect(breaches([bucket("files"), ...parts().filter((_, i) => i !== 2), allowed])).toEqual([
      "files: A bucket answers over TLS alone",
    ]);
  });

  test("of a protected stage is not emptied to be removed", () => {
    expect(breaches([bucket("files", { force_destroy: true }), ...parts()])).toEqual([
      "files: A bucket of this stage is not emptied to be removed",
    ]);
  });
});
