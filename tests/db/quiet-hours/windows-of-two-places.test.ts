// People whose address is in another state than their area code: both states' rules in both places. And people at an unknown
// place.
import { afterAll, beforeAll } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { readWindow, WIDE } from "../../fixtures/read-window.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";
import { testCases } from "../../fixtures/window-cases.ts";

let db: BareDatabase;
/** An organisation whose own hours never matter. */
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  org = await arrangeOrg(db, { numbers: 0, fields: WIDE });
});
afterAll(() => db.close());

testCases(
  `
  # what it shows | area code | address | asked at | answer | source
  # The later morning and the earlier evening.
  FL phone, CA address: before 9 in California | 305 | CA | 2026-06-10 11:59 ET | closed until 12:00 | Fla. Stat. 501.616(6); table, CA; every zone
  FL phone, CA address: both open | 305 | CA | 2026-06-10 12:00 ET | open until 20:00 | Fla. Stat. 501.616(6); table, CA; every zone
  FL phone, CA address: 20:00 in Florida | 305 | CA | 2026-06-10 20:00 ET | closed until 2026-06-11 12:00 | Fla. Stat. 501.616(6); table, CA; every zone
  CA phone, FL address: the same, and the Panhandle's clock | 213 | FL | 2026-06-10 19:59 ET | open until 20:00 | Fla. Stat. 501.616(6); table, CA; every zone
  CA phone, NY address: a Sunday of five hours | 213 | NY | 2026-06-14 14:59 ET | closed until 15:00 | table, default; every zone
  CA phone, NY address: a Sunday evening | 213 | NY | 2026-06-14 15:00 ET | open until 20:00 | table, default; every zone
  TX phone, KY address: 10 in both of Kentucky's zones | 214 | KY | 2026-06-10 09:59 CT | closed until 10:00 | table, KY; every zone
  TX phone, KY address: 21:00 of the first clock | 214 | KY | 2026-06-10 19:59 CT | open until 20:00 | table, KY; every zone
  KY phone, MN address: 10 Eastern is 9 Central, and Kentucky's 10 holds there too | 859 | MN | 2026-06-10 10:59 ET | closed until 11:00 | table, KY; every state in every zone
  NM phone, PA address: a Saturday of one hour | 505 | PA | 2026-06-13 11:00 ET | open until 12:00 | table, PA; every zone
  NM phone, PA address: the rest of the weekend | 505 | PA | 2026-06-13 12:00 ET | closed until 2026-06-15 11:00 | table, PA; every zone
  WA phone, PA address: no Saturday is left | 206 | PA | 2026-06-12 20:00 ET | closed until 2026-06-15 12:00 | table, PA; every zone
  TX phone, RI address: closed on Sunday | 214 | RI | 2026-06-14 14:00 ET | closed until 2026-06-15 10:00 | table, RI; every zone
  TX phone, RI address: 18:00 in Rhode Island | 214 | RI | 2026-06-10 18:00 ET | closed until 2026-06-11 10:00 | table, RI; every zone
  FL phone, AL address: Alabama's Sunday | 305 | AL | 2026-06-14 12:00 ET | closed until 2026-06-15 09:00 | table, AL; every zone
  AL phone, FL address: Alabama's Sunday holds in Florida | 205 | FL | 2026-06-14 12:00 CT | closed until 2026-06-15 08:00 | table, AL; every zone
  LA phone, MS address: neither on Sundays | 504 | MS | 2026-06-13 20:00 CT | closed until 2026-06-15 08:00 | table, LA, MS
  OK phone, TX address: El Paso's clock counts | 405 | TX | 2026-06-10 09:59 CT | closed until 10:00 | Okla. Stat. tit. 15, 775C.4; Tex. Bus. & Com. Code ch. 302; every zone
  the same state as the area code, one of two zones | 305 | FL | 2026-06-10 08:30 ET | closed until 09:00 | table, zones: without a county, both
  the same state as the area code, one zone | 404 | GA | 2026-06-10 09:00 ET | open until 20:00 | table, default
  AZ phone, NM address: summer | 602 | NM | 2026-06-10 19:00 AZ | closed until 2026-06-11 09:00 | table, default; every zone
  AZ phone, NM address: winter | 602 | NM | 2026-01-14 19:59 AZ | open until 20:00 | table, default; every zone
  # Across oceans.
  NY phone, HI address: five hours of the day are left | 212 | HI | 2026-06-10 14:59 ET | closed until 15:00 | table, default; every zone
  NY phone, HI address, winter: four | 212 | HI | 2026-01-14 20:00 ET | closed until 2026-01-15 14:00 | table, default; every zone
  HI phone, MN address | 808 | MN | 2026-06-10 14:00 CT | open until 20:00 | table, default; table, MN; every zone
  AK phone, FL address: Adak's morning, Miami's evening | 907 | FL | 2026-06-10 13:59 ET | closed until 14:00 | Fla. Stat. 501.616(6); table, default; every zone
  AS phone, NY address | 684 | NY | 2026-06-10 16:00 ET | open until 20:00 | table, default; every zone
  NY phone, GU address: an evening that is Guam's next morning | 212 | GU | 2026-06-10 19:30 ET | open until 20:00 | table, default; every zone
  NY phone, GU address: an hour a day | 212 | GU | 2026-06-10 20:00 ET | closed until 2026-06-11 19:00 | table, default; every zone
  NY phone, GU address: Saturday evening is Guam's Sunday morning | 212 | GU | 2026-06-12 20:00 ET | closed until 2026-06-14 19:00 | table, default; every zone
  PR phone, VI address: one clock | 787 | VI | 2026-06-10 09:00 PR | open until 20:00 | table, default
  # Nobody knows where: open from New York to Honolulu, or not at all.
  toll-free, before 10 in Honolulu | 800 | - | 2026-06-10 15:59 ET | closed until 16:00 | table, strict preset
  toll-free, two hours of a summer's day | 800 | - | 2026-06-10 16:00 ET | open until 18:00 | table, strict preset
  toll-free, 18:00 in New York | 800 | - | 2026-06-10 18:00 ET | closed until 2026-06-11 16:00 | table, strict preset
  toll-free, three hours of a winter's day | 888 | - | 2026-01-14 15:00 ET | open until 18:00 | table, strict preset
  toll-free, Saturday ends at 17 | 833 | - | 2026-06-13 16:59 ET | open until 17:00 | table, strict preset
  toll-free, no Sunday | 800 | - | 2026-06-13 17:00 ET | closed until 2026-06-15 16:00 | table, strict preset
  a Canadian number | 416 | - | 2026-06-10 12:00 ET | closed until 16:00 | table, strict preset
  an area code that is nobody's | 999 | - | 2026-06-10 12:00 ET | closed until 16:00 | table, strict preset
  toll-free with an address: Texan hours in both of its zones | 800 | TX | 2026-06-10 21:00 CT | closed until 2026-06-11 10:00 | Tex. Bus. & Com. Code ch. 302; every zone
  toll-free with an address in one zone | 844 | OK | 2026-06-10 08:00 CT | open until 20:00 | Okla. Stat. tit. 15, 775C.4
  an address of which no zone is known (armed forces) leaves the area code's | 305 | AE | 2026-06-10 08:00 ET | open until 20:00 | Fla. Stat. 501.616(6)
  and nothing where there is none | 800 | AE | 2026-06-10 12:00 ET | closed until 16:00 | table, strict preset
  `,
  (asked) => readWindow(db, org.id, asked, asked.now),
);
