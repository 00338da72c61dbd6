/** Decides by token and policies whether a channel may be read: at its join, and again with every new token. */
import { RealtimeError } from "./realtime-error.ts";
import type { Channel, Claims, Connection, RealtimeContext } from "./realtime-types.ts";
import { verifyAccessToken } from "./verify-access-token.ts";

export interface AuthorizationRequest {
  connection: Connection;
  /** The user's JWT; null or an API key (`sb_…`) means the connection's own key. */
  token: string | null;
  topic: string;
  isPrivate: boolean;
  presenceEnabled: boolean;
}

/**
 * Takes the caller and the topic; returns the claims and what may be read. Throws a RealtimeError: one about the token, or
 * Unauthorized if no policy lets it read. Public topics are open to every valid token.
 */
export async function authorizeChannel(
  context: RealtimeContext,
  request: AuthorizationRequest,
): Promise<{ claims: Claims; access: Channel["access"] }> {
  const { connection, token, topic, isPrivate, presenceEnabled } = request;
  const claims =
    token === null || token.startsWith("sb_")
      ? connection.keyClaims
      : await verifyAccessToken(token, context.jwtSecret);
  if (!isPrivate) return { claims, access: { broadcastRead: true, presenceRead: true } };

  const question = { topic, claims, headers: connection.headers, operation: "select" } as const;
  const [broadcastRead, presenceRead] = await Promise.all([
    context.mayAccess({ ...question, extension: "broadcast" }),
    presenceEnabled ? context.mayAccess({ ...question, extension: "presence" }) : undefined,
  ]);
  if (!broadcastRead && !presenceRead) {
    throw new RealtimeError(
      "Unauthorized",
      `You do not have permissions to read from this Channel topic: ${topic}`,
    );
  }
  return { claims, access: { broadcastRead, presenceRead } };
}
