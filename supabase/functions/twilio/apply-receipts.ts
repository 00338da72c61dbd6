// Applies delivery receipts. Receipts that arrive while others are being applied are applied together in one call, since a
// campaign brings hundreds a second.
import type { Direct } from "../_shared/db/direct.ts";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import type { Log } from "../_shared/http/log.ts";

/** A receipt as private.apply_receipts takes it. */
export interface Receipt {
  org_id: string;
  message_id: string;
  attempt_id: string | null;
  provider_sid: string;
  status: string;
  error_code: number | null;
  /** All fields of Twilio's form. */
  raw: Record<string, unknown>;
}

interface Waiting {
  receipt: Receipt;
  resolve(result: string): void;
  reject(error: unknown): void;
}

/** The most receipts of a call: their messages stay locked until all of them are applied. */
const AT_MOST = 100;

export class ReceiptQueue {
  private readonly waiting: Waiting[] = [];
  private isApplying = false;

  /** @returns what private.apply_receipt returns, once it is committed. Rejects with the database's error */
  apply(sql: Direct, log: Log, receipt: Receipt): Promise<string> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ receipt, resolve, reject });
      if (!this.isApplying) void this.applyWaiting(sql, log);
    });
  }

  private async applyWaiting(sql: Direct, log: Log): Promise<void> {
    this.isApplying = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, AT_MOST);
      const results = await applyTogether(sql, log, batch);
      // Not awaited: a receipt that is retried for seconds holds up no other.
      for (const [i, one] of batch.entries()) {
        const result = results[i];
        if (typeof result === "string") one.resolve(result);
        else retryPassingErrors(() => applyAlone(sql, one.receipt)).then(one.resolve, one.reject);
      }
    }
    this.isApplying = false;
  }
}

/** @returns a result for each; null for each that must be applied alone. [] if the call fails, as one bad receipt fails it */
async function applyTogether(sql: Direct, log: Log, batch: readonly Waiting[]): Promise<(string | null)[]> {
  const receipts = batch.map(({ receipt }) => receipt);
  try {
    const [row] = await sql`select private.apply_receipts(${sql.json(receipts as never)}) as results`;
    return row?.results ?? [];
  } catch (error) {
    log.warn("receipts are applied one by one: together they failed", {
      receipts: batch.length,
      error: describeCause(error),
    });
    return [];
  }
}

async function applyAlone(sql: Direct, receipt: Receipt): Promise<string> {
  const { org_id, message_id, attempt_id, provider_sid, status, error_code, raw } = receipt;
  const [row] = await sql`
    select private.apply_receipt(
      ${org_id}, ${message_id}, ${attempt_id}, ${provider_sid}, ${status}, ${error_code}, ${sql.json(raw as never)}) as result`;
  return row?.result;
}
