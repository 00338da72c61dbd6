// A section of the door: the routes below one first word of a path, such as /leads.
import type { Route } from "../../_shared/http/declared-route.ts";
import type { VerifyTwilio } from "../../_shared/http/run-route.ts";

export interface Section {
  /** Relative to /api/v1. */
  routes: readonly Route[];
  /** The status of an id in a path that is none. 400 unless said otherwise: the dashboard's own tests expect 422 of some sections. */
  badIdStatus?: 422;
  /** Needed by sections with routes for Twilio. */
  verifyTwilio?: VerifyTwilio;
}
