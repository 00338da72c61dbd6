// Keeps simultaneous uploads of an organisation from using up the CPU of their isolate together: an upload for which no CPU is
// left is refused with try_again.
import { AppError } from "../../_shared/http/app-error.ts";

/**
 * The CPU that uploads may reserve. The platform sends an isolate no call once it has used 1,000 ms, and ends it at 2,000 ms: so
 * 1,000 ms are left to the last call. The other 100 ms are for small calls that are under way.
 */
const ROOM_MS = 900;
const RETRY_SECONDS = 2;

/**
 * Reserved ms by organisation. An upload holds its reservation until it is read, and its sender decides how long that takes: with
 * one room for all, anybody could keep everybody else out by sending slowly.
 */
const reserved = new Map<string, number>();

/** CPU of an upload in an isolate that has compiled nothing yet, measured in Deno 2.1.4: a base, and more for each megabyte. */
const UPLOAD_COSTS = { preview: { ms: 400, ofMegabyte: 4 }, execute: { ms: 100, ofMegabyte: 6 } };

/**
 * @throws AppError try_again if the organisation's uploads that are being read leave no room for this one
 * @returns a function that gives the reservation back
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
    // Because of rounding, sums of fractions may not return to exactly 0.
    if (left > 0.001) reserved.set(orgId, left);
    else reserved.delete(orgId);
  };
}
