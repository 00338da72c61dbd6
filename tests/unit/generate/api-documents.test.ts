// npm run api-documents writes what the functions serve as openapi.json.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findFunctions } from "../../../scripts/generate/find-functions.ts";
import { readApiAreas } from "../../../scripts/generate/read-api-areas.ts";
import { runTool } from "../../../scripts/tools/run-tool.ts";
import { openApiDocument } from "../../../supabase/functions/_shared/http/openapi-document.ts";

// Loads every function, which takes seconds on a busy machine.
const areas = await readApiAreas();

it("writes the document of each area into the given folder, which it creates", async () => {
  const folder = await mkdtemp(join(tmpdir(), "api-documents-"));
  const out = join(folder, "made", "for-it");
  try {
    const { code, stderr } = await runTool("tsx", ["scripts/api-documents.ts", "--out", out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect((await readdir(out)).sort()).toEqual((await findFunctions()).map(({ name }) => `${name}.json`));
    for (const area of areas) {
      const written = JSON.parse(await readFile(join(out, `${area.area}.json`), "utf8"));
      expect(written).toEqual(JSON.parse(JSON.stringify(openApiDocument(area))));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
