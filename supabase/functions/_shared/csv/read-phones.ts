// Reads the phones of a row, with what the row says of each: its type, opt-outs, consent, wrong numbers, notes beside it.
import type { FieldError } from "../http/app-error.ts";
import { PHONE_ROLES } from "../leads/lead-values.ts";
import { parsePhone } from "../sms/parse-phone.ts";
import { cleanCell } from "./clean-cell.ts";
import { isPlaceholder, isPlaceholderPhone } from "./is-placeholder.ts";
import { MAX_PHONES_TRIED } from "./limits.ts";
import { parseLineType } from "./parse-cell.ts";
import { isLabel, readNotedPhones } from "./phone-notes.ts";
import type { FlagPlan, PhonePlan } from "./plan-phones.ts";
import { readFlag, readWords, type Sign } from "./read-flag.ts";
import type { RowPhone, RowPlan } from "./row-plan.ts";
import type { RowDraft } from "./set-field.ts";

/** The phones that a row has so far, and what did not fit. */
interface Reading {
  raw: string[];
  plan: RowPlan;
  draft: RowDraft;
  phones: RowPhone[];
  refused: FieldError[];
  tried: number;
  /** The first column with a number above the limit. */
  over?: string;
}

export const NO_PHONE = "The row has no phone number.";

/** What the consent of our own exports says; the phone has it, so the cell is not kept. */
const OWN_CONSENT = /^(?:granted|denied|unknown)$/;

export function readPhones(raw: string[], plan: RowPlan, draft: RowDraft): RowPhone[] | FieldError {
  const reading: Reading = { raw, plan, draft, phones: [], refused: [], tried: 0 };
  for (const phone of plan.phones) readPhoneCell(reading, phone);
  const { phones, refused, over } = reading;
  if (over !== undefined)
    refused.push({
      field: over,
      message: `Only ${MAX_PHONES_TRIED} phone numbers of a row are looked at. This cell goes beyond them.`,
    });
  if (phones.length === 0) {
    const field = plan.columns[plan.phones[0]?.index ?? -1] ?? "primary_phone";
    return refused[0] ?? { field, message: NO_PHONE };
  }
  for (const { index, kind } of plan.leadFlags) {
    const sign = readFlag(kind, raw[index] ?? "");
    for (const phone of phones) applySign(phone, sign);
  }
  draft.warnings.push(
    ...refused.map(({ field, message }) => ({
      field,
      reason: `${message} The lead was imported with its other phone.`,
    })),
  );
  return phones;
}

function readPhoneCell(reading: Reading, { index, typeIndex, flags }: PhonePlan): void {
  const { raw, plan, draft, phones } = reading;
  const field = plan.columns[index] as string;
  const cell = cleanCell(raw[index] ?? "", true);
  if (cell === "" || isPlaceholder(cell, "primary_phone")) return;
  const signs = flags.map((flag) => readFlagCell(reading, flag));
  for (const { text, note } of readNotedPhones(cell)) {
    if (isPlaceholderPhone(text)) continue;
    if (reading.tried === MAX_PHONES_TRIED) {
      draft.custom[field] = cell;
      reading.over ??= field;
      return;
    }
    reading.tried += 1;
    const parsed = parsePhone(text);
    if (!parsed.ok) {
      reading.refused.push({ field, message: parsed.message });
      draft.custom[field] = cell;
      continue;
    }
    // What was written beside the number is kept, unless it is only a label such as "Cell".
    if (note !== "" && !isLabel(note)) draft.custom[field] = cell;
    let phone = phones.find(({ e164 }) => e164 === parsed.e164);
    if (!phone) {
      const role = PHONE_ROLES[phones.length];
      // A lead has three phones; other ones are kept in a custom field, where people can see them.
      if (role === undefined) {
        draft.custom[field] = cell;
        continue;
      }
      const lineType = typeIndex === -1 ? null : parseLineType(raw[typeIndex] ?? "");
      phone = { e164: parsed.e164, role, field, ...(lineType && { line_type: lineType }) };
      phones.push(phone);
    }
    for (const sign of signs) applySign(phone, sign);
    if (note !== "") applySign(phone, readWords(note, true));
    if (typeIndex !== -1) applySign(phone, readTypeCell(raw[typeIndex] ?? ""));
  }
}

/** "DNC" or "Disconnected" in the column of a phone's type. */
function readTypeCell(cell: string): Sign {
  const { consent, invalid } = readFlag("phone", cell);
  return { ...(consent && { consent }), ...(invalid && { invalid }) };
}

/** The text of a flag, such as "Federal" or "Litigator", is kept, as it says why this phone is not written to. */
function readFlagCell({ raw, plan, draft }: Reading, { index, kind, isKept }: FlagPlan): Sign {
  const given = raw[index] ?? "";
  const sign = readFlag(kind, given);
  if (!isKept || sign.isPlain || given.trim() === "") return sign;
  const cell = cleanCell(given, false);
  if (!(kind === "consent" && OWN_CONSENT.test(cell))) draft.custom[plan.columns[index] as string] = cell;
  return sign;
}

/** The strictest consent counts, and the first reason why a number is wrong. */
function applySign(phone: RowPhone, { consent, invalid, lineType }: Sign): void {
  if (consent === "denied" || (consent === "granted" && phone.consent_status === undefined))
    phone.consent_status = consent;
  if (invalid) phone.invalid_reason ??= invalid;
  if (lineType) phone.line_type ??= lineType;
}
