import { createHmac, timingSafeEqual } from "node:crypto";
import type { MediaFile } from "../anki/file/media-merge.ts";
import { sessionOf } from "./lease.ts";
import { mediaKeyOf } from "./media-index.ts";
import type { Lease, Person, ReviewSession } from "./model.ts";
import type { LeaseStore } from "./store.ts";

/** What a link on the service's own origin leads to. */
export type TicketedMedia = { key: string; name: string; tenantId: string; expiresAt: number };

const PATH = "/media/";
const MAX_PATH_CHARS = 4_000;
const MAC_BYTES = 18;

/** What marks a link: a session, or the collection as it is. */
export type Signer = Pick<ReviewSession, "sessionId" | "secret">;

/** Stands where a session's id would: such an id is never made. */
const NO_SESSION = "-";

/**
 * Marks the links to what is shown outside of a session, in notes and lists. The key of the index of media holds a chance part
 * that nobody but the service knows; it is another one as soon as media come or go, which ends the links.
 */
export function signerOf({ file }: Pick<Lease, "file">): Signer | undefined {
  return file?.mediaKey === undefined ? undefined : { sessionId: NO_SESSION, secret: file.mediaKey };
}

/**
 * A link to a media file on the service's own origin: whose it is, the session that shows it, until when it is good, the file,
 * and a mark that only the session's secret makes. So it is the viewer's alone, ends in a quarter of an hour, and with the
 * session after the next one.
 */
export function ticketOf(
  person: Person,
  session: Signer,
  { name, ...file }: MediaFile & { name: string },
  expiresAt: number,
): string {
  const parts = [
    ...[person.tenantId, person.userId, session.sessionId].map((text) => Buffer.from(text).toString("base64url")),
    expiresAt.toString(36),
    file.sha1,
    String(file.era ?? 0),
  ];
  return `${PATH}${[...parts, macOf(session, parts, name)].join(".")}/${encodeURIComponent(name)}`;
}

/** What a link leads to; undefined for one that is none of ours, or is over. One read. */
export function createTickets(store: Pick<LeaseStore, "find">) {
  return async function findTicket(path: string, now: number): Promise<TicketedMedia | undefined> {
    if (!path.startsWith(PATH) || path.length > MAX_PATH_CHARS) return undefined;
    const [ticket = "", encoded = "", ...more] = path.slice(PATH.length).split("/");
    const [tenant, user, session, until = "", sha1 = "", era = "", mac = "", ...rest] = ticket.split(".");
    const isForm = /^[0-9a-f]{40}$/.test(sha1) && /^\d{1,9}$/.test(era) && /^[0-9a-z]{1,11}$/.test(until) &&
      mac.length > 0 && rest.length + more.length === 0;
    const [tenantId, userId, sessionId] = [tenant, user, session].map((text) =>
      Buffer.from(text ?? "", "base64url").toString("utf8")
    );
    const name = decoded(encoded);
    if (!isForm || !tenantId || !userId || !sessionId || tenantId.includes("#") || !name) return undefined;
    const expiresAt = parseInt(until, 36);
    if (expiresAt <= now) return undefined;
    const person = { tenantId, userId };
    const lease: Lease | undefined = await store.find(person);
    const shown = lease && (sessionId === NO_SESSION ? signerOf(lease) : sessionOf(lease, sessionId));
    if (!shown || !isSame(mac, macOf(shown, [tenant!, user!, session!, until, sha1, era], name))) return undefined;
    const file = { sha1, ...(era !== "0" && { era: Number(era) }) };
    return { key: mediaKeyOf(person, file), name, tenantId, expiresAt };
  };
}

function macOf({ secret, sessionId }: Signer, parts: readonly string[], name: string): string {
  return createHmac("sha256", secret ?? sessionId).update(JSON.stringify([...parts, name])).digest()
    .subarray(0, MAC_BYTES).toString("base64url");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
