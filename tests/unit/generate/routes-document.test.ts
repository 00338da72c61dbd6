// docs/routes.md has a row for every route of every area, and says who may call it.
import { describe, expect, it } from "vitest";
import { readApiAreas } from "../../../scripts/generate/read-api-areas.ts";
import { routesDocument } from "../../../scripts/generate/routes-document.ts";
import type { Method, Permission } from "../../../supabase/functions/_shared/http/declared-route.ts";
import { empty } from "../../../supabase/functions/_shared/http/responses.ts";
import { route } from "../../../supabase/functions/_shared/http/route.ts";

// Loads every function, which takes seconds on a busy machine.
const areas = await readApiAreas();

const declare = (method: Method, path: string, permission: Permission, summary: string) =>
  route({ method, path, summary, permission, response: empty(), run: () => {} });

const rowsOf = (text: string) => text.split("\n").filter((line) => /^\| [A-Z]+ \|/.test(line));

describe("the table of routes", () => {
  it("is ordered by path and method, for any order of the route table", () => {
    const routes = [
      declare("DELETE", "/wide", "admin", "Removes the wide | or narrow"),
      declare("POST", "/", "twilio_signature", "Takes news"),
      declare("PATCH", "/wide", "campaign_manager", "Changes it"),
      declare("GET", "/", "open", "Answers"),
      declare("POST", "/drain", "worker_secret", "Works"),
    ];
    for (const order of [routes, routes.toReversed()])
      expect(
        rowsOf(routesDocument([{ area: "things", description: "Things.", routes: order }]).text),
      ).toEqual([
        "| GET | `/things` | anybody | Answers |",
        "| POST | `/things` | Twilio, by its signature | Takes news |",
        "| POST | `/things/drain` | the scheduler, by its secret | Works |",
        "| PATCH | `/things/wide` | campaign_manager | Changes it |",
        "| DELETE | `/things/wide` | admin | Removes the wide \\| or narrow |",
      ]);
  });

  it("has every route that the functions serve, once, and no mounted ones", () => {
    const served = areas.flatMap(({ area, routes }) =>
      routes
        .filter(({ isMounted }) => !isMounted)
        .map(({ method, path }) => `${method} \`/${area}${path === "/" ? "" : path}\``),
    );
    const listed = rowsOf(routesDocument(areas).text).map((row) =>
      row.split(" | ").slice(0, 2).join(" ").slice(2),
    );
    expect(listed.sort()).toEqual(served.sort());
    expect(listed.length).toBeGreaterThan(90);
  });
});
