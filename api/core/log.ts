export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type LogFields = Record<string, unknown>;

/** Writes one JSON line per call. Give it ids and counts; never tokens, passwords or what a person typed. */
export type Log = Record<Exclude<LogLevel, "silent">, (message: string, fields?: LogFields) => void>;

const ORDER: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** Makes a log that drops what is below `level`. `write` gets each finished line without its newline. */
export function createLog(level: LogLevel, write: (line: string) => void, now: () => number = Date.now): Log {
  const at = (own: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (ORDER.indexOf(own) < ORDER.indexOf(level)) return;
    write(JSON.stringify({ time: new Date(now()).toISOString(), level: own, message, ...describeErrors(fields) }));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Errors as plain objects with name, message, stack and cause, since JSON shows an Error as `{}`. */
function describeErrors(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? describeError(value) : value]),
  );
}

function describeError(error: Error, depth = 0): LogFields {
  return {
    name: error.name,
    message: error.message.slice(0, 2_000),
    stack: error.stack?.split("\n").slice(1, 12).map((line) => line.trim()),
    ...(error.cause instanceof Error && depth < 3 ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}
