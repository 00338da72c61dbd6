// The query of a request: a misspelt field is refused, since ignoring it would return more than was asked for.
import { expect, it } from "vitest";
import { z } from "zod";
import { readQuery } from "../../../supabase/functions/_shared/http/read-query.ts";

const schema = z.strictObject({ county: z.array(z.string()).optional() });
const read = (query: string) =>
  schema.safeParse(readQuery(new URL(`https://example.com/leads?${query}`), schema));

it("is refused for an unknown field", () => {
  expect(read("county=Travis").success).toBe(true);
  expect(read("countys=Travis").error?.issues).toMatchObject([
    { code: "unrecognized_keys", keys: ["countys"] },
  ]);
});

it("may name the region in which the platform runs the function", () => {
  expect(read("county=Travis&forceFunctionRegion=eu-west-3").data).toEqual({ county: ["Travis"] });
});
