import { askUntilAnswered, type Member } from "./ask.ts";
import { type Sending, sendLanes, type Totals } from "./send.ts";
import type { LoadedSession } from "./session-table.ts";

const CREATE = `mutation ($input: CreateSessionInput!) { createSession(input: $input) {
  __typename
  ... on SessionPayload { session { version labels notes } }
  ... on UserError { message }
} }`;
const END = `mutation ($input: EndSessionInput!) { endSession(input: $input) {
  __typename
  ... on SessionPayload { session { endedAt } }
  ... on UserError { message }
} }`;
const PAUSE =
  `mutation ($input: RecordPauseInput!) { recordPause(input: $input) { __typename ... on UserError { message } } }`;
const ANNOTATE = `mutation ($input: AnnotateSessionInput!) { annotateSession(input: $input) {
  __typename
  ... on UserError { message }
} }`;

type Ended = Member & { session?: { endedAt: string | null } | null };
type Created = Member & { session?: { version: number; labels: string[]; notes: string | null } | null };

/**
 * Creates sessions, says when they ended and were paused, and gives them their labels and notes where nobody edited them yet; those of one
 * sensor in their order. Doing it again changes nothing.
 */
export function sendSessions(sessions: readonly LoadedSession[], sending: Sending): Promise<Totals> {
  const lanes = Map.groupBy(sessions, ({ sensorId }) => sensorId).values();
  return sendLanes(
    lanes.map((own) =>
      own.map((session) => ({
        mutation: CREATE,
        variables: {
          input: { sessionId: session.sessionId, sensorId: session.sensorId, startedAt: session.startedAt },
        },
        size: 1,
        tally: (answer: Member) => tally(answer, session),
        follow: async (created: Member) => {
          const refused = await finish(session, created, sending);
          return refused && `rejected: ${session.sessionId}: ${refused}`;
        },
      }))
    ),
    sending,
  );
}

function tally(answer: Member, { sessionId }: LoadedSession): Totals {
  const isDone = answer.__typename === "SessionPayload";
  return {
    accepted: isDone ? 1 : 0,
    duplicates: 0,
    rejected: isDone ? 0 : 1,
    reasons: isDone ? [] : [`rejected: ${sessionId}: ${answer.message ?? answer.__typename}`],
  };
}

/** Gives why something of the session could not be said; undefined where all was. */
async function finish(
  { sessionId, endedAt, pauses, labels, notes }: LoadedSession,
  { session }: Created,
  sending: Sending,
): Promise<string | undefined> {
  let unheld: string | undefined;
  if (endedAt !== undefined) {
    const ended = await askUntilAnswered<Ended>(sending, END, { input: { sessionId, endedAt } });
    if (ended.__typename !== "SessionPayload") return ended.message ?? ended.__typename;
    const holds = ended.session?.endedAt;
    if (holds && holds !== endedAt) {
      unheld = `its end ${endedAt} does not hold, ${holds} was said of it; correctSession says otherwise`;
    }
  }
  for (const pause of pauses) {
    const paused = await askUntilAnswered<Member>(sending, PAUSE, { input: { sessionId, ...pause } });
    if (paused.__typename !== "SessionPayload") return paused.message ?? paused.__typename;
  }
  if ((labels.length === 0 && notes === undefined) || !session || session.version > 1) return unheld;
  const input = { sessionId, expectedVersion: session.version, labels, ...(notes === undefined ? {} : { notes }) };
  const annotated = await askUntilAnswered<Member>(sending, ANNOTATE, { input });
  return annotated.__typename === "SessionPayload" ? unheld : annotated.message ?? annotated.__typename;
}
