// Makes up owners with fictional phones, some of them faulty, from a seed.
import { fileURLToPath } from "node:url";
import { readAreaCodes } from "../seed/read-area-codes.ts";
import { BAD_PHONES, CITIES, COUNTIES, FIRST_NAMES, LAST_NAMES, NOTES, STREETS } from "./owner-words.ts";
import type { Random } from "./random.ts";

/**
 * rejected: no phone that can be texted. duplicate: has the phone of another row. landline and refuses are imported, and
 * left out of the campaign.
 */
export type OwnerKind = "usable" | "landline" | "refuses" | "duplicate" | "rejected";

export interface Owner {
  kind: OwnerKind;
  firstName: string;
  lastName: string;
  /** Ten digits, or the invalid text in their place. */
  phone: string;
  secondPhone: string;
  email: string;
  address: string;
  city: string;
  state: string;
  zip: string;
  county: string;
  apn: string;
  acres: string;
  notes: string;
}

/** Shares of all rows; the rest, nine in ten, is usable. */
const SHARES: [OwnerKind, number][] = [
  ["rejected", 0.04],
  ["duplicate", 0.04],
  ["landline", 0.015],
  ["refuses", 0.01],
];
const SECOND_PHONE_SHARE = 0.15;
/** There are a hundred fictional numbers in each of some 370 area codes, and some owners have two. */
export const MAX_OWNERS = 25_000;

/** `count` owners in random order; no two but the duplicates share a phone. */
export function makeOwners(count: number, random: Random): Owner[] {
  const phones = listFictionalPhones(random);
  const kinds: OwnerKind[] = SHARES.flatMap(([kind, share]) =>
    new Array<OwnerKind>(Math.round(count * share)).fill(kind),
  );
  while (kinds.length < count) kinds.push("usable");
  const owners = kinds.map((kind) => makeOwner(kind, phones, random));
  const models = owners.filter((owner) => owner.kind === "usable");
  for (const owner of owners) if (owner.kind === "duplicate") owner.phone = random.pick(models).phone;
  return random.shuffle(owners);
}

interface Phone {
  digits: string;
  state: string;
}

/** 555-0100 to 555-0199 belong to nobody, in any area code. */
function listFictionalPhones(random: Random): Phone[] {
  const path = fileURLToPath(new URL("../seed/data/area-codes.csv", import.meta.url));
  const phones: Phone[] = [];
  for (const { areaCode, state } of readAreaCodes(path))
    for (let line = 100; line < 200; line++) phones.push({ digits: `${areaCode}5550${line}`, state });
  return random.shuffle(phones);
}

function makeOwner(kind: OwnerKind, phones: Phone[], random: Random): Owner {
  const hasPhone = kind !== "rejected";
  const { digits, state } = phones.pop() as Phone;
  const second = hasPhone && random.next() < SECOND_PHONE_SHARE ? (phones.pop() as Phone).digits : "";
  const firstName = random.next() < 0.03 ? "" : random.pick(FIRST_NAMES);
  const lastName = random.pick(LAST_NAMES);
  const maybe = (share: number, value: string) => (random.next() < share ? value : "");
  const number = (limit: number) => String(1 + random.below(limit));
  return {
    kind,
    firstName,
    lastName,
    phone: hasPhone ? digits : maybe(0.75, random.pick(BAD_PHONES)),
    // A duplicate is recognised by its first phone; a second phone would add nothing.
    secondPhone: kind === "duplicate" ? "" : second,
    email: maybe(0.4, `owner${number(99_999)}@example.com`),
    address: `${number(9_999)} ${random.pick(STREETS)}${maybe(0.25, `, Lot ${number(40)}`)}`,
    city: random.pick(CITIES),
    state: maybe(0.95, state),
    zip: String(10_000 + random.below(89_999)),
    county: maybe(0.92, random.pick(COUNTIES)),
    apn: `${number(999)}-${number(99)}-${number(999)}`,
    acres: maybe(0.9, (random.below(9_000) / 100 + 0.25).toFixed(2)),
    notes: maybe(0.3, random.pick(NOTES)),
  };
}
