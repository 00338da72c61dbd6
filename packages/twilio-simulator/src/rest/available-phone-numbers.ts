// AvailablePhoneNumbers: numbers to buy. All are fictional: exchange 555, line 0100 to 0199.
import type { Account } from "../state/account.ts";
import type { ApiAnswer, ApiCall } from "./api-call.ts";
import { TwilioError } from "./twilio-error.ts";

interface Place {
  locality: string | null;
  region: string | null;
}

/** Places of the area codes that are offered if the request names none; any other area code is offered too, without a place. */
const PLACES: Record<string, Place> = {
  "205": { locality: "Birmingham", region: "AL" },
  "214": { locality: "Dallas", region: "TX" },
  "303": { locality: "Denver", region: "CO" },
  "305": { locality: "Miami", region: "FL" },
  "404": { locality: "Atlanta", region: "GA" },
  "405": { locality: "Oklahoma City", region: "OK" },
  "432": { locality: "Midland", region: "TX" },
  "480": { locality: "Mesa", region: "AZ" },
  "501": { locality: "Little Rock", region: "AR" },
  "505": { locality: "Albuquerque", region: "NM" },
  "512": { locality: "Austin", region: "TX" },
  "602": { locality: "Phoenix", region: "AZ" },
  "615": { locality: "Nashville", region: "TN" },
  "702": { locality: "Las Vegas", region: "NV" },
  "713": { locality: "Houston", region: "TX" },
  "816": { locality: "Kansas City", region: "MO" },
  "863": { locality: "Lakeland", region: "FL" },
  "915": { locality: "El Paso", region: "TX" },
};
const TOLL_FREE_CODES = ["800", "833", "844", "855", "866", "877", "888"];

interface Offer extends Place {
  phoneNumber: string;
}

function matcherOf(contains: string | null): (phone: string) => boolean {
  if (contains === null) return () => true;
  if (!/^[0-9A-Za-z*%+$^]{2,16}$/.test(contains))
    throw new TwilioError(21421, "Contains: 2 to 16 digits, letters or the wildcards * % + $ are expected");
  const body = contains
    .replace(/[\^$]/g, "")
    .replace(/[+]/g, "\\+")
    .replace(/\*/g, "\\d")
    .replace(/%/g, "\\d+");
  const pattern = new RegExp(contains.endsWith("$") ? `${body}$` : body);
  return (phone) => pattern.test(phone);
}

/** Up to `limit` numbers on offer, those the account owns left out; by AreaCode, Contains, InRegion and InLocality. */
export function findAvailableNumbers(
  account: Account,
  type: "Local" | "TollFree",
  query: URLSearchParams,
  limit: number,
): Offer[] {
  const areaCode = query.get("AreaCode");
  const region = query.get("InRegion");
  const locality = query.get("InLocality");
  const matches = matcherOf(query.get("Contains"));
  const codes = type === "TollFree" ? TOLL_FREE_CODES : Object.keys(PLACES);
  const wished = areaCode === null ? codes : /^[2-9]\d\d$/.test(areaCode) ? [areaCode] : [];
  const offers: Offer[] = [];
  for (const code of wished) {
    if (type === "TollFree" && !TOLL_FREE_CODES.includes(code)) continue;
    if (type === "Local" && TOLL_FREE_CODES.includes(code)) continue;
    const place = PLACES[code] ?? { locality: null, region: null };
    if (region !== null && place.region !== region) continue;
    if (locality !== null && place.locality !== locality) continue;
    for (let line = 100; line <= 199 && offers.length < limit; line++) {
      const phoneNumber = `+1${code}5550${line}`;
      if (account.numbers.has(phoneNumber) || !matches(phoneNumber)) continue;
      offers.push({ phoneNumber, ...place });
    }
  }
  return offers;
}

/** GET AvailablePhoneNumbers/US/{Local|TollFree}.json. */
export function searchNumbers(call: ApiCall, country: string, type: "Local" | "TollFree"): ApiAnswer {
  if (country !== "US") throw new TwilioError(20404, `The requested resource ${call.path} was not found`);
  const limit = Number(call.query.get("PageSize") ?? 30);
  const offers = findAvailableNumbers(call.account, type, call.query, Math.min(limit, 1000));
  const rows = offers.map(({ phoneNumber, locality, region }) => ({
    friendly_name: `(${phoneNumber.slice(2, 5)}) ${phoneNumber.slice(5, 8)}-${phoneNumber.slice(8)}`,
    phone_number: phoneNumber,
    lata: null,
    locality,
    rate_center: locality?.toUpperCase() ?? null,
    latitude: null,
    longitude: null,
    region,
    postal_code: null,
    iso_country: "US",
    address_requirements: "none",
    beta: false,
    capabilities: { voice: true, SMS: true, MMS: true },
  }));
  return { status: 200, body: { uri: call.path, available_phone_numbers: rows } };
}
