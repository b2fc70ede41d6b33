/** The image's health check: asks the service beside it at a path (/health), and ends with 0 where it answers well. */
import process from "node:process";

const TIMEOUT_MS = 4_000;

const path = process.argv[2] ?? "/health";
const url = `http://127.0.0.1:${process.env.PORT ?? 4_000}${path}`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
