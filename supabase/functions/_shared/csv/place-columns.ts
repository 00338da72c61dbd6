// Finds the columns that hold several parts of an address in one, and those of the country.
import type { Column } from "./find-phone.ts";
import { MAILING_PREFIX, OWNER_PREFIX, PARCEL_PREFIX } from "./header-synonyms.ts";
import type { ImportField } from "./import-fields.ts";

const setOf = (words: string) => new Set(words.split(" "));
const CITY = setOf("city town ciudad cd municipio mpio localidad poblacion pob");
const STATE = setOf("st state estado edo entidad province provincia region");
const ZIP = setOf("zip zipcode postcode cp");
/** Words that may stand between them. */
const BESIDE = setOf(
  "and y or code codigo postal e 5 4 plus full complete combined name p address line direccion de",
);
/** Written as one word. */
const GLUED = /^(?:mail|mailing|owner)?(?:csz|city ?sta?te? ?zip(?:code)?|city ?state)$/;
const COUNTRY =
  /^(?:country|country name|country code|country region|country region code|nation|pais|codigo de pais|address country|address 1 country)$/;
const WHOLE_ADDRESS =
  /^(?:(?:full|complete|entire|whole) (?:mailing|mail|postal|owner|owner mailing) address|(?:owner )?(?:mailing|mail|postal|owner) address (?:full|complete|combined)|direccion (?:postal )?completa)$/;

/** "city state zip", "city st zip code", "ciudad estado y cp": two parts of an address or more, and nothing else. */
function isCombined(name: string): boolean {
  if (GLUED.test(name)) return true;
  const parts = new Set<string>(/\b(?:postal code|codigo postal|c p)\b/.test(name) ? ["zip"] : []);
  for (const word of name.split(" ")) {
    if (CITY.has(word)) parts.add("city");
    else if (STATE.has(word)) parts.add("state");
    else if (ZIP.has(word)) parts.add("zip");
    else if (word !== "c" && !BESIDE.has(word)) return false;
  }
  // "State/Region" and "City or town" name one part twice.
  return parts.size > 1;
}

export function assignPlaces(all: Column[], found: Map<number, ImportField>): void {
  const give = (field: ImportField, column: Column | undefined) => {
    if (column && !found.has(column.index) && ![...found.values()].includes(field))
      found.set(column.index, field);
  };
  const restOf = (name: string, prefix: RegExp) => (prefix.test(name) ? name.replace(prefix, "") : null);
  const isOf = (prefix: RegExp, test: (rest: string) => boolean) =>
    all.find(({ name }) => test(restOf(name, prefix) ?? ""));
  const mailing = isOf(MAILING_PREFIX, isCombined) ?? isOf(OWNER_PREFIX, isCombined);
  give("property_city_state_zip", isOf(PARCEL_PREFIX, isCombined));
  give("city_state_zip", mailing);
  // As with addresses: beside one of the mailing address, a plain one is about the land.
  give(
    mailing ? "property_city_state_zip" : "city_state_zip",
    all.find(({ name, index }) => !found.has(index) && isCombined(name)),
  );
  const isCountry = (rest: string) => COUNTRY.test(rest);
  give("country", isOf(MAILING_PREFIX, isCountry) ?? isOf(OWNER_PREFIX, isCountry));
  give(
    "country",
    all.find(({ name }) => isCountry(name)),
  );
}

/** After the columns that are named more plainly. */
export function assignWholeAddress(all: Column[], found: Map<number, ImportField>): void {
  const column = all.find(({ name, index }) => WHOLE_ADDRESS.test(name) && !found.has(index));
  if (column && ![...found.values()].includes("address1")) found.set(column.index, "address1");
}
