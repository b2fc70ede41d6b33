import type { Stage } from "./stages.ts";

/** Containers as Fargate has them: 1,024 units are a processor. A cache of collections and a large upload fit into a gigabyte. */
export const SIZES = {
  dev: { cpu: 256, memoryMb: 1_024, min: 1, max: 2 },
  prod: { cpu: 1_024, memoryMb: 2_048, min: 2, max: 20 },
  local: { cpu: 256, memoryMb: 1_024, min: 1, max: 1 },
} as const satisfies Record<Stage["name"], object>;
