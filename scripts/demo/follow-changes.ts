// Follows a private Realtime channel: every row change that is broadcast there, until what is waited for has come.
import type { Dashboard } from "./dashboard.ts";

/** One broadcast, in the shape of realtime.broadcast_changes. */
export interface RowChange {
  table: string;
  operation: "INSERT" | "UPDATE" | "DELETE";
  record: Record<string, unknown>;
  /** All rows of the statement. */
  records: Record<string, unknown>[];
}

const JOIN_WITHIN_MS = 15_000;

/** Resolves when the channel is joined. Throws, naming it, when the join is refused or takes too long. */
export async function followChanges(
  { client }: Dashboard,
  topic: string,
  onChange: (change: RowChange) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (reason: string) => reject(new Error(`The channel ${topic} could not be joined: ${reason}`));
    const timer = setTimeout(() => fail("no answer within 15 s"), JOIN_WITHIN_MS);
    client
      .channel(topic, { config: { private: true } })
      .on("broadcast", { event: "*" }, ({ payload }) => onChange(payload as unknown as RowChange))
      .subscribe((status, error) => {
        if (status === "SUBSCRIBED") {
          clearTimeout(timer);
          resolve();
        } else if (status === "CHANNEL_ERROR" || status === "TIMED_OUT") {
          clearTimeout(timer);
          fail(error?.message ?? status);
        }
      });
  });
}
