import { messageOf } from "../core/ask.ts";

/** What a page shows, asked for when it opens and whenever `again` is called. What was there stays while it is asked anew. */
export function createLoaded<T>(load: (signal: AbortSignal) => Promise<T>) {
  let value = $state.raw<T>();
  let failure = $state<string>();
  const controller = new AbortController();

  async function again(): Promise<void> {
    try {
      value = await load(controller.signal);
      failure = undefined;
    } catch (error) {
      if (!controller.signal.aborted) failure = messageOf(error);
    }
  }

  return {
    get value() {
      return value;
    },
    get failure() {
      return failure;
    },
    again,
    /** For an effect: what it gives ends it. */
    start(): () => void {
      void again();
      return () => controller.abort();
    },
  };
}
