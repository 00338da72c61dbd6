// Names of countries in English and Spanish. We write only to people in the United States, so other countries are refused by name.

/** ISO 3166 codes with two and three letters, the name, and the Spanish one if it differs (Unicode CLDR 45). The US is not in it. */
const LIST = `
AD/AND/Andorra;AE/ARE/United Arab Emirates/emiratos arabes unidos;AF/AFG/Afghanistan/afganistan;
AG/ATG/Antigua & Barbuda/antigua y barbuda;AI/AIA/Anguilla/anguila;AL/ALB/Albania;AM/ARM/Armenia;AO/AGO/Angola;
AR/ARG/Argentina;AT/AUT/Austria;AU/AUS/Australia;AW/ABW/Aruba;AX/ALA/Åland Islands/islas aland;AZ/AZE/Azerbaijan/azerbaiyan;
BA/BIH/Bosnia & Herzegovina/bosnia y herzegovina;BB/BRB/Barbados;BD/BGD/Bangladesh/banglades;BE/BEL/Belgium/belgica;
BF/BFA/Burkina Faso;BG/BGR/Bulgaria;BH/BHR/Bahrain/barein;BI/BDI/Burundi;BJ/BEN/Benin;BM/BMU/Bermuda/bermudas;BN/BRN/Brunei;
BO/BOL/Bolivia;BR/BRA/Brazil/brasil;BS/BHS/Bahamas;BT/BTN/Bhutan/butan;BW/BWA/Botswana/botsuana;BY/BLR/Belarus/bielorrusia;
BZ/BLZ/Belize/belice;CA/CAN/Canada;CD/COD/Congo - Kinshasa/republica democratica del congo;
CF/CAF/Central African Republic/republica centroafricana;CG/COG/Congo - Brazzaville/congo;CH/CHE/Switzerland/suiza;
CI/CIV/Côte d’Ivoire;CL/CHL/Chile;CM/CMR/Cameroon/camerun;CN/CHN/China;CO/COL/Colombia;CR/CRI/Costa Rica;CU/CUB/Cuba;
CV/CPV/Cape Verde/cabo verde;CW/CUW/Curaçao/curazao;CY/CYP/Cyprus/chipre;CZ/CZE/Czechia/chequia;DE/DEU/Germany/alemania;
DJ/DJI/Djibouti/yibuti;DK/DNK/Denmark/dinamarca;DM/DMA/Dominica;DO/DOM/Dominican Republic/republica dominicana;
DZ/DZA/Algeria/argelia;EC/ECU/Ecuador;EE/EST/Estonia;EG/EGY/Egypt/egipto;ER/ERI/Eritrea;ES/ESP/Spain/espana;
ET/ETH/Ethiopia/etiopia;FI/FIN/Finland/finlandia;FJ/FJI/Fiji/fiyi;FM/FSM/Micronesia;FO/FRO/Faroe Islands/islas feroe;
FR/FRA/France/francia;GA/GAB/Gabon;GB/GBR/United Kingdom/reino unido;GD/GRD/Grenada/granada;GE/GEO/Georgia;
GF/GUF/French Guiana/guayana francesa;GG/GGY/Guernsey/guernesey;GH/GHA/Ghana;GI/GIB/Gibraltar;GL/GRL/Greenland/groenlandia;
GM/GMB/Gambia;GN/GIN/Guinea;GP/GLP/Guadeloupe/guadalupe;GQ/GNQ/Equatorial Guinea/guinea ecuatorial;GR/GRC/Greece/grecia;
GT/GTM/Guatemala;GW/GNB/Guinea-Bissau/guinea bisau;GY/GUY/Guyana;HK/HKG/Hong Kong SAR China/rae de hong kong china;
HN/HND/Honduras;HR/HRV/Croatia/croacia;HT/HTI/Haiti;HU/HUN/Hungary/hungria;ID/IDN/Indonesia;IE/IRL/Ireland/irlanda;
IL/ISR/Israel;IM/IMN/Isle of Man/isla de man;IN/IND/India;IQ/IRQ/Iraq/irak;IR/IRN/Iran;IS/ISL/Iceland/islandia;
IT/ITA/Italy/italia;JE/JEY/Jersey;JM/JAM/Jamaica;JO/JOR/Jordan/jordania;JP/JPN/Japan/japon;KE/KEN/Kenya/kenia;
KG/KGZ/Kyrgyzstan/kirguistan;KH/KHM/Cambodia/camboya;KI/KIR/Kiribati;KM/COM/Comoros/comoras;
KN/KNA/St. Kitts & Nevis/san cristobal y nieves;KP/PRK/North Korea/corea del norte;KR/KOR/South Korea/corea del sur;
KW/KWT/Kuwait;KY/CYM/Cayman Islands/islas caiman;KZ/KAZ/Kazakhstan/kazajistan;LA/LAO/Laos;LB/LBN/Lebanon/libano;
LC/LCA/St. Lucia/santa lucia;LI/LIE/Liechtenstein;LK/LKA/Sri Lanka;LR/LBR/Liberia;LS/LSO/Lesotho/lesoto;
LT/LTU/Lithuania/lituania;LU/LUX/Luxembourg/luxemburgo;LV/LVA/Latvia/letonia;LY/LBY/Libya/libia;MA/MAR/Morocco/marruecos;
MC/MCO/Monaco;MD/MDA/Moldova/moldavia;ME/MNE/Montenegro;MG/MDG/Madagascar;MH/MHL/Marshall Islands/islas marshall;
MK/MKD/North Macedonia/macedonia del norte;ML/MLI/Mali;MM/MMR/Myanmar (Burma)/myanmar birmania;MN/MNG/Mongolia;
MO/MAC/Macao SAR China/rae de macao china;MQ/MTQ/Martinique/martinica;MR/MRT/Mauritania;MS/MSR/Montserrat;MT/MLT/Malta;
MU/MUS/Mauritius/mauricio;MV/MDV/Maldives/maldivas;MW/MWI/Malawi/malaui;MX/MEX/Mexico;MY/MYS/Malaysia/malasia;
MZ/MOZ/Mozambique;NA/NAM/Namibia;NC/NCL/New Caledonia/nueva caledonia;NE/NER/Niger;NG/NGA/Nigeria;NI/NIC/Nicaragua;
NL/NLD/Netherlands/paises bajos;NO/NOR/Norway/noruega;NP/NPL/Nepal;NR/NRU/Nauru;NZ/NZL/New Zealand/nueva zelanda;OM/OMN/Oman;
PA/PAN/Panama;PE/PER/Peru;PF/PYF/French Polynesia/polinesia francesa;PG/PNG/Papua New Guinea/papua nueva guinea;
PH/PHL/Philippines/filipinas;PK/PAK/Pakistan;PL/POL/Poland/polonia;PS/PSE/Palestinian Territories/territorios palestinos;
PT/PRT/Portugal;PW/PLW/Palau/palaos;PY/PRY/Paraguay;QA/QAT/Qatar/catar;RE/REU/Réunion;RO/ROU/Romania/rumania;RS/SRB/Serbia;
RU/RUS/Russia/rusia;RW/RWA/Rwanda/ruanda;SA/SAU/Saudi Arabia/arabia saudi;SB/SLB/Solomon Islands/islas salomon;
SC/SYC/Seychelles;SD/SDN/Sudan;SE/SWE/Sweden/suecia;SG/SGP/Singapore/singapur;SI/SVN/Slovenia/eslovenia;
SK/SVK/Slovakia/eslovaquia;SL/SLE/Sierra Leone/sierra leona;SM/SMR/San Marino;SN/SEN/Senegal;SO/SOM/Somalia;
SR/SUR/Suriname/surinam;SS/SSD/South Sudan/sudan del sur;ST/STP/São Tomé & Príncipe/santo tome y principe;SV/SLV/El Salvador;
SX/SXM/Sint Maarten;SY/SYR/Syria/siria;SZ/SWZ/Eswatini/esuatini;TC/TCA/Turks & Caicos Islands/islas turcas y caicos;
TD/TCD/Chad;TG/TGO/Togo;TH/THA/Thailand/tailandia;TJ/TJK/Tajikistan/tayikistan;TL/TLS/Timor-Leste;TM/TKM/Turkmenistan;
TN/TUN/Tunisia/tunez;TO/TON/Tonga;TR/TUR/Türkiye/turquia;TT/TTO/Trinidad & Tobago/trinidad y tobago;TV/TUV/Tuvalu;
TW/TWN/Taiwan;TZ/TZA/Tanzania;UA/UKR/Ukraine/ucrania;UG/UGA/Uganda;UY/URY/Uruguay;UZ/UZB/Uzbekistan;
VA/VAT/Vatican City/ciudad del vaticano;VC/VCT/St. Vincent & Grenadines/san vicente y las granadinas;VE/VEN/Venezuela;
VG/VGB/British Virgin Islands/islas virgenes britanicas;VN/VNM/Vietnam;VU/VUT/Vanuatu;WS/WSM/Samoa;YE/YEM/Yemen;
ZA/ZAF/South Africa/sudafrica;ZM/ZMB/Zambia;ZW/ZWE/Zimbabwe/zimbabue
`;

/** Other names of countries, folded. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  mex: "MX",
  "estados unidos mexicanos": "MX",
  "republica mexicana": "MX",
  "united mexican states": "MX",
  mejico: "MX",
  uk: "GB",
  "u k": "GB",
  "great britain": "GB",
  britain: "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  "northern ireland": "GB",
  inglaterra: "GB",
  escocia: "GB",
  "gran bretana": "GB",
  holland: "NL",
  holanda: "NL",
  korea: "KR",
  corea: "KR",
  "republic of korea": "KR",
  "russian federation": "RU",
  "ivory coast": "CI",
  "czech republic": "CZ",
  "republica checa": "CZ",
  burma: "MM",
  macedonia: "MK",
  "hong kong": "HK",
  macau: "MO",
  "viet nam": "VN",
  "dominican rep": "DO",
  "rep dominicana": "DO",
  turkey: "TR",
  palestine: "PS",
  "republic of ireland": "IE",
  "peoples republic of china": "CN",
  bahamas: "BS",
  "the bahamas": "BS",
  gambia: "GM",
  "the netherlands": "NL",
  "the philippines": "PH",
  uae: "AE",
};

/** The United States and its territories, as people write them in a column for countries; folded. */
const UNITED_STATES = new Set(
  (
    "us|u s|usa|u s a|united states|united states of america|the united states|the united states of america|america|united states usa|" +
    "united states us|us usa|estados unidos|estados unidos de america|estados unidos de norteamerica|" +
    "ee uu|eeuu|e u|eu|eua|e u a|e e u u|pr|pri|puerto rico|vi|vir|u s virgin islands|us virgin islands|gu|gum|guam|as|asm|" +
    "american samoa|mp|mnp|northern mariana islands|1|001|840"
  ).split("|"),
);

/** Short names of the United States that are no state's. */
const UNITED_STATES_NAMES = new Set(["us", "usa", "eua"]);

const fold = (text: string) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll("&", "and")
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

const NAMES = new Map<string, string>();
const BY_WORD = new Map<string, string>();
for (const entry of LIST.replace(/\n/g, "").split(";")) {
  const [two, three, name, spanish = name] = entry.split("/") as [string, string, string, string?];
  NAMES.set(two, name);
  for (const word of [two, three, name, spanish]) BY_WORD.set(fold(word), name);
}
for (const [word, code] of Object.entries(OTHER_NAMES)) BY_WORD.set(word, NAMES.get(code) as string);

/** Longer texts are no country, and are not searched. */
const MAX_CHARS = 80;

/** @returns "us" for the United States, the English name of another country, or null if the text of a column for countries is none */
export function parseCountry(text: string): string | null {
  if (text.length > MAX_CHARS) return null;
  const word = fold(text);
  if (UNITED_STATES.has(word)) return "us";
  return BY_WORD.get(word) ?? null;
}

/** No word of up to three letters is a name: CA is California, and "Can" may be anybody's. */
const SHORTEST_NAME = 4;

/** The same for text that may also be a state or a city: codes do not count, and Georgia is the state. */
export function parseCountryName(text: string): string | null {
  const word = fold(text.slice(0, MAX_CHARS));
  if (word === "georgia" || (word.length < SHORTEST_NAME && !UNITED_STATES_NAMES.has(word))) return null;
  return parseCountry(text);
}

/** States of Mexico and provinces of Canada, folded, with their usual codes unless a state of ours has the same. */
const FOREIGN_STATES = new Set(
  (
    "aguascalientes|ags|baja california|baja california sur|bcn|bcs|campeche|camp|chiapas|chis|chihuahua|chih|coahuila|" +
    "coahuila de zaragoza|coah|colima|ciudad de mexico|cdmx|distrito federal|df|durango|dgo|guanajuato|gto|guerrero|gro|" +
    "hidalgo|hgo|jalisco|jal|estado de mexico|edo mex|edomex|michoacan|mich|morelos|nayarit|nuevo leon|n l|oaxaca|" +
    "puebla|queretaro|qro|quintana roo|q roo|qroo|san luis potosi|slp|sinaloa|sonora|tabasco|tamaulipas|tamps|tlaxcala|" +
    "tlax|veracruz|yucatan|zacatecas|zac|alberta|ab|british columbia|bc|manitoba|mb|new brunswick|nb|" +
    "newfoundland and labrador|newfoundland|nova scotia|ns|northwest territories|nunavut|ontario|on|prince edward island|" +
    "pei|quebec|qc|pq|saskatchewan|sk|yukon"
  ).split("|"),
);

export const isForeignState = (text: string): boolean =>
  text.length <= MAX_CHARS && FOREIGN_STATES.has(fold(text));
