// The four roles in rising order: each may do all that the ones before it may.
import { Constants } from "../db/database.types.ts";

export const ROLES = Constants.public.Enums.user_role;
export type Role = (typeof ROLES)[number];

/** Whether `role` is `needed` or higher. */
export function hasRank(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether a permission of the route table is a role, not open or for a machine. */
export function isRole(permission: string): permission is Role {
  return (ROLES as readonly string[]).includes(permission);
}
