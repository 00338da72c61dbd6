// Knows which Twilio accounts there are. Anybody may post a webhook that names an account, so an unknown name must cost no query:
// accounts added since the last look are read at most once a second, however often unknown names are asked for.

import type { Direct } from "../_shared/db/direct.ts";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { SharedLook } from "./shared-look.ts";

/** Each look reads back this far: a row is visible only once it is committed, some time after the time it carries. */
const OVERLAP_MS = 60_000;

export class KnownAccounts {
  /** Only accounts of organisations: strangers can't add any. A removed one stays; reading its token then finds none. */
  private readonly sids = new Set<string>();
  private since = new Date(0);
  private readonly look = new SharedLook();
  private hasLooked = false;
  private first: Promise<void> | undefined;

  /**
   * An unknown account is answered after the next look, at most a second later. Twilio does not repeat a webhook that is refused,
   * so a refusal from memory would lose the first receipts, and a STOP, of an account that was just added.
   * Before the first look nobody is known, and all wait for that one look, however many they are: hundreds of receipts may meet a
   * new isolate at once.
   * @throws the database's error; AppError try_again (503) if too many unknown accounts are asked for
   */
  async has(sql: Direct, accountSid: string): Promise<boolean> {
    if (!this.hasLooked) {
      const isUnderWay = this.first !== undefined;
      this.first ??= this.lookFirst(sql);
      await this.first;
      // A look that was under way may have read before this account was added.
      if (!isUnderWay) return this.sids.has(accountSid);
    }
    if (!this.sids.has(accountSid)) await this.look.wait(() => this.lookAgain(sql));
    return this.sids.has(accountSid);
  }

  private async lookFirst(sql: Direct): Promise<void> {
    try {
      await this.lookAgain(sql);
      this.hasLooked = true;
    } finally {
      this.first = undefined;
    }
  }

  private async lookAgain(sql: Direct): Promise<void> {
    const rows = await retryPassingErrors(
      () => sql<{ account_sid: string | null; read_at: Date }[]>`
        select account_sid, read_at from private.twilio_account_sids(${this.since})`,
    );
    for (const { account_sid, read_at } of rows) {
      if (account_sid !== null) this.sids.add(account_sid);
      this.since = new Date(read_at.getTime() - OVERLAP_MS);
    }
  }
}
