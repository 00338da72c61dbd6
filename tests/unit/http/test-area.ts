// Areas for tests of the HTTP core, with an environment of their own.
import { z } from "zod";
import { readEnvironment } from "../../../supabase/functions/_shared/environment/environment.ts";
import { type AreaOptions, createArea } from "../../../supabase/functions/_shared/http/create-area.ts";
import type {
  Permission,
  RequestSchemas,
  Route,
} from "../../../supabase/functions/_shared/http/declared-route.ts";
import { object } from "../../../supabase/functions/_shared/http/responses.ts";
import { route } from "../../../supabase/functions/_shared/http/route.ts";
import { JWT_SECRET, PROJECT_URL } from "./sign-token.ts";

export type Ask = (path: string, init?: RequestInit & { duplex?: "half" }) => Promise<Response>;

/** An area called `things` with these routes. @returns a function that asks it */
export function areaOf(
  routes: Route[],
  variables: Record<string, string> = {},
  more: Partial<AreaOptions> = {},
): Ask {
  const all: Record<string, string> = {
    SUPABASE_URL: PROJECT_URL,
    SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_test"}',
    JWT_SECRET,
    ...variables,
  };
  const area = createArea({
    area: "things",
    description: "An area for tests.",
    routes,
    env: readEnvironment((name) => all[name]),
    ...more,
  });
  return (path, init) => area.fetch(new Request(`http://function.local/things${path}`, init));
}

/** An open route that answers with the input it got. */
export function echo(
  method: Route["method"],
  path: string,
  request: RequestSchemas = {},
  more: { maxBodyBytes?: number; permission?: Permission } = {},
): Route {
  return route({
    method,
    path,
    summary: "Answers with its input",
    permission: "open",
    request,
    response: object(z.unknown()),
    run: (_ctx: unknown, input: unknown) => input,
    ...more,
  }) as Route;
}
