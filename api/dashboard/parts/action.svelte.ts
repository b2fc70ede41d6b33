import { AskError, messageOf } from "../core/ask.ts";

/**
 * Something that a press does: one at a time, with the failure of the last one. `after` follows each that was done, and its failure is
 * told like one of the thing itself.
 */
export function createAction(after?: () => Promise<void>) {
  let busy = $state(false);
  let failure = $state<string>();
  return {
    get busy() {
      return busy;
    },
    get failure() {
      return failure;
    },
    /** What is wrong besides, told in the same place; undefined: nothing any more. */
    set failure(message: string | undefined) {
      failure = message;
    },
    /** True where it was done. A second press while one is under way does nothing. */
    async run(work: () => Promise<void>): Promise<boolean> {
      if (busy) return false;
      busy = true;
      failure = undefined;
      try {
        await work();
        await after?.();
        return true;
      } catch (error) {
        failure = messageOf(error);
        return false;
      } finally {
        busy = false;
      }
    },
  };
}

type Member = { __typename: string; message?: string; code?: string };

/** The member of a result union that says that it was done. Throws AskError with what any other says. */
export function done<R extends Member, Name extends R["__typename"]>(
  result: R,
  name: Name,
): Extract<R, { __typename: Name }> {
  if (result.__typename !== name) throw new AskError(result.message ?? "It was refused.", result.code ?? "INTERNAL");
  return result as Extract<R, { __typename: Name }>;
}
