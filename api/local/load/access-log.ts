import type { LoadedEvent } from "./events.ts";
import type { Skipped } from "./skipped.ts";
import { createVisits } from "./visits.ts";
import { parseWhen } from "./when.ts";

const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`;
/** The combined log format of Apache and nginx; the common one, without the last two, as well. */
const LINE = new RegExp(String.raw`^(\S+) \S+ (.+?) \[([^\]]+)\] ${QUOTED} (\d{3}) (\d+|-)(?: ${QUOTED} ${QUOTED})?`);
const REQUEST = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/;

/** Whether a line is of an access log. */
export function isAccessLog(line: string): boolean {
  return LINE.test(line.trim());
}

/**
 * The events of an access log, one for each request: a visit is a host with one browser and at most 30 minutes between
 * requests. A page is a path without an ending or with .html; posted forms are FORM_COMPLETED, the rest FILE_REQUESTED.
 */
export function* readAccessLog(
  lines: Iterable<string>,
  skipped: Pick<Skipped, "add">,
  zone: string,
): Generator<LoadedEvent> {
  const visits = createVisits();
  let number = 0;
  for (const line of lines) {
    number++;
    if (line.trim() === "") continue;
    const [, host, , time, request, status, bytes, referrer = "", agent = ""] = LINE.exec(line.trim()) ?? [];
    const [, method, url] = REQUEST.exec(request ?? "") ?? [];
    const at = time === undefined ? undefined : parseWhen(time, zone);
    if (host === undefined || method === undefined || at === undefined) {
      skipped.add(number, "is no line of a combined access log", line);
      continue;
    }
    const visit = visits.next(agent === "" ? host : `${host} ${agent}`, host, at);
    const page = url!.replace(/[?#].*/s, "");
    yield {
      ...visit,
      type: method === "POST" ? "FORM_COMPLETED" : isPage(page) ? "PAGE_VIEWED" : "FILE_REQUESTED",
      occurredAt: new Date(at).toISOString(),
      visitorId: host,
      page: url!,
      properties: {
        status: Number(status),
        bytes: Number(bytes) || 0,
        method,
        ...(referrer === "" || referrer === "-" ? {} : { referrer }),
        ...(agent === "" || agent === "-" ? {} : { userAgent: agent }),
      },
    };
  }
}

function isPage(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !name.includes(".") || /\.(html?|php|aspx?|jsp)$/i.test(name);
}
