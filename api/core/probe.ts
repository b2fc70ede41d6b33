import { AppError } from "./errors.ts";

/** A dependency that takes longer to answer counts as down. */
const PROBE_MS = 2_000;

/** How a dependency is: "ok", or what is wrong in a few words that hold no secret. */
export async function probe(check: () => Promise<unknown>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`did not answer within ${PROBE_MS} ms`), PROBE_MS);
  });
  try {
    return await Promise.race([check().then(() => "ok"), late]);
  } catch (error) {
    return error instanceof AppError ? error.message : "failed";
  } finally {
    clearTimeout(timer);
  }
}
