// Reads the rest of a request's body and discards it. If a server answers and closes the connection in the middle of an upload,
// the caller gets a broken connection instead of the answer (seen with Node's fetch and 100 MB: EPIPE, no 413).

/** More than any upload to which we want to explain a 413; a longer one is cut off. */
const MAX_BYTES = 160 * 1_048_576;
const MAX_MS = 10_000;

/** Holds one chunk at a time. Never throws: a body that breaks off does not change the answer. */
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
