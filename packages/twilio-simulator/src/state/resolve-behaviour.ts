// The behaviour that applies to one request: the account's, then the number's, then the person's, then the message's.
import type { Account } from "./account.ts";
import { type Behaviour, mergeBehaviour } from "./behaviour.ts";

/**
 * Applies all matching overrides to the account's behaviour, the most specific last, and counts down their `times`.
 * @param mid the sender's own message id, from the StatusCallback's query
 */
export function resolveBehaviour(
  account: Account,
  from: string | null,
  to: string,
  mid: string | null,
): Behaviour {
  if (account.overrides.length === 0) return account.behaviour;
  const keys = { number: from, to, mid };
  let behaviour = account.behaviour;
  for (const scope of ["number", "to", "mid"] as const) {
    for (const override of account.overrides) {
      if (override.scope !== scope || override.key !== keys[scope] || override.times === 0) continue;
      behaviour = mergeBehaviour(behaviour, override.patch);
      if (override.times !== null) override.times--;
    }
  }
  if (account.overrides.some((override) => override.times === 0))
    account.overrides = account.overrides.filter((override) => override.times !== 0);
  return behaviour;
}
