// Works off the queue of lookups: a batch of phones of one organisation after another, for as long as the budget lasts.
import type { Direct } from "../../_shared/db/direct.ts";
import { retryPassingErrors } from "../../_shared/db/retry-passing-errors.ts";
import type { Environment } from "../../_shared/environment/environment.ts";
import { ExternalError } from "../../_shared/external/external-error.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import type { Log } from "../../_shared/http/log.ts";
import { findTwilioAccount, type TwilioAccount } from "../../_shared/twilio/find-account.ts";
import { lookUpPhone } from "../../_shared/twilio/look-up-phone.ts";
import { twilioLookupsUrl } from "../../_shared/twilio/lookups-url.ts";
import { askBatch, type ExternalBatch, type ExternalCall } from "../external/ask-batch.ts";
import type { CallBudget } from "../external/call-budget.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";

interface LookupBatch extends ExternalBatch {
  account_sid: string | null;
  /** Phones that were looked up meanwhile, for another lead. */
  known: string[];
}

export interface DrainLookupsDeps {
  /** A direct connection that may execute the functions of lookups. */
  sql: Direct;
  env: Environment;
  log: Log;
  budget: CallBudget;
}

const BATCH = 50;
/** Twilio answers 20429 to too many requests at once, by an undocumented limit, and sending has its share of that too. */
const CONCURRENCY = 10;

/** @returns how many phones Twilio was asked about. Killing this loses nothing: a batch comes again after two minutes. */
export async function drainLookups({ sql, env, log, budget }: DrainLookupsDeps): Promise<number> {
  let asked = 0;
  while (budget.callsLeft() > 0) {
    const [row] = await retryPassingErrors(
      () => sql<{ batch: LookupBatch | null }[]>`
        select private.claim_lookups(${Math.min(BATCH, budget.callsLeft())}) as batch`,
    );
    if (!row?.batch) break;
    if (row.batch.calls.length === 0) continue;
    const { batch } = row;
    asked += await suspectGate
      .run(batch.is_suspect === true, () => lookUpBatch(batch, { sql, env, log, budget }))
      .catch((error) => {
        // It comes again by itself, call by call; the others do not wait for it.
        log.error("a batch of lookups could not be recorded", {
          org: batch.org_id,
          error: describeCause(error),
        });
        return batch.calls.length;
      });
  }
  return asked;
}

async function lookUpBatch(batch: LookupBatch, { sql, env, log, budget }: DrainLookupsDeps): Promise<number> {
  const lookupsUrl = twilioLookupsUrl(env);
  let account: Promise<TwilioAccount> | undefined;
  const results = await askBatch<ExternalCall>(batch.calls, {
    concurrency: CONCURRENCY,
    shouldStop: () => budget.callsLeft() === 0,
    subjectsOf: ({ subject }) => [subject],
    log,
    ask: async ({ subject }) => {
      if (batch.known.includes(subject)) return [{ subject, outcome: "done", is_charged: false }];
      account ??= requireAccount(sql, batch.account_sid);
      const known = await account;
      budget.spend();
      return [{ subject, outcome: "done", answer: await lookUpPhone(lookupsUrl, known, subject) }];
    },
  });
  await retryPassingErrors(
    () => sql`select private.record_lookups(${sql.json(batch as never)}, ${sql.json(results as never)})`,
  );
  const failed = results.filter(({ outcome }) => !["done", "not_asked"].includes(outcome));
  if (failed.length > 0)
    log.warn("lookups failed", { org: batch.org_id, failed: failed.length, reason: failed.at(-1)?.error });
  return results.filter(({ outcome }) => outcome !== "not_asked").length;
}

async function requireAccount(sql: Direct, accountSid: string | null): Promise<TwilioAccount> {
  // A token that was just replaced is used at once: with the old one, the lane would rest for ten minutes.
  const account = accountSid === null ? null : await findTwilioAccount(sql, accountSid, 1_000);
  if (account === null)
    throw new ExternalError(
      "blocked",
      "The organisation has no Twilio account, or its token is not stored.",
      {
        isCharged: false,
      },
    );
  return account;
}
