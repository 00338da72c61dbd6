// Names are found however apostrophes and accents are written, in the lead and in the search box.
import { describe, expect, it } from "vitest";
import { arrangeLeads, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

const NAMES: [stored: string[], searched: string[]][] = [
  [
    ["O'Brien", "O’Brien", "OʼBrien", "O`Brien", "O´Brien", "OBrien"],
    ["O'Brien", "O’Brien", "O´Brien", "obrien", "O`BRIEN", "brien"],
  ],
  [
    ["Muñoz", "Mun\u0303oz", "MUÑOZ", "MUN\u0303OZ", "Munoz", "Mu\u200bñoz"],
    ["\u200fmuñoz", "mu\u00adñoz\u200e", "\ufeffmunoz", "muñoz", "mun\u0303oz", "MUÑOZ", "munoz", "Múñoz"],
  ],
  [
    ["Łódź", "Lodz"],
    ["łódź", "lodz", "LO\u0301DZ\u0301"],
  ],
  [
    ["Smith-Jones", "Smith\u2011Jones", "Smith–Jones"],
    ["smith-jones", "smith\u2010jones", "SMITH–JONES", "smith jones"],
  ],
  [["D'Angelo"], ["dangelo", "d’angelo", "angelo"]],
];

describe.each(NAMES)("%j", (stored, searched) => {
  it("are all found", async () => {
    const org = await arrangeOrg(bench.db);
    await arrangeLeads(bench.db, org.id, 1, { first_name: "Somebody", last_name: "Else" });
    for (const last_name of stored) await arrangeLeads(bench.db, org.id, 1, { last_name });
    const admin = await signedIn(bench.db, org.adminId);
    for (const search of searched) {
      const [row] =
        await admin.sql`select public.search_leads(${JSON.stringify({ search })}::text::jsonb) as found`;
      const found = row?.found.leads.map((lead: { last_name: string }) => lead.last_name);
      expect(found.sort(), search).toEqual([...stored].sort());
    }
    await admin.end();
  });
});

it("one owner written in both forms of Unicode, and with both apostrophes, is suggested as one", async () => {
  const org = await arrangeOrg(bench.db);
  const home = { address1: "1 Main St", city: "Austin", state: "TX", postal_code: "78701" };
  for (const last_name of ["Muñoz O'Brien", "Mun\u0303oz O’Brien"])
    await arrangeLeads(bench.db, org.id, 1, { first_name: "Ana", last_name, ...home });
  const keys = await bench.sql`
    select distinct k.owner_key from public.leads l, private.match_keys(array[l.id]) k where l.org_id = ${org.id}`;
  expect(keys).toHaveLength(1);
});
