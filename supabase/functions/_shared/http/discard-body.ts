// Reads what is left of a request's body and forgets it. A server that answers and hangs up in the middle of an upload
// gives the caller a broken connection in place of the answer (seen with Node's fetch and 100 MB: EPIPE, no 413).

/** More than any upload we want to explain a 413 to; what is longer still is cut off. */
const MAX_BYTES = 160 * 1_048_576;
const MAX_MS = 10_000;

/** Holds one chunk at a time. Never throws: a body that breaks off is none of the answer's business. */
export async function discardBody(request: Request): Promise<void> {
  if (request.body === null || request.body.locked) return;
  const reader = request.body.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  const timer = setTimeout(stop, MAX_MS);
  try {
    for (let size = 0; size <= MAX_BYTES; ) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.byteLength;
    }
    stop();
  } catch {
    // Broken off by the caller: nobody is left to answer.
  } finally {
    clearTimeout(timer);
  }
}
