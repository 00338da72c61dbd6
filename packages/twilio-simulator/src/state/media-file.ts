// A file of a message as Twilio keeps it: those that people send, and copies of those that are sent to people.
import { createHash } from "node:crypto";
import { createSid } from "./message.ts";

/** How the serving of a file goes wrong. */
export interface MediaFaults {
  /** The type it is served with; by default the one it is known by. */
  servedType?: string | undefined;
  /** Milliseconds before its first byte. */
  slowMs?: number | undefined;
  /** Where the API redirects instead of to the CDN. */
  redirectTo?: string | undefined;
  /** How often the API answers 404 first; null: always. */
  missingTimes?: number | null | undefined;
}

export interface MediaFile {
  sid: string;
  messageSid: string;
  contentType: string;
  bytes: Buffer;
  faults: MediaFaults;
  /** How often the API was asked for its contents. */
  asked: number;
  /** Names it at the CDN, where no credentials are asked for. */
  cdnName: string;
  createdAt: number;
}

/** Makes a file of a message. */
export function createMediaFile(
  messageSid: string,
  contentType: string,
  bytes: Buffer,
  faults: MediaFaults = {},
): MediaFile {
  const sid = createSid("ME");
  const cdnName = createHash("sha256").update(sid).digest("hex");
  return { sid, messageSid, contentType, bytes, faults, asked: 0, cdnName, createdAt: Date.now() };
}
