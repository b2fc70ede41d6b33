import { describe, expect, test } from "vitest";
import { emptyLease } from "../../api/review/lease.ts";
import { createTickets, signerOf, ticketOf } from "../../api/review/media-tickets.ts";
import type { Lease, ReviewSession } from "../../api/review/model.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const PERSON = { tenantId: "shop", userId: "ada" };
const FILE = { sha1: "ab".repeat(20), bytes: 3, name: "möhre & co.jpg" };
const session = (sessionId: string, secret?: string) => ({ sessionId, ...(secret ? { secret } : {}) }) as ReviewSession;
const lease = (own: Partial<Lease> = {}): Lease => (
  { ...emptyLease(PERSON), session: session("s1", "secret"), ...own }
);
const opened = (path: string, kept: Lease | undefined = lease(), now = NOW) => {
  const asked: unknown[] = [];
  const find = createTickets({
    find: (person) => (asked.push(person), Promise.resolve(kept)),
  });
  return find(path, now).then((found) => ({ found, asked }));
};
const path = (own = FILE, signer: Parameters<typeof ticketOf>[1] = session("s1", "secret"), until = NOW + 1) =>
  ticketOf(PERSON, signer, own, until);

describe("a link to media", () => {
  test("leads to its file for whom it was made, until its instant, and not in it", async () => {
    expect(await opened(path())).toEqual({
      found: { key: expect.stringContaining(FILE.sha1), name: FILE.name, tenantId: "shop", expiresAt: NOW + 1 },
      asked: [PERSON],
    });
    // What is over is not even looked for.
    expect(await opened(path(), lease(), NOW + 1)).toEqual({ found: undefined, asked: [] });
  });

  test("of a later era leads to that one's file", async () => {
    const [first, later] = await Promise.all(
      [path(), path({ ...FILE, era: 2 } as typeof FILE)].map((own) => opened(own)),
    );
    expect(later!.found!.key).not.toBe(first!.found!.key);
  });

  test("holds for the session that made it and while it is known, with its secret alone", async () => {
    expect((await opened(path(), lease({ session: session("s1", "other") }))).found).toBeUndefined();
    expect((await opened(path(), lease({ session: session("s2", "secret") }))).found).toBeUndefined();
    expect((await opened(path(), lease({ session: undefined }))).found).toBeUndefined();
    const none = createTickets({ find: () => Promise.resolve(undefined as unknown as Lease) });
    expect(await none(path(), NOW)).toBeUndefined();
  });

  test("to what is shown outside of a session holds while the index of media is the same", async () => {
    const file = { key: "k", version: 1, line: "line", mediaKey: "index-1" } as unknown as NonNullable<Lease["file"]>;
    const own = path(FILE, signerOf({ file }));
    expect((await opened(own, lease({ file }))).found).toMatchObject({ name: FILE.name });
    expect((await opened(own, lease({ file: { ...file, mediaKey: "index-2" } }))).found).toBeUndefined();
    expect((await opened(own, lease())).found).toBeUndefined();
    expect(signerOf({ file: { ...file, mediaKey: undefined } })).toBeUndefined();
  });

  test("is none where any part of it is another, or is missing, or there is one more", async () => {
    const [, , ticket, name] = path().split("/") as [string, string, string, string];
    const parts = ticket.split(".");
    const swap = (i: number, text: string) => `/media/${parts.toSpliced(i, 1, text).join(".")}/${name}`;
    const id = (text: string) => Buffer.from(text).toString("base64url");
    const others = [
      ...[swap(0, id("shop2")), swap(1, id("eve")), swap(2, id("s2")), swap(3, (NOW + 2).toString(36))],
      ...[swap(4, "cd".repeat(20)), swap(4, "ab"), swap(5, "1"), swap(5, "x"), swap(6, ""), swap(6, "A".repeat(24))],
      ...[swap(0, ""), swap(1, ""), swap(2, ""), swap(0, id("sh#op")), swap(3, "-1"), swap(3, "z".repeat(12))],
      ...[`/media/${ticket}/other.jpg`, `/media/${ticket}/`, `/media/${ticket}`, `/media/${ticket}/%ff`],
      ...[`/media/${ticket}/${name}/x`, `/media/${ticket}.x/${name}`, `/other/${ticket}/${name}`, "/media/", ""],
    ];
    for (const other of others) expect([other, (await opened(other)).found]).toEqual([other, undefined]);
    // What has no form of a link is not looked for either: nobody's partition is named by what is sent.
    const formless = [
      ...[0, 1, 2, 6].map((i) => swap(i, "")),
      swap(0, id("sh#op")),
      `/media/${ticket}/`,
      `/media/${ticket}/%ff`,
    ];
    for (const other of formless) expect([other, (await opened(other)).asked]).toEqual([other, []]);
    expect((await opened(swap(0, parts[0]!))).found).toBeDefined();
  });

  test("of four thousand characters is read, and of one more is not", async () => {
    const of = (letters: number) => path({ ...FILE, name: "n".repeat(letters) });
    const room = 4_000 - of(0).length;
    expect((await opened(of(room))).found?.name).toHaveLength(room);
    expect(await opened(of(room + 1))).toEqual({ found: undefined, asked: [] });
  });
});
