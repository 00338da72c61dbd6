// Names and addresses in capitals, as people write them.
import { describe, expect, it } from "vitest";
import { type CaseKind, caseText } from "../../../supabase/functions/_shared/csv/case-text.ts";

const NAMES = `McDonald|O'Brien|D'Angelo|de la Cruz|Maria de los Angeles|Juan Carlos|Ñuñez|José Ángel|Garcia-Lopez|Garcia y Vega
La Rosa|Van Dyke|van der Berg|von Trapp|da Silva|dos Santos|del Toro|Vo|Ng|JD|TJ|John R|J.R.|John Smith III|John Smith Jr
Dr Smith|Mr and Mrs Jones|Smith Family Trust|Hill Country Land LLC|Hill & Sons, L.L.C.|Acme Land Holdings Inc|City of Austin|The Smith Trust
US Bank Trust|1st National Bank|Garcia Maria &|Smith, John & Mary|c/o John Smith|Smith John et al|MacDonald|Mack|Macias|St John
Prince George's|Smith (Deceased)|O’Brien|Two B LP|Estate of John Smith|Lee IV|McKay-O'Neil`;
const ADDRESSES = `123 NW 3rd St|PO Box 12|P.O. Box 12|4500 N Main St Apt B|12B Oak Ln|County Road 210|FM 1960 Rd W|CR 12|US Hwy 290 E
100 SW 42nd Ave Ste 5A|RR 1 Box 20|Camino del Rio N|Calle de la Rosa 5|12 Los Altos Dr|c/o Smith|1 Main St, Dallas, TX 75201|9 Elm Ct|HC 70 Box 3`;
const PLACES = `El Paso|San Antonio|McKinney|Las Vegas|De Soto|St Louis|St. Clair|Harris County|DeWitt|La Salle|Prince George's
King of Prussia|Washington DC|Truth or Consequences|Doña Ana|Winston-Salem|O'Brien|Canon del Oro|Fort Worth`;

const cases = (text: string) => text.split(/[|\n]/);
const TABLE: [CaseKind, string][] = [
  ...cases(NAMES).map((text): [CaseKind, string] => ["name", text]),
  ...cases(ADDRESSES.replace("", "")).map((text): [CaseKind, string] => ["address", text]),
  ...cases(PLACES).map((text): [CaseKind, string] => ["place", text]),
];

describe("casing", () => {
  it.each(TABLE)("writes a %s in capitals or without any as %j", (kind, text) => {
    expect(caseText(text.toUpperCase(), kind)).toBe(text);
    expect(caseText(text.toLowerCase(), kind)).toBe(text);
  });

  it.each(["McDONALD", "deShawn Smith", "iPhone", "John SMITH", "DeLuca"])("leaves %j alone", (text) => {
    for (const kind of ["name", "address", "place"] as const) expect(caseText(text, kind)).toBe(text);
  });

  it.each(["", "123", "12-34", "&", "…"])("has nothing to do in %j", (text) => {
    expect(caseText(text, "name")).toBe(text);
  });
});
