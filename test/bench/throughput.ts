import pMap from "p-map";
import { cpuSeconds } from "./processes.ts";

export type Rate = {
  perSecond: number;
  seconds: number;
  /** Milliseconds from request to answer. */
  latency: { p50: number; p99: number };
  /** Processor seconds used meanwhile, by the names given. */
  cpu: Record<string, number>;
};

/** Runs `work` for each input, `concurrency` at a time, and measures. */
export async function measure<T>(
  inputs: readonly T[],
  { concurrency, pids = {} }: { concurrency: number; pids?: Record<string, number> },
  work: (input: T) => Promise<unknown>,
): Promise<Rate> {
  const latencies: number[] = [];
  const before = Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)] as const);
  const startedAt = performance.now();
  await pMap(inputs, async (input) => {
    const from = performance.now();
    await work(input);
    latencies.push(performance.now() - from);
  }, { concurrency });
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return {
    perSecond: inputs.length / seconds,
    seconds,
    latency: { p50: at(0.5), p99: at(0.99) },
    cpu: Object.fromEntries(before.map(([name, used]) => [name, cpuSeconds(pids[name]!) - used])),
  };
}

export function describeRate({ perSecond, seconds, latency, cpu }: Rate): string {
  const used = Object.entries(cpu).map(([name, own]) => `${name} ${own.toFixed(1)} s`).join(", ");
  return `${Math.round(perSecond)}/s for ${seconds.toFixed(1)} s, p50 ${latency.p50.toFixed(1)} ms, ` +
    `p99 ${latency.p99.toFixed(1)} ms${used ? `; processor: ${used}` : ""}`;
}
