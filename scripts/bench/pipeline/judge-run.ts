// What the simulator's record says of a run: everybody was written to, nobody twice.
import type { AccountControl } from "twilio-simulator/client";

/** @throws Error with the record's figures */
export async function judgeRun(account: AccountControl, messages: number): Promise<void> {
  const { posts, accepted, doubleSends } = await account.verdict();
  if (accepted !== messages || doubleSends > 0)
    throw new Error(`Of ${messages} messages: ${JSON.stringify({ posts, accepted, doubleSends })}`);
}
