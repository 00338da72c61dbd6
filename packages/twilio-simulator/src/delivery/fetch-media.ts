// Twilio fetches the files of a message from the sender's addresses: HEAD, then GET, each recorded.
import { createHash } from "node:crypto";
import { isLoopbackHost } from "../loopback-host.ts";
import type { Account } from "../state/account.ts";
import { createMediaFile } from "../state/media-file.ts";
import type { Message } from "../state/message.ts";
import type { MediaFetchEntry } from "../state/record.ts";
import type { Simulator } from "../state/simulator.ts";

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 5_242_880;

async function ask(
  sim: Simulator,
  account: Account,
  message: Message,
  url: string,
  method: MediaFetchEntry["method"],
): Promise<{ entry: MediaFetchEntry; bytes: Buffer }> {
  const entry: MediaFetchEntry = {
    kind: "media_fetch",
    seq: account.record.length,
    sid: message.sid,
    to: message.to,
    url,
    method,
    sentAt: Date.now(),
    sentMono: performance.now(),
    answeredMono: null,
    httpStatus: null,
    contentType: null,
    contentLength: null,
    bytes: null,
    sha256: null,
    error: null,
  };
  account.record.push(entry);
  let bytes = Buffer.alloc(0);
  try {
    if (!sim.allowRemoteWebhooks && !isLoopbackHost(new URL(url).hostname)) throw new Error("refused");
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method, headers: { "user-agent": "TwilioProxy/1.1" }, signal });
    entry.httpStatus = response.status;
    entry.contentType = response.headers.get("content-type");
    const length = response.headers.get("content-length");
    entry.contentLength = length === null ? null : Number(length);
    bytes = Buffer.from(await response.arrayBuffer());
    entry.answeredMono = performance.now();
    if (method === "GET") {
      entry.bytes = bytes.length;
      entry.sha256 = createHash("sha256").update(bytes).digest("hex");
    }
  } catch (error) {
    entry.error = error instanceof Error ? error.message : String(error);
  }
  return { entry, bytes };
}

/** Keeps a copy of each file. @returns whether all could be fetched, with a type and a length that fit */
export async function fetchMedia(sim: Simulator, account: Account, message: Message): Promise<boolean> {
  for (const url of message.media) {
    const head = await ask(sim, account, message, url, "HEAD");
    const { entry, bytes } = await ask(sim, account, message, url, "GET");
    const isGood =
      head.entry.httpStatus === 200 &&
      entry.httpStatus === 200 &&
      entry.contentType !== null &&
      head.entry.contentType === entry.contentType &&
      bytes.length > 0 &&
      bytes.length <= MAX_BYTES;
    if (!isGood) return false;
    const file = createMediaFile(message.sid, entry.contentType as string, bytes);
    account.media.set(file.sid, file);
  }
  return true;
}
