// The variables a template may use: their names and spellings, where values come from, and how large they can get.

export type Language = "es" | "en";

export interface TemplateVariable {
  /** Canonical name, the one stored and the one values are keyed by. */
  name: string;
  /** Other spellings; case, underscores and spaces never matter: {first_name}, {{firstName}} and {First Name} are one. */
  aliases: string[];
  description: string;
  /** Whose value it is: `lead` differs per recipient, `org` and `send` are the same for all. */
  scope: "lead" | "org" | "send";
  /** Used if the value is missing and the template gives no fallback of its own. Without it the target is excluded. */
  fallback?: Record<Language, string>;
  /** Values are cut to this size (UTF-16 units, GSM extension characters as 2); the longest possible text is counted with it. */
  maxLength: number;
  /** `gsm` values never leave GSM-7; `any` ones may (MARÍA, Cañón), so their worst case is UCS-2. */
  charset: "gsm" | "any";
}

type Row = [
  name: string,
  aliases: string,
  scope: TemplateVariable["scope"],
  size: number,
  description: string,
];

/**
 * Sizes hold the 99th percentile of US first names, surnames and county names with room to spare (the longest county
 * is "St. John the Baptist", 20). Longer values are cut at a word, so the stored longest size always holds.
 */
const ANY: Row[] = [
  ["first_name", "name owner_first_name", "lead", 15, "Owner's first name"],
  ["last_name", "surname owner_last_name", "lead", 20, "Owner's last name"],
  ["full_name", "owner_name", "lead", 30, "Owner's first and last name"],
  ["county", "property_county", "lead", 20, "County of the parcel, else of the mailing address"],
  ["city", "mailing_city", "lead", 22, "City of the mailing address"],
  ["property_address", "address situs_address property_location", "lead", 40, "Street address of the parcel"],
  ["property_type", "land_type", "lead", 20, "Kind of property, such as land or farm"],
  [
    "brand",
    "company_name company business_name org_name",
    "org",
    25,
    "Name the organisation goes by in messages",
  ],
  ["agent_name", "agent sender_name rep_name", "org", 20, "Name of the person who signs messages"],
];

const GSM: Row[] = [
  ["support_contact", "support contact", "org", 30, "How to reach a person: phone or e-mail address"],
  ["state", "mailing_state", "lead", 2, "State, two letters"],
  ["zip_code", "zip postal_code", "lead", 10, "ZIP code of the mailing address"],
  ["parcel_id", "apn parcel_number", "lead", 24, "Assessor's parcel number"],
  ["acreage", "acres", "lead", 10, "Size of the parcel in acres"],
  ["phone", "phone_number lead_phone", "lead", 16, "Phone number the message goes to"],
  ["email", "email_address", "lead", 40, "Owner's e-mail address"],
  ["today", "date current_date", "send", 10, "Date of sending at the recipient's place"],
];

const FALLBACKS: Record<string, Record<Language, string>> = {
  first_name: { es: "propietario", en: "property owner" },
  property_type: { es: "terreno", en: "land" },
  agent_name: { es: "nuestro equipo", en: "our team" },
};

const toVariable =
  (charset: TemplateVariable["charset"]) =>
  ([name, aliases, scope, maxLength, description]: Row): TemplateVariable => ({
    name,
    aliases: aliases.split(" "),
    description,
    scope,
    maxLength,
    charset,
    ...(FALLBACKS[name] ? { fallback: FALLBACKS[name] } : {}),
  });

/** Every variable a template may use. */
export const VARIABLES: readonly TemplateVariable[] = [
  ...ANY.map(toVariable("any")),
  ...GSM.map(toVariable("gsm")),
];

/** The same key for every spelling of a name: firstName, first_name, FIRST NAME and first-name. */
export const variableKey = (spelling: string): string => spelling.toLowerCase().replace(/[\s_-]+/g, "");

const BY_KEY = new Map<string, TemplateVariable>();
for (const variable of VARIABLES) {
  for (const spelling of [variable.name, ...variable.aliases]) BY_KEY.set(variableKey(spelling), variable);
}

const BY_NAME = new Map(VARIABLES.map((variable) => [variable.name, variable]));

/** The variable with this canonical name. @throws Error if there is none, which only uncompiled input can cause */
export function variableNamed(name: string): TemplateVariable {
  const variable = BY_NAME.get(name);
  if (!variable) throw new Error(`There is no template variable named ${name}.`);
  return variable;
}

/** The variable that a spelling means, or undefined if there is none. */
export function findVariable(spelling: string): TemplateVariable | undefined {
  return BY_KEY.get(variableKey(spelling));
}
