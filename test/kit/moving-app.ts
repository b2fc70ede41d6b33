import { afterAll, beforeAll, beforeEach } from "vitest";
import { startTestApp, type TestApp } from "./app.ts";

/** The service for all tests of a file, with its clock in hand: `now` is set back before each. There once the first test begins. */
export function useMovingApp(start: number) {
  let app: TestApp | undefined;
  const world = {
    now: start,
    get api(): TestApp {
      return app!;
    },
  };
  beforeAll(async () => {
    app = await startTestApp({ clock: () => world.now });
  });
  beforeEach(() => {
    world.now = start;
  });
  afterAll(() => app?.stop());
  return world;
}
