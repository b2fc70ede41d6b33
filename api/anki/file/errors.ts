import { AppError } from "../../core/errors.ts";

/** What was given is no collection that can be kept. The message says what is wrong and what to do. Nothing was changed. */
export class CollectionUnreadableError extends AppError {
  constructor(message: string, cause?: unknown) {
    super("COLLECTION_UNREADABLE", message, { cause });
  }
}

/** What was given, or what it unpacks to, is over a limit. Nothing was changed. */
export class TooLargeError extends AppError {
  readonly limitBytes: number;

  constructor(message: string, limitBytes: number) {
    super("TOO_LARGE", message);
    this.limitBytes = limitBytes;
  }
}

/** Gives what `work` gives. Whatever SQLite or a decoder throws in it becomes one clear refusal. */
export function readable<T>(message: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof AppError ? error : new CollectionUnreadableError(message, error);
  }
}
