// One statement with a limit of time of its own, which a function cannot set for the call it runs in.
import type postgres from "postgres";
import type { Direct } from "./direct.ts";

/** In one transaction, so that the limit holds behind the transaction pooler too and is gone after it. @throws 57014 when time is up */
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
