// Takes the data out of an answer of supabase-js, or throws its error for the one onError to translate.

type DataOf<A> = Extract<A, { error: null }> extends { data: infer T } ? T : never;

/**
 * @param answer what `await db.from(...)...` or `await db.rpc(...)` gave
 * @throws the PostgREST error as it is: its SQLSTATE becomes the HTTP answer
 */
export function dataOrThrow<A extends { data: unknown; error: unknown }>(answer: A): DataOf<A> {
  if (answer.error !== null) throw answer.error;
  return answer.data as DataOf<A>;
}
