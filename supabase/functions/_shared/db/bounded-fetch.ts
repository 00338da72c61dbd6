// fetch for reading tables: an answer that would fill the memory of the function, which many people share, is refused as it comes.

/** In bytes: an answer is held several times over, as text, as values and as the text that goes out. */
export const MAX_READ_BYTES = 8_000_000;
/** What PostgREST's error has as its hint, the code of the API. */
const TOO_LARGE = {
  code: "PT422",
  hint: "invalid_input",
  message: "So many rows of this list are more than 8 MB: ask for fewer at once.",
  details: JSON.stringify({ errors: [{ field: "limit", message: "Ask for fewer rows at once." }] }),
};

/** @param error of an answer of supabase-js */
export function isTooLarge(error: { message: string } | null): boolean {
  return error?.message === TOO_LARGE.message;
}

/** Only what is read of tables is bounded here. What functions of the database answer they bound themselves. */
export async function boundedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if ((init?.method ?? "GET") !== "GET" || !response.body) return response;
  const pieces: BlobPart[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (bytes > MAX_READ_BYTES) {
      await reader.cancel();
      return Response.json(TOO_LARGE, { status: 422 });
    }
    pieces.push(value);
  }
  const { status, statusText, headers } = response;
  // These statuses may have no body at all.
  const hasNone = status === 204 || status === 205 || status === 304;
  return new Response(hasNone ? null : new Blob(pieces), { status, statusText, headers });
}
