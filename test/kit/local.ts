import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createClients } from "../../api/aws/clients.ts";
import { parseConfig } from "../../api/config.ts";
import { createLog } from "../../api/core/log.ts";
import type { LocalError } from "../../api/local/errors.ts";
import { startLocalSystem } from "../../api/local/system.ts";
import type { MemoryStores } from "./memory-system.ts";

export const silentLog = createLog("silent", () => {});

/** A folder that did not exist before, and the function that removes it. */
export async function makeTempDir(parent = tmpdir()): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(parent, "sojourn-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

export type TestSystem = Awaited<ReturnType<typeof startTestSystem>> & {
  /** Of a system in memory (`memory-system.ts`): its stores. */
  memory?: MemoryStores;
};

/** A local system of its own in a fresh folder, or over `dataDir`, which then stays. One for a test file is enough. */
export async function startTestSystem(
  options: { dataDir?: string; prefix?: string; onDeath?: (error: LocalError) => void } = {},
) {
  const { dynoxideBin, region } = parseConfig(process.env);
  const { prefix = "test", ...rest } = options;
  const folder = options.dataDir === undefined ? await makeTempDir(process.env["TEST_DATA"]) : undefined;
  const dataDir = options.dataDir ?? folder!.path;
  try {
    const system = await startLocalSystem({ ...rest, dataDir, prefix, dynoxideBin, log: silentLog });
    const clients = createClients({ region, endpoints: system.endpoints });
    return {
      ...system,
      dataDir,
      prefix,
      region,
      clients,
      stop: async () => {
        clients.destroy();
        await system.stop();
        await folder?.remove();
      },
    };
  } catch (error) {
    await folder?.remove();
    throw error;
  }
}
