// How people and programs name their columns, in English and Spanish: one list per field, the surest synonym first.
// They are in the form of normaliseHeader: lower case, no accents, single spaces, numbers apart ("Phone1" is "phone 1"). Words
// may be short or whole ("addr", "address"): both sides are spelled out before they are compared.

import type { ImportField } from "./import-fields.ts";
import { spellOut } from "./normalise-header.ts";

export type Synonyms = readonly [ImportField, readonly string[]][];

/** How the name of a column about the owner begins: "Owner 1 First Name" is "first name" of the owner. */
export const OWNER_PREFIX =
  /^(?:(?:current |primary |legal |first |1 st |py |deed )?owners?(?: name)?(?: 1)?|contact|seller|lead|client|customer|person|prospect|recipient|taxpayer|py|pr|personal representative|executor|propietarios?|duenos?|contacto|cliente|vendedor)(?: s)? /;

/** How the name of a column of the owner's mailing address begins. It decides sending hours, so it wins over plain names. */
export const MAILING_PREFIX =
  /^(?:(?:owner |owners )?(?:mail|mailing|mail to|postal|tax bill|tax mailing|correspondence|owner address(?! \d))|py address|correo postal|de correo|postales?) /;

/** How the name of a column about the land begins. */
export const PARCEL_PREFIX =
  /^(?:property|prop|site|situs|parcel|land|physical|subject|location|propiedad|predio|terreno|inmueble|lote|parcela)(?: address| location)? /;

/** How skip tracers begin the names of columns that they were given, and of columns that they found. */
export const INPUT_PREFIX = /^(?:input data|input|original|orig|submitted) /;
export const RESULT_PREFIX =
  /^(?:matched|match|result data|result|output data|output|traced|skip traced?|returned|found) /;

/** Columns about a person other than the owner, or about the owner's other address: they are kept, and go to no field. */
export const SOMEBODY_ELSE =
  /\b(?:owners? [2-9]|(?:2 nd|3 rd|second|third|co|other|prior|previous|former|last) owners?|relatives?|rel \d|associates?|neighbou?rs?|spouse|wife|husband|attorney|lawyer|agent|realtor|broker|lender|trustee|buyer|grantor|deceased|decedent|fidu|fiduciary|emergency|(?:contact|lead|account|record|deal|list) owner|(?:segundo|otro|anterior) propietario|copropietario|conyuge|esposo|esposa|familiar|pariente|vecino|agente|abogado|(?:owner|mail|mailing|contact) county)\b/;

// biome-ignore format: a table, one field a line
const OWNER_WORDS: Synonyms = [
  ["first_name", ["first name", "firstname", "first", "fname", "f name", "given name", "name first", "first name 1", "primer nombre", "nombre de pila"]],
  ["last_name", ["last name", "lastname", "last", "lname", "l name", "surname", "family name", "name last", "last name 1", "apellido", "apellidos", "primer apellido", "apellido paterno"]],
  ["full_name", ["full name", "fullname", "name full", "name 1", "name", "owner name", "owner", "owners", "owner 1", "owner name 1", "owner 1 name", "owner 1 full name", "owner full name", "owners name", "owner names", "current owner", "mailing name", "mail name", "contact", "contact name", "seller", "seller name", "taxpayer", "taxpayer name", "lead name", "nombre completo", "nombre y apellido", "nombre y apellidos", "propietario", "propietarios", "dueno"]],
  ["email", ["email", "e mail", "email address", "e mail address", "email 1", "e mail 1", "email 1 value", "e mail 1 value", "email address 1", "primary email", "mail address 1 email", "correo", "correo electronico", "correo electronico 1", "email principal"]],
  ["language", ["language", "lang", "preferred language", "idioma", "lengua"]],
  ["status", ["lead status", "status", "estatus"]],
  ["lead_score", ["lead score", "score", "temperature", "lead temperature"]],
  ["consent_status", ["consent status", "consent", "sms consent", "text consent", "opt in", "opted in", "sms opt in", "consentimiento"]],
  ["source", ["source", "lead source", "data source", "list source", "fuente", "origen"]],
  ["notes", ["notes", "note", "comments", "comment", "remarks", "memo", "call notes", "lead notes", "notas", "nota", "comentarios", "comentario", "observaciones", "observacion", "anotaciones", "apuntes", "agent notes", "internal notes", "notes 1"]],
  ["tags", ["tags", "tag", "labels", "label", "etiquetas", "etiqueta"]],
  ["county", ["county", "county name", "property county", "situs county", "site county", "parcel county", "address county", "condado", "nombre del condado", "condado de la propiedad"]],
];

/** After MAILING_PREFIX; without it only if the file has no such column. */
// biome-ignore format: a table, one field a line
const ADDRESS_WORDS: Synonyms = [
  ["address1", ["address", "address 1", "address line 1", "addr", "addr 1", "street", "street address", "street address 1", "full address", "address street", "line 1", "direccion", "direccion 1", "domicilio", "calle", "direccion postal", "direccion de correo"]],
  ["address2", ["address 2", "address line 2", "addr 2", "street address 2", "unit", "unit number", "apt", "suite", "line 2", "direccion 2", "interior"]],
  ["city", ["city", "town", "address city", "city name", "ciudad", "ciudad postal", "localidad"]],
  ["state", ["state", "st", "address state", "state code", "state abbreviation", "state region", "region", "province", "state 2", "estado", "estado postal"]],
  ["postal_code", ["zip", "zip code", "zipcode", "zip 5", "postal code", "postcode", "postal", "address zip", "zip postal code", "codigo postal", "cp", "c p"]],
];

/** After PARCEL_PREFIX, or without it. */
// biome-ignore format: a table, one field a line
const PARCEL_WORDS: Synonyms = [
  ["apn", ["apn", "apn parcel", "apn parcel number", "apn parcel id", "apn number", "apn formatted", "parcel number", "parcel id", "parcel no", "parcel num", "parcel", "parcelid", "parcel apn", "assessor parcel number", "assessors parcel number", "pin", "tax id", "tax parcel id", "tax id number", "property id", "prop id", "folio", "folio number", "numero de parcela", "no de parcela", "parcela", "clave catastral"]],
  ["property_type", ["property type", "prop type", "type of property", "land use", "land use description", "county land use description", "land use code", "use code", "use description", "property use", "property class", "zoning use", "dor uc", "tipo de propiedad", "tipo de terreno", "uso de suelo", "uso del suelo"]],
  ["acreage", ["acreage", "acres", "lot acreage", "lot acres", "lot size acres", "lot area acres", "calc acres", "calculated acres", "calc acreage", "gis acres", "gis acreage", "deeded acres", "deed acres", "legal acreage", "legal acres", "land acres", "total acres", "property acreage", "property acres", "parcel acres", "acre", "acreaje", "superficie acres", "superficie en acres"]],
  ["estimated_value", ["estimated value", "est value", "market value", "est market value", "estimated market value", "total market value", "market total value", "just value", "jv", "appraised value", "total appraised value", "assessed value", "total assessed value", "total value", "property value", "parcel value", "avm", "avm value", "land value", "value", "valor estimado", "valor de mercado", "valor tasado", "valor catastral", "valor"]],
  ["situs", ["situs", "situs address", "situs full address", "situs street address", "situs street", "property address", "property address 1", "property street address", "property full address", "property location", "site address", "site address 1", "site street", "parcel address", "physical address", "physical address 1", "physical location", "subject address", "location address", "property street", "direccion de la propiedad", "direccion del predio", "direccion del terreno", "direccion del inmueble", "ubicacion"]],
  ["property_state", ["property state", "prop state", "situs state", "site state", "parcel state", "physical state", "estado de la propiedad", "estado del terreno"]],
];

const spelledOut = (synonyms: Synonyms): Synonyms =>
  synonyms.map(([field, words]) => [field, [...new Set(words.map(spellOut))]]);

export const OWNER_SYNONYMS = spelledOut(OWNER_WORDS);
export const ADDRESS_SYNONYMS = spelledOut(ADDRESS_WORDS);
export const PARCEL_SYNONYMS = spelledOut(PARCEL_WORDS);
/** If the file has a mailing address too, a plain address is that of the land. */
export const PLAIN_PARCEL_SYNONYMS: Synonyms = [
  ["situs", ["address", "street address", "address 1"]],
  ["property_state", ["state", "state 2"]],
];

/** Columns of our own file of rejected rows: if it is corrected and sent again, they say nothing about the lead. */
export const OWN_COLUMNS = ["import line", "import outcome", "import field", "import reason"];

/** One of these words makes a column a phone column ... */
export const PHONE_WORDS =
  /\b(?:contact number|best number|numero de contacto|phones?|cell|cellphone|cellular|mobile|wireless|telephone|tel|telefonos?|celular(?:es)?|movil(?:es)?|landline|sms|whatsapp)\b/;
/** ... unless one of these says that it is something about a phone, or another kind of line. */
export const NOT_A_PHONE_WORDS =
  /\b(?:type|tipo|label|linetype|line type|dnc|do not call|do not text|do not contact|no llamar|litigators?|tcpa|status|estado|carrier|compania|score|valid|validity|verified|confidence|rank|date|fecha|source|connected|ext|extension|provider|network|prepaid|usage|count|reported|seen|reachable|activity|fax|consent|opt|country|code|name|owner name|time|tags?|lists?|notes?|result|attempts?)\b/;
export const PHONE_TYPE_WORDS = /\b(?:type|tipo|label|linetype)\b/;
/** Phones that a text hardly ever reaches come last. */
export const LANDLINE_WORDS = /\b(?:landline|home|work|office|business|fijo|casa|trabajo|oficina)\b/;
