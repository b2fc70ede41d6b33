import { S3Client } from "@aws-sdk/client-s3";
import type { Cost } from "../../api/aws/dynamo.ts";
import { schema11 } from "../kit/anki-file.ts";
import { LANGUAGES, logOf, NOON, type Reviewer, reviewerOf, smallContent } from "../kit/review.ts";
import { startTestApp, type TestApp } from "../kit/app.ts";
import type { TestSystem } from "../kit/local.ts";

/** One person's client. Each call names the instance that the balancer gives it to. */
export type Client = {
  /** Begins a session; gives the card to answer. */
  start: (instance: number) => Promise<number | undefined>;
  /** Says whether the answer was acknowledged, and which card comes next. */
  answer(
    instance: number,
    cardId: number,
    answerId: string,
  ): Promise<{ isCounted: boolean; cardId: number | undefined }>;
  end(instance: number): Promise<void>;
};

/** A way to keep a collection while it is under review, on so many instances. */
export type Design = {
  name: string;
  addPerson(userId: string): Promise<Client>;
  /** How many answers the person's file holds now, when all sessions are over. */
  countAnswers(userId: string): Promise<number>;
  /** An instance dies. */
  kill(instance: number): Promise<void>;
  takeUnits(): Units;
  stop(): Promise<void>;
};

export type Units = { requests: number; read: number; write: number };

/** A collection with this many cards, all due, in about so many bytes. */
export function collectionOf(cards: number, bytes: number): Buffer {
  const content = smallContent({
    reviews: cards,
    fresh: 0,
    preset: { rev: { perDay: 9_999, ease4: 1.3, maxIvl: 36_500 } },
  });
  const filler = "x".repeat(Math.max(0, Math.floor(bytes / cards) - 350));
  return schema11({
    ...content,
    notes: content.notes!.map((note) => ({ ...note, flds: `${String(note["flds"])} ${filler}` })),
    cards: content.cards!.map((card, i) => ({ ...card, due: 30 + (i % 20) })),
  });
}

/** The time of all designs: it moves only when somebody answers. */
export function createBenchClock() {
  let now = NOON;
  return { clock: () => now, pass: (ms: number) => void (now += ms) };
}

export type BenchClock = ReturnType<typeof createBenchClock>;

/** Ours: the service itself, so many instances of it over one store, asked through GraphQL. */
export async function createOurs(
  { system, instances, file, time }: { system: TestSystem; instances: number; file: Uint8Array; time: BenchClock },
): Promise<Design> {
  const start = () => startTestApp({ system, clock: time.clock });
  const apps: TestApp[] = [];
  for (let i = 0; i < instances; i++) apps.push(await start());
  const retired: Cost[] = [];
  // Another instance brings collections in and takes them away, so that the others have seen nothing of them.
  const other = await start();

  return {
    name: "OURS",
    async addPerson(userId) {
      await reviewerOf(other, { userId }).import(file);
      const at: Reviewer[] = apps.map((app) => reviewerOf(app, { userId }));
      let sessionId = "";
      // oxlint-disable-next-line no-explicit-any
      const cardIn = ({ reviewSession }: any) => reviewSession.nextCard && Number(reviewSession.nextCard.cardId);
      return {
        async start(instance) {
          const started = await at[instance]!.start({ deckId: String(LANGUAGES) });
          sessionId = started.reviewSession.sessionId;
          return cardIn(started);
        },
        async answer(instance, cardId, answerId) {
          const answered = await at[instance]!.answer({ sessionId, cardId: String(cardId), answerId });
          if (answered.__typename !== "ReviewPayload") return { isCounted: false, cardId: undefined };
          return { isCounted: true, cardId: cardIn(answered) };
        },
        end: async (instance) => void await at[instance]!.end(sessionId),
      };
    },
    countAnswers: (userId) => reviewerOf(other, { userId }).download((db) => logOf(db).length),
    async kill(instance) {
      retired.push(...apps[instance]!.takeCosts());
      // It stops without a word: what it has in memory is gone. Another one's job finds the session later.
      await apps[instance]!.stop();
      time.pass(6 * 60_000);
      await other.app.jobs.find(({ name }) => name === "save-reviews")!.run();
      apps[instance] = await start();
    },
    takeUnits: () => unitsOf([...retired.splice(0), ...apps.flatMap((app) => app.takeCosts())]),
    async stop() {
      for (const app of [...apps, other]) await app.stop();
    },
  };
}

export function unitsOf(costs: readonly { kind: "read" | "write"; units: number }[]): Units {
  const of = (kind: string) => costs.filter((cost) => cost.kind === kind).reduce((sum, { units }) => sum + units, 0);
  return { requests: costs.length, read: of("read"), write: of("write") };
}

/**
 * Counts this process's requests to S3 from here on, and makes them wait. Only for processes that do nothing else: it
 * replaces a method of the SDK's class.
 */
export function watchS3() {
  const delays = { downMs: 0, upMs: 0 };
  let counts = { downloads: 0, uploads: 0, others: 0 };
  // oxlint-disable-next-line no-explicit-any
  const prototype = S3Client.prototype as any;
  const send = prototype.send;
  prototype.send = async function (command: object, ...rest: unknown[]) {
    const name = command.constructor.name;
    const [kind, waitMs] = name === "GetObjectCommand"
      ? ["downloads", delays.downMs] as const
      : name === "PutObjectCommand"
      ? ["uploads", delays.upMs] as const
      : ["others", 0] as const;
    counts[kind]++;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    return send.call(this, command, ...rest);
  };
  return {
    delays,
    take() {
      const taken = counts;
      counts = { downloads: 0, uploads: 0, others: 0 };
      return taken;
    },
  };
}

export type S3Watch = ReturnType<typeof watchS3>;
