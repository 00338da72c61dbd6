// The four roles in rising order: each may do all that the ones before it may.

export const ROLES = ["viewer", "operator", "campaign_manager", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Whether `role` is `needed` or higher. */
export function hasRank(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether a permission of the route table is a role, and no open or machine's one. */
export function isRole(permission: string): permission is Role {
  return (ROLES as readonly string[]).includes(permission);
}
