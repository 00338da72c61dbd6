// Gives a field to each column that says something about a phone, or about all phones of the row.
import { type Column, createPhoneFinder } from "./find-phone.ts";
import { flagFieldOf, isStateOfLine, isStatusOfLead, LINE_TYPE, SURE_WORDS } from "./flag-columns.ts";
import { ABOUT_MAIL } from "./flag-words.ts";
import type { ImportField } from "./import-fields.ts";
import { fold } from "./parse-cell.ts";
import { readFlag, type Sign } from "./read-flag.ts";

/** A word for the phone itself, and not for what is sent to it. */
const OF_ONE_PHONE =
  /\b(?:phones?|cell|cellphone|cellular|mobile|wireless|landline|telephone|telefonos?|celular(?:es)?|movil|primary|secondary|alternate|primario|secundario|alterno)\b/;

/**
 * A column that names no phone is about all of them, unless there is one such column after each phone. Consent that names no
 * phone is left for the lead's own field.
 */
export function assignFlags(all: Column[], phones: Column[], found: Map<number, ImportField>): void {
  const isOfService = all.some(({ name }) => LINE_TYPE.test(name) || flagFieldOf(name) === "dnc");
  const flags = all.flatMap((column) => {
    const end = flagFieldOf(column.name) ?? (isOfService && isStateOfLine(column.name) ? "status" : null);
    return end === null || found.has(column.index) ? [] : [{ column, end }];
  });
  const findPhoneOf = createPhoneFinder(phones);
  /** Names that also occur with a number after them. */
  const repeated = new Set(
    flags.flatMap(({ column: { name } }) =>
      / \d+$/.test(name) ? [name.slice(0, name.lastIndexOf(" "))] : [],
    ),
  );
  for (const { column, end } of flags) {
    const isRepeated = repeated.has(column.name) || /\d/.test(column.name);
    const isOfOne = isRepeated || OF_ONE_PHONE.test(column.name);
    // "Phone DNC" beside "Phone 1" and "Phone 2" is about both.
    const phone = isOfOne ? findPhoneOf(column, isRepeated) : undefined;
    const field = phone && found.get(phone.index);
    if (field) found.set(column.index, `${field}_${end}` as ImportField);
    else if (end !== "consent") found.set(column.index, `phone_${end}`);
  }
}

/** Gives the columns about all phones that no other field took: a second consent column, "Disposition", "Group" with "DNC" in it. */
export function assignOtherFlags(all: Column[], found: Map<number, ImportField>, sample: string[][]): void {
  for (const { name, index } of all) {
    if (found.has(index)) continue;
    if (flagFieldOf(name) === "consent") found.set(index, "phone_consent");
    else if (isStatusOfLead(name) || holdsSureWords(name, index, sample)) found.set(index, "phone_status");
  }
}

/** Longer cells are notes. */
const MAX_WORD_CHARS = 40;

function holdsSureWords(name: string, index: number, sample: string[][]): boolean {
  if (ABOUT_MAIL.test(name)) return false;
  return sample.some((cells) => {
    const cell = cells[index]?.trim() ?? "";
    return cell.length <= MAX_WORD_CHARS && SURE_WORDS.test(fold(cell)) && says(readFlag("lead", cell));
  });
}

const says = ({ consent, invalid }: Sign) => consent !== undefined || invalid !== undefined;
