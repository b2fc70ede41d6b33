import { parseMediaIndex } from "../../api/anki/file/media-merge.ts";
import { mediaKeyOf } from "../../api/review/media-index.ts";
import { MEDIA_INDEX } from "../../api/review/save.ts";
import type { Item } from "../../api/aws/dynamo.ts";
import { createClients } from "./reviews-clients.ts";
import { type Package, packageOf } from "./reviews-files.ts";
import { createOracle } from "./reviews-oracle.ts";
import { createRandom } from "./random.ts";
import { type Counts, createWorld, type Weather } from "./reviews-world.ts";

export type Failure = { seed: string; failAt: string | undefined; violations: string[]; trace: string[] };

const HOUR_MS = 60 * 60_000;
const PERSON = { tenantId: "t", userId: "ann" };
const BYSTANDER = { tenantId: "t", userId: "ben" };
const USER_OF = (userId: string) => Buffer.from(userId).toString("base64url");
let packages: Package[] | undefined;
const KINDS: Readonly<Record<string, "merge" | "replace" | "restore" | "delete" | "table">> = {
  import: "merge",
  replace: "replace",
  restore: "restore",
  delete: "delete",
  table: "table",
};

export function noCounts(): Counts {
  const zero = { runs: 0, requests: 0, calls: 0, writes: 0, conflicts: 0, refused: 0, lost: 0, retried: 0, paused: 0 };
  const more = { abandoned: 0, kills: 0, answers: 0, undos: 0, takeovers: 0, imports: 0, exports: 0, saves: 0 };
  const exchanged = { replaced: 0, restored: 0, deleted: 0, tables: 0, media: 0 };
  return { ...zero, ...more, shown: 0, ahead: 0, orphans: 0, edits: 0, ...exchanged };
}

/** Where requests may die or go out twice, with a seed that leads there; and where they did. */
export type Places = { seeds: Map<string, string>; faults: Set<string> };

export function noPlaces(): Places {
  return { seeds: new Map(), faults: new Set() };
}

/**
 * One interleaving, the same for the same seed and `failAt`, a place where it goes wrong whatever else does. Gives
 * what did not hold; undefined where all did.
 */
export async function runOnce(
  seed: string,
  counts: Counts,
  places = noPlaces(),
  failAt?: string,
  onTrace?: (trace: readonly string[]) => void,
): Promise<Failure | undefined> {
  const random = createRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const chance = (p: number) => random() < p;
  packages ??= [packageOf(0, 0), packageOf(1, 8), packageOf(2, 4)];
  const weather: Weather = {
    faults: chance(0.15) ? 0 : random() * 0.12,
    maxFaults: 25,
    skewMs: chance(0.3) ? 0 : 5 * 60_000,
    processes: 1 + below(10),
    lag: chance(0.6) ? 0 : random() * 0.5,
  };
  const importOf = (name: string) => packages![Number(name.split(" ")[2])]!.rows;
  const oracle = createOracle({
    findBody: (key) => world.bodies.find(key)?.body,
    rowsOfImport: ({ name }) => importOf(name),
    kindOf: ({ name }) => KINDS[name.split(" ")[1]!] ?? "begin",
  });
  const { violations, must } = oracle;
  let bystander: Item | undefined;
  const world = createWorld({
    random,
    weather,
    counts,
    failAt,
    onRemove: oracle.onRemove,
    onPlace(place, isFault) {
      if (!failAt && !places.seeds.has(place)) places.seeds.set(place, seed);
      if (isFault && places.seeds.has(place)) places.faults.add(place);
    },
    onWrite: (written, attempt) => {
      // What left a journal lies beside the lease, for audits.
      if ((written.after?.pk as string | undefined)?.endsWith("#log")) return;
      if (written.after?.user === PERSON.userId) return oracle.onWrite(written, attempt);
      must(!bystander && attempt.name === "ben import 0", "nobody else is touched", attempt.name);
      bystander = written.after;
    },
  });
  const clients = createClients({ world, oracle, random, counts, person: PERSON, packages });
  const isOver = () => violations.length > 0;
  const filesOf = (userId: string) => world.bodies.keys().filter((key) => key.includes(`/${USER_OF(userId)}/`));
  counts.runs++;
  try {
    const { maxFaults, lag } = weather;
    world.calm(0);
    const ben = world.send(
      "ben import 0",
      (review) => review.transfer.importCollection(BYSTANDER, { file: packages![0]!.base64 }),
    );
    await world.run([ben, clients.bring(0)], isOver);
    const bensFiles = filesOf(BYSTANDER.userId);
    world.disturb({ maxFaults, lag });
    const steps = chance(0.1) ? 55 : 8 + below(18);
    const eagerness = chance(0.15) ? 0.95 : 0.6;
    const devices = ["d0", "d1"].map((name) => clients.device(name, steps, eagerness));
    if (!isOver()) await world.run([...devices, clients.others(2 + below(6))], isOver);
    // When no session holds the collection any more, others take its place, while things still go wrong.
    world.calm(HOUR_MS);
    world.disturb({ maxFaults: 8, lag });
    if (!isOver()) await world.run([clients.exchanges(1 + below(3))], isOver);
    for (let i = 0; i < 3 && !isOver(); i++) {
      world.calm(2 * HOUR_MS);
      await world.run([clients.sweep()], isOver);
    }
    if (!isOver()) oracle.settled();
    // What crashed saves left is there still, until the next session ends.
    type Kept = { key: string; mediaKey?: string };
    const kept = () => {
      const { file, previousKey, replaced } = oracle.lease() as { file?: Kept; previousKey?: string; replaced?: Kept };
      return new Set([file?.key, file?.mediaKey, previousKey, replaced?.key, replaced?.mediaKey]);
    };
    /** Media that an index names and nobody has. */
    const missing = () => {
      const { file, replaced } = oracle.lease() as { file?: Kept; replaced?: Kept };
      return [file?.mediaKey, replaced?.mediaKey].flatMap((key) => {
        const body = key === undefined ? undefined : world.bodies.find(key)?.body;
        if (body === undefined) return key === undefined ? [] : [key];
        const index = parseMediaIndex(Buffer.from(body).toString("utf8"));
        return [...index.values()].map((media) => mediaKeyOf(PERSON, media)).filter((one) => !world.bodies.find(one));
      });
    };
    /** An index of media beside the present file may be about to be named: it goes with the next file. */
    const mayCome = (key: string) => {
      const { file } = oracle.lease() as { file?: { version: number } };
      return key.endsWith(MEDIA_INDEX) && parseInt(key.split("/").at(-1)!, 10) === file?.version;
    };
    const leftOver = () =>
      filesOf(PERSON.userId).filter((key) => key.startsWith("collections/") && !kept().has(key) && !mayCome(key));
    counts.orphans += leftOver().length;
    // What began anew has other decks.
    if (!isOver() && !oracle.present()?.imported.size) await world.run([clients.bring(0)], isOver);
    if (!isOver()) must(missing().length === 0, "every picture that is named is there", missing());
    if (!isOver()) await world.run([clients.quietSession()], isOver);
    world.calm(2 * HOUR_MS);
    if (!isOver()) await world.run([clients.sweep()], isOver);
    if (!isOver()) {
      oracle.settled();
      must(missing().length === 0, "every picture that is named is there in the end", missing());
      must(leftOver().length === 0, "in the end only the present file and the one before it are left", leftOver());
      must(filesOf(BYSTANDER.userId).join() === bensFiles.join(), "nobody else's files are touched", bensFiles);
    }
    counts.saves += Number(oracle.present()?.version ?? 0);
  } catch (error) {
    violations.push((error as Error).stack ?? String(error));
  } finally {
    await world.stop();
    onTrace?.(world.trace);
  }
  return isOver() ? { seed, failAt, violations, trace: world.trace } : undefined;
}
