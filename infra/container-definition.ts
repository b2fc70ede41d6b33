import type { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group/index.js";
import type { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret/index.js";
import { variables } from "../api/config.ts";
import { commandOf, IMAGE_PATHS } from "../api/entry/cli/permissions.ts";
import { CONTAINER } from "./callers.ts";
import { environmentOf, frontOf, topicsOf } from "./functions.ts";
import type { Stage } from "./stages.ts";
import type { Stores } from "./stores.ts";

/** Collections are open as files in /tmp; nothing else of the container can be written. The image says whose it is. */
export const TMP_VOLUME = "tmp";

/** Nobody in particular: the image's files are everybody's to read. */
const USER = "65532:65532";
/** A stop takes as long as what is under way may; then, after as much again, the container is killed. */
const DRAIN_SECONDS = Number(variables.DRAIN_SECONDS.fallback);
const STOP_SECONDS = 2 * DRAIN_SECONDS + 10;
/** Each subscriber is a connection. */
const MAX_FILES = 65_535;

/** The one container of a task, as ECS has it: what runs, as whom, with what around it, and when it counts as dead. */
export function containerDefinition(
  stage: Stage,
  { stores, signingKey, environment, port, logs }: {
    stores: Stores;
    signingKey: SecretsmanagerSecret | undefined;
    environment: Record<string, string>;
    port: number;
    logs: CloudwatchLogGroup;
  },
) {
  const all: Record<string, string> = {
    // The load balancer, and CloudFront.
    TRUST_PROXY: "1",
    ...frontOf(stage, 2),
    ...environmentOf(stage, signingKey),
    ...topicsOf(stage, stores),
    AWS_REGION: stage.region,
    HOST: "0.0.0.0",
    PORT: String(port),
    DRAIN_SECONDS: String(DRAIN_SECONDS),
    ...environment,
  };
  return {
    name: CONTAINER.name,
    image: stage.image,
    essential: true,
    user: USER,
    readonlyRootFilesystem: true,
    linuxParameters: { initProcessEnabled: true, capabilities: { drop: ["ALL"] } },
    ulimits: [{ name: "nofile", softLimit: MAX_FILES, hardLimit: MAX_FILES }],
    mountPoints: [{ sourceVolume: TMP_VOLUME, containerPath: "/tmp", readOnly: false }],
    portMappings: [{ containerPort: port, protocol: "tcp" }],
    environment: Object.keys(all).sort().map((name) => ({ name, value: all[name] })),
    stopTimeout: STOP_SECONDS,
    // Alive, not ready: a process that hangs is started again, one whose tables are away is not.
    healthCheck: {
      command: ["CMD", "deno", ...commandOf("health", IMAGE_PATHS)],
      interval: 30,
      timeout: 10,
      retries: 3,
      startPeriod: 30,
    },
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": logs.name,
        "awslogs-region": stage.region,
        "awslogs-stream-prefix": "api",
        // A log that is slow is not waited for.
        "mode": "non-blocking",
        "max-buffer-size": "16m",
      },
    },
  };
}
