import { readdirSync, readFileSync } from "node:fs";
import { statOf, treeOf } from "../kit/process.ts";

/** USER_HZ, which is 100 on every Linux that Node and Deno run on. */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has used so far, in the kernel too. */
export function cpuSeconds(pid: number): number {
  const stat = statOf(pid);
  if (!stat) throw new Error(`process ${pid} is gone`);
  return (Number(stat[11]) + Number(stat[12])) / TICKS_PER_SECOND;
}

/** The same, to the microsecond, of the threads that run now. */
export function exactCpuMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It ended between the two reads.
      return 0;
    }
  });
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
}

/** Memory that a process holds now, and the most that it ever held. */
export function memoryMegabytes(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Math.round(Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1_024);
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** The first process below `pid` with this name. */
export function findBelow(pid: number, name: string): number {
  const found = treeOf(pid).find((each) => readFileSync(`/proc/${each}/comm`, "utf8").trim() === name);
  if (found === undefined) throw new Error(`there is no ${name} below ${pid}`);
  return found;
}
