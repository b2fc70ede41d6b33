/** Every failure that the service knows by name. `code` is stable: clients and alarms may rely on it. */
export class AppError extends Error {
  readonly code: string;
  /** True where the same call may succeed later, unchanged. */
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** One wrong field of an input: where it is, and what is wrong with it. */
export type InvalidField = { path: readonly string[]; message: string };

/** The caller sent something that can never work. Never retryable. */
export class InvalidInputError extends AppError {
  readonly fields: readonly InvalidField[];

  constructor(fields: readonly InvalidField[]) {
    super("INVALID_INPUT", fields.map((f) => `${f.path.join(".")}: ${f.message}`).join("; "));
    this.fields = fields;
  }
}

/** No token, or one that does not hold. The message says what to do; it never repeats the token. */
export class UnauthenticatedError extends AppError {
  constructor(message: string) {
    super("UNAUTHENTICATED", message);
  }
}

/** The token holds and does not allow this. */
export class ForbiddenError extends AppError {
  constructor(message: string) {
    super("FORBIDDEN", message);
  }
}

/** Too often, or too much at once. The same call may succeed after `retryAfterSeconds`; nothing was done. */
export class RateLimitedError extends AppError {
  readonly retryAfterSeconds: number;

  constructor(what: string, { points, seconds }: { points: number; seconds?: number }, retryAfterSeconds: number) {
    const after = Math.max(1, retryAfterSeconds);
    const limit = seconds === undefined ? `${points} at once` : `${points} in ${seconds} seconds`;
    super("RATE_LIMITED", `Too many ${what}: at most ${limit}. Try again in ${after} seconds.`, { retryable: true });
    this.retryAfterSeconds = after;
  }
}

/** A dependency did not do its part; nothing that was acknowledged is affected. Retry as it is. */
export class UnavailableError extends AppError {
  readonly dependency: string;

  constructor(dependency: string, cause?: unknown) {
    super("UNAVAILABLE", `${dependency} did not answer as it should; retry the same request.`, {
      retryable: true,
      cause,
    });
    this.dependency = dependency;
  }
}

/** Journeys are kept in the object store only at the moment (JOURNEYS_INDEX=off). */
export class NotIndexedError extends AppError {
  constructor() {
    super(
      "JOURNEYS_NOT_INDEXED",
      "Journeys are recorded and not indexed at the moment (JOURNEYS_INDEX=off). Read again after it is on and backfillJourneys has run.",
    );
  }
}
