// A request's mapping often names the columns its author cares about. What the others say of people who must not be written to
// counts all the same.
import {
  type ImportField,
  type Mapping,
  PHONE_FIELDS,
  PHONE_FLAG_FIELDS,
} from "../../_shared/csv/import-fields.ts";
import { limitRepeats } from "./limit-repeats.ts";

/** Fields of whose columns only the words count that say no: the mapping did not ask for their values. */
const BY_WORDS: Partial<Record<ImportField, ImportField>> = {
  status: "phone_status",
  tags: "phone_status",
  consent_status: "phone_consent",
};

/**
 * @param mapping as the request sent it @param suggested by names and cells
 * @returns the mapping with the columns it does not name that hold opt-outs, consent or states of phones. A column that it maps
 *   to custom_field or ignore stays there.
 */
export function addRefusalColumns(
  mapping: Record<string, string>,
  suggested: Mapping,
): Record<string, string> {
  const added = Object.entries(suggested).flatMap(([column, field]) => {
    if (Object.hasOwn(mapping, column)) return [];
    const wanted = BY_WORDS[field] ?? field;
    return (PHONE_FLAG_FIELDS as readonly string[]).includes(wanted)
      ? [[column, samePhone(wanted, mapping, suggested)]]
      : [];
  });
  return limitRepeats({ ...mapping, ...Object.fromEntries(added) });
}

/** A flag of one phone is about all phones of the row if the mapping gives that phone another place than the suggestion. */
function samePhone(flag: string, mapping: Record<string, string>, suggested: Mapping): string {
  const phone = PHONE_FIELDS.find((field) => flag.startsWith(`${field}_`));
  const isThere = Object.entries(suggested).every(
    ([column, field]) => field !== phone || mapping[column] === phone,
  );
  return phone === undefined || isThere ? flag : flag.replace(phone, "phone");
}
