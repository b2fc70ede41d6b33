import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ownAddress } from "./address.ts";
import { LocalError } from "./errors.ts";

export type LocalDynamodb = {
  endpoint: string;
  pid: number;
  /** Resolves where the program ends without having been told to. */
  died: Promise<LocalError>;
  /** Ends the program; what was acknowledged is on disk either way. */
  stop: () => Promise<void>;
};

/** Below Linux's ephemeral ports, inside which a listen can fail without a listener. */
const PORTS = { from: 20_000, to: 32_768 };
const PORT_ATTEMPTS = 20;
const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 2_000;

/**
 * Becomes the program ("$@") and leaves a watcher beside it. File descriptor 3 is a pipe that ends when our process
 * does, however it ends; the watcher then ends the program. The program never sees the pipe.
 */
const WATCHED = `(cat; kill $$) <&3 >/dev/null 2>&1 & exec "$@" 3<&-`;

/**
 * dynoxide looks up the greatest sequence number of a stream at each write and never forgets a record: without these
 * a write takes ten times as long after 20,000 records. Records are kept for 24 hours, as on AWS, however many: a load
 * can be far ahead of the reader. The last one of a table stays, or its stream would begin again at 1.
 */
const STREAM_UPKEEP = `
  PRAGMA busy_timeout = 5000;
  CREATE INDEX IF NOT EXISTS x_sr_seq ON _stream_records(table_name, CAST(sequence_number AS INTEGER));
  CREATE INDEX IF NOT EXISTS x_sr_shard ON _stream_records(table_name, shard_id, CAST(sequence_number AS INTEGER));
  DROP TRIGGER IF EXISTS x_sr_trim;
  CREATE TRIGGER x_sr_trim AFTER INSERT ON _stream_records WHEN NEW.id % 100 = 0
    BEGIN
      DELETE FROM _stream_records
      WHERE id IN (SELECT id FROM _stream_records ORDER BY id LIMIT 200)
        AND created_at < NEW.created_at - 86400
        AND EXISTS (
          SELECT 1 FROM _stream_records AS later
          WHERE later.table_name = _stream_records.table_name
            AND CAST(later.sequence_number AS INTEGER) > CAST(_stream_records.sequence_number AS INTEGER)
        );
    END;
`;

/** Starts dynoxide, a DynamoDB in one program, on a free loopback port, with its data in `dataDir`. */
export async function startDynamodb(options: { dataDir: string; bin?: string | undefined }): Promise<LocalDynamodb> {
  const program = options.bin ?? findProgram();
  const file = join(options.dataDir, "dynamodb.sqlite");
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
    const host = ownAddress();
    const port = randomInt(PORTS.from, PORTS.to);
    const started = launch(program, host, port, file);
    const failure = await Promise.race([started.listening, started.ended, timeout(START_TIMEOUT_MS)]);
    if (failure === undefined) {
      applyStreamUpkeep(file);
      return { endpoint: `http://${host}:${port}`, pid: started.pid, died: started.died, stop: started.stop };
    }
    await started.stop();
    if (!failure.includes("already in use")) {
      throw new LocalError(`The embedded DynamoDB did not start (${failure}): ${HINT}`);
    }
  }
  throw new LocalError(`No free port between ${PORTS.from} and ${PORTS.to} for the embedded DynamoDB: ${HINT}`);
}

const HINT = "set DYNOXIDE_BIN to a dynoxide program, or AWS_ENDPOINT_URL_DYNAMODB to any DynamoDB.";

/** Where npm put the program for this platform. */
function findProgram(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("@dynoxide/linux-x64/package.json")), "dynoxide");
  } catch (error) {
    throw new LocalError(`There is no embedded DynamoDB for ${process.platform} ${process.arch} here: ${HINT}`, {
      cause: error,
    });
  }
}

function launch(program: string, host: string, port: number, file: string) {
  const args = ["serve", "--host", host, "--port", `${port}`, "--db-path", file];
  const child = spawn("sh", ["-c", WATCHED, "sh", program, ...args], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    // A process group of its own: Ctrl-C reaches us alone, and we stop it last.
    detached: true,
  });
  const lifeline = child.stdio[3]!;
  lifeline.on("error", () => {});
  const isListening = Promise.withResolvers<undefined>();
  const hasEnded = Promise.withResolvers<string>();
  const hasDied = Promise.withResolvers<LocalError>();
  let said = "";
  let stopping = false;

  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
    if (said.includes("listening on")) isListening.resolve(undefined);
  });
  child.once("error", (error) => hasEnded.resolve(error.message));
  child.once("exit", () => lifeline.destroy());
  child.once("close", (code, signal) => {
    const how = signal ?? `exit code ${code}`;
    hasEnded.resolve(said.trim().split("\n").at(-1) || how);
    if (!stopping) hasDied.resolve(new LocalError(`The embedded DynamoDB ended (${how}): start Sojourn again.`));
  });

  async function stop() {
    stopping = true;
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await hasEnded.promise;
    clearTimeout(late);
  }
  return {
    pid: child.pid ?? 0,
    listening: isListening.promise,
    ended: hasEnded.promise,
    died: hasDied.promise,
    stop,
  };
}

function timeout(ms: number): Promise<string> {
  return new Promise((resolve) => setTimeout(resolve, ms, `no answer in ${ms / 1_000} s`).unref());
}

function applyStreamUpkeep(file: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec(STREAM_UPKEEP);
  } finally {
    database.close();
  }
}
