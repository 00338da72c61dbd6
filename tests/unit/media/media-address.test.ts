// The addresses at which Twilio fetches our files: each is good for one file, until its time.
import { expect, it } from "vitest";
import {
  isMediaAddressValid,
  mediaAddress,
  mediaKey,
} from "../../../supabase/functions/_shared/twilio/media-address.ts";

let reads = 0;
const sql = (async () => {
  reads++;
  return [{ secret: "s".repeat(64) }];
}) as never;
const ID = "00000000-0000-4000-8000-000000000001";
const NOW = 1_800_000_000;
const parts = (address: string) => {
  const url = new URL(address);
  return { path: url.pathname, e: url.searchParams.get("e") ?? "", t: url.searchParams.get("t") ?? "" };
};

it("is good until its time, for its file, as it was signed", async () => {
  const key = await mediaKey(sql);
  expect(await mediaKey(sql)).toBe(key);
  expect(reads).toBe(1);
  const { path, e, t } = parts(await mediaAddress(key, "https://x.example/functions/v1", ID, NOW + 3_600));
  expect([path, e]).toEqual([`/functions/v1/twilio/media/${ID}`, String(NOW + 3_600)]);
  const isValid = (change: { id?: string; e?: string; t?: string; now?: number } = {}) =>
    isMediaAddressValid(key, change.id ?? ID, { e: change.e ?? e, t: change.t ?? t }, change.now ?? NOW);
  expect(await isValid()).toBe(true);
  expect(await isValid({ now: NOW + 3_599 })).toBe(true);
  expect(await isValid({ now: NOW + 3_600 })).toBe(false);
  expect(await isValid({ id: ID.replace(/1$/, "2") })).toBe(false);
  for (const other of [
    String(NOW + 9_999),
    `0${e}`,
    `+${e}`,
    `${e}.0`,
    `${e} `,
    "1e10",
    "Infinity",
    "",
    "9".repeat(30),
  ])
    expect([other, await isValid({ e: other })]).toEqual([other, false]);
  for (const other of [
    "",
    "a".repeat(43),
    t.slice(1),
    `${t}A`,
    `${t}=`,
    t.replace(/^./, (c) => (c === "A" ? "B" : "A")),
    "%".repeat(43),
  ])
    expect([other, await isValid({ t: other })]).toEqual([other, false]);
});
