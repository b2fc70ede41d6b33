/** One event as `recordEvents` takes it. */
export type LoadedEvent = {
  sessionId: string;
  source: string;
  seq: number;
  type: string;
  occurredAt: string;
  visitorId?: string;
  page?: string;
  text?: string;
  properties?: unknown;
};

/** A file in a form that this tool does not know, or with a line that is not of its form. */
export class FileFormatError extends Error {
  override name = "FileFormatError";
}
