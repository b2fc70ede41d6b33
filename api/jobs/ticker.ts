import type { Log } from "../core/log.ts";
import type { Job } from "./jobs.ts";

/**
 * Runs jobs at their intervals until it is stopped; the first time at once. A job that is still running is not started
 * again, and one that fails is logged and tried at its next turn.
 */
export function startTicker(jobs: readonly Job[], log: Log): { stop: () => Promise<void> } {
  const running = new Map<string, Promise<void>>();

  async function run({ name, run }: Job): Promise<void> {
    try {
      const did = await run();
      log.debug("a job ran", { job: name, ...did });
    } catch (error) {
      log.error("a job failed and is tried at its next turn", { job: name, error });
    } finally {
      running.delete(name);
    }
  }

  const timers = jobs.map((job) => {
    const tick = () => {
      if (!running.has(job.name)) running.set(job.name, run(job));
    };
    tick();
    return setInterval(tick, job.everyMs);
  });

  return {
    /** Ends after the runs that are under way. */
    async stop() {
      timers.forEach(clearInterval);
      await Promise.all(running.values());
    },
  };
}
