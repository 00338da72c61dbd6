// Joins a private Realtime channel as every client should: broadcasts from before it is ready do not arrive.
import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";

/** One broadcast. The payload of the database's own has the shape of realtime.broadcast_changes. */
export interface Broadcast {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: rows of any table
  payload: any;
}

export interface ChannelHandlers {
  onBroadcast(broadcast: Broadcast): void;
  /**
   * Called each time the channel is ready, also after a lost connection. Missed broadcasts are not sent again, so read the state
   * here.
   */
  onReady?(): void;
}

const READY_WITHIN_MS = 15_000;

/**
 * Resolves when broadcasts of the database reach the channel. "SUBSCRIBED" alone does not mean that: the server may have let the
 * client in and not yet receive messages of the database.
 * @throws with the server's reason if it refuses, or if it is not ready within 15 s
 */
export async function openChannel(
  client: { channel: SupabaseClient["channel"] },
  topic: string,
  { onBroadcast, onReady }: ChannelHandlers,
): Promise<RealtimeChannel> {
  const channel = client.channel(topic, {
    config: { private: true, broadcast: { replication_ready: true } },
  });
  channel.on("broadcast", { event: "*" }, ({ event, payload }) => onBroadcast({ event, payload }));
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${topic}: not ready within ${READY_WITHIN_MS / 1000} s`)),
      READY_WITHIN_MS,
    );
    channel.on("system", {}, ({ extension, status }) => {
      if (extension !== "system" || status !== "ok") return;
      clearTimeout(timer);
      onReady?.();
      resolve();
    });
    channel.subscribe((status, error) => {
      if (status === "SUBSCRIBED") return;
      clearTimeout(timer);
      reject(error ?? new Error(`${topic}: ${status}`));
    });
  });
  return channel;
}
