// Checks a run by the simulator's record: everybody was written to, and nobody twice.
import type { AccountControl } from "twilio-simulator/client";

/** @throws Error with the record's figures */
export async function judgeRun(account: AccountControl, messages: number): Promise<void> {
  const { posts, accepted, doubleSends } = await account.verdict();
  if (accepted !== messages || doubleSends > 0)
    throw new Error(`Of ${messages} messages: ${JSON.stringify({ posts, accepted, doubleSends })}`);
}
