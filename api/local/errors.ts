/** The local system cannot start, or a part of it ended. One line: what is wrong, and what to do next. */
export class LocalError extends Error {
  override name = "LocalError";
}
