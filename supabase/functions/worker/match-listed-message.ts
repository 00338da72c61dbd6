// Decides whether a message whose POST got no answer is in Twilio's list.
import type { ListedMessage } from "../_shared/twilio/list-messages.ts";

export type Finding =
  | { kind: "found"; message: ListedMessage }
  | { kind: "absent" }
  | { kind: "unclear"; reason: string };

const BEFORE_MS = 5_000;
const AFTER_MS = 600_000;

/**
 * @param listed the messages that Twilio lists between the two phones
 * @param text the text as it was posted
 * @param claimedAt when the attempt was claimed; Twilio created its message from 5 s before (clocks differ) to 10 min after it
 * @param knownSids Twilio's ids of our settled messages, which can't be this one
 * @returns found if exactly one message matches. unclear if several do, or if one that is not known has another text: Twilio
 *   may have changed our text, and "absent" would send it again
 */
export function matchListedMessage(
  listed: readonly ListedMessage[],
  text: string,
  claimedAt: Date,
  knownSids: ReadonlySet<string>,
): Finding {
  const since = claimedAt.getTime() - BEFORE_MS;
  const until = claimedAt.getTime() + AFTER_MS;
  const candidates = listed.filter(
    ({ sid, direction, createdAt }) =>
      !knownSids.has(sid) && direction.startsWith("outbound") && createdAt >= since && createdAt <= until,
  );
  const [first, ...more] = candidates.filter(({ body }) => body === text);
  if (first && more.length === 0) return { kind: "found", message: first };
  if (first) {
    return {
      kind: "unclear",
      reason: `Twilio lists ${more.length + 1} messages with this text in the minutes of the send: which one is it?`,
    };
  }
  if (candidates.length > 0) {
    return {
      kind: "unclear",
      reason: "Twilio lists a message to this person in the minutes of the send, with another text.",
    };
  }
  return { kind: "absent" };
}
