// Keeps an organisation's uploads that come at once from using up their isolate together: who has no room is told to try again.
import { AppError } from "../../_shared/http/app-error.ts";

/**
 * Of the 1,000 ms of CPU that the platform gives an isolate after the last call it sends it (none at 1,000 ms, the end at 2,000).
 * The rest is for small calls that are under way.
 */
const ROOM_MS = 900;
const RETRY_SECONDS = 2;

/**
 * By organisation. An upload holds its room until it is read, and its sender decides how long that takes: one room for all would
 * let anybody keep everybody out by sending slowly.
 */
const reserved = new Map<string, number>();

/** What an upload costs an isolate that has compiled nothing yet, measured in Deno 2.1.4: to begin with, and for each megabyte. */
const UPLOAD_COSTS = { preview: { ms: 400, ofMegabyte: 4 }, execute: { ms: 100, ofMegabyte: 6 } };

/**
 * @throws AppError try_again if the organisation's uploads that are being read leave no room for this one
 * @returns what gives the room back
 */
export function reserveCpu(orgId: string, kind: keyof typeof UPLOAD_COSTS, bytes: number): () => void {
  const { ms, ofMegabyte } = UPLOAD_COSTS[kind];
  const cost = Math.min(ms + (ofMegabyte * bytes) / 1_000_000, ROOM_MS);
  const before = reserved.get(orgId) ?? 0;
  if (before > 0 && before + cost > ROOM_MS)
    throw new AppError(
      "try_again",
      "Other files of your organisation are being read just now: send this one again in a moment.",
      { retry_after: RETRY_SECONDS },
    );
  reserved.set(orgId, before + cost);
  return () => {
    const left = (reserved.get(orgId) ?? 0) - cost;
    // Sums of fractions do not come to exactly nothing.
    if (left > 0.001) reserved.set(orgId, left);
    else reserved.delete(orgId);
  };
}
