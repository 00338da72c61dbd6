// Rules that exist in TypeScript and in SQL, because each side must apply them alone, give the same results.
import { expect, it } from "vitest";
import { toSingleLine } from "../../../supabase/functions/_shared/csv/to-single-line.ts";
import { isPublicAddress } from "../../../supabase/functions/_shared/external/public-address.ts";
import { adversarialValues } from "../../fixtures/adversarial-values.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

it("a text that the worker turned into one line is one line for the database, and stays unchanged", async () => {
  const controls = Array.from({ length: 0x100 }, (_, code) => String.fromCharCode(code));
  const texts = [...adversarialValues(), ...controls, "\u2028", "\u2029", "\u3000", "\u200b"]
    .filter((value): value is string => typeof value === "string" && value !== "\ud800")
    .map((sign) => toSingleLine(`a${sign}b ${sign}\n${sign} c`).trim());
  const rows = await bench.sql`
    select t.text, private.one_line(t.text) as line from unnest(${texts}::text[]) t (text)
    where private.one_line(t.text) is distinct from t.text`;
  expect(rows).toEqual([]);
});

/** Addresses at the edges of non-public networks, and just before and after them. */
const EDGES = `
  192.31.195.255 192.31.196.0 192.31.196.255 192.31.197.0 192.52.192.255 192.52.193.0 192.52.193.255 192.52.194.0
  192.175.47.255 192.175.48.0 192.175.48.255 192.175.49.0 2620:4f:7fff:: 2620:4f:8000:: 2620:4f:8000:ffff:: 2620:4f:8001::
  100.63.255.255 100.64.0.0 100.127.255.255 100.128.0.0 168.63.129.15 168.63.129.16 168.63.129.17 169.253.255.255 169.254.0.0
  169.254.255.255 169.255.0.0 172.15.255.255 172.16.0.0 172.31.255.255 172.32.0.0 191.255.255.255 192.0.0.0 192.0.0.255 192.0.1.0
  192.0.1.255 192.0.2.0 192.0.2.255 192.0.3.0 192.88.98.255 192.88.99.0 192.88.99.255 192.88.100.0 192.167.255.255 192.168.0.0
  192.168.255.255 192.169.0.0 198.17.255.255 198.18.0.0 198.19.255.255 198.20.0.0 198.51.99.255 198.51.100.0 198.51.100.255
  198.51.101.0 203.0.112.255 203.0.113.0 203.0.113.255 203.0.114.0 223.255.255.255 224.0.0.0 255.255.255.255
  :: ::1 ::ffff:8.8.8.8 64:ff9b::808:808 100::1 1fff:ffff::1 2000:: 2000:ffff:: 2001:: 2001:1ff:ffff:: 2001:200::
  2001:db7:ffff:: 2001:db8:: 2001:db8:ffff:: 2001:db9:: 2001:ffff:: 2002:: 2002:ffff:: 2003:: 2606:4700::1111 3fff:: 3fff:fff::
  3fff:1000:: 3fff:ffff:: 4000:: fc00::1 fe80::1 ff02::1`;
const ADDRESSES = [
  ...Array.from({ length: 256 }, (_, byte) => `${byte}.1.2.3`),
  ...EDGES.trim().split(/\s+/),
  "example.com",
  "1.2.3",
  "256.1.1.1",
  "",
];

it("the same addresses count as public", async () => {
  const rows = await bench.sql`
    select a.address, private.is_public_address(a.address) as is_public from unnest(${ADDRESSES}::text[]) a (address)`;
  const told = Object.fromEntries(rows.map(({ address, is_public }) => [address, is_public]));
  expect(Object.fromEntries(ADDRESSES.map((address) => [address, isPublicAddress(address)]))).toEqual(told);
});
