import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { createEdits } from "../../api/dashboard/review/edits.ts";
import { CreateDeck, CreateNote } from "../../api/dashboard/review/notes/documents.ts";
import { installPageGlobals, type PageGlobals } from "../kit/page-globals.ts";

type Edit = ReturnType<typeof createEdits>;
const DECK = { name: "Words", timeZone: "UTC" };

let page: PageGlobals;
let create: () => Edit;
let sent: { editId: string; name?: string }[] = [];
/** What becomes of a request after the service has taken it. */
let answer: () => Response | Promise<Response>;

const said = (data: object) => () => Response.json({ data });
const failed = (code: string) => () => Response.json({ errors: [{ message: code, extensions: { code } }] });
const lost = () => Promise.reject(new TypeError("cut"));

beforeAll(async () => {
  page = installPageGlobals({
    location: { pathname: "/review", search: "", href: "http://127.0.0.1/review" },
    addEventListener: () => {},
    fetch: (_: string, { body }: { body: string }) => {
      sent.push((JSON.parse(body) as { variables: { input: { editId: string } } }).variables.input);
      return Promise.resolve(answer());
    },
  });
  ({ createEdits: create } = await import("../../api/dashboard/review/edits.ts"));
});
afterAll(() => page.restore());
beforeEach(() => {
  sent = [];
});

const ids = () => sent.map(({ editId }) => editId);

describe("a change of a collection", () => {
  test.each([
    ["whose answer got lost", lost],
    ["that the service failed at, nobody knows when", failed("INTERNAL")],
    ["that was answered with something else than JSON", () => new Response("<html>", { status: 502 })],
  ])("%s is asked for again under its id, as often as it is pressed", async (_, fate) => {
    const edit = create();
    answer = fate;
    await expect(edit(CreateDeck, DECK)).rejects.toThrow();
    await expect(edit(CreateDeck, { ...DECK })).rejects.toThrow();
    answer = said({ createDeck: "made" });
    expect(await edit(CreateDeck, DECK)).toEqual({ createDeck: "made", editId: ids()[0] });
    expect(sent[2]).toEqual({ ...DECK, editId: ids()[0] });
    expect(new Set(ids()).size).toBe(1);
  });

  test.each([
    ["was made", { createDeck: { __typename: "DeckPayload" } }],
    ["was refused", { createDeck: { __typename: "InvalidInputError", code: "INVALID_INPUT", message: "no" } }],
  ])("that %s is another one when it is asked for anew", async (_, data) => {
    const edit = create();
    answer = said(data);
    const [first, second] = [await edit(CreateDeck, DECK), await edit(CreateDeck, DECK)];
    expect(ids()).toEqual([first.editId, second.editId]);
    expect(first.editId).not.toBe(second.editId);
  });

  test("with other content is another one, since under the same id it would be refused; the one before keeps its own", async () => {
    const edit = create();
    answer = lost;
    const asks = [
      () => edit(CreateDeck, DECK),
      () => edit(CreateDeck, { ...DECK, name: "Verbs" }),
      () => edit(CreateNote as never, DECK as never),
      () => create()(CreateDeck, DECK),
    ];
    for (const ask of asks) await expect(ask()).rejects.toThrow();
    expect(new Set(ids()).size).toBe(asks.length);
    answer = said({ createDeck: "made" });
    await edit(CreateDeck, { ...DECK, name: "Verbs" });
    await edit(CreateDeck, DECK);
    expect(ids().slice(asks.length)).toEqual([ids()[1], ids()[0]]);
  });
});
