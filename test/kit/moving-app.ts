import { afterAll, beforeAll, beforeEach } from "vitest";
import { startMemoryApp, type startTestApp, type TestApp } from "./app.ts";

/**
 * The service for all tests of a file, with its clock in hand: `now` is set back before each. There once the first test begins. Over
 * stores in memory, or over what `startApp` starts.
 */
export function useMovingApp(start: number, startApp: typeof startTestApp = startMemoryApp) {
  let app: TestApp | undefined;
  const world = {
    now: start,
    get api(): TestApp {
      return app!;
    },
  };
  beforeAll(async () => {
    app = await startApp({ clock: () => world.now });
  });
  beforeEach(() => {
    world.now = start;
  });
  afterAll(() => app?.stop());
  return world;
}
