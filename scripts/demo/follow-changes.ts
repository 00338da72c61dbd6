// Follows a private Realtime channel: every row change broadcast there, and the full state each time the channel is joined.
import { openChannel } from "../realtime/open-channel.ts";
import type { Dashboard } from "./dashboard.ts";

/** One broadcast, in the shape of realtime.broadcast_changes. */
export interface RowChange {
  table: string;
  operation: "INSERT" | "UPDATE" | "DELETE";
  record: Record<string, unknown>;
  /** All rows of the statement. */
  records: Record<string, unknown>[];
  /** Rows have ids only and must be read again. */
  withheld?: boolean;
}

export interface ChangeHandlers {
  onChange(change: RowChange): void;
  /** Reads the shown state over REST: broadcasts from before the join are not sent again. */
  read(): Promise<void>;
}

/** Resolves when the channel is joined and the state is read. Throws, naming it, if the join is refused or takes too long. */
export async function followChanges(
  { client }: Dashboard,
  topic: string,
  { onChange, read }: ChangeHandlers,
): Promise<void> {
  let reading: Promise<void> = Promise.resolve();
  const readAgain = () => {
    // A read that failed must not prevent the next.
    reading = reading.catch(() => {}).then(read);
    reading.catch(() => {});
  };
  try {
    await openChannel(client, topic, {
      onBroadcast: ({ payload }) => (payload.withheld ? readAgain() : onChange(payload as RowChange)),
      onReady: readAgain,
    });
  } catch (error) {
    throw new Error(`The channel ${topic} could not be joined: ${(error as Error).message}`);
  }
  await reading;
}
