// Takes the data out of an answer of supabase-js, or throws its error, which createArea's onError translates.
import { AppError } from "../http/app-error.ts";

type DataOf<A> = Extract<A, { error: null }> extends { data: infer T } ? T : never;

/**
 * @param answer what `await db.from(...)...` or `await db.rpc(...)` returned
 * @throws the PostgREST error unchanged (its SQLSTATE decides the HTTP answer), or AppError database_unavailable if something
 *   in front of PostgREST answered, whose errors carry no code
 */
export function dataOrThrow<A extends { data: unknown; error: unknown; status: number }>(
  answer: A,
): DataOf<A> {
  const { data, error, status } = answer;
  if (error === null) return data as DataOf<A>;
  if (status >= 502 && !(error as { code?: unknown }).code) {
    const details = { retry_after: 2 };
    throw new AppError("database_unavailable", "The database can't be reached just now: retry.", details, {
      cause: error,
    });
  }
  throw error;
}
