// Keeps answers of the database within what an isolate can hold: requests of many organisations share its 256 MB, and a page of
// the largest possible rows is a hundred times that.

/** The most of one answer from a table or view. The largest single row of any table is far below it. */
export const MAX_ANSWER_BYTES = 6 * 1_048_576;
/** The most of an answer from a database function, which limits its pages itself. */
const MAX_CALL_BYTES = 24 * 1_048_576;
/** From this size on an answer needs one of LARGE_AT_ONCE places. Without one it waits and its other bytes are not read. */
const LARGE_BYTES = 524_288;
const LARGE_AT_ONCE = 3;

let largeNow = 0;
const waiting: (() => void)[] = [];

/**
 * Like fetch, for answers of PostgREST. Instead of an answer that is too large it returns the error PT422 page_too_large in
 * PostgREST's own format, and does not read the rest.
 */
export async function boundedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  if (!response.body) return response;
  const most = (init?.method ?? "GET") === "GET" ? MAX_ANSWER_BYTES : MAX_CALL_BYTES;
  const body = await readBounded(response.body, most);
  if (body === undefined) return tooLarge(most);
  return new Response(body as BodyInit, response);
}

/** @returns undefined for more than `most` bytes */
async function readBounded(
  stream: ReadableStream<Uint8Array>,
  most: number,
): Promise<Uint8Array | undefined> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let isLarge = false;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return join(pieces, length);
      length += value.length;
      pieces.push(value);
      if (length > most) {
        await reader.cancel();
        return undefined;
      }
      if (length > LARGE_BYTES && !isLarge) {
        await takePlace();
        isLarge = true;
      }
    }
  } finally {
    if (isLarge) leavePlace();
  }
}

function join(pieces: Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

async function takePlace(): Promise<void> {
  if (largeNow < LARGE_AT_ONCE) {
    largeNow += 1;
    return;
  }
  // An answer that leaves hands its place over, so the count stays.
  await new Promise<void>((go) => waiting.push(go));
}

function leavePlace(): void {
  const next = waiting.shift();
  if (next) next();
  else largeNow -= 1;
}

function tooLarge(most: number): Response {
  const megabytes = most / 1_048_576;
  const error = {
    code: "PT422",
    hint: "page_too_large",
    message: `The answer would hold more than ${megabytes} MiB: ask for fewer at once with limit.`,
    details: JSON.stringify({
      errors: [
        { field: "limit", message: `limit must be lower: these rows hold more than ${megabytes} MiB.` },
      ],
    }),
  };
  return Response.json(error, { status: 422 });
}
