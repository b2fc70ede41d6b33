import { messageOf } from "./ask.ts";

/**
 * What a person asks for on a page, one thing at a time: whether it goes on, and in words why the last one failed. `after` follows
 * each that was done, and its failure is told like one of the thing itself.
 */
export function createAttempt(after?: () => Promise<void>) {
  let busy = $state(false);
  let failure = $state<string>();
  return {
    get busy() {
      return busy;
    },
    get failure() {
      return failure;
    },
    set failure(message: string | undefined) {
      failure = message;
    },
    /** Does nothing while another goes on: a second click is no second wish. */
    async run(work: () => Promise<void>): Promise<void> {
      if (busy) return;
      busy = true;
      failure = undefined;
      try {
        await work();
        await after?.();
      } catch (error) {
        failure = messageOf(error);
      } finally {
        busy = false;
      }
    },
  };
}
