// What would become of the rows of a file whose phone a lead or an earlier row has, by the rules of the import itself.
import type { ImportRow } from "../../_shared/csv/normalise-row.ts";
import { PHONE_ROLES } from "../../_shared/leads/lead-values.ts";
import type { KnownLeads, Parcel } from "./find-known-leads.ts";
import type { Preview } from "./schemas.ts";

/** Rows left out by strategy skip, in the order of the file. One that is left out makes no later row a duplicate of it. */
export function findDuplicates(rows: ImportRow[], known: KnownLeads): Preview["duplicates"] {
  const lines = new Map<string, number>();
  const duplicates: Preview["duplicates"] = [];
  for (const { line, phones: own = [] } of rows) {
    const clash =
      own.find(({ e164 }) => Object.hasOwn(known.phones, e164)) ?? own.find(({ e164 }) => lines.has(e164));
    if (clash) {
      const { e164: phone, field } = clash;
      const first = lines.get(phone) ?? null;
      duplicates.push({ line, field, phone, lead_id: known.phones[phone] ?? null, first_line: first });
    } else {
      for (const { e164 } of own) lines.set(e164, line);
    }
  }
  return duplicates;
}

/** What update, fill and add_phones make of the rows: which leads they touch does not depend on which of them it is. */
export interface Merged {
  created: number;
  merged: number;
  new_phones: number;
  new_parcels: number;
  /** Rows that bring their lead a phone or a parcel it does not have. */
  rows_with_new_phone: number;
  rows_with_new_parcel: number;
  /** Phones that a lead has no room for, three being its most. */
  phones_left_out: number;
}

interface Owner {
  phones: Set<string>;
  parcels: Set<string>;
}

/** A row goes to the lead that has the first of its known phones; what it brings counts for the rows after it. */
export function simulateMerge(rows: ImportRow[], known: KnownLeads): Merged {
  const owners = new Map<string, Owner>();
  const leads = new Map<string, Owner>();
  for (const [phone, id] of Object.entries(known.phones)) {
    const lead = leads.get(id) ?? ownerOf(known.leads[id]);
    leads.set(id, lead);
    owners.set(phone, lead);
  }
  const merged: Merged = {
    created: 0,
    merged: 0,
    new_phones: 0,
    new_parcels: 0,
    rows_with_new_phone: 0,
    rows_with_new_parcel: 0,
    phones_left_out: 0,
  };
  for (const row of rows) {
    const { phones = [], parcel } = row;
    if (row.reason !== undefined) continue;
    const owner = phones.map(({ e164 }) => owners.get(e164)).find((one) => one !== undefined);
    if (owner === undefined) {
      const made: Owner = { phones: new Set(phones.map(({ e164 }) => e164)), parcels: new Set() };
      if (parcel) made.parcels.add(parcelKey(parcel));
      for (const { e164 } of phones) owners.set(e164, made);
      merged.created += 1;
      continue;
    }
    merged.merged += 1;
    const added = addPhones(row, owner, owners, merged);
    merged.new_phones += added;
    if (added > 0) merged.rows_with_new_phone += 1;
    if (parcel && !owner.parcels.has(parcelKey(parcel))) {
      owner.parcels.add(parcelKey(parcel));
      merged.new_parcels += 1;
      merged.rows_with_new_parcel += 1;
    }
  }
  return merged;
}

function ownerOf(lead: KnownLeads["leads"][string] | undefined): Owner {
  return { phones: new Set(lead?.phones), parcels: new Set(lead?.parcels.map(parcelKey)) };
}

/** A phone that another lead has stays there. */
function addPhones(
  { phones = [] }: ImportRow,
  owner: Owner,
  owners: Map<string, Owner>,
  merged: Merged,
): number {
  let added = 0;
  for (const { e164 } of phones) {
    if (owner.phones.has(e164) || owners.has(e164)) continue;
    if (owner.phones.size >= PHONE_ROLES.length) {
      merged.phones_left_out += 1;
      continue;
    }
    owner.phones.add(e164);
    owners.set(e164, owner);
    added += 1;
  }
  return added;
}

/** As private.import_parcel_key has it: state, county and APN; where there is no APN, where it lies; else everything. */
function parcelKey({ state, county, apn, situs, property_type, acreage, estimated_value }: Parcel): string {
  const lower = (text: unknown) => (typeof text === "string" ? text.toLowerCase() : "");
  const own = apn
    ? ["apn", apn]
    : situs
      ? ["situs", lower(situs)]
      : ["values", property_type ?? null, acreage ?? null, estimated_value ?? null];
  return JSON.stringify([state ?? "", lower(county), ...own]);
}

/** The import whose leads at least half of the rows have phones of, where there is one. */
export function findSimilarImport(rows: ImportRow[], known: KnownLeads): Preview["similar_import"] {
  const counts = new Map<string, number>();
  const valid = rows.filter(({ reason }) => reason === undefined);
  for (const { phones = [] } of valid) {
    const phone = phones.find(({ e164 }) => Object.hasOwn(known.phones, e164));
    const importId = phone && known.leads[known.phones[phone.e164] as string]?.import_id;
    if (importId) counts.set(importId, (counts.get(importId) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  const found = most && known.imports[most[0]];
  if (!most || !found || most[1] < valid.length / 2) return null;
  return { ...found, rows: most[1], share: Math.round((most[1] / valid.length) * 1000) / 1000 };
}
