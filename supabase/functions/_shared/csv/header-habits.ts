// How people and programs name their columns, in English and Spanish: one list per field, the surest habit first.
// Written as foldHeader leaves a header: lower case, no accents, single spaces, numbers apart ("Phone1" is "phone 1").
import type { ImportField } from "./import-fields.ts";

/** What a column is called when it speaks of the owner: "Owner 1 First Name" is "first name" of the owner. */
export const OWNER_PREFIX =
  /^(?:(?:current |primary |legal )?owners?(?: name)?(?: 1)?|contact|seller|lead|client|customer|person|prospect|recipient|propietario|dueno|contacto|cliente)(?: s)? /;

/** What a column is called when it is the owner's mailing address. It decides sending hours, so it wins over plain names. */
export const MAILING_PREFIX =
  /^(?:(?:owner |owners )?(?:mail|mailing|mail to|postal|tax bill|tax mailing|correspondence|owner address)|correo postal|de correo|postales?) /;

/** What a column is called when it is the land. */
export const PARCEL_PREFIX =
  /^(?:property|prop|site|situs|parcel|land|physical|subject|location|propiedad|predio|terreno)(?: address| location)? /;

// biome-ignore format: a table, one field a line
export const OWNER_HABITS: readonly [ImportField, readonly string[]][] = [
  ["first_name", ["first name", "firstname", "first", "fname", "f name", "given name", "name first", "first name 1", "primer nombre", "nombre de pila"]],
  ["last_name", ["last name", "lastname", "last", "lname", "l name", "surname", "family name", "name last", "last name 1", "apellido", "apellidos", "primer apellido"]],
  ["full_name", ["full name", "fullname", "name full", "name 1", "name", "owner name", "owner", "owners", "owner 1", "owner name 1", "owner 1 name", "owner 1 full name", "contact", "contact name", "seller", "lead name", "nombre completo", "nombre y apellido", "nombre y apellidos", "propietario", "nombre del propietario", "dueno"]],
  ["email", ["email", "e mail", "email address", "e mail address", "email 1", "primary email", "mail address 1 email", "correo", "correo electronico", "email principal"]],
  ["language", ["language", "lang", "preferred language", "idioma", "lengua"]],
  ["status", ["lead status", "status", "estatus"]],
  ["lead_score", ["lead score", "score", "temperature", "lead temperature"]],
  ["consent_status", ["consent status", "consent", "sms consent", "text consent", "opt in", "opted in", "sms opt in", "consentimiento"]],
  ["source", ["source", "lead source", "data source", "list source", "fuente", "origen"]],
  ["notes", ["notes", "note", "comments", "comment", "remarks", "memo", "notas", "comentarios", "observaciones"]],
  ["tags", ["tags", "tag", "labels", "label", "etiquetas", "etiqueta"]],
  ["county", ["county", "county name", "property county", "situs county", "site county", "parcel county", "condado", "nombre del condado"]],
];

/** After MAILING_PREFIX, or bare where the file has no such column. */
// biome-ignore format: a table, one field a line
export const ADDRESS_HABITS: readonly [ImportField, readonly string[]][] = [
  ["address1", ["address", "address 1", "address line 1", "addr", "addr 1", "street", "street address", "street address 1", "full address", "address street", "line 1", "direccion", "direccion 1", "domicilio", "calle", "direccion postal"]],
  ["address2", ["address 2", "address line 2", "addr 2", "street address 2", "unit", "unit number", "apt", "suite", "line 2", "direccion 2", "interior"]],
  ["city", ["city", "town", "address city", "city name", "ciudad", "localidad"]],
  ["state", ["state", "st", "address state", "state code", "state abbreviation", "province", "estado"]],
  ["postal_code", ["zip", "zip code", "zipcode", "zip 5", "postal code", "postcode", "postal", "address zip", "zip postal code", "codigo postal", "cp", "c p"]],
];

/** After PARCEL_PREFIX, or bare. */
// biome-ignore format: a table, one field a line
export const PARCEL_HABITS: readonly [ImportField, readonly string[]][] = [
  ["apn", ["apn", "apn parcel", "apn parcel number", "apn parcel id", "apn number", "apn formatted", "parcel number", "parcel id", "parcel no", "parcel num", "parcel", "parcelid", "parcel apn", "assessor parcel number", "assessors parcel number", "pin", "tax id", "tax parcel id", "tax id number", "property id", "prop id", "folio", "folio number", "numero de parcela", "parcela", "clave catastral"]],
  ["property_type", ["property type", "prop type", "type of property", "land use", "land use description", "land use code", "use code", "use description", "property use", "property class", "zoning use", "tipo de propiedad", "uso de suelo", "uso del suelo"]],
  ["acreage", ["acreage", "acres", "lot acreage", "lot acres", "lot size acres", "lot area acres", "calc acres", "calculated acres", "calc acreage", "gis acres", "deeded acres", "deed acres", "land acres", "total acres", "property acreage", "property acres", "parcel acres", "acre", "acreaje", "superficie en acres"]],
  ["estimated_value", ["estimated value", "est value", "market value", "est market value", "estimated market value", "total market value", "appraised value", "total appraised value", "assessed value", "total assessed value", "total value", "property value", "avm", "avm value", "land value", "value", "valor estimado", "valor de mercado", "valor catastral", "valor"]],
  ["situs", ["situs", "situs address", "situs full address", "property address", "property street address", "property full address", "property location", "site address", "site address 1", "parcel address", "physical address", "physical location", "subject address", "location address", "property street", "direccion de la propiedad", "direccion del predio", "ubicacion"]],
  ["property_state", ["property state", "prop state", "situs state", "site state", "parcel state", "physical state"]],
];

/** Columns of our own rejected-rows file: sent again after mending, they say nothing about the lead. */
export const OWN_COLUMNS = ["import line", "import outcome", "import field", "import reason"];

/** One of these words makes a column a phone column ... */
export const PHONE_WORDS =
  /\b(?:contact number|best number|numero de contacto|phones?|cell|cellphone|cellular|mobile|wireless|telephone|tel|telefonos?|celular(?:es)?|movil(?:es)?|landline|sms|whatsapp)\b/;
/** ... unless one of these says that it is something about a phone, or another kind of line. */
export const NOT_A_PHONE_WORDS =
  /\b(?:type|tipo|linetype|line type|dnc|do not call|litigator|status|estado|carrier|compania|score|valid|validity|verified|confidence|rank|date|fecha|source|connected|ext|extension|provider|network|prepaid|usage|count|reported|seen|reachable|activity|fax|consent|opt|country|code|name|owner name|time)\b/;
export const PHONE_TYPE_WORDS = /\b(?:type|tipo|linetype)\b/;
/** Phones that a text hardly ever reaches come last. */
export const LANDLINE_WORDS = /\b(?:landline|home|work|office|business|fijo|casa|trabajo|oficina)\b/;
