import process from "node:process";
import { listen } from "../../api/entry/http/listen.ts";
import { createTinyApp } from "./tiny-app.ts";

// Serves the tiny app with the real listen(), in a Deno process of its own. Talks JSON lines on stdout.
const say = (message: object) => console.log(JSON.stringify(message));
const { app, lines } = createTinyApp(process.env as Record<string, string>, () => say({ isWaiting: true }));

try {
  const server = await listen(app);
  const stop = async () => {
    await server.stop();
    say({ lines });
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  say({ url: server.url, port: server.port });
} catch (error) {
  say({ error: (error as Error).name, message: (error as Error).message });
  process.exit(1);
}
