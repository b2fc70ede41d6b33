/**
 * Asks for something again whenever it is called for: at once, then `everyMs` after the last time at the earliest; calls in between are
 * one. Never two at a time, so that no older answer comes over a newer one. Nothing is begun after `stop`.
 */
export function createPaced(everyMs: number, work: () => Promise<void>) {
  let isCalled = false;
  let isUnderWay = false;
  let isStopped = false;

  async function run(): Promise<void> {
    isUnderWay = true;
    while (isCalled && !isStopped) {
      isCalled = false;
      await work();
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    isUnderWay = false;
  }

  return {
    call(): void {
      isCalled = true;
      if (!isUnderWay) void run();
    },
    stop(): void {
      isStopped = true;
    },
  };
}
