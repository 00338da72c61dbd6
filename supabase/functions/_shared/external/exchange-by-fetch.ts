// Sends requests by fetch, which reuses connections. Only for Twilio, whose address an admin of the platform configured. Never
// for a host that a tenant named, since fetch looks the name up again, after any check.
import { AnswerError } from "./byte-reader.ts";
import type { Exchange } from "./exchange-http.ts";

export const exchangeByFetch: Exchange = async (url, request, { wantsBody, maxBytes }, signal) => {
  // A redirect would send the secret to the host that it names.
  const response = await fetch(url, { ...request, redirect: "manual", signal });
  const { status } = response;
  const headers = new Map(response.headers);
  if (wantsBody(status)) return { status, headers, text: await readText(response, maxBytes) };
  await response.body?.cancel();
  return { status, headers, text: undefined };
};

async function readText(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel();
      throw new AnswerError(`Its answer is longer than ${Math.floor(maxBytes / 1024)} KB.`);
    }
    text += decoder.decode(value, { stream: true });
  }
}
