import { RECORDED_SOURCES } from "../../resources.ts";
import { DEFAULT_START } from "./w2isp.ts";

export const KINDS = ["journeys", "motion", "sessions", "metrics", "collection"] as const;
export type Kind = (typeof KINDS)[number];

const TIMES =
  `Times: RFC 3339, YYYY-MM-DD HH:MM[:SS] [PM] with or without an offset (+02:00, +0200, +2, Z, UTC, Europe/Madrid), also DD.MM.YYYY,
20260131T120000Z, 31/Jan/2026:12:00:00 +0100, or Unix seconds, milli-, micro- or nanoseconds. Those without an offset are of --zone, an IANA
name or an offset; UTC where absent.`;
const TABLE =
  `A table is CSV in UTF-8, also .gz, its cells parted by commas, semicolons, tabs or |, with the names of its columns in the first
line, in any writing. --columns ours=theirs,... says which is which where the names differ, ours= that there is none; --heading a,b,...
names the columns of a file that has no such line.`;
const COMMON = `--url URL        the service; the local one where absent
--token TOKEN    else the local instance's key signs one
--concurrency N  requests at a time, 1 to 32; 4 where absent
Lines that cannot be read are told with their number and left out. Loading a file again counts nothing twice.`;

const HELP: Record<Kind, string> = {
  journeys:
    `npm run load -- journeys FILE --tenant TENANT [--batch EVENTS] [--zone ZONE] [--columns ...] [--heading ...]
FILE is one of
  JSON lines in the shape of EventInput: {"sessionId", "seq", "type", "occurredAt", ...}, also raw events as they are stored
  a table with the columns sessionId or visitorId, occurredAt, and where they are there type, page, text, visitorId, aliasOf, source, seq, properties (JSON)
  an access log, common or combined: a visit is a host and browser with pauses of at most 30 minutes
  nasa_19950801.tsv of the NASA-HTTP trace, a .jsonl file of the OTTO data set
Rows without a session are cut into visits by pauses of 30 minutes, rows without a number are numbered as they come.
--batch EVENTS   events a request, 1 to 500; 500 where absent
${TABLE}
${TIMES}`,
  motion:
    `npm run load -- motion FILE_OR_FOLDER --tenant TENANT [--sensor ID] [--zone ZONE] [--columns ...] [--heading ...] [--start INSTANT]
FILE is one of
  a table with the columns sensorId (or --sensor for all rows), at, and where they are there seq, boot, and one of
    state: on or off (detected or cleared, 1 or 0, true or false), as home automation exports it: off says that motion ceased
    value: rows where it says by such a word that there is none are no motion
  Rows where it is empty are told and left out, those where it is unavailable or unknown are no motion.
  OrdonezB_Sensors.txt; a trial of w2isp such as d1p01M, or a FOLDER of them, which begin at --start, ${DEFAULT_START} where absent
--batch READINGS readings a batch of a trial, 1 to 5000; 50 where absent
${TABLE}
${TIMES}`,
  sessions: `npm run load -- sessions FILE --tenant TENANT [--sensor ID] [--zone ZONE] [--columns ...] [--heading ...]
FILE is a table with the columns sensorId (or --sensor for all rows), startedAt, and where they are there endedAt or a length
(durationMs, durationSeconds, durationMinutes, or duration as H:MM:SS or PT1H30M), sessionId, pauses (from/to;from/to), labels
(JSON, or parted by semicolons), notes. What exportSessions gives can be loaded as it is. Labels and notes are set where nobody
edited the session yet.
${TABLE}
${TIMES}`,
  metrics:
    `npm run load -- metrics FILE --tenant TENANT [--source SOURCE] [--dimensions COLUMN,NAME=COLUMN,...] [--batch RECORDS]
       [--zone ZONE] [--columns ...] [--heading ...]
FILE is a table with the columns recordId and at, and value where it has one, or commits.csv or anonreviews.csv. Equal rows of anonreviews.csv count one by
one, so load it whole.
--source SOURCE  one of ${RECORDED_SOURCES.join(", ")}, or a name of your own such as checkout.paid; ${
      RECORDED_SOURCES[0]
    } where absent
--dimensions ... at most 5 columns whose cells are dimensions of the records; NAME= where a column's own name is none; empty cells are left out
--batch RECORDS  records a request, 1 to 500; 500 where absent
${TABLE}
${TIMES}`,
  collection: `npm run load -- collection FILE --tenant TENANT [--user USER] [--replace] [--dry-run]
FILE is an .apkg, .colpkg or .anki2 of Anki's. It joins the collection of USER (local where absent; of the sample: demo).
--replace        it takes the place of what is there; undoReplacement brings that back
--dry-run        only says what would happen`,
};

/** How to use one kind of load. */
export function helpOf(kind: Kind): string {
  return `usage: ${HELP[kind]}\n${COMMON}`;
}

export const USAGE =
  `usage: npm run load -- journeys FILE --tenant TENANT     events of visitors: JSON lines, CSV, access logs
       npm run load -- motion FILE --tenant TENANT       motion of sensors: CSV
       npm run load -- sessions FILE --tenant TENANT     sessions with start and end: CSV
       npm run load -- metrics FILE --tenant TENANT      records to be counted: CSV
       npm run load -- collection FILE --tenant TENANT   a collection of Anki's: .apkg, .colpkg, .anki2
--help after one of these words says more.`;
