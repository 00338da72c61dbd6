// States in any spelling, states of ZIP codes, names of countries.
import { describe, expect, it } from "vitest";
import { parseCountry, parseCountryName } from "../../../supabase/functions/_shared/leads/countries.ts";
import { parseState } from "../../../supabase/functions/_shared/leads/us-states.ts";
import { stateOfZip } from "../../../supabase/functions/_shared/leads/zip-states.ts";

describe("states", () => {
  it.each([
    "US-TX",
    "TX, USA",
    "TX USA",
    "Texas, United States",
    "TX 78701",
    "TX - Texas",
    "Texas (TX)",
    "State of Texas",
    "Estado de Texas",
    "tx.",
    "Tejas",
  ])("%j is Texas", (text) => {
    expect(parseState(text)).toBe("TX");
  });
  it.each(["Ontario", "US", "USA", "TX, CA", "", "Jalisco, Mexico", "DE, Germany"])("%j is none", (text) => {
    expect(parseState(text)).toBeNull();
  });

  it("of ZIP codes, with those that are in another one than their neighbours", () => {
    const states = {
      "90001": "CA",
      "90001-1234": "CA",
      "10001": "NY",
      "02134": "MA",
      "78701": "TX",
      "88510": "TX",
      "00901": "PR",
      "00501": "NY",
      "06390": "NY",
      "73960": "TX",
      "83414": "WY",
      "20588": "MD",
      "96799": "AS",
      "96910": "GU",
      "99501": "AK",
    };
    expect(Object.fromEntries(Object.keys(states).map((zip) => [zip, stateOfZip(zip)]))).toEqual(states);
    // No state has them: unused, of the armed forces, of other countries in the US mail.
    for (const zip of ["00000", "09012", "34012", "96201", "96960", "99999x", "1234", "K1A 0B1"])
      expect(stateOfZip(zip), zip).toBeNull();
  });
});

describe("countries", () => {
  it("are known by code, English and Spanish name, and not by a code that is a state's where states may stand", () => {
    for (const text of ["MX", "mex", "México", "Mexico"]) expect(parseCountry(text), text).toBe("Mexico");
    expect(["CA", "DE", "Alemania", "Côte d'Ivoire", "Korea"].map(parseCountry)).toEqual([
      "Canada",
      "Germany",
      "Germany",
      "Côte d’Ivoire",
      "South Korea",
    ]);
    expect(["CA", "DE", "Georgia", "Mexico", "USA", "Harris"].map(parseCountryName)).toEqual([
      null,
      null,
      null,
      "Mexico",
      "us",
      null,
    ]);
  });
});
