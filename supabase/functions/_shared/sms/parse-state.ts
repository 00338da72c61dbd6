// Turns a state as people write it into its postal abbreviation.
import { US_STATES } from "./us-states.ts";

const key = (text: string) => text.toUpperCase().replace(/[^A-Z]/g, "");

const BY_KEY = new Map<string, string>();
for (const [code, name] of Object.entries(US_STATES)) {
  BY_KEY.set(code, code);
  BY_KEY.set(key(name), code);
}
// How lists written in Spanish, and a few habits of English ones, call them.
const OTHER_NAMES =
  "TEJAS=TX NUEVOMEXICO=NM NUEVAYORK=NY NUEVAJERSEY=NJ NUEVOHAMPSHIRE=NH CAROLINADELNORTE=NC CAROLINADELSUR=SC " +
  "DAKOTADELNORTE=ND DAKOTADELSUR=SD VIRGINIAOCCIDENTAL=WV LUISIANA=LA MISISIPI=MS MISURI=MO OREGON=OR HAWAI=HI " +
  "PENSILVANIA=PA WASHINGTONDC=DC VIRGINISLANDS=VI WASHINGTONSTATE=WA TEX=TX CALIF=CA FLA=FL ARIZ=AZ";
for (const pair of OTHER_NAMES.split(" ")) {
  const [name, code] = pair.split("=") as [string, string];
  BY_KEY.set(name, code);
}

/** The abbreviation of a state written as "TX", "Tx.", "texas", "Nuevo México"; undefined when it is none. */
export function parseState(text: string): string | undefined {
  return BY_KEY.get(key(text.normalize("NFD").replace(/\p{M}+/gu, "")));
}
