// One version of everything: functions run with the tested versions.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION } from "../../../supabase/functions/_shared/http/version.ts";

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
const { version, dependencies } = read("package.json");
const { imports } = read("supabase/functions/import_map.json") as { imports: Record<string, string> };

it("the version that functions report is package.json's", () => {
  expect(VERSION).toBe(version);
});

it.each(Object.entries(imports))(
  "import_map.json gives %s the version of package.json (%s)",
  (_specifier, target) => {
    const [, name, pinned] = /^npm:\/?((?:@[\w.-]+\/)?[\w.-]+)@([\w.-]+)(?:\/.*)?$/.exec(target) ?? [];
    expect(name).toBeDefined();
    expect(dependencies[name as string]).toBe(pinned);
  },
);

it("every package that functions are to run with is in import_map.json, under an exact version", () => {
  const mapped = new Set(
    Object.values(imports).map((target) => /^npm:\/?((?:@[\w.-]+\/)?[\w.-]+)@/.exec(target)?.[1]),
  );
  expect([...mapped].sort()).toEqual(Object.keys(dependencies).sort());
  for (const pinned of Object.values(dependencies)) expect(pinned).toMatch(/^\d+\.\d+\.\d+$/);
});
