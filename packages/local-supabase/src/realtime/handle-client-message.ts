/** Dispatches one message of a client by its event. */
import { closeChannel } from "./close-channel.ts";
import { joinChannel } from "./join-channel.ts";
import type { ClientMessage, Connection, RealtimeContext } from "./realtime-types.ts";
import { refreshAccessToken } from "./refresh-access-token.ts";
import { sendBroadcast } from "./send-broadcast.ts";
import { updatePresence } from "./update-presence.ts";

/** Takes the message; resolves when it is handled. Events that Realtime does not know are ignored, as hosted. */
export async function handleClientMessage(
  context: RealtimeContext,
  connection: Connection,
  message: ClientMessage,
): Promise<void> {
  const { joinRef, ref, topic, event, payload } = message;
  const reply = (status: "ok" | "error", response: unknown) =>
    connection.push(joinRef, ref, topic, "phx_reply", { status, response });

  if (topic === "phoenix" && event === "heartbeat") return reply("ok", {});
  if (event === "phx_join" && topic.startsWith("realtime:")) return joinChannel(context, connection, message);

  const channel = connection.channels.get(topic);
  if (!channel) return reply("error", { reason: "unmatched topic" });
  switch (event) {
    case "phx_leave":
      reply("ok", {});
      return closeChannel(context, channel);
    case "access_token":
      return refreshAccessToken(context, channel, payload);
    case "broadcast":
      return sendBroadcast(context, channel, message);
    case "presence":
      return updatePresence(context, channel, message);
  }
}
