// Runs one statement with a time limit of its own. (A function can't set a limit for the call in which it runs.)
import type postgres from "postgres";
import type { Direct } from "./direct.ts";

/** In one transaction, so that the limit works with the transaction pooler and is gone afterwards. @throws 57014 if time is up */
export async function withStatementTimeout<T>(
  sql: Direct,
  limitMs: number,
  statement: (tx: postgres.TransactionSql) => PromiseLike<T>,
): Promise<T> {
  return (await sql.begin(async (tx) => {
    await tx`select set_config('statement_timeout', ${String(limitMs)}, true)`;
    return await statement(tx);
  })) as T;
}

/** Whether a statement was ended because its time was up. */
export function isStatementTimeout(error: unknown): boolean {
  return ((error ?? {}) as { code?: unknown }).code === "57014";
}
