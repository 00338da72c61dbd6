/** POST /realtime/v1/api/broadcast…: broadcasts over HTTP, without a websocket. */
import { RealtimeError } from "./realtime-error.ts";
import type { Broadcast, Claims, RealtimeContext } from "./realtime-types.ts";
import { type ApiKeys, resolveApiKey } from "./resolve-api-key.ts";
import { verifyAccessToken } from "./verify-access-token.ts";

const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  "access-control-allow-headers": "authorization, apikey, content-type, x-client-info",
};

interface Outgoing {
  topic: string;
  isPrivate: boolean;
  broadcast: Broadcast;
}

/**
 * Takes the request (apikey header, and Authorization with a user's token or a key) and answers 202. Private topics need
 * the insert policies to allow it; a message that they refuse is dropped and still answered 202, as hosted. 401 without a
 * valid key or token, 404 for other paths, 405, 413 over the largest payload, 422 for a malformed body.
 */
export async function handleBroadcastRequest(
  context: RealtimeContext,
  keys: ApiKeys,
  request: Request,
): Promise<Response> {
  const url = new URL(request.url);
  // Browsers call this from another origin; hosted answers any.
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: corsHeaders });
  const path = /\/api\/broadcast(?:\/([^/]+)\/events\/([^/]+))?\/?$/.exec(url.pathname);
  if (!path) return refuse(404, "Not found");
  if (request.method !== "POST") return refuse(405, "Only POST is allowed here");

  let claims: Claims;
  try {
    claims = await identify(request, keys);
  } catch (error) {
    return refuse(401, error instanceof RealtimeError ? error.message : String(error));
  }
  const body = Buffer.from(await request.arrayBuffer());
  if (body.length > context.limits.payloadBytes) {
    return refuse(413, `Payload of ${body.length} bytes is over the limit of ${context.limits.payloadBytes}`);
  }
  try {
    const outgoing =
      path[1] === undefined || path[2] === undefined
        ? readBatch(body)
        : [readSingle(decodeURIComponent(path[1]), decodeURIComponent(path[2]), url, request, body)];
    await send(context, claims, outgoing);
    return new Response(null, { status: 202, headers: corsHeaders });
  } catch (error) {
    if (error instanceof RealtimeError) return refuse(503, error.message);
    return refuse(422, (error as Error).message);
  }
}

async function identify(request: Request, keys: ApiKeys): Promise<Claims> {
  const bearer = /^Bearer\s+(.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  const keyClaims = await resolveApiKey(request.headers.get("apikey") ?? bearer, keys);
  if (!keyClaims) throw new RealtimeError("Unauthorized", "Invalid API key");
  if (!bearer || bearer.startsWith("sb_")) return keyClaims;
  return verifyAccessToken(bearer, keys.jwtSecret);
}

function readBatch(body: Buffer): Outgoing[] {
  const { messages } = (parse(body) ?? {}) as { messages?: unknown };
  if (!Array.isArray(messages) || messages.length === 0)
    throw new Error("messages: must be a list of at least one");
  return messages.map((message: Record<string, unknown>, index) => {
    const { topic, event, payload } = message ?? {};
    if (typeof topic !== "string" || topic === "")
      throw new Error(`messages[${index}].topic: can't be blank`);
    if (typeof event !== "string" || event === "")
      throw new Error(`messages[${index}].event: can't be blank`);
    if (typeof payload !== "object" || payload === null) {
      throw new Error(`messages[${index}].payload: must be an object`);
    }
    const envelope = JSON.stringify({ type: "broadcast", event, payload });
    return { topic, isPrivate: message.private === true, broadcast: { kind: "envelope", envelope } };
  });
}

function readSingle(topic: string, event: string, url: URL, request: Request, body: Buffer): Outgoing {
  const isPrivate = url.searchParams.get("private") === "true";
  if (request.headers.get("content-type")?.startsWith("application/octet-stream")) {
    return { topic, isPrivate, broadcast: { kind: "user", event, encoding: "binary", payload: body } };
  }
  const envelope = JSON.stringify({ type: "broadcast", event, payload: parse(body) });
  return { topic, isPrivate, broadcast: { kind: "envelope", envelope } };
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Error("The body must be JSON");
  }
}

async function send(context: RealtimeContext, claims: Claims, outgoing: Outgoing[]): Promise<void> {
  const allowed = new Map<string, boolean>();
  for (const { topic, isPrivate } of outgoing) {
    if (!isPrivate || allowed.has(topic)) continue;
    const question = { topic, claims, headers: {}, extension: "broadcast", operation: "insert" } as const;
    allowed.set(topic, await context.mayAccess(question));
  }
  for (const { topic, isPrivate, broadcast } of outgoing) {
    if (!isPrivate || allowed.get(topic)) context.topics.broadcast(topic, isPrivate, broadcast);
  }
}

function refuse(status: number, message: string): Response {
  return Response.json({ message }, { status, headers: corsHeaders });
}
