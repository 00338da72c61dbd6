// What parse-phone accepts and refuses, and that its fast path judges as libphonenumber does.
import { parsePhoneNumberFromString } from "libphonenumber-js/min";
import { describe, expect, it } from "vitest";
import { type PhoneRejection, parsePhone } from "../../../supabase/functions/_shared/sms/parse-phone.ts";
import { makeRandom, seed } from "./make-random.ts";

describe("parse-phone accepts US numbers in any format", () => {
  it.each([
    ["5125550123", "+15125550123"],
    ["15125550123", "+15125550123"],
    ["+15125550123", "+15125550123"],
    ["512-555-0123", "+15125550123"],
    ["512.555.0123", "+15125550123"],
    ["512 555 0123", "+15125550123"],
    ["512/555-0123", "+15125550123"],
    ["(512) 555-0123", "+15125550123"],
    ["(512)5550123", "+15125550123"],
    ["1 (512) 555-0123", "+15125550123"],
    ["+1 (512) 555-0123", "+15125550123"],
    ["+1.512.555.0123", "+15125550123"],
    ["  512-555-0123  ", "+15125550123"],
    ["512–555–0123", "+15125550123"],
    ["512\u00a0555\u00a00123", "+15125550123"],
    ["\u202a+1 512-555-0123\u202c", "+15125550123"],
    ["５１２5550123", "+15125550123"],
    ["tel:+1-512-555-0123", "+15125550123"],
    ["Cell: 512-555-0123", "+15125550123"],
    ["(512) 555-0123 (mobile)", "+15125550123"],
    ["'5125550123", "+15125550123"],
    ['="5125550123"', "+15125550123"],
    ["5125550123.0", "+15125550123"],
    ["787-867-5309", "+17878675309"],
    ["340-234-5678", "+13402345678"],
    ["671-555-0123", "+16715550123"],
    ["738-555-0123", "+17385550123"],
    ["924-555-0123", "+19245550123"],
  ])("%j is %s", (input, e164) => {
    expect(parsePhone(input)).toEqual({ ok: true, e164, areaCode: e164.slice(2, 5) });
  });
});

describe("parse-phone refuses with a reason what can't be texted", () => {
  it.each<[string, PhoneRejection]>([
    ["", "empty"],
    ["   ", "empty"],
    ["n/a", "no_digits"],
    ["unknown", "no_digits"],
    ["555-0123", "too_short"],
    ["12", "too_short"],
    ["512555012", "too_short"],
    ["51255501234", "too_long"],
    ["5125550123456", "too_long"],
    ["512-555-0123 / 512-555-0144", "several_numbers"],
    ["5125550123, 5125550144", "several_numbers"],
    ["512-555-0123 x45", "extension"],
    ["512-555-0123 ext. 45", "extension"],
    ["+15125550123;ext=45", "extension"],
    ["5.12555E+09", "spreadsheet_damage"],
    ["416-555-0123", "not_us"],
    ["+1 876 555 1234", "not_us"],
    ["809-555-0123", "not_us"],
    ["+52 55 1234 5678", "not_us"],
    ["011 52 55 1234 5678", "not_us"],
    ["+44 20 7946 0958", "not_us"],
    ["800-555-0123", "toll_free"],
    ["1 (888) 555-0123", "toll_free"],
    ["900-555-0123", "premium_rate"],
    ["500-555-0123", "not_textable"],
    ["533 555 0123", "not_textable"],
    ["411-555-0123", "service_code"],
    ["911", "service_code"],
    ["000-555-0123", "unassigned"],
    ["237-555-0123", "unassigned"],
    ["555-555-5555", "unassigned"],
    ["512-155-0123", "invalid_exchange"],
    ["512-055-0123", "invalid_exchange"],
  ])("%j: %s", (input, reason) => {
    const parsed = parsePhone(input);
    expect(parsed).toMatchObject({ ok: false, reason });
    expect(parsed.ok === false && parsed.message).toMatch(/^[A-Z].*\.$/);
  });
});

const US = new Set(["US", "PR", "VI", "GU", "AS", "MP"]);
const UNTEXTABLE = new Set(["TOLL_FREE", "PREMIUM_RATE", "PERSONAL_NUMBER"]);
/** In service since the library's metadata was written; our table knows them. */
const NEWER_THAN_LIBRARY = new Set("357 436 457 471 621 624 679 729 837 861 924".split(" "));

/** Also a number for which its metadata lacks part of a new overlay: exchanges 6xx of 983, Denver. */
const isNewer = (number: string) =>
  /^\d{3}[2-9]\d{6}$/.test(number) &&
  (NEWER_THAN_LIBRARY.has(number.slice(0, 3)) || number.startsWith("9836"));

function judgeByLibrary(input: string): string | null {
  const parsed = parsePhoneNumberFromString(input, "US");
  if (parsed?.countryCallingCode !== "1" || parsed.ext) return null;
  const { nationalNumber } = parsed;
  if (isNewer(nationalNumber)) return parsed.number;
  // The small metadata lets any seven digits pass in the territories; the numbering plan forbids exchanges 0xx and 1xx.
  if (/^\d{3}[01]/.test(nationalNumber)) return null;
  if (!parsed.isValid() || !US.has(parsed.country ?? "") || UNTEXTABLE.has(parsed.getType() ?? ""))
    return null;
  return parsed.number;
}

describe("parse-phone and libphonenumber", () => {
  it(`give the same verdict on 20,000 random numbers in 22 shapes (seed ${seed})`, () => {
    const random = makeRandom();
    const shapes =
      "# 1# +1# a-e-l (a)_e-l (a)e-l a.e.l a_e_l 1-a-e-l 1_(a)_e-l +1_a_e_l +1(a)e-l +1.a.e.l ae-l a-el +# tel:+1-a-e-l a/e-l a--e--l (a-e-l a)e-l 1a-e-l";
    for (let i = 0; i < 20_000; i++) {
      const area = String(random.int(0, 999)).padStart(3, "0");
      const exchange = String(random.int(0, 999)).padStart(3, "0");
      const line = String(random.int(0, 9999)).padStart(4, "0");
      const input = random
        .pick(shapes.split(" "))
        .replaceAll(
          /[#ael_](?!l:)/g,
          (key) => ({ "#": area + exchange + line, a: area, e: exchange, l: line, _: " " })[key] ?? key,
        );
      const parsed = parsePhone(input);
      const expected = judgeByLibrary(input);
      expect({ input, e164: parsed.ok ? parsed.e164 : null }).toEqual({ input, e164: expected });
    }
  });

  it("agree on every existing area code", () => {
    for (let area = 200; area < 1000; area++) {
      const input = `+1${area}5550123`;
      const parsed = parsePhone(input);
      expect({ input, e164: parsed.ok ? parsed.e164 : null }).toEqual({ input, e164: judgeByLibrary(input) });
    }
  });
});
