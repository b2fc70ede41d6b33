import type { Ask, Workers } from "../anki/work/pool.ts";
import { VIEWS, type Views } from "../anki/work/views.ts";
import { WorkLimitError } from "../anki/work/pool.ts";
import { InvalidInputError } from "../core/errors.ts";
import type { Copies } from "./copies.ts";
import type { Lease } from "./model.ts";

export type Reader = ReturnType<typeof createReader>;

/** A file of so many bytes is looked through in some milliseconds; larger ones in a thread, or everybody would wait. */
const SMALL_BYTES = 2 * 1024 * 1024;
const READ_MS = 20_000;

/** A read's name, and what it is asked. */
export type ReadArgs<Name extends keyof Views> = [
  name: Name,
  ...args: Parameters<Views[Name]> extends [unknown, ...infer Rest] ? Rest : never,
];

/** Reads that go through a whole collection. */
export function createReader({ copies, workers }: { copies: Copies; workers: Workers }) {
  return async function read<Name extends keyof Views>(
    lease: Lease,
    ...[name, ...args]: ReadArgs<Name>
  ): Promise<ReturnType<Views[Name]>> {
    const view = VIEWS[name] as (...all: unknown[]) => ReturnType<Views[Name]>;
    const here = await copies.read(lease, (file) => {
      return file.bytes() <= SMALL_BYTES ? { value: view(file.db, ...args) } : { bytes: file.toBytes() };
    });
    if ("value" in here) return here.value;
    try {
      const ask = (ask: Ask) => ask.viewed(here.bytes, name, args) as Promise<ReturnType<Views[Name]>>;
      return await workers.run(lease.tenantId, READ_MS, ask);
    } catch (error) {
      if (!(error instanceof WorkLimitError)) throw error;
      throw new InvalidInputError([{
        path: [name],
        message: `takes more ${error.limit} than is given to one request`,
      }]);
    }
  };
}
