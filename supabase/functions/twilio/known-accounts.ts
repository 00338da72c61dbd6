// Which Twilio accounts there are. Anybody may post a webhook that names an account, so a name that is not known must cost no query:
// what was added since the last look is read at most every five seconds, whoever asks and however often.

import type { Direct } from "../_shared/db/direct.ts";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";

/** An account that was just added is known within this time. */
const LOOK_EVERY_MS = 5_000;
/** A row may be committed some time after its own. */
const OVERLAP_MS = 60_000;

export class KnownAccounts {
  /** As many as organisations have: a stranger adds none. One that was removed stays, and is found out when its token is read. */
  private readonly sids = new Set<string>();
  private lookedAt = Number.NEGATIVE_INFINITY;
  private since = new Date(0);
  private look: Promise<void> | undefined;

  /** @returns false too of one that was added within the last five seconds. Throws what the database throws */
  async has(sql: Direct, accountSid: string): Promise<boolean> {
    if (this.sids.has(accountSid)) return true;
    if (performance.now() - this.lookedAt < LOOK_EVERY_MS && !this.look) return false;
    this.look ??= this.lookAgain(sql).finally(() => {
      this.look = undefined;
    });
    await this.look;
    return this.sids.has(accountSid);
  }

  private async lookAgain(sql: Direct): Promise<void> {
    const begunAt = performance.now();
    const rows = await retryPassingErrors(
      () => sql<{ account_sid: string | null; read_at: Date }[]>`
        select account_sid, read_at from private.twilio_account_sids(${this.since})`,
    );
    for (const { account_sid, read_at } of rows) {
      if (account_sid !== null) this.sids.add(account_sid);
      this.since = new Date(read_at.getTime() - OVERLAP_MS);
    }
    this.lookedAt = begunAt;
  }
}
