// A section of the door: the routes below one first word of a path, such as /leads.
import type { Route } from "../../_shared/http/declared-route.ts";
import type { VerifyTwilio } from "../../_shared/http/run-route.ts";

/** The statuses that a section may give to an id that is none. */
export type BadIdStatus = 400 | 404 | 422;

export interface Section {
  /** Relative to /api/v1. */
  routes: readonly Route[];
  /**
   * The status of an id in a path that is none. 400 unless said otherwise: the dashboard's own tests expect 422 of some sections,
   * and its inbox asks for a conversation `1` of its own invention, which is not found.
   */
  badIdStatus?: BadIdStatus;
  /** Needed by sections with routes for Twilio. */
  verifyTwilio?: VerifyTwilio;
}
