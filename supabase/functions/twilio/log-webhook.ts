// Keeps a webhook that was refused or could not be applied, so that somebody can see what came and why it did nothing.

import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import { connect, webhookType } from "./webhook-context.ts";

const MAX_FIELDS = 60;
const MAX_VALUE = 200;
/** Anybody may post forgeries: beyond this they cost no query. How many are kept in all, the database limits. */
const ROWS_A_MINUTE = 120;

let minute = { startedAt: Number.NEGATIVE_INFINITY, rows: 0, full: new Set<string>() };

/**
 * Never throws: a log that fails must not change the answer.
 * @param orgId of the account that was named, null where it is nobody's
 * @param form of the body; values are cut to 200 characters
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
    // A connection that was lost after the row was kept makes it twice, which harms nobody.
    const [row] = await retryPassingErrors(
      () => sql`
        select private.log_webhook(
          ${orgId}, ${webhookType(ctx)}, ${sql.json(payload)}, ${reason}, ${isSigned}) as is_kept`,
    );
    // At most one for each row of this minute.
    if (!row?.is_kept) minute.full.add(share);
  } catch (error) {
    ctx.log.error("a webhook could not be logged", { error: describeCause(error) });
  }
}

/** Postgres' JSON holds no NUL. */
function clean(text: string): string {
  return text.slice(0, MAX_VALUE).replaceAll("\u0000", "");
}
