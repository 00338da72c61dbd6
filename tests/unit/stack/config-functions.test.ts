// Every function is in config.toml, as `supabase functions deploy` needs it.
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

test("config.toml names exactly the functions there are, each with the import map and no platform check", async () => {
  const found: string[] = [];
  for (const entry of await readdir("supabase/functions", { withFileTypes: true })) {
    if (!entry.isDirectory() || /^[_.]/.test(entry.name)) continue;
    const hasIndex = await access(join("supabase/functions", entry.name, "index.ts")).then(
      () => true,
      () => false,
    );
    if (hasIndex) found.push(entry.name);
  }
  const config = await readFile("supabase/config.toml", "utf8");
  const sections = [...config.matchAll(/^\[functions\.([a-z-]+)\]\n((?:[^[\n].*\n?)*)/gm)];
  expect(sections.map(([, name]) => name).sort()).toEqual(found.sort());
  for (const [, name, body] of sections) {
    expect(body).toContain("verify_jwt = false");
    expect(body).toContain(`import_map = "./functions/${name}/deno.json"`);
    expect(body).toContain(`entrypoint = "./functions/${name}/index.ts"`);
  }
});
