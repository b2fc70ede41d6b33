import { describe, expect, test } from "vitest";
import { functions } from "../../api/functions.ts";
import { containerAccess } from "../../infra/container-roles.ts";
import { type Loose, synthStage } from "../kit/synth-stage.ts";

const IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/sojourn:1";
const CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/0a";
const OF_CONTAINER = { SOJOURN_RUN: "container", SOJOURN_IMAGE: IMAGE };

const dev = synthStage(OF_CONTAINER);
const prod = synthStage({
  ...OF_CONTAINER,
  SOJOURN_STAGE: "prod",
  SOJOURN_CACHE: "on",
  CERTIFICATE_ARN: CERTIFICATE,
  SOJOURN_ARCHITECTURE: "arm64",
  SOJOURN_ZONES: "a,c",
  JWKS_URL: "https://login.example.com:8443/keys",
});

const containerOf = (stack: typeof dev) =>
  JSON.parse(stack.one("aws_ecs_task_definition").container_definitions)[0] as Record<string, never>;

describe("what serves", () => {
  test("is containers alone, while what comes by queues, streams and schedules is taken by functions", () => {
    expect(Object.keys(dev.all("aws_lambda_function")).sort()).toEqual(
      ["ingest", "late", "rollup", "schedule"].map((name) => `function-${name}`),
    );
    expect(Object.keys(dev.all("aws_lambda_event_source_mapping")).length).toBeGreaterThan(2);
    expect(dev.all("aws_apigatewayv2_api")).toEqual({});
  });

  test("is both where both is said, and has no network where containers do not serve", () => {
    const both = synthStage({ ...OF_CONTAINER, SOJOURN_RUN: "both" });
    expect(Object.keys(both.all("aws_lambda_function"))).toHaveLength(Object.keys(functions).length);
    expect(both.one("aws_ecs_service")).toBeDefined();
    const alone = synthStage({ SOJOURN_RUN: "functions" });
    expect(alone.all("aws_vpc")).toEqual({});
    expect(alone.all("aws_ecs_service")).toEqual({});
  });
});

describe("lines of the load balancer", () => {
  test("lie in a bucket of their own as long as other logs, which load balancers alone write to", () => {
    for (const stack of [dev, prod]) {
      expect(stack.one("aws_lb").access_logs).toEqual({
        bucket: "${aws_s3_bucket.balancer-logs.bucket}",
        enabled: true,
      });
      // It tries to write as soon as it is told to.
      expect(stack.one("aws_lb").depends_on).toContain("aws_s3_bucket_policy.balancer-logs-policy");
      const { Statement } = JSON.parse(stack.one("aws_s3_bucket_policy", "balancer-logs-policy").policy);
      expect(Statement[1]).toMatchObject({
        // Frankfurt is older than the service's own name.
        Principal: {
          Service: "logdelivery.elasticloadbalancing.amazonaws.com",
          AWS: "${data.aws_elb_service_account.balancer-account.arn}",
        },
        Action: "s3:PutObject",
        Resource: "${aws_s3_bucket.balancer-logs.arn}/AWSLogs/${aws_security_group.group-balancer.owner_id}/*",
      });
      // S3's own key is the only one that load balancers write under.
      const { rule } = stack.one("aws_s3_bucket_server_side_encryption_configuration", "balancer-logs-encryption");
      expect(rule[0].apply_server_side_encryption_by_default).toEqual({ sse_algorithm: "AES256" });
    }
    const rules = prod.one("aws_s3_bucket_lifecycle_configuration", "balancer-logs-lifecycle").rule as object[];
    expect(rules).toContainEqual(
      expect.objectContaining({ filter: [{ prefix: "AWSLogs/" }], expiration: [{ days: 90 }] }),
    );
    const young = synthStage({ ...OF_CONTAINER, AWS_REGION: "eu-south-2" });
    const { Statement } = JSON.parse(young.one("aws_s3_bucket_policy", "balancer-logs-policy").policy);
    expect(Statement[1].Principal).toEqual({ Service: "logdelivery.elasticloadbalancing.amazonaws.com" });
  });
});

describe("the container", () => {
  test("is nobody in particular, who can write to /tmp alone", () => {
    expect(containerOf(dev)).toMatchObject({
      image: IMAGE,
      user: "65532:65532",
      readonlyRootFilesystem: true,
      linuxParameters: { capabilities: { drop: ["ALL"] } },
      mountPoints: [{ sourceVolume: "tmp", containerPath: "/tmp", readOnly: false }],
    });
    expect(dev.one("aws_ecs_task_definition").volume).toEqual([{ name: "tmp" }]);
  });

  test("that hangs is started again, and no log that is slow or number of followers stops it", () => {
    const { healthCheck, logConfiguration, ulimits } = containerOf(dev) as Loose;
    expect(healthCheck).toMatchObject({ interval: 30, retries: 3, startPeriod: 30 });
    expect(healthCheck.command.slice(0, 2)).toEqual(["CMD", "deno"]);
    expect(logConfiguration.options).toMatchObject({ mode: "non-blocking", "max-buffer-size": "16m" });
    expect(ulimits).toEqual([{ name: "nofile", softLimit: 65_535, hardLimit: 65_535 }]);
  });

  test("is not killed before it had the time to finish", () => {
    const { environment, stopTimeout } = containerOf(dev) as unknown as {
      environment: { name: string; value: string }[];
      stopTimeout: number;
    };
    const drain = Number(environment.find(({ name }) => name === "DRAIN_SECONDS")!.value);
    expect(stopTimeout).toBeGreaterThan(drain);
    expect(stopTimeout).toBeLessThanOrEqual(120);
  });

  test("holds no secret: it is told where the keys are", () => {
    expect(containerOf(dev).environment).toContainEqual({
      name: "SIGNING_KEY_SECRET",
      value: "${aws_secretsmanager_secret.signing-key.arn}",
    });
  });

  test("runs on what its image was built for", () => {
    expect(dev.one("aws_ecs_task_definition").runtime_platform.cpu_architecture).toBe("X86_64");
    expect(prod.one("aws_ecs_task_definition").runtime_platform.cpu_architecture).toBe("ARM64");
  });

  test("may do what the functions may that it stands for, and nothing else", () => {
    const access = containerAccess();
    expect(access.tables.journeys).toBe("remove");
    expect(access.tables.rollups).toBe("remove");
    expect(access.queues).toEqual({ ingest: "feed", late: "send", wakes: "send" });
    const table = (name: string) => `\${aws_dynamodb_table.table-${name}.arn}`;
    const bucket = (name: string, suffix = "") => `\${aws_s3_bucket.bucket-${name}.arn}${suffix}`;
    const all = [
      "journeys",
      "trails",
      "records",
      "buckets",
      "rollups",
      "accounts",
      "access",
      "sessions",
      "sensors",
      "reviews",
      "webhooks",
      "sockets",
    ];
    const index = (name: string, of: string) => `${table(name)}/index/${of}`;
    expect(dev.statements("task")).toEqual([
      {
        Sid: "ReadItems",
        Effect: "Allow",
        Action: ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
        Resource: all.map(table),
      },
      {
        Sid: "ReadIndexes",
        Effect: "Allow",
        Action: ["dynamodb:Query"],
        Resource: [
          index("journeys", "byStart"),
          index("journeys", "byVisitor"),
          index("trails", "byStart"),
          index("records", "byTime"),
          index("buckets", "byHour"),
          index("access", "byTenant"),
          index("sessions", "byStart"),
          index("sessions", "bySensor"),
          index("sessions", "byNote"),
          index("sessions", "byCheck"),
          index("sensors", "byTenant"),
          index("reviews", "byCheck"),
          index("webhooks", "byDue"),
        ],
      },
      {
        Sid: "WriteItems",
        Effect: "Allow",
        Action: ["dynamodb:PartiQLInsert", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        Resource: all.map(table),
      },
      {
        Sid: "RemoveItems",
        Effect: "Allow",
        Action: ["dynamodb:DeleteItem"],
        // A tenant that deletes its account goes out of all of them.
        Resource: all.map(table),
      },
      {
        Sid: "ListObjects",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: [bucket("events"), bucket("readings"), bucket("collections")],
      },
      {
        Sid: "ReadObjects",
        Effect: "Allow",
        Action: ["s3:GetObject"],
        Resource: [bucket("events", "/*"), bucket("readings", "/*"), bucket("collections", "/*")],
      },
      {
        Sid: "WriteObjects",
        Effect: "Allow",
        Action: ["s3:PutObject"],
        Resource: [bucket("events", "/*"), bucket("readings", "/*"), bucket("collections", "/*")],
      },
      {
        Sid: "RemoveObjects",
        Effect: "Allow",
        Action: ["s3:DeleteObject"],
        Resource: [bucket("events", "/*"), bucket("readings", "/*"), bucket("collections", "/*")],
      },
      {
        Sid: "SendMessages",
        Effect: "Allow",
        Action: ["sqs:GetQueueUrl", "sqs:SendMessage"],
        Resource: [
          "${aws_sqs_queue.queue-ingest.arn}",
          "${aws_sqs_queue.queue-late.arn}",
          "${aws_sqs_queue.queue-wakes.arn}",
        ],
      },
      {
        Sid: "LookAtQueues",
        Effect: "Allow",
        Action: ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"],
        Resource: ["${aws_sqs_queue.queue-ingest.arn}"],
      },
      {
        Sid: "PublishToTopics",
        Effect: "Allow",
        Action: ["sns:Publish"],
        Resource: ["${aws_sns_topic.webhooks.arn}"],
      },
      {
        Sid: "UseKeys",
        Effect: "Allow",
        Action: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        Resource: ["${aws_secretsmanager_secret.signing-key.arn}"],
      },
    ]);
  });

  test("is started by a role that writes its log and fetches its image, and no other", () => {
    expect(dev.statements("task-start")).toEqual([
      {
        Sid: "WriteLogs",
        Effect: "Allow",
        Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
        Resource: ["${aws_cloudwatch_log_group.container-logs.arn}:*"],
      },
      {
        Sid: "PullImage",
        Effect: "Allow",
        Action: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        Resource: ["arn:aws:ecr:eu-central-1:123456789012:repository/sojourn"],
      },
      { Sid: "LogInToRegistry", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: ["*"] },
    ]);
    const elsewhere = synthStage({ ...OF_CONTAINER, SOJOURN_IMAGE: "ghcr.io/someone/sojourn:1" });
    expect(elsewhere.statements("task-start").map(({ Sid }) => Sid)).toEqual(["WriteLogs"]);
  });
});

describe("a deployment", () => {
  test("that does not become ready is rolled back, and takes nobody's place meanwhile", () => {
    expect(dev.one("aws_ecs_service")).toMatchObject({
      deployment_circuit_breaker: { enable: true, rollback: true },
      deployment_minimum_healthy_percent: 100,
      lifecycle: { ignore_changes: ["desired_count"] },
    });
    // A container that is up gets 200 seconds of a store's fault before another takes its place.
    expect(dev.one("aws_lb_target_group")).toMatchObject({
      health_check: { path: "/ready", matcher: "200", interval: 20, healthy_threshold: 2, unhealthy_threshold: 10 },
      deregistration_delay: "20",
    });
  });

  test("grows with its load and its requests", () => {
    expect(prod.one("aws_appautoscaling_target")).toMatchObject({ min_capacity: 2, max_capacity: 20 });
    const metrics = Object.values(prod.all("aws_appautoscaling_policy")).map((policy) =>
      policy.target_tracking_scaling_policy_configuration.predefined_metric_specification.predefined_metric_type
    );
    expect(metrics).toEqual(["ECSServiceAverageCPUUtilization", "ALBRequestCountPerTarget"]);
    // More at once, fewer after a while. What is one processor's work at 60 percent is said by the size of a container.
    for (const [stack, requests] of [[dev, 750], [prod, 3_000]] as const) {
      const tracked = ["cpu", "requests"].map((id) =>
        stack.one("aws_appautoscaling_policy", `scaling-${id}`).target_tracking_scaling_policy_configuration as Loose
      );
      expect(tracked.map(({ target_value: value }) => value as number)).toEqual([60, requests]);
      for (const policy of tracked) expect(policy).toMatchObject({ scale_out_cooldown: 60, scale_in_cooldown: 300 });
    }
  });
});

describe("the load balancer", () => {
  test("answers over HTTPS where there is a certificate, and sends what comes by HTTP there", () => {
    expect(prod.one("aws_lb_listener", "listener")).toMatchObject({ port: 443, certificate_arn: CERTIFICATE });
    expect(prod.one("aws_lb_listener", "listener-http").default_action).toEqual([
      { type: "redirect", redirect: { port: "443", protocol: "HTTPS", status_code: "HTTP_301" } },
    ]);
    // TLS 1.2 with forward secrecy, and 1.3.
    expect(prod.one("aws_lb_listener", "listener").ssl_policy).toBe("ELBSecurityPolicy-TLS13-1-2-2021-06");
    expect(prod.outputs.container_url!.value).toBe("https://${aws_lb.balancer.dns_name}/graphql");
    expect(prod.outputs.container_warning).toBeUndefined();
  });

  test("says plainly that it does not encrypt where there is none", () => {
    expect(dev.one("aws_lb_listener")).toMatchObject({ port: 80, protocol: "HTTP" });
    expect(dev.outputs.container_warning!.value).toMatch(/plain HTTP.*CERTIFICATE_ARN/);
  });

  test("leaves streams open for longer than the 12 seconds in which each says something", () => {
    expect(dev.one("aws_lb").idle_timeout).toBeGreaterThan(12);
  });

  test("takes no header that is none, and in prod is not taken away by a mistake", () => {
    for (const [stack, isProd] of [[dev, false], [prod, true]] as const) {
      expect(stack.one("aws_lb")).toMatchObject({
        drop_invalid_header_fields: true,
        enable_deletion_protection: isProd,
      });
    }
  });

  test("shows measurements to nobody", () => {
    expect(dev.one("aws_lb_listener_rule")).toMatchObject({
      condition: [{ path_pattern: { values: ["/metrics"] } }],
      action: [{ type: "fixed-response", fixed_response: { status_code: "404" } }],
    });
  });
});

describe("the network", () => {
  const open = (stack: typeof dev, kind: "ingress" | "egress") =>
    Object.fromEntries(
      Object.entries(stack.all(`aws_vpc_security_group_${kind}_rule`))
        .map(([id, rule]) => [id, [rule.cidr_ipv4 ?? rule.referenced_security_group_id, rule.from_port, rule.to_port]]),
    );

  test("lets the world reach the load balancer alone, and the containers reach whatever address is named, by any port", () => {
    expect(open(prod, "ingress")).toEqual({
      "balancer-from-world-443": ["0.0.0.0/0", 443, 443],
      "balancer-from-world-80": ["0.0.0.0/0", 80, 80],
      "service-from-balancer": ["${aws_security_group.group-balancer.id}", 4000, 4000],
      "cache-from-service": ["${aws_security_group.group-service.id}", 6379, 6379],
    });
    expect(open(prod, "egress")).toEqual({
      "balancer-to-service": ["${aws_security_group.group-service.id}", 4000, 4000],
      "service-to-world": ["0.0.0.0/0", 0, 65_535],
      "service-to-cache": ["${aws_security_group.group-cache.id}", 6379, 6379],
    });
  });

  test.each([
    { JWKS_URL: "http://login.example.com/keys,https://other.example:8443/keys", TOKEN_ISSUER: "a,b" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.example:4318" },
    // Of webhooks nobody knows the ports before.
    {},
  ])("lets the containers reach what %j names", (named) => {
    const [anywhere, from, to] = open(synthStage({ ...OF_CONTAINER, ...named }), "egress")["service-to-world"]!;
    expect(anywhere).toBe("0.0.0.0/0");
    const own = Object.values(named).flatMap((text) => text.split(",")).filter((text) => URL.canParse(text));
    for (const port of own.map((url) => Number(new URL(url).port || 80))) {
      expect([(from as number) <= port, (to as number) >= port]).toEqual([true, true]);
    }
  });

  test("lies in two zones, and asks AWS for none", () => {
    const zones = Object.values(prod.all("aws_subnet")).map((subnet) => subnet.availability_zone);
    expect([...new Set(zones)]).toEqual(["eu-central-1a", "eu-central-1c"]);
  });

  test("leads to S3 and DynamoDB without a detour", () => {
    expect(dev.one("aws_vpc_endpoint", "endpoint-s3").service_name).toBe("com.amazonaws.eu-central-1.s3");
    expect(dev.one("aws_vpc_endpoint", "endpoint-dynamodb").service_name).toBe("com.amazonaws.eu-central-1.dynamodb");
  });
});

describe("the cache", () => {
  test("is there where the stage says so, out of the world's reach, and containers know its address", () => {
    expect(dev.all("aws_elasticache_serverless_cache")).toEqual({});
    const cache = prod.one("aws_elasticache_serverless_cache");
    expect(cache.engine).toBe("valkey");
    // It holds nothing: what is paid for at least is the most, and nothing is kept of it.
    expect(cache).toMatchObject({
      snapshot_retention_limit: 0,
      cache_usage_limits: [{ data_storage: [{ maximum: 1, unit: "GB" }], ecpu_per_second: [{ maximum: 15_000 }] }],
    });
    expect(cache.subnet_ids).toEqual(["${aws_subnet.subnet-inner-a.id}", "${aws_subnet.subnet-inner-c.id}"]);
    expect(Object.keys(prod.all("aws_route_table_association"))).toEqual(["routes-public-a", "routes-public-c"]);
    expect(containerOf(prod).environment).toContainEqual({
      name: "REDIS_URL",
      value: "rediss://${aws_elasticache_serverless_cache.cache.endpoint[0].address}:6379",
    });
  });

  test("is refused to functions, which lie outside of its network", () => {
    expect(() => synthStage({ SOJOURN_CACHE: "on" })).toThrow(/SOJOURN_CACHE=on: is for containers/);
  });
});
