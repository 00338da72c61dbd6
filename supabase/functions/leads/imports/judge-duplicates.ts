// Predicts, by the rules of the import itself, what it would do with rows whose phone a lead or an earlier row has.
import type { ImportRow } from "../../_shared/csv/normalise-row.ts";
import { PHONE_ROLES } from "../../_shared/leads/lead-values.ts";
import { identifyParcel, isSameParcel, type ParcelIdentity } from "../../_shared/leads/same-parcel.ts";
import type { KnownLeads } from "./find-known-leads.ts";
import type { Preview } from "./schemas.ts";

/** The rows that strategy skip leaves out, in the order of the file. A later row is no duplicate of one that was left out. */
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

/** What update, fill and add_phones make of the rows. Only the counts of parcels may differ: add_phones fills no blanks. */
export interface Merged {
  created: number;
  merged: number;
  new_phones: number;
  new_parcels: number;
  /** Rows that bring their lead a phone or a parcel it does not have. */
  rows_with_new_phone: number;
  rows_with_new_parcel: number;
  /** Phones that a lead has no room for: it has three at most. */
  phones_left_out: number;
  /** Parcels that a lead has no room for: it has a hundred at most. */
  parcels_left_out: number;
}

interface Owner {
  phones: Set<string>;
  parcels: Parcels;
}

/** A row is merged into the lead that has the first of its known phones; what it adds counts for the rows after it. */
export function simulateMerge(rows: ImportRow[], known: KnownLeads, fills: boolean): Merged {
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
    parcels_left_out: 0,
  };
  for (const row of rows) {
    const { phones = [], parcel } = row;
    if (row.reason !== undefined) continue;
    const owner = phones.map(({ e164 }) => owners.get(e164)).find((one) => one !== undefined);
    if (owner === undefined) {
      const made: Owner = {
        phones: new Set(phones.map(({ e164 }) => e164)),
        parcels: { count: 0, alike: new Map() },
      };
      if (parcel) addParcel(made.parcels, identifyParcel(parcel), fills);
      for (const { e164 } of phones) owners.set(e164, made);
      merged.created += 1;
      continue;
    }
    merged.merged += 1;
    const added = addPhones(row, owner, owners, merged);
    merged.new_phones += added;
    if (added > 0) merged.rows_with_new_phone += 1;
    const fate = parcel ? addParcel(owner.parcels, identifyParcel(parcel), fills) : "known";
    if (fate === "added") {
      merged.new_parcels += 1;
      merged.rows_with_new_parcel += 1;
    } else if (fate === "left_out") {
      merged.parcels_left_out += 1;
    }
  }
  return merged;
}

function ownerOf(lead: KnownLeads["leads"][string] | undefined): Owner {
  const parcels: Parcels = { count: lead?.parcels.length ?? 0, alike: new Map() };
  // Each is kept, even if a lead of long ago has the same one twice.
  for (const parcel of (lead?.parcels ?? []).map(identifyParcel))
    parcels.alike.set(parcel.own, [...(parcels.alike.get(parcel.own) ?? []), parcel]);
  return { phones: new Set(lead?.phones), parcels };
}

/** Adds a row's new phones to its lead; a phone that another lead has stays there. @returns how many were added */
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

const PARCELS_OF_A_LEAD = 100;
interface Parcels {
  count: number;
  /** By what they are told apart by. */
  alike: Map<string, ParcelIdentity[]>;
}

/** If the lead has the parcel and `fills`, the one it has takes the state and county that it lacks. */
function addParcel(parcels: Parcels, parcel: ParcelIdentity, fills: boolean): "added" | "known" | "left_out" {
  const alike = parcels.alike.get(parcel.own) ?? [];
  const same = alike.find((one) => isSameParcel(one, parcel));
  if (same === undefined) {
    if (parcels.count >= PARCELS_OF_A_LEAD) return "left_out";
    parcels.count += 1;
    parcels.alike.set(parcel.own, [...alike, { ...parcel }]);
    return "added";
  }
  if (fills) {
    same.state ??= parcel.state;
    same.county ??= parcel.county;
  }
  return "known";
}

/** The import whose leads have the phones of at least half of the rows; null if there is none. */
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
