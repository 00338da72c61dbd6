// Brings a header into the form of the tables of header synonyms.

/** Lower case, no accents, camelCase and numbers taken apart, everything but letters and digits a space. */
export function normaliseHeader(header: string): string {
  return (
    header
      .normalize("NFD")
      .replace(/\p{M}/gu, "")
      // "Owner(s)", and the suffix that a CRM puts after custom fields ("SMS_Opt_In__c").
      .replace(/\(s\)|__c$/gi, "")
      .replace(/([a-z])([A-Z])/g, "$1 $2")
      .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
      .replace(/([A-Za-z])(\d)/g, "$1 $2")
      .replace(/(\d)([A-Za-z])/g, "$1 $2")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, " ")
      .trim()
  );
}

/** Words that programs shorten, and how the synonyms write them. */
const WORDS: Readonly<Record<string, string>> = {
  addr: "address",
  adr: "address",
  add: "address",
  adress: "address",
  addrs: "address",
  zipcode: "zip",
  zipcd: "zip",
  zcode: "zip",
  cnty: "county",
  phy: "physical",
  phys: "physical",
  own: "owner",
  ownr: "owner",
  prop: "property",
  par: "parcel",
  acre: "acres",
  desc: "description",
  num: "number",
  numb: "number",
  nbr: "number",
  val: "value",
  mkt: "market",
  ph: "phone",
  phn: "phone",
  dir: "direccion",
  tel: "telefono",
  propiet: "propietario",
  txt: "text",
  txts: "texts",
  msg: "message",
  msgs: "messages",
};

/** "mailaddress", "ownername", "gisacre": two words that some counties write as one. */
const GLUED =
  /^(mailing|mail|owner|own|situs|site|property|prop|parcel|par|phone|cell|gis|deeded|lot|land|use|market)(name|address|addr|add|adr|city|state|zip|zipcode|street|county|number|numb|num|id|type|value|val|acres|acreage|acre|description|desc|code)$/;

const SPANISH_OWNER = /^(.+) del? (?:los )?(propietarios?|dueno|contacto|cliente|vendedor)$/;
const SPANISH_PARCEL = /^(.+) de(?:l| la)? (propiedad|predio|terreno|inmueble|lote|parcela)$/;

/** A folded header with its words written out, and with the owner or land of a Spanish one first ("ciudad del propietario"). */
export function spellOut(folded: string): string {
  const words = folded
    .split(" ")
    .flatMap((word) => word.replace(GLUED, "$1 $2").split(" "))
    .map((word) => (Object.hasOwn(WORDS, word) ? (WORDS[word] as string) : word))
    .join(" ");
  return words.replace(SPANISH_OWNER, "$2 $1").replace(SPANISH_PARCEL, "$2 $1");
}
