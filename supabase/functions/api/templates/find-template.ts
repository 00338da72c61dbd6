// Finds the template that a number or an id means.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Route } from "../../_shared/http/declared-route.ts";
import { templateId } from "./template-id.ts";

/** @param id a number or a uuid @returns the uuid @throws AppError not_found for a number that the organisation has not */
export async function findTemplateId({ db, user }: UserContext, id: string): Promise<string> {
  if (!/^\d+$/.test(id)) return id;
  const row = dataOrThrow(
    await db.from("templates").select("id").eq("org_id", user.orgId).eq("number", Number(id)).maybeSingle(),
  );
  if (!row)
    throw new AppError("not_found", "There is no template with this number: it was not found.", {
      number: id,
    });
  return row.id;
}

/** An area's route about one template as the door has it: its id may be the number, too. Other routes stay as they are. */
export function byNumber(route: Route): Route {
  if (!route.path.startsWith("/{id}")) return route;
  const run = route.run as (ctx: UserContext, input: Record<string, unknown>) => Promise<unknown>;
  return {
    ...route,
    request: { ...route.request, params: templateId },
    run: (async (ctx: UserContext, input: { params: { id: string } }) =>
      await run(ctx, { ...input, params: { id: await findTemplateId(ctx, input.params.id) } })) as never,
  };
}
