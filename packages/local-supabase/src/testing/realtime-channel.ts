/** Subscribes to a channel of supabase-js and collects what arrives, for tests. */
import type { RealtimeChannel, RealtimeChannelOptions, SupabaseClient } from "@supabase/supabase-js";
import { waitFor } from "./wait-for.ts";

export interface Received {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: payloads are of any shape, and the tests say which
  payload: any;
  meta?: { id: string; replayed?: boolean };
}

export interface Subscription {
  channel: RealtimeChannel;
  /** Statuses in order, with the error's text behind a colon. */
  statuses: string[];
  received: Received[];
  /** System messages of the server. */
  system: { extension: string; status: string; message: string }[];
}

/** Subscribes to every broadcast of a topic; resolves with the first status. */
export async function subscribe(
  client: SupabaseClient,
  topic: string,
  config: RealtimeChannelOptions["config"] = {},
): Promise<Subscription> {
  const subscription: Subscription = {
    channel: client.channel(topic, { config: { private: true, ...config } }),
    statuses: [],
    received: [],
    system: [],
  };
  const { channel, statuses, received, system } = subscription;
  channel.on("broadcast", { event: "*" }, (message) => received.push(message as unknown as Received));
  channel.on("system", {}, (message) => system.push(message));
  channel.subscribe((status, error) => statuses.push(error ? `${status}: ${error.message}` : status));
  await waitFor(() => statuses.length > 0);
  return subscription;
}
