import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from "graphql-ws";
import type { GraphQLError } from "graphql";
import type { App } from "../../app.ts";
import type { Viewer } from "../../auth/viewer.ts";
import type { Clock } from "../../core/clock.ts";
import { RateLimitedError, UnauthenticatedError } from "../../core/errors.ts";
import { clientAddress } from "../../rates/address.ts";
import type { Member, SocketConnection, SocketOpening } from "../../sockets/model.ts";
import type { SocketStore } from "../../sockets/store.ts";
import { createCors } from "../http/cors.ts";
import { type HttpHints, plain, RefusedError } from "../http/errors.ts";
import { createFrontCheck } from "../http/front.ts";
import { type Engine, isPlanned } from "../http/graphql.ts";
import { parseJson } from "../http/json.ts";
import { toParams } from "../http/params.ts";
import { MAX_ID_CHARACTERS, MAX_SUBSCRIPTIONS, tokenOf, tooMany } from "../http/socket-operations.ts";
import { checkProtocol } from "../http/websocket.ts";
import type { createSocketFeeds } from "./socket-feeds.ts";
import type { Remind, SocketRounds } from "./socket-rounds.ts";

export type SocketMessagesOptions = {
  app: App;
  engine: Engine;
  store: SocketStore;
  feeds: Pick<ReturnType<typeof createSocketFeeds>, "describe" | "read">;
  rounds: SocketRounds;
  clock: Clock;
  remind: Remind;
};

type Head = (name: string) => string | undefined;
type Connected = { statusCode: number; headers?: Record<string, string>; body?: string };

/** Somebody looks again when the lease of whoever is at the group now is over, in case that they never end. */
const REMIND_SECONDS = 100;
const JSON_LIMITS = { depth: 64, values: 40_000 };
const BAD_REQUEST = 4400;
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;
const SUBSCRIBER_EXISTS = 4409;
const TOO_MANY_INITS = 4429;

/**
 * graphql-transport-ws over API Gateway: each of a client's messages is an event of its own, and all that is known between two
 * lies in the table `sockets`. What is given is the answer to the message, where there is one.
 */
export function createSocketMessages(
  { app, engine, store, feeds, rounds, clock, remind }: SocketMessagesOptions,
) {
  const { config } = app;
  const cors = createCors(config.corsOrigins);
  const checkFront = createFrontCheck(config);
  const seen = (error: unknown, viewer?: Viewer) =>
    engine.translate([error], engine.createCall(crypto.randomUUID(), viewer))[0]!;

  async function end(id: string, code: number, reason: string): Promise<undefined> {
    await rounds.farewell(id, code, reason);
  }

  /** A socket is to be opened. Without a token in its head nothing is kept but the client's address, where messages do not show it. */
  async function connect(id: string, header: Head, peer: string): Promise<Connected> {
    const address = clientAddress(peer, header("x-forwarded-for"), config.trustedProxies);
    try {
      checkFront(header);
      checkProtocol(header("sec-websocket-protocol"));
      cors.checkSocket({ header } as Parameters<typeof cors.checkSocket>[0]);
      (await app.rates.connection(address))();
      const unseen = address === seenFrom(peer) ? undefined : address;
      const authorization = header("authorization");
      if (authorization !== undefined) {
        const viewer = await app.authenticate(authorization, { origin: header("origin"), address });
        if (viewer) await store.putConnection(id, viewer, false, unseen);
      } else if (unseen !== undefined) await store.putOpening(id, { address: unseen, isRefused: false });
      return { statusCode: 200, headers: { "Sec-WebSocket-Protocol": GRAPHQL_TRANSPORT_WS_PROTOCOL } };
    } catch (error) {
      const refused = seen(error);
      const status = (refused.extensions["http"] as HttpHints | undefined)?.status ?? 500;
      return { statusCode: status, body: JSON.stringify({ errors: [plain(refused)] }) };
    }
  }

  /** `saidAt` is when API Gateway took it: a function that has it sooner may have what was said later. */
  async function message(id: string, text: string, peer: string, saidAt: number): Promise<string | undefined> {
    const given = parse(text);
    if (typeof given === "string") return await end(id, BAD_REQUEST, given);
    const { type } = given;
    if (type === "ping") return JSON.stringify({ type: "pong", payload: given["payload"] });
    if (type === "pong") return undefined;
    if (type === "connection_init") return await initialise(id, given["payload"], seenFrom(peer));
    const connection = await store.findConnection(id);
    if (!connection?.isInitialised) return await end(id, UNAUTHORIZED, "Unauthorized");
    if (connection.viewer.expiresAt <= clock()) return await end(id, FORBIDDEN, "token expired");
    const { id: subscription } = given;
    if (typeof subscription !== "string" || subscription === "" || subscription.length > MAX_ID_CHARACTERS) {
      return await end(id, BAD_REQUEST, `A message's id must be text of 1 to ${MAX_ID_CHARACTERS} characters.`);
    }
    const address = connection.address ?? seenFrom(peer);
    if (type === "complete") {
      await complete(connection, subscription, address, saidAt);
      return undefined;
    }
    if (type === "subscribe") {
      return await subscribe(connection, { subscriptionId: subscription, payload: given["payload"], address, saidAt });
    }
    return await end(id, BAD_REQUEST, "Messages are connection_init, subscribe, complete, ping and pong.");
  }

  async function initialise(id: string, payload: unknown, peer: string): Promise<string | undefined> {
    const authorization = tokenOf(payload as Record<string, unknown> | undefined);
    let opening: SocketOpening | undefined;
    const refuse = async (reason: string) => {
      await store.removeConnection(id);
      await store.putOpening(id, { address: opening?.address, isRefused: true });
      return refusal(reason);
    };
    try {
      opening = await store.findOpening(id);
      const address = opening?.address ?? peer;
      // Whoever goes on after that is no client that was told why.
      if (opening?.isRefused) {
        await rounds.cut(id);
        return undefined;
      }
      const viewer = authorization === undefined ? opening?.viewer : await app.authenticate(authorization, { address });
      if (!viewer) {
        await app.rates.request(address, undefined);
        return await refuse("Connect with a token in connection_init.");
      }
      const open = await store.countOpen("socket", viewer);
      if (open.own >= config.rates.openPerToken) throw limited("open connections with this token", open.own);
      if (await store.putConnection(id, viewer, true, opening?.address)) return '{"type":"connection_ack"}';
      await rounds.farewell(id, TOO_MANY_INITS, "Too many initialisation requests");
    } catch (error) {
      const { message: reason } = seen(error);
      if (error instanceof UnauthenticatedError) return await refuse(reason);
      await rounds.farewell(id, FORBIDDEN, reason);
    }
    return undefined;
  }

  async function subscribe(
    connection: SocketConnection,
    { subscriptionId, payload, address, saidAt }: {
      subscriptionId: string;
      payload: unknown;
      address: string;
      saidAt: number;
    },
  ): Promise<string | undefined> {
    const { id, viewer, subscriptions } = connection;
    let isMember = false;
    const refuse = (errors: readonly GraphQLError[]) =>
      JSON.stringify({ id: subscriptionId, type: "error", payload: errors.map(plain) });
    try {
      if (subscriptions.has(subscriptionId)) throw exists(subscriptionId);
      if (subscriptions.size >= MAX_SUBSCRIPTIONS) throw tooMany();
      await app.rates.request(address, viewer);
      const call = engine.createCall(crypto.randomUUID(), viewer);
      const params = toParams(payload);
      const planned = engine.plan(call, params);
      if (!isPlanned(planned)) return refuse(engine.translate(planned, call));
      await checkLimits(viewer);
      const { question, group, position } = feeds.describe(planned, params, viewer);
      const known = await store.findGroup(viewer.tenantId, group);
      const isKnown = known?.keys && (position !== "" || !known.beginsNow);
      const probed = isKnown ? undefined : await feeds.read(question, position);
      if (probed?.over && probed.over !== "complete") {
        return `{"id":${JSON.stringify(subscriptionId)},"type":"error","payload":${probed.over.errors}}`;
      }
      const keys = known?.keys ?? probed!.keys;
      // Of what comes from now on: not from whenever it is first read for this one.
      const begin = position === "" ? probed?.begin ?? "" : position;
      const added = await store.addSubscription(connection, subscriptionId, group, { most: MAX_SUBSCRIPTIONS, saidAt });
      if (added === "full") throw tooMany();
      if (added === "exists") throw exists(subscriptionId);
      // Nobody waits for it any more.
      if (added !== "following") return undefined;
      const member: Member = {
        key: `${id}#${subscriptionId}`,
        connectionId: id,
        subscriptionId,
        credential: viewer.credential,
        expiresAt: viewer.expiresAt,
        holder: { userId: viewer.userId, login: viewer.login, keyId: viewer.keyId },
        position: begin,
      };
      isMember = true;
      await store.join(group, question, member);
      if (await hasEnded(viewer.tenantId, group, member)) return undefined;
      if (probed) await store.noteKeys(viewer.tenantId, group, keys, probed.begin !== undefined);
      await store.listen(viewer.tenantId, group, keys, member.key);
      await remind(viewer.tenantId, group, REMIND_SECONDS);
      await rounds.run(viewer.tenantId, group);
    } catch (error) {
      // It may have been given something: its client connects again, and goes on from what it has.
      if (isMember) {
        await rounds.cut(id);
        return undefined;
      }
      if (error instanceof ExistsError) return await end(id, SUBSCRIBER_EXISTS, error.message);
      return refuse([seen(error, viewer)]);
    }
    return undefined;
  }

  /** What nothing is followed by is remembered by a write, and counts as a request; over the rate it is not. */
  async function complete(connection: SocketConnection, subscriptionId: string, address: string, saidAt: number) {
    try {
      if (!connection.subscriptions.has(subscriptionId)) await app.rates.request(address, connection.viewer);
    } catch (error) {
      if (error instanceof RateLimitedError) return;
      throw error;
    }
    await store.complete(connection, subscriptionId, saidAt);
  }

  /** Whether a member that joined was completed, or its socket gone, before it was there: whoever ended it found none to end. */
  async function hasEnded(tenantId: string, group: string, member: Member): Promise<boolean> {
    const { connectionId, subscriptionId } = member;
    const isFollowed = async () =>
      (await store.findConnection(connectionId))?.subscriptions.get(subscriptionId) === group;
    if (await isFollowed()) return false;
    await store.removeMember(tenantId, group, member);
    // By an id that was asked for again meanwhile: what was taken back may be that one's. Its client connects again.
    if (await isFollowed()) await rounds.cut(connectionId);
    return true;
  }

  async function checkLimits(viewer: Viewer): Promise<void> {
    const { subscriptionsPerToken, subscriptionsPerTenant: most } = config.rates;
    const { all, own } = await store.countOpen("member", viewer);
    if (own >= subscriptionsPerToken) throw limited("subscriptions with this token", own);
    if (all < most) return;
    const { all: live } = await store.countOpen("member", viewer, true);
    if (live >= most) throw limited("subscriptions of this tenant", live);
  }

  return { connect, message, disconnect: (id: string) => store.removeConnection(id) };
}

/** Whom a message comes from: the client, or what stands in front of it. */
function seenFrom(peer: string): string {
  return clientAddress(peer, undefined, 0);
}

/**
 * What is said of a token that does not hold. Clients take the code 1000 as a reason to connect again, for ever; a message of no
 * known type makes them stop and close, and shows what it says.
 */
function refusal(reason: string): string {
  return JSON.stringify({ type: `${FORBIDDEN} ${reason}`.slice(0, 80), payload: { code: FORBIDDEN, reason } });
}

class ExistsError extends Error {
  override name = "ExistsError";
}

function exists(id: string): ExistsError {
  return new ExistsError(`Subscriber for ${id.slice(0, 40)} already exists`);
}

function limited(what: string, count: number): RateLimitedError {
  return new RateLimitedError(what, { points: count }, 60);
}

/** The message, or what is wrong with it. */
function parse(text: string): Record<string, unknown> | string {
  try {
    const message = parseJson(text, JSON_LIMITS);
    if (typeof message === "object" && message !== null && !Array.isArray(message)) {
      return message as Record<string, unknown>;
    }
    return "Messages are JSON objects.";
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}
