// The code words that our SQL raises are in the closed list, each with its status.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ERROR_STATUS } from "../../../supabase/functions/_shared/http/error-codes.ts";

const folder = new URL("../../../supabase/schemas/", import.meta.url);
const raised = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sql"))
  .flatMap((name) => {
    const sql = readFileSync(new URL(name, folder), "utf8");
    return [...sql.matchAll(/raise_error\(\s*'([^']*)',\s*'([^']*)'/g)].map((found) => ({
      file: name,
      sqlstate: found[1] as string,
      word: found[2] as string,
    }));
  });

describe("SQL raises", () => {
  it("errors at all, or this test searches the wrong place", () => {
    expect(raised.length).toBeGreaterThan(0);
  });

  it.each(raised)("$sqlstate $word in $file", ({ sqlstate, word }) => {
    expect(ERROR_STATUS).toHaveProperty(word);
    expect(sqlstate).toMatch(new RegExp(`^PT${ERROR_STATUS[word as keyof typeof ERROR_STATUS]}$`));
  });
});
