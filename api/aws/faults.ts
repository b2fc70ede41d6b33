import { AppError, UnavailableError } from "../core/errors.ts";

/**
 * Runs one SDK call and turns its failure into ours: passing faults into a retryable UnavailableError, our own
 * mistakes (a request the service refuses) into INTERNAL. Messages of the dependency are kept as cause only: some
 * emulators put the whole request into them.
 */
export async function translating<T>(dependency: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw isOurMistake(error)
      ? new AppError("INTERNAL", `${dependency} refused a request: ${nameOf(error)}`, { cause: error })
      : new UnavailableError(dependency, error);
  }
}

/** The error's name, by which AWS documents it. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "UnknownError";
}

function isOurMistake(error: unknown): boolean {
  return ["ValidationException", "SerializationException", "InvalidRequest", "EntityTooLarge", "InvalidParameterValue"]
    .includes(nameOf(error));
}
