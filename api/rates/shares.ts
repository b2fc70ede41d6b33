import { AsyncLocalStorage } from "node:async_hooks";
import { type Clock, SECOND_MS } from "../core/clock.ts";
import { RateLimitedError } from "../core/errors.ts";

export type Shares = ReturnType<typeof createShares>;

/** Whoever asked for something within so long counts as being there, and has a share. */
const PRESENT_MS = 2 * SECOND_MS;
/** Operations at once, of all tenants. Most of them wait for a store. */
const AT_ONCE = 64;
/** While several tenants are there, so many at once for all of them, and two for each at least. */
const AT_ONCE_TOGETHER = 8;
const LEAST = 2;
/** One place is for so many fields: an operation that asks for more takes several, eight at most. */
const COST_OF_PLACE = 250;
const MOST_PLACES = 8;
/** So many of one tenant wait; the rest is refused. */
const MAX_WAITING = 500;

/** Of a tenant that asks for more than its part while others are there: so many requests to a store at once, by their number. */
const STEPS_TOGETHER = 4;

type Task = { places: number; start: () => void };
type Tenant = {
  running: number;
  waiting: Task[];
  served: number;
  seenAt: number;
  /** Requests to a store that are under way, and what begins those that wait. */
  steps: number;
  waitingSteps: (() => void)[];
};

/**
 * Shares execution between tenants, so that one who asks for much at once waits for itself and not others for it. A tenant
 * that is alone may use all there is; while others are there its part of it, by what its operations cost. Whose turn it is
 * when all places are taken is decided by what each was given so far (start-time fair queueing; Goyal, Vin and Cheng 1996).
 */
export function createShares({ clock, atOnce = AT_ONCE }: { clock: Clock; atOnce?: number }) {
  const tenants = new Map<string, Tenant>();
  const current = new AsyncLocalStorage<Tenant>();
  let running = 0;
  /** How far those who are there have been served: a newcomer begins here, and not with the past in hand. */
  let served = 0;
  let sweptAt = 0;

  function tenantOf(name: string, now: number): Tenant {
    if (now >= sweptAt + SECOND_MS) sweep(now);
    let tenant = tenants.get(name);
    if (!tenant) {
      tenants.set(name, tenant = { running: 0, waiting: [], served, seenAt: now, steps: 0, waitingSteps: [] });
    }
    tenant.seenAt = now;
    return tenant;
  }

  function sweep(now: number): void {
    sweptAt = now;
    for (const [name, { running, waiting, seenAt }] of tenants) {
      if (running === 0 && waiting.length === 0 && now >= seenAt + PRESENT_MS) tenants.delete(name);
    }
  }

  /** Nobody is kept from running one operation, however dear. */
  function mayStart(tenant: Tenant, { places }: Task): boolean {
    if (tenant.running === 0) return running < atOnce;
    const most = tenants.size === 1 ? atOnce : Math.max(LEAST, Math.floor(AT_ONCE_TOGETHER / tenants.size));
    return tenant.running + places <= most && running + places <= atOnce;
  }

  function begin(tenant: Tenant, task: Task): void {
    served = Math.max(served, tenant.served);
    tenant.served = served + task.places;
    tenant.running += task.places;
    running += task.places;
    task.start();
  }

  function end(tenant: Tenant, { places }: Task): void {
    tenant.running -= places;
    running -= places;
    tenant.seenAt = clock();
    for (let next = nextOf(); next; next = nextOf()) begin(next, next.waiting.shift()!);
  }

  /** Of those who wait and may start, the one who was given least. */
  function nextOf(): Tenant | undefined {
    let least: Tenant | undefined;
    for (const tenant of tenants.values()) {
      const [first] = tenant.waiting;
      if (first && mayStart(tenant, first) && (!least || tenant.served < least.served)) least = tenant;
    }
    return least;
  }

  function mostSteps({ waiting }: Tenant): number {
    const isAtOthersCost = tenants.size > 1 && waiting.length > 0;
    return isAtOthersCost ? Math.max(1, Math.floor(STEPS_TOGETHER / tenants.size)) : Infinity;
  }

  /** One operation may ask for a hundred things at once: their answers would come before another tenant's next. */
  async function step<T>(tenant: Tenant, call: () => Promise<T>): Promise<T> {
    if (tenant.steps >= mostSteps(tenant)) await new Promise<void>((resolve) => tenant.waitingSteps.push(resolve));
    else tenant.steps += 1;
    try {
      return await call();
    } finally {
      tenant.steps -= 1;
      while (tenant.waitingSteps.length > 0 && tenant.steps < mostSteps(tenant)) {
        tenant.steps += 1;
        tenant.waitingSteps.shift()!();
      }
    }
  }

  return {
    /** Makes a request to a store, for whatever operation it belongs to, in its tenant's turn. */
    step<T>(call: () => Promise<T>): Promise<T> {
      const tenant = tenants.size > 1 ? current.getStore() : undefined;
      return tenant ? step(tenant, call) : call();
    },

    /**
     * Runs the work when it is the tenant's turn; at once, without waiting a tick, where it is. Throws RateLimitedError
     * where too much of the tenant's waits already.
     */
    run<T>(name: string, cost: number, work: () => T | Promise<T>): T | Promise<T> {
      const tenant = tenantOf(name, clock());
      const task: Task = {
        places: Math.min(Math.max(1, Math.ceil(cost / COST_OF_PLACE)), MOST_PLACES),
        start: () => {},
      };
      if (tenant.waiting.length > 0 || !mayStart(tenant, task)) {
        if (tenant.waiting.length >= MAX_WAITING) {
          throw new RateLimitedError("operations of this tenant that wait", { points: MAX_WAITING }, 1);
        }
        const turn = new Promise<void>((resolve) => task.start = resolve);
        tenant.waiting.push(task);
        return turn.then(() => run(tenant, task, work));
      }
      begin(tenant, task);
      return run(tenant, task, work);
    },
  };

  function run<T>(tenant: Tenant, task: Task, work: () => T | Promise<T>): T | Promise<T> {
    let result: T | Promise<T>;
    try {
      result = current.run(tenant, work);
    } catch (error) {
      end(tenant, task);
      throw error;
    }
    if (!(result instanceof Promise)) {
      end(tenant, task);
      return result;
    }
    return result.finally(() => end(tenant, task));
  }
}
