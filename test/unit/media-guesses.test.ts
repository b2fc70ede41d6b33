import { expect, test } from "vitest";
import type { Asked } from "../../api/entry/http/exchange.ts";
import { createMediaRoute } from "../../api/entry/http/media.ts";

test("who asked for media that is none is counted for a minute, by the clock that is passed in, before anything is read", async () => {
  let now = 0;
  const order: string[] = [];
  const answer = createMediaRoute(
    {
      openMedia: (path: string) => Promise.resolve(void order.push(`open ${path}`)),
      rates: { request: (address: string) => Promise.resolve(void order.push(`count ${address}`)) },
    } as unknown as Parameters<typeof createMediaRoute>[0],
    () => now,
  );
  const ask = (address: string) =>
    answer({ method: "GET", path: "/m", header: () => undefined } as unknown as Asked, address);
  const asked = async (address: string) => {
    await expect(ask(address)).rejects.toThrow("no such media file");
    return order.splice(0);
  };
  expect(await asked("a")).toEqual(["open /m"]);
  expect(await asked("b")).toEqual(["open /m"]);
  now = 60_000;
  expect(await asked("a")).toEqual(["count a", "open /m"]);
  // Each guess begins the minute anew.
  now = 120_000;
  expect(await asked("a")).toEqual(["count a", "open /m"]);
  now = 180_001;
  expect(await asked("a")).toEqual(["open /m"]);
});
