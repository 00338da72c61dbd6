// Who the signed-in person is: themselves, their role and their organisation.
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import type { Role } from "../_shared/http/roles.ts";

export interface Me {
  id: string;
  email: string;
  role: Role;
  organization: { id: string; name: string; brand: string; language: string; time_zone: string };
}

/** @returns the person and their organisation, as row-level security lets them see it */
export async function readMe({ db, user }: UserContext): Promise<Me> {
  const organization = dataOrThrow(
    await db.from("orgs").select("id, name, brand, language, time_zone").eq("id", user.orgId).single(),
  );
  return { id: user.id, email: user.email, role: user.role, organization };
}
