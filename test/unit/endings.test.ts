import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEndings } from "../../api/auth/endings.ts";
import type { Viewer } from "../../api/auth/viewer.ts";
import { createHub } from "../../api/live/hub.ts";
import { silentLog } from "../kit/local.ts";

const MINUTE = 60_000;
const viewerOf = (more: Partial<Viewer>): Viewer => ({
  ...{ userId: "u", tenantId: "t", scopes: [], expiresAt: Infinity, credential: "c" },
  ...more,
});
const login = (loginId: string) => viewerOf({ login: { username: "ann", loginId } });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Endings over a store of which the test says what it holds; `reads` are the logins and keys that were asked for. */
function create(holds: () => boolean | Error = () => true) {
  const reads: string[] = [];
  const hub = createHub();
  const endings = createEndings({
    holds(viewer) {
      reads.push(viewer.login?.loginId ?? viewer.keyId!);
      const held = holds();
      return held instanceof Error ? Promise.reject(held) : Promise.resolve(held);
    },
    hub,
    log: silentLog,
  });
  return { endings, reads, hub };
}

test("however much is open of a login or key, each costs one read a minute, and none where nothing is open", async () => {
  const { endings, reads } = create();
  const stops = Array.from({ length: 50 }, () => endings.watch(login("a"), () => {}));
  stops.push(endings.watch(viewerOf({ keyId: "k" }), () => {}));
  await vi.advanceTimersByTimeAsync(MINUTE - 1);
  expect(reads).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(reads).toEqual(["a", "k"]);
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  expect(reads).toHaveLength(6);
  stops.forEach((stop) => stop());
  await vi.advanceTimersByTimeAsync(5 * MINUTE);
  expect([reads.length, vi.getTimerCount(), endings.count()]).toEqual([6, 0, 0]);
  endings.tell("a");
  expect(reads).toHaveLength(6);
});

test("a token of an identity provider is nothing to ask for", async () => {
  const { endings, reads } = create();
  endings.watch(viewerOf({}), () => {})();
  endings.watch(viewerOf({}), () => {});
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect([reads, vi.getTimerCount()]).toEqual([[], 0]);
});

test("all that is open ends once, at the first look after the end, and what was closed before hears nothing", async () => {
  let isHeld = true;
  const { endings } = create(() => isHeld);
  const heard: string[] = [];
  endings.watch(login("a"), () => heard.push("one"));
  endings.watch(login("a"), () => heard.push("two"));
  endings.watch(login("a"), () => heard.push("closed"))();
  isHeld = false;
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(heard).toEqual(["one", "two"]);
  await vi.advanceTimersByTimeAsync(5 * MINUTE);
  expect([heard.length, vi.getTimerCount()]).toEqual([2, 0]);
});

test("a look that comes back when all is closed, or after it was watched anew, ends nothing of the new one twice", async () => {
  const answers: ((holds: boolean) => void)[] = [];
  const hub = createHub();
  const holds = () => new Promise<boolean>((resolve) => answers.push(resolve));
  const endings = createEndings({ holds, hub, log: silentLog });
  const heard: string[] = [];
  const close = endings.watch(login("a"), () => heard.push("first"));
  await vi.advanceTimersByTimeAsync(MINUTE);
  close();
  endings.watch(login("a"), () => heard.push("second"));
  // Closed again, after another took its place: the other goes on.
  close();
  expect(endings.count()).toBe(1);
  answers.splice(0).forEach((answer) => answer(false));
  await vi.advanceTimersByTimeAsync(1);
  expect([heard, endings.count(), vi.getTimerCount()]).toEqual([[], 1, 1]);
  await vi.advanceTimersByTimeAsync(MINUTE);
  answers.splice(0).forEach((answer) => answer(false));
  await vi.advanceTimersByTimeAsync(1);
  expect([heard, endings.count(), vi.getTimerCount()]).toEqual([["second"], 0, 0]);
});

test("what closes after its end leaves alone what was watched anew of the same login", async () => {
  let isHeld = false;
  const { endings } = create(() => isHeld);
  const heard: string[] = [];
  const close = endings.watch(login("a"), () => heard.push("first"));
  await vi.advanceTimersByTimeAsync(MINUTE);
  isHeld = true;
  endings.watch(login("a"), () => heard.push("second"));
  close();
  expect(endings.count()).toBe(1);
  isHeld = false;
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect([heard, endings.count(), vi.getTimerCount()]).toEqual([["first", "second"], 0, 0]);
});

test("what is told is looked up at once and believed only where the store says so too", async () => {
  let isHeld = true;
  const { endings, reads } = create(() => isHeld);
  const heard: string[] = [];
  endings.watch(login("a"), () => heard.push("a"));
  endings.watch(login("b"), () => heard.push("b"));
  endings.tell("a");
  await vi.advanceTimersByTimeAsync(0);
  expect([reads, heard]).toEqual([["a"], []]);
  isHeld = false;
  endings.tell("a");
  await vi.advanceTimersByTimeAsync(0);
  expect([reads, heard]).toEqual([["a", "a"], ["a"]]);
});

test("a store that does not answer ends nothing, and is asked again a minute later", async () => {
  let answer: boolean | Error = new Error("away");
  const { endings, reads } = create(() => answer);
  const heard: string[] = [];
  endings.watch(login("a"), () => heard.push("over"));
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect([reads.length, heard]).toEqual([1, []]);
  answer = false;
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect([reads.length, heard]).toEqual([2, ["over"]]);
});
