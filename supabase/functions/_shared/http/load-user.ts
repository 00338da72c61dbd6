// Reads the person's organisation and role from the database at every request, so that a role taken away is gone at once.
import { dataOrThrow } from "../db/data-or-throw.ts";
import type { UserClient } from "../db/user-client.ts";
import { AppError } from "./app-error.ts";
import type { User } from "./context.ts";

/**
 * Reads one indexed row over REST, with the user's rights. Nothing is cached: a cache would let a removed person act for a while.
 * Row-level security hides the row from accounts that are banned, and from sessions that have ended.
 * @throws AppError no_organization for a valid token whose person is in no organisation, is banned or has signed out
 */
export async function loadUser(db: UserClient, id: string): Promise<User> {
  const row = dataOrThrow(
    await db.from("users").select("id, org_id, email, role").eq("id", id).maybeSingle(),
  );
  if (row === null) {
    throw new AppError(
      "no_organization",
      "You belong to no organisation, or your session has ended. Sign in again; if that does not help, ask whoever runs this platform.",
    );
  }
  return { id: row.id, orgId: row.org_id, email: row.email, role: row.role };
}
