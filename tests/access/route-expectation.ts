// What a test expects of one route, and how it calls it.
import type { Permission } from "../../supabase/functions/_shared/http/declared-route.ts";
import type { Role } from "../../supabase/functions/_shared/http/roles.ts";
import type { Side } from "./fill-org.ts";

export interface RouteExpectation {
  permission: Permission;
  /** The permission is for what is one's own; what is somebody else's, as in these tests, needs this role. */
  othersNeed?: Role;
  /** The {id} of the path for a side; a new one each time if a call uses it up. */
  id?(side: Side): string | Promise<string>;
  /** Values of the path's other parameters, by name, such as phone_id. */
  rest?: Record<string, (side: Side) => string | Promise<string>>;
  /** The query, with the other side's ids if it takes any. */
  query?(side: Side): Record<string, string>;
  /** A valid body (or a promise of one), so that only the caller decides; with the other side's ids if it takes any. */
  send?(side: Side): unknown;
  /**
   * The answer to a query or body with the other side's ids: not found, or refused as input. Such routes need no id in their
   * path.
   */
  other?: 404 | 422;
  /** Of an open route whose address must be signed: the answer to one that is not. */
  unsigned?: 404;
}
