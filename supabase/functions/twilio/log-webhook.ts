// Stores a webhook that was refused or could not be applied, so that people can see what was received and why it had no effect.

import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import { connect, webhookType } from "./webhook-context.ts";

const MAX_FIELDS = 60;
const MAX_VALUE = 200;
/** Anybody may post forgeries: above this rate they cost no query. The database limits how many are stored in all. */
const ROWS_A_MINUTE = 120;

let minute = { startedAt: Number.NEGATIVE_INFINITY, rows: 0, full: new Set<string>() };

/**
 * Never throws: a log that fails must not change the answer.
 * @param orgId the organisation whose account was named, null if none has that account
 * @param form the body's form; values are cut to 200 characters
 * @param isSigned whether the organisation's account signed it
 */
export async function logWebhook(
  ctx: MachineContext,
  orgId: string | null,
  form: Iterable<[string, string]>,
  reason: string,
  isSigned = false,
): Promise<void> {
  ctx.log.warn("webhook not applied", { reason });
  const now = performance.now();
  if (now - minute.startedAt > 60_000) minute = { startedAt: now, rows: 0, full: new Set() };
  const share = `${orgId} ${isSigned}`;
  if (minute.full.has(share) || minute.rows++ >= ROWS_A_MINUTE) return;
  const fields: Record<string, string> = {};
  for (const [name, value] of form) {
    if (Object.keys(fields).length === MAX_FIELDS) break;
    fields[name.slice(0, MAX_VALUE)] = clean(value);
  }
  const sql = connect(ctx);
  const payload = { fields, query: clean(new URL(ctx.request.url).search) };
  try {
    // If the connection is lost after the row was stored, the retry stores it twice, which does no harm.
    const [row] = await retryPassingErrors(
      () => sql`
        select private.log_webhook(
          ${orgId}, ${webhookType(ctx)}, ${sql.json(payload)}, ${reason}, ${isSigned}) as is_kept`,
    );
    // The database stores no more of this share for now. The set has at most one entry for each row of this minute.
    if (!row?.is_kept) minute.full.add(share);
  } catch (error) {
    ctx.log.error("a webhook could not be logged", { error: describeCause(error) });
  }
}

/** Cuts a text to MAX_VALUE and removes NULs, which Postgres' JSON can't hold. */
function clean(text: string): string {
  return text.slice(0, MAX_VALUE).replaceAll("\u0000", "");
}
