/**
 * Gives what reviewing costs and what it loses, beside the two designs that this one replaces, on the same stores: over
 * ten instances in turn, with two devices at once, with an instance that dies, and on one instance with the latencies of
 * S3; and the memory of a process that serves 50 collections of 5 MB.
 *
 *     deno run -A --unstable-no-legacy-abort test/bench/review.ts
 *
 * The older designs are called directly, ours through GraphQL with a token a request. About three minutes.
 */
import { startTestSystem } from "../kit/local.ts";
import { createFileEachCard, createFileInMemory } from "./review-baselines.ts";
import { type Client, collectionOf, createBenchClock, createOurs, type Design, watchS3 } from "./review-designs.ts";
import { measureMemory } from "./review-memory.ts";
import { createSessions, measureTimes, ratio } from "./review-times.ts";

const INSTANCES = 10;
const PEOPLE = 5;
const ANSWERS = 10;
const LONG = 60;
const PAIRS = 5;
const CARDS = 900;
const MB = 1_048_576;

type Figures = Record<
  "downloads" | "uploads" | "writeUnits" | "readUnits" | "dynamoRequests" | "answers" | "lost",
  number
>;

const time = createBenchClock();
const s3 = watchS3();
const session = createSessions(time);
let people = 0;
let answers = 0;

/** What `run` cost a design, and how many of the answers that it acknowledged are not in the files. */
async function figuresOf(
  design: Design,
  run: (addPerson: () => Promise<Client>) => Promise<number>,
): Promise<Figures> {
  const names: string[] = [];
  const before = new Map<string, number>();
  const addPerson = async () => {
    const name = `person-${people++}`;
    names.push(name);
    const client = await design.addPerson(name);
    before.set(name, await design.countAnswers(name));
    s3.take();
    design.takeUnits();
    return client;
  };
  const given = await run(addPerson);
  const { downloads, uploads } = s3.take();
  const { requests, read, write } = design.takeUnits();
  let kept = 0;
  for (const name of names) kept += await design.countAnswers(name) - before.get(name)!;
  return {
    downloads,
    uploads,
    writeUnits: write,
    readUnits: read,
    dynamoRequests: requests,
    answers: given,
    lost: given - kept,
  };
}

function describe(figures: Figures): string {
  const { downloads, uploads, writeUnits, readUnits, dynamoRequests, answers: given, lost } = figures;
  return `${lost} of ${given} acknowledged answers lost; S3: ${downloads} downloads, ${uploads} uploads; DynamoDB: ` +
    `${dynamoRequests} requests, ${writeUnits} write units, ${readUnits} read units`;
}

function printAll(title: string, all: Map<Design, Figures>): void {
  console.log(title);
  for (const [{ name }, figures] of all) console.log(`  ${name}: ${describe(figures)}`);
  const [[, ours], ...old] = [...all] as [[Design, Figures], ...[Design, Figures][]];
  for (const [{ name }, theirs] of old) {
    const of = (kind: keyof Figures) => `${kind} ${ratio(theirs[kind], ours[kind])}`;
    console.log(`  ${name} beside OURS: ${[of("downloads"), of("uploads"), of("writeUnits"), of("lost")].join(", ")}`);
  }
}

/** Everybody reviews at the same time; person p's n-th request goes to instance p + n. */
async function inTurn(clients: Client[], instances: number): Promise<number> {
  const sessions = await Promise.all(
    clients.map((client, p) => session(client, ANSWERS, (n) => (p + n) % instances)),
  );
  return sessions.reduce((sum, { counted }) => sum + counted, 0);
}

/** Two devices of each person answer the card that both show, at once, at two instances. */
async function twoDevices(clients: Client[]): Promise<number> {
  let counted = 0;
  for (const [p, client] of clients.entries()) {
    let cardId = await client.start(p);
    for (let i = 0; i < PAIRS; i++) {
      time.pass(5_000);
      const both = await Promise.all(
        [p, p + 1].map((instance) => client.answer(instance, cardId!, `device-${answers++}`)),
      );
      counted += both.filter(({ isCounted }) => isCounted).length;
      cardId = both.find(({ isCounted }) => isCounted)!.cardId;
    }
    await client.end(p);
  }
  return counted;
}

async function addPeople(add: () => Promise<Client>): Promise<Client[]> {
  const clients: Client[] = [];
  for (let i = 0; i < PEOPLE; i++) clients.push(await add());
  return clients;
}

async function compare(
  designs: readonly Design[],
  title: string,
  run: (add: () => Promise<Client>, design: Design) => Promise<number>,
): Promise<void> {
  const all = new Map<Design, Figures>();
  for (const design of designs) all.set(design, await figuresOf(design, (add) => run(add, design)));
  printAll(title, all);
}

async function benchLosses(designs: readonly Design[]): Promise<void> {
  const each = `${PEOPLE} people, ${ANSWERS} answers each`;
  await compare(designs, `${each}, over ${INSTANCES} instances in turn`, async (add) => {
    return await inTurn(await addPeople(add), INSTANCES);
  });
  await compare(designs, `${each}, on one instance`, async (add) => inTurn(await addPeople(add), 1));
  await compare(designs, `one person, ${LONG} answers, over ${INSTANCES} instances in turn`, async (add) => {
    return (await session(await add(), LONG, (n) => n % INSTANCES)).counted;
  });
  await compare(designs, `${PEOPLE} people with two devices, ${PAIRS} pairs of answers at once`, async (add) => {
    return await twoDevices(await addPeople(add));
  });
  await compare(designs, `one person, ${ANSWERS} answers on one instance, which dies then`, async (add, design) => {
    const client = await add();
    let cardId = await client.start(0);
    for (let i = 0; i < ANSWERS; i++) {
      time.pass(5_000);
      cardId = (await client.answer(0, cardId!, `device-${answers++}`)).cardId;
    }
    await design.kill(0);
    return ANSWERS;
  });
}

async function benchHits(inMemory: ReturnType<typeof createFileInMemory>): Promise<void> {
  const share = async (instances: number) => {
    const clients = await addPeople(() => inMemory.addPerson(`hits-${people++}`));
    inMemory.takeHits();
    await inTurn(clients, instances);
    const { hits, asked } = inMemory.takeHits();
    return `${((100 * hits) / asked).toFixed(0)} % (${hits} of ${asked})`;
  };
  console.log(
    `${inMemory.name}: found in memory on one instance ${await share(1)}, over ${INSTANCES} ${await share(INSTANCES)}`,
  );
}

const system = await startTestSystem();
const designs: Design[] = [];
try {
  const file = collectionOf(CARDS, 0.7 * MB);
  console.log(`A collection has ${CARDS} cards, all due, in ${(file.length / MB).toFixed(2)} MB.`);
  const options = { system, instances: INSTANCES, file, time };
  designs.push(await createOurs(options), createFileEachCard(options));
  const inMemory = createFileInMemory(options);
  designs.push(inMemory);
  await benchLosses(designs);
  await benchHits(inMemory);
  await measureTimes(designs, { s3, session });
  await measureMemory(system);
} finally {
  for (const design of designs) await design.stop();
  await system.stop();
}
