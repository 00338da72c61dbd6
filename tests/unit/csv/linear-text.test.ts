// Code that reads texts of tenants, of people who answer and of services takes linear time, also on texts for which patterns are
// slow. Measured by CPU: four times the text may take a little more than four times as long.
import { describe, expect, it } from "vitest";
import { findLinks } from "../../../scripts/seed/lint/find-links.ts";
import { caseText } from "../../../supabase/functions/_shared/csv/case-text.ts";
import { cleanCell } from "../../../supabase/functions/_shared/csv/clean-cell.ts";
import { decodeEntities } from "../../../supabase/functions/_shared/csv/decode-entities.ts";
import { flagFieldOf } from "../../../supabase/functions/_shared/csv/flag-columns.ts";
import { isPlaceholderPhone } from "../../../supabase/functions/_shared/csv/is-placeholder.ts";
import { normaliseHeader, spellOut } from "../../../supabase/functions/_shared/csv/normalise-header.ts";
import { parseAmount } from "../../../supabase/functions/_shared/csv/parse-amount.ts";
import {
  parseConsent,
  parseLineType,
  parseTags,
  parseZip,
} from "../../../supabase/functions/_shared/csv/parse-cell.ts";
import { readNotedPhones } from "../../../supabase/functions/_shared/csv/phone-notes.ts";
import { readFlag, readWords } from "../../../supabase/functions/_shared/csv/read-flag.ts";
import { readCityStateZip, readFullAddress } from "../../../supabase/functions/_shared/csv/read-place.ts";
import { readRecords } from "../../../supabase/functions/_shared/csv/read-records.ts";
import { splitName } from "../../../supabase/functions/_shared/csv/split-name.ts";
import { findDamage, readScientific } from "../../../supabase/functions/_shared/csv/spreadsheet-damage.ts";
import { readParcel } from "../../../supabase/functions/_shared/enrichment/map-parcel.ts";
import { redact } from "../../../supabase/functions/_shared/http/redact.ts";
import { geographicTag } from "../../../supabase/functions/_shared/leads/auto-tags.ts";
import { parseCountry } from "../../../supabase/functions/_shared/leads/countries.ts";
import { EMAIL } from "../../../supabase/functions/_shared/leads/lead-values.ts";
import { parseState } from "../../../supabase/functions/_shared/leads/us-states.ts";
import {
  classifyInbound,
  classifyInterest,
} from "../../../supabase/functions/_shared/sms/classify-inbound.ts";
import { cleanName } from "../../../supabase/functions/_shared/sms/clean-name.ts";
import { cleanValue } from "../../../supabase/functions/_shared/sms/clean-value.ts";
import { parsePhone } from "../../../supabase/functions/_shared/sms/parse-phone.ts";
import { splitPhones } from "../../../supabase/functions/_shared/sms/split-phones.ts";
import { growthOverSixteen, LINEAR_OVER_SIXTEEN } from "../../fixtures/measure-growth.ts";
import { sampleCases } from "../../fixtures/sample-cases.ts";
import { makeRandom, seed } from "../sms/make-random.ts";

const SIZE = 60_000;
const NOBODY = { county: null, state: null, situs: null, property_type: null, estimated_value: null };

const READERS: [string, (text: string) => unknown][] = [
  ["amounts", parseAmount],
  ["zip codes", parseZip],
  ["yes and no", parseConsent],
  ["line types", parseLineType],
  ["tags", parseTags],
  ["names", splitName],
  ["entities", decodeEntities],
  ["guarded cells", (text) => cleanCell(text, true)],
  ["damaged numbers", (text) => [findDamage(text), readScientific(text)]],
  ["names to greet by", (text) => cleanName(text, 15, true)],
  ["names in capitals", (text) => caseText(text.toUpperCase(), "name")],
  ["addresses in capitals", (text) => caseText(text.toUpperCase(), "address")],
  ["columns", (text) => spellOut(normaliseHeader(text))],
  ["phones of a cell", splitPhones],
  ["a phone", parsePhone],
  ["phones that are none", isPlaceholderPhone],
  ["phones with words beside them", readNotedPhones],
  ["words about a phone", (text) => readWords(text, true)],
  ["opt-outs", (text) => readFlag("listed", text)],
  ["consent", (text) => readFlag("consent", text)],
  ["columns of flags", (text) => flagFieldOf(spellOut(normaliseHeader(text)))],
  ["city, state and ZIP code", readCityStateZip],
  ["whole addresses", readFullAddress],
  ["countries", parseCountry],
  ["e-mail addresses", (text) => EMAIL.test(text)],
  ["states", parseState],
  ["counties for tags", (text) => geographicTag("TX", text)],
  [
    "acres from a service",
    (text) =>
      quietly(() => readParcel({ a: text }, { acreage: "a" }, { ...NOBODY, apn: null, acreage: null })),
  ],
  [
    "parcels from a service",
    (text) => quietly(() => readParcel({ a: text }, { apn: "a" }, { ...NOBODY, apn: "1", acreage: null })),
  ],
  ["answers", classifyInbound],
  ["interest", classifyInterest],
  ["values in messages", (text) => cleanValue(text, 40, false)],
  ["links", findLinks],
  ["lines of log", redact],
];

function quietly(work: () => unknown): unknown {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Text that makes a reader continue, and an end that matches nothing: a pattern that fails there backtracks. */
const BEFORE = ["", "x ", "x@x", "512555012345 "];
/** What is repeated between them. */
const PIECES = [
  " ",
  "\t",
  "\v",
  "1",
  "0,",
  "a",
  "A",
  "-",
  ".",
  "'",
  '"',
  "(",
  "()",
  "&",
  " &",
  " and",
  ",",
  ", ",
  "a@",
  "a.",
  "@a.b",
  "eyJ-",
  "://",
  "a://b:",
  "WHO INTERESTED ",
  "stop ",
  "no ",
  "+1 ",
  "512 ",
  "x1",
  "et al",
  "é",
  "\u0301",
  "\ufdfa",
  "c/o ",
  "#",
  "/",
];

describe("on one text again and again, the time is linear for", () => {
  const all = BEFORE.flatMap((before) => PIECES.map((piece) => ({ before, piece })));
  const repeated = sampleCases("repeated texts", all, 0.25);
  it.each(READERS)("%s", (_, read) => {
    for (const { before, piece } of repeated) {
      const make = (size: number) => {
        const text = `${before}${piece.repeat(Math.ceil(size / piece.length))}\u0001 @`;
        return () => read(text);
      };
      expect(growthOverSixteen(make, SIZE), JSON.stringify([before, piece])).toBeLessThan(
        LINEAR_OVER_SIXTEEN,
      );
    }
  });
});

describe(`on mixed texts (seed ${seed}), the time is linear for`, () => {
  it.each(READERS)("%s", (_, read) => {
    const random = makeRandom();
    for (let i = 0; i < 6; i++) {
      const few = Array.from({ length: random.int(2, 4) }, () => random.pick(PIECES));
      const make = (size: number) => {
        const own = makeRandom(seed + i);
        let text = "";
        while (text.length < size) text += own.pick(few);
        return () => read(text);
      };
      expect(growthOverSixteen(make, SIZE), `SEED=${seed}: ${JSON.stringify(few)}`).toBeLessThan(
        LINEAR_OVER_SIXTEEN,
      );
    }
  });
});

describe("reading records, the time is linear for", () => {
  it.each([
    ["rows that open a quotation mark and never end", 'x","\n'],
    ["long rows that do", `x,${"y".repeat(600)}","\n`],
    ["quotation marks alone", '"\n'],
    ["quotation marks in pairs", '"",""\n'],
    ["empty cells", `${",".repeat(499)}\n`],
    ["line ends of one kind", "a\r"],
    ["line ends of both kinds", "a\r\n\r"],
    ["one line without end", "a,"],
  ])("%s", (_, piece) => {
    const make = (size: number) => {
      const text = piece.repeat(Math.ceil(size / piece.length));
      return () => readRecords(text, { delimiter: ",", line: 1, isEnd: false, maxRecords: 100_000 });
    };
    expect(growthOverSixteen(make, 1_048_576)).toBeLessThan(LINEAR_OVER_SIXTEEN);
  });
});
