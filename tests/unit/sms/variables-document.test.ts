// The table of variables in docs/templates.md.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROJECT_DIR } from "../../../scripts/stack/project-dir.ts";
import { VARIABLES } from "../../../supabase/functions/_shared/sms/variables.ts";

test("has every variable with its size and its fallbacks, as texts are rendered", async () => {
  const document = await readFile(join(PROJECT_DIR, "docs", "templates.md"), "utf8");
  const rows = document
    .split("\n")
    .filter((line) => /^\| `\{\w+\}`/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  expect(rows).toEqual(
    VARIABLES.map(({ name, description, maxLength, fallback }) => [
      `\`{${name}}\``,
      description,
      String(maxLength),
      fallback ? `"${fallback.en}", "${fallback.es}"` : "",
    ]),
  );
});
