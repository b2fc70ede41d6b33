import { describe, expect, test } from "vitest";
import { NotIndexedError } from "../../api/core/errors.ts";
import { createEraser } from "../../api/journeys/erase.ts";
import { LIMITS } from "../../api/journeys/model.ts";
import { readWhole } from "../../api/journeys/timeline.ts";
import { createEraseWorld, type OnCall } from "../kit/erase-world.ts";
import type { EventInput } from "../kit/journeys.ts";
import { silentLog } from "../kit/local.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const T = "shop";
type World = ReturnType<typeof createEraseWorld>;

const event = (sessionId: string, seq: number, visitorId: string, more: Partial<EventInput> = {}): EventInput => (
  { sessionId, seq, type: "PAGE_VIEWED", occurredAt: new Date(NOW - 60_000 + seq).toISOString(), visitorId, ...more }
);
/** Ada's journey, and one of Bob's in which an event says that Eve is Ada, and has a phone: nothing else names her there. */
const said = [event("theirs", 2, "eve", { aliasOf: "ada" }), event("theirs", 3, "eve", { aliasOf: "phone" })];
const BATCHES = [[event("own", 1, "ada")], [event("theirs", 1, "bob"), ...said], [event("other", 1, "bob")]];

/** Of a writer that dies once it has stored a chunk: only that, and the lines, say that Ada is in it. */
const UNCOUNTED = [event("other", 2, "ada")];

async function filled(batches = BATCHES): Promise<World> {
  const world = createEraseWorld(NOW);
  for (const batch of batches) await world.createProcess().journeys.record(T, batch);
  return world;
}

async function leftBehind(): Promise<World> {
  const world = await filled();
  const dies: OnCall = (when, call) => {
    if (when === "after" && call === "putIf") throw new Error("gone");
  };
  await expect(world.createProcess(dies).journeys.record(T, UNCOUNTED)).rejects.toThrow("gone");
  return world;
}

const READS = ["get", "batchGet", "query", "list", "folders", "findMetadata"];

/** Does something once, before the call of that number; `isMet` says whether it came to that. */
function beforeCall(number: number, meanwhile: () => Promise<unknown>, leftOut: readonly string[] = []) {
  let left = number;
  let isMet = false;
  const onCall: OnCall = async (when, call) => {
    if (isMet || when === "after" || leftOut.includes(call) || left-- > 0) return;
    isMet = true;
    await meanwhile();
  };
  return { onCall, isMet: () => isMet };
}

/** Does something before the first call of a name. */
function before(call: string, meanwhile: () => Promise<unknown>): OnCall {
  let isMet = false;
  return async (when, name) => {
    if (isMet || when === "after" || name !== call) return;
    isMet = true;
    await meanwhile();
  };
}

/** What says of a person in the tables: journeys, lists, ids that belong together. */
const namesOf = ({ dynamo }: World, id: string) =>
  dynamo.dump("journeys").filter(({ other, visitorKey, ids }) =>
    other === id || visitorKey === `${T}#${id}` || JSON.stringify(ids ?? "").includes(id)
  );

describe("an erasure that dies", () => {
  test("at any write is finished by the next, of who is named in another's journey, counted or not, too", async () => {
    const reference = await leftBehind();
    const receipt = (await reference.createProcess().erase(T, "ada"))!;
    expect(receipt).toMatchObject({ journeys: 1, events: 1, objectsRewritten: 3 });
    const expected = reference.dump();
    let isOver = false;
    for (let calls = 0; !isOver; calls++) {
      const world = await leftBehind();
      const dies = beforeCall(calls, () => Promise.reject(new Error("gone")), READS);
      const stays: OnCall = async (...called) => {
        if (dies.isMet()) throw new Error("gone");
        await dies.onCall(...called);
      };
      await world.createProcess(stays).erase(T, "ada").catch(() => undefined);
      isOver = !dies.isMet();
      expect([calls, (await world.createProcess().erase(T, "ada"))!.receiptId]).toEqual([calls, receipt.receiptId]);
      expect([calls, world.dump()]).toEqual([calls, expected]);
    }
  });
});

test("an erasure leaves no event that names the person, in whoever's journey, nor where events are in the object store alone", async () => {
  const world = await leftBehind();
  const { store, erase } = world.createProcess();
  const named = async () => {
    const { journeys } = await store.look(T, ["theirs", "other"]);
    const read = await Promise.all([...journeys.values()].map((journey) => readWhole(store, journey)));
    return read.flatMap(({ events }) => events.map(({ visitorId, aliasOf }) => [visitorId, aliasOf]));
  };
  expect(await named()).toContainEqual(["eve", "ada"]);
  await erase(T, "ada");
  expect(await named()).toEqual([["bob", undefined], [undefined, undefined], [undefined, undefined], [
    "bob",
    undefined,
  ]]);
  const off = createEraser({ ...world.createProcess(), clock: () => NOW, log: silentLog, indexed: false });
  await expect(off(T, "bob")).rejects.toBeInstanceOf(NotIndexedError);
});

describe("an erasure of journeys", () => {
  const gone = async (world: World, sessions: readonly string[]) => {
    for (const { pk, sk } of world.dynamo.dump("journeys")) {
      if (sessions.includes(String(sk).split("#")[0]!)) await world.dynamo.remove("journeys", { pk, sk });
    }
  };
  const linesOf = async (world: World) => {
    const { raw } = world.createProcess();
    const keys = (await Array.fromAsync(raw.listAll(T))).flat();
    return (await Promise.all(keys.map((key) => raw.read(key)))).flat().map(({ sessionId, seq, visitorId }) =>
      `${sessionId} ${seq} ${visitorId ?? "-"}`
    ).toSorted();
  };

  test.each([[[]], [["own"]], [["theirs"]], [["own", "theirs", "other"]]])(
    "of which %j are in the object store alone takes the person's own whole, and of others' the name",
    async (left) => {
      const world = await filled();
      await gone(world, left);
      const reads: string[] = [];
      const { erase } = world.createProcess((when, call) =>
        void (when === "before" && call === "get" && reads.push(call))
      );
      expect(await erase(T, "ada")).toMatchObject({ journeys: 1, events: 1, objectsRewritten: 2 });
      // Five of tables; each batch once to look and once to be written anew, and once more where some are in no table.
      expect(reads).toHaveLength(left.length === 0 ? 11 : 14);
      expect(await linesOf(world)).toEqual(["other 1 bob", "theirs 1 bob", "theirs 2 -", "theirs 3 -"]);
    },
  );

  test("of which no raw line and no item is left, but that it was the person's, counts it, with no events", async () => {
    const world = await filled([[event("own", 1, "bob"), event("own", 2, "ada")], [event("other", 1, "bob")]]);
    const listing = world.dynamo.dump("journeys").find(({ sk }) => String(sk).includes("#V#"))!;
    await gone(world, ["own"]);
    await world.dynamo.put("journeys", listing);
    for (const [key] of world.objects.entries()) await world.objects.remove(key);
    const { erase } = world.createProcess();
    const receipt = await erase(T, "ada");
    expect(receipt).toMatchObject({ ordinal: 1, journeys: 1, events: 0, objectsRewritten: 0, isDone: true });
    expect(namesOf(world, "ada")).toEqual([]);
    expect(await erase(T, "ada")).toEqual(receipt);
  });

  test("leaves to the next what begins once it has looked, with the name by which that finds it", async () => {
    const world = await filled();
    const meanwhile = before("transact", () => world.createProcess().journeys.record(T, [event("new", 1, "ada")]));
    expect(await world.createProcess(meanwhile).erase(T, "ada")).toMatchObject({ ordinal: 1, journeys: 1 });
    expect(await linesOf(world)).toContain("new 1 ada");
    expect(await world.createProcess().erase(T, "ada")).toMatchObject({ ordinal: 2, journeys: 1 });
    expect(await linesOf(world)).not.toContain("new 1 ada");
  });

  test("that a late writer lists once more under its person begins no other receipt", async () => {
    const world = await filled([[event("own", 1, "bob"), event("own", 2, "ada")]]);
    const listing = world.dynamo.dump("journeys").find(({ sk }) => String(sk).includes("#V#"))!;
    const receipt = await world.createProcess().erase(T, "bob");
    const lists: OnCall = async (when, call, [, query]) => {
      if (when === "after" || call !== "query" || (query as { index?: string }).index !== "byVisitor") return;
      await world.dynamo.put("journeys", { ...listing, visitorKey: `${T}#bob` });
    };
    expect(await world.createProcess(lists).erase(T, "bob")).toEqual(receipt);
  });

  test("takes what came to a journey that was erased as another's, too", async () => {
    const world = await filled([[event("theirs", 1, "bob")], [event("own", 1, "ada")]]);
    const { raw, erase } = world.createProcess();
    await erase(T, "bob");
    // Of a writer that died before it met the tombstone.
    await raw.keep(
      T,
      [event("theirs", 2, "ada")].map((own) => (
        { ...own, source: "main", occurredAt: Date.parse(own.occurredAt) }
      )),
      NOW,
    );
    await erase(T, "ada");
    expect(await linesOf(world)).toEqual([]);
    expect(await erase(T, "ada")).toMatchObject({ ordinal: 1 });
  });

  test("takes one whose id looks like a key of others, those that are listed under a further id, and none that is nobody's", async () => {
    const nobodys = { sessionId: "d", seq: 1, type: "PAGE_VIEWED", occurredAt: new Date(NOW).toISOString() };
    const world = await filled([
      [event("a#V#b", 1, "ada"), event("a#V#b", 2, "eve")],
      [event("c", 1, "bob"), nobodys],
    ]);
    expect(await world.createProcess().erase(T, "eve")).toMatchObject({ journeys: 0 });
    expect(await world.createProcess().erase(T, "ada")).toMatchObject({ journeys: 1, events: 2 });
    expect(await linesOf(world)).toEqual(["c 1 bob", "d 1 -"]);
  });
});

describe("an erasure that comes between any two calls of a writer", () => {
  const again = [event("own", 2, "ada", { aliasOf: "phone" })];
  test.each<[string, EventInput[][], EventInput[]]>([
    ["says that two ids are one person's", [[event("own", 1, "ada")]], again],
    ["says so again", [[event("own", 1, "ada")], again], again],
    ["says so again, and more", [[event("own", 1, "ada")], again], [...again, event("own", 3, "ada")]],
    ["begins a journey with that", [[event("first", 1, "ada")]], [event("own", 1, "ada", { aliasOf: "phone" })]],
  ])("who %s leaves none of the ids", async (_, known, batch) => {
    let isOver = false;
    for (let calls = 0; !isOver; calls++) {
      const world = await filled(known);
      const erase = () => world.createProcess().erase(T, "ada");
      const between = beforeCall(calls, erase);
      const verdicts = await world.createProcess(between.onCall).journeys.record(T, batch);
      isOver = !between.isMet();
      // Where the journey was not there yet it is a new one; what was erased stays so.
      const isNew = verdicts.every(({ status }) => status === "ACCEPTED");
      if (isOver || isNew) await erase();
      const isErased = (await world.createProcess().store.look(T, ["own", "first"])).erased;
      expect([calls, namesOf(world, "ada"), namesOf(world, "phone")]).toEqual([calls, [], []]);
      // Nor what they did: a chunk that came late is as empty as the others.
      const full = world.dynamo.dump("journeys").filter(({ sk, hollow }) => String(sk).includes("#E#") && !hollow);
      expect([calls, full.filter(({ sk }) => isErased.has(String(sk).split("#")[0]!))]).toEqual([calls, []]);
    }
  });

  test("takes nothing of what others said", async () => {
    const world = await filled([[event("own", 1, "ada")], [event("theirs", 1, "bob", { aliasOf: "tablet" })]]);
    const late = [event("own", 2, "bob", { aliasOf: "tablet" })];
    const meanwhile = before("putIf", () => world.createProcess().erase(T, "ada"));
    const { journeys, store } = world.createProcess(meanwhile);
    expect(await journeys.record(T, late)).toMatchObject([{ status: "REJECTED", code: "SESSION_ERASED" }]);
    expect(await store.findIds(T, "bob")).toEqual(["bob", "tablet"]);
  });
});

test("ids of one person of whom no journey is left any more are forgotten, and once", async () => {
  const world = createEraseWorld(NOW);
  const { store, erase } = world.createProcess();
  expect(await erase(T, "ada")).toBeUndefined();
  await store.alias(T, "ada", "phone");
  const receipt = (await erase(T, "phone"))!;
  expect(receipt).toMatchObject({ journeys: 0, events: 0, isDone: true, ids: ["phone", "ada"] });
  expect(namesOf(world, "ada")).toEqual([]);
  expect(await erase(T, "phone")).toMatchObject({ receiptId: receipt.receiptId });
});

test("a person is erased by an id as long or short as one may be; what can be none is nobody's, and asked for nowhere", async () => {
  const longest = "v".repeat(LIMITS.visitorIdChars);
  const world = await filled([[event("own", 1, longest)], [event("other", 1, "w")]]);
  const calls: string[] = [];
  const { erase } = world.createProcess((_, call) => void calls.push(call));
  for (const none of ["", `${longest}v`, "\ud800"]) expect(await erase(T, none)).toBeUndefined();
  expect(calls).toEqual([]);
  for (const id of [longest, "w"]) expect(await erase(T, id)).toMatchObject({ journeys: 1, isDone: true });
});

describe("of two erasures of one person at once", () => {
  test("one that adds to the receipt meanwhile is added to, not waited for", async () => {
    const world = await filled([[event("a", 1, "ada")], [event("b", 1, "ada"), event("b", 2, "ada")]]);
    const { erasures, store } = world.createProcess();
    const meanwhile = before("transact", async () => {
      const receipt = (await erasures.findLatest(T, "ada"))!;
      const { journeys } = await store.look(T, ["b"]);
      await erasures.bury(receipt, "b", journeys.get("b"), 2);
    });
    let listings = 0;
    const { erase } = world.createProcess(async (...called) => {
      if (called[0] === "before" && called[1] === "list") listings++;
      await meanwhile(...called);
    });
    expect(await erase(T, "ada")).toMatchObject({ ordinal: 1, journeys: 2, events: 3 });
    // To look, to write anew, for the columns and for the files: as of one erasure, which is not begun once more.
    expect(listings).toBe(4);
  });

  test("the later one takes what came after the earlier had looked, by a receipt of its own", async () => {
    const world = await filled([[event("a", 1, "ada")]]);
    const isEarlierReleased = Promise.withResolvers<void>();
    let later: Promise<unknown> | undefined;
    const earlier = world.createProcess(before("transact", async () => {
      await world.createProcess().journeys.record(T, [event("b", 1, "ada")]);
      const release = before("transact", async () => {
        isEarlierReleased.resolve();
        await done;
      });
      later = world.createProcess(release).erase(T, "ada");
      await isEarlierReleased.promise;
    }));
    const done = earlier.erase(T, "ada");
    expect(await done).toMatchObject({ ordinal: 1, journeys: 1 });
    expect(await later).toMatchObject({ ordinal: 2, journeys: 1 });
  });
});

test("what was made of the lines and trails goes with them: files, columns, trails; who is elsewhere hears of it", async () => {
  const world = await filled([[event("own", 1, "ada", { occurredAt: new Date(NOW - 3 * 86_400_000).toISOString() })]]);
  const { columns, files, configuration, follower, trails, erase } = world.createProcess();
  await columns.compact();
  await files.keepJson(T, "visitor", 1, { visitorId: "ada" });
  await configuration.rebuild(T);
  await follower.run();
  const folders = ["exports", "parquet"];
  const kept = () => folders.filter((folder) => world.objects.entries().some(([key]) => key.startsWith(`${folder}/`)));
  expect(kept()).toEqual(folders);
  expect(world.dynamo.dump("trails").some(({ sk }) => sk === "own#TRAIL")).toBe(true);
  await erase(T, "ada");
  expect(kept()).toEqual([]);
  expect(world.dynamo.dump("trails").some(({ sk }) => sk === "own#TRAIL")).toBe(false);
  const changes = [];
  for await (const page of trails.listChanges(T)) changes.push(...page);
  expect(changes).toMatchObject([{ sessionId: "own", isErased: true }]);
});
