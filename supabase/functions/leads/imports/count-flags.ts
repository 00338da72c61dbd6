// Counts in a preview what each column did to the phones of the file, so that a column that denies everybody is seen before it
// does.
import { cleanCell } from "../../_shared/csv/clean-cell.ts";
import type { ImportRow } from "../../_shared/csv/normalise-row.ts";
import { readNotedPhones } from "../../_shared/csv/phone-notes.ts";
import { readFlag, readWords, type Sign } from "../../_shared/csv/read-flag.ts";
import type { RowPhone, RowPlan } from "../../_shared/csv/row-plan.ts";
import { parsePhone } from "../../_shared/sms/parse-phone.ts";
import type { Preview } from "./schemas.ts";

type Count = Preview["flags"][number];

/** Columns of a lead's own fields and of phones are listed only if they said something. */
const isListed = ({ field, denied, granted, invalid, landline }: Omit<Count, "summary">) =>
  /phone_(?:dnc|consent|status)$/.test(field) || denied + granted + invalid + landline > 0;

/** @param plan of the rows */
export function countFlags(rows: ImportRow[], plan: RowPlan): Preview["flags"] {
  const { columns, fields } = plan;
  const counts = new Map<number, Omit<Count, "summary">>();
  const add = (index: number, { consent, invalid, lineType }: Sign) => {
    const empty = { phones: 0, denied: 0, granted: 0, invalid: 0, landline: 0 };
    const count = counts.get(index) ?? {
      column: columns[index] as string,
      field: fields[index] as Count["field"],
      ...empty,
    };
    count.phones += 1;
    if (consent !== undefined) count[consent] += 1;
    if (invalid !== undefined) count.invalid += 1;
    if (lineType === "landline") count.landline += 1;
    counts.set(index, count);
  };
  const byColumn = new Map(plan.phones.map((phone) => [columns[phone.index], phone]));
  const consentIndex = fields.indexOf("consent_status");
  for (const { reason, raw, phones = [] } of rows) {
    if (reason !== undefined) continue;
    for (const phone of phones) {
      const own = byColumn.get(phone.field);
      for (const { index, kind } of [...(own?.flags ?? []), ...plan.leadFlags])
        add(index, readFlag(kind, raw[index] ?? ""));
      if (consentIndex !== -1) add(consentIndex, readFlag("consent", raw[consentIndex] ?? ""));
      if (own) add(own.index, readNote(phone, raw[own.index] ?? ""));
    }
  }
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([, count]) => count)
    .filter(isListed)
    .map((count) => ({ ...count, summary: summarise(count) }));
}

function readNote({ e164 }: RowPhone, cell: string): Sign {
  if (!/\p{L}/u.test(cell)) return {};
  const own = readNotedPhones(cleanCell(cell, true)).find(({ text }) => {
    const parsed = parsePhone(text);
    return parsed.ok && parsed.e164 === e164;
  });
  return own ? readWords(own.note, true) : {};
}

function summarise({ phones, denied, granted, invalid, landline }: Omit<Count, "summary">): string {
  const parts = [
    [denied, "denied"],
    [invalid, "wrong or out of service"],
    [landline, "landlines"],
    [granted, "granted"],
  ] as const;
  const said = parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${count} of ${phones} phones ${what}`);
  if (said.length === 0) return `none of ${phones} phones flagged`;
  // Most people of a list have not opted out, so the column may mean something else.
  return `${said.join(", ")}${(denied + invalid) * 2 > phones ? ": look" : ""}`;
}
