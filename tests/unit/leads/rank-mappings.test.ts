// Which saved mapping fits a file best.
import { expect, it } from "vitest";
import { fingerprintColumns } from "../../../supabase/functions/_shared/csv/fingerprint-columns.ts";
import { rankMappings } from "../../../supabase/functions/leads/import-mappings/find-mapping.ts";

const saved = (name: string, mapping: Record<string, string>, columns = Object.keys(mapping)) => ({
  id: name,
  name,
  mapping,
  options: {},
  fingerprint: fingerprintColumns(columns),
});
const ranked = (mappings: ReturnType<typeof saved>[], columns: string[]) =>
  rankMappings(mappings, columns).map(({ name, same_columns: isSame }) => [name, isSame]);

it("puts the one for the same columns first, in any order, case and accents", () => {
  const small = saved("small", { Phone: "primary_phone" });
  const more = saved("more", { Phone: "primary_phone", Name: "full_name" });
  const same = saved("same", { "TELÉFONO 1": "primary_phone", name: "ignore" });
  const other = saved("other", { Phone: "primary_phone", County: "county" });
  expect(ranked([small, more, other], ["Name", "Phone", "Zip"])).toEqual([
    ["more", false],
    ["small", false],
  ]);
  expect(ranked([small, same], ["Name", "Telefono-1"])).toEqual([["same", true]]);
  const exact = saved("exact", { Phone: "primary_phone", Name: "ignore" });
  expect(ranked([more, exact], ["Name", "Phone"])).toEqual([
    ["more", true],
    ["exact", true],
  ]);
  const wide = saved("wide", { Phone: "primary_phone", Name: "full_name" }, ["Phone", "Name", "Zip"]);
  expect(ranked([wide, exact], ["Name", "Phone"])).toEqual([
    ["exact", true],
    ["wide", false],
  ]);
  expect(rankMappings([same], ["Name", "Telefono-1"])[0]?.mapping).toEqual({
    "Telefono-1": "primary_phone",
    Name: "ignore",
  });
});

it("fits by the columns mapped to a field: columns left out or kept as custom fields need not be there", () => {
  const mapping = { Phone: "primary_phone", Secret: "ignore", Zone: "custom_field" };
  expect(ranked([saved("a", mapping)], ["Phone", "Else"])).toEqual([["a", false]]);
  expect(rankMappings([saved("a", mapping)], ["Phone", "Zone"])[0]?.mapping).toEqual({
    Phone: "primary_phone",
    Zone: "custom_field",
  });
  expect(ranked([saved("none", { Zone: "custom_field" })], ["Zone"])).toEqual([]);
});

it("keeps the order among equals", () => {
  const [a, b] = [saved("a", { Phone: "primary_phone" }), saved("b", { Phone: "other_phone" })];
  expect(ranked([b, a], ["Phone"]).map(([name]) => name)).toEqual(["b", "a"]);
});
