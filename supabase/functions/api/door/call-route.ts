// Calls a route of an area in this process, with the checks that it makes of every caller.
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { Route } from "../../_shared/http/declared-route.ts";
import { parseValue } from "../../_shared/http/parse-input.ts";
import { type FieldNames, renameFields } from "../../_shared/http/rename-fields.ts";
import { hasRank, type Role } from "../../_shared/http/roles.ts";
import { toAppError } from "../../_shared/http/to-app-error.ts";

/** What the area's route gets, before its schemas have read it. */
export interface RouteInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/**
 * @param names under which the caller knows the area's fields: errors name these
 * @returns what the route's use case returns
 * @throws AppError forbidden, invalid_input, and what the use case throws; nothing but AppErrors
 */
export async function callRoute<T>(
  ctx: UserContext,
  route: Route,
  input: RouteInput = {},
  names: FieldNames = new Map(),
): Promise<T> {
  const needed = route.permission as Role;
  if (!hasRank(ctx.user.role, needed)) {
    throw new AppError("forbidden", `This needs the role ${needed}; yours is ${ctx.user.role}.`, {
      required_role: needed,
      role: ctx.user.role,
    });
  }
  const { params, query, body } = route.request ?? {};
  try {
    return (await route.run(ctx, {
      ...(params && { params: parseValue(params, input.params ?? {}) }),
      ...(query && { query: parseValue(query, asTexts(input.query ?? {})) }),
      ...(body && { body: parseValue(body, input.body) }),
    })) as T;
  } catch (error) {
    throw renameFields(toAppError(error), names);
  }
}

/** A query as an address has it: the caller may have read it already, and the route's schema reads true and false from texts. */
function asTexts(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === "boolean" ? String(value) : value]),
  );
}
