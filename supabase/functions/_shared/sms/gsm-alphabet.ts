// The GSM-7 alphabet (3GPP TS 23.038) as costs per UTF-16 code unit.

const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿" +
  "abcdefghijklmnopqrstuvwxyzäöñüà";
/** Characters that are sent as an escape and a second septet. */
const EXTENSION = "\f^{}\\[~]|€";

/** Highest code unit of the alphabet (€) plus one: everything from here on is not GSM-7. */
const SIZE = 0x20ad;

function buildCosts(): Uint8Array {
  const costs = new Uint8Array(SIZE);
  for (const char of BASIC) costs[char.charCodeAt(0)] = 1;
  for (const char of EXTENSION) costs[char.charCodeAt(0)] = 2;
  return costs;
}

const COSTS = buildCosts();

/** Septets that a UTF-16 code unit takes in GSM-7: 1, 2, or 0 if it is not in the alphabet. */
export function gsmCost(codeUnit: number): 0 | 1 | 2 {
  return codeUnit < SIZE ? (COSTS[codeUnit] as 0 | 1 | 2) : 0;
}
