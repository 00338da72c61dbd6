// The simulated browsers of one process: supabase-js clients on private channels, which record when each row change arrives.
import { createClient } from "@supabase/supabase-js";
import ws from "ws";
import { openChannel } from "../../realtime/open-channel.ts";

export interface SubscriberOrder {
  url: string;
  key: string;
  subscribers: { token: string; topics: string[] }[];
}

export type SubscriberWord = { joined: true } | { heard: number[] };

const { url, key, subscribers } = JSON.parse(process.argv[2] ?? "{}") as SubscriberOrder;
/** Milliseconds from the change of a campaign's figures until a subscriber had it. */
let heard: number[] = [];

async function join({ token, topics }: SubscriberOrder["subscribers"][number]): Promise<void> {
  const client = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as never },
  });
  await client.realtime.setAuth(token);
  await Promise.all(
    topics.map((topic) =>
      openChannel(client, topic, {
        onBroadcast({ payload }) {
          if (payload.table === "campaign_stats")
            heard.push(Date.now() - Date.parse(payload.record.updated_at));
        },
      }),
    ),
  );
}

process.on("disconnect", () => process.exit(0));
process.on("message", (asked: "forget" | "tell") => {
  if (asked === "forget") heard = [];
  else process.send?.({ heard } satisfies SubscriberWord);
});
for (const subscriber of subscribers) await join(subscriber);
process.send?.({ joined: true } satisfies SubscriberWord);
