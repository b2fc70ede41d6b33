import { untrack } from "svelte";

/** What in a form differs from what it was filled with. All else is not said: somebody may have changed it since, and that holds. */
export function changesOf<T extends object>(was: T, typed: T): Partial<T> {
  const isSame = (name: string, value: unknown) => JSON.stringify(value) === JSON.stringify(was[name as keyof T]);
  return Object.fromEntries(Object.entries(typed).filter(([name, value]) => !isSame(name, value))) as Partial<T>;
}

/** A form over what others may set as well. What somebody types in it is never refreshed away. */
export function createForm<T extends object>() {
  let typed = $state<T>();
  let was: T | undefined;
  const changes = (): Partial<T> => was && typed ? changesOf(was, typed) : {};
  return {
    get typed() {
      return typed;
    },
    /** What differs from what it was filled with. */
    get changes(): Partial<T> {
      return changes();
    },
    /** Shows what holds by now, wherever nothing else was typed. */
    fill(now: T): void {
      untrack(() => (typed = { ...now, ...changes() }));
      was = now;
    },
    /** What was typed holds now, as the service has answered. */
    kept(taken: Partial<T>): void {
      if (was) was = { ...was, ...taken };
    },
  };
}
