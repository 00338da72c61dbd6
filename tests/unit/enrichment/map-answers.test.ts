// What is sent to services, and which of their answers are accepted.
import { describe, expect, it } from "vitest";
import {
  buildRequest,
  fillTemplate,
  placeholdersOf,
} from "../../../supabase/functions/_shared/enrichment/build-request.ts";
import { readParcel } from "../../../supabase/functions/_shared/enrichment/map-parcel.ts";
import { mapScrub } from "../../../supabase/functions/_shared/enrichment/map-scrub.ts";
import { PATH, readPath } from "../../../supabase/functions/_shared/enrichment/read-path.ts";
import type { ParcelFields } from "../../../supabase/functions/_shared/enrichment/service.ts";

const asked: ParcelFields = {
  apn: "R-123 45",
  county: "Harris",
  state: "TX",
  situs: null,
  property_type: null,
  acreage: null,
  estimated_value: null,
};
const map = {
  apn: "parcel.apn",
  acreage: "parcel.acres",
  estimated_value: "values[0].total",
  county: "parcel.county",
  state: "parcel.state",
  situs: "parcel.situs",
};
const answer = (parcel: object, total?: unknown) => ({ parcel, values: [{ total }] });

describe("paths", () => {
  it("lead into objects and lists, but not to prototype properties", () => {
    const value = { a: [{ b: 1 }, { b: { c: null } }] };
    expect(
      ["a[0].b", "a[1].b.c", "a[2].b", "a.b", "a.length", "constructor.name", "__proto__"].map((path) =>
        readPath(value, path),
      ),
    ).toEqual([1, null, undefined, undefined, 2, undefined, undefined]);
    expect(["a.b", "a[0].b-c", "results[12][0]"].every((path) => PATH.test(path))).toBe(true);
    expect(["", ".a", "a.", "a[x]", "a b", "$.a", "a..b"].some((path) => PATH.test(path))).toBe(false);
  });
});

describe("a request", () => {
  const service = {
    url: "https://x.test/v1?v=2",
    method: "GET" as const,
    request: { apn: "{apn}", q: "{county}, {state}" },
    secret_header: "x-api-key",
    secret: "s3",
  };

  it("is the query of a GET, or the JSON of a POST, with the secret in its header", () => {
    const get = buildRequest(service, { ...asked });
    expect(get.url).toBe("https://x.test/v1?v=2&apn=R-123+45&q=Harris%2C+TX");
    expect(get.init).toEqual({ method: "GET", headers: { accept: "application/json", "x-api-key": "s3" } });
    const post = buildRequest(
      { ...service, method: "POST", secret: null, request: { list: "{phones}", n: { of: ["{acreage}"] } } },
      { phones: ["+1", "+2"], acreage: 5.5 },
    );
    expect([post.url, post.init.body, post.init.headers]).toEqual([
      service.url,
      '{"list":["+1","+2"],"n":{"of":[5.5]}}',
      { accept: "application/json", "content-type": "application/json" },
    ]);
  });

  it("that needs an unknown value is not made", () => {
    expect(() => fillTemplate({ a: "{apn}" }, { apn: null })).toThrow("asks for apn, which is not known");
    expect(() => fillTemplate({ a: "x {constructor}" }, {})).toThrow("constructor");
    expect(placeholdersOf({ a: "{apn}", b: ["{apn} {county}"] })).toEqual(["apn", "county"]);
  });

  it("puts values into its own places: no value can add a field", () => {
    const { init } = buildRequest(
      { ...service, method: "POST", request: { apn: "{apn}" } },
      { apn: '","admin":"1' },
    );
    expect(JSON.parse(init.body as string)).toEqual({ apn: '","admin":"1' });
  });
});

describe("an answer about a parcel", () => {
  it("is read by the map, with the state in our form and without blanks", () => {
    const told = {
      apn: "r12345",
      acres: "1,234.50",
      state: "Texas",
      situs: " FM 2920\u0000 ",
    };
    expect(readParcel(answer(told, 98_000), map, asked)).toEqual({
      apn: "r12345",
      acreage: 1234.5,
      state: "TX",
      situs: "FM 2920",
      estimated_value: 98_000,
    });
    expect(readParcel(answer({ acres: 0, county: null, situs: "" }), map, asked)).toEqual({ acreage: 0 });
  });

  it.each<[object, unknown, string]>([
    [{ acres: -3 }, 1, "acreage is negative"],
    [{ acres: { value: 3 } }, 1, "acreage is no number"],
    [{ acres: "about 5" }, 1, "acreage is no number"],
    [{ acres: 1e12 }, 1, "acreage is more than there can be"],
    [{ acres: true }, 1, "acreage is no number"],
    [{ acres: 5 }, -1, "estimated_value is negative"],
    [{ acres: 5, situs: ["x"] }, 1, "situs is no text"],
    [{ acres: 5, situs: "x".repeat(301) }, 1, "situs is longer"],
    [{ acres: 5, state: "Narnia" }, 1, "Narnia is no state"],
    [{ acres: 5, apn: "R-999" }, 1, "about another parcel: APN R-999"],
    [{ acres: 5, state: "OK" }, 1, "it lies in OK, not in TX"],
  ])("%o (%s) is not believed: %s", (parcel, total, words) => {
    const read = () => readParcel(answer(parcel, total), map, asked);
    expect(read).toThrow(words);
    expect(read).toThrow(expect.objectContaining({ outcome: "refused" }));
  });

  it.each([[{}], [[]], [{ parcel: "no" }], [{ error: "quota" }]])("%o has nothing about it", (said) => {
    expect(() => readParcel(said, map, asked)).toThrow(expect.objectContaining({ outcome: "skipped" }));
  });
});

describe("an answer about phones", () => {
  const phones = ["+12145550101", "+12145550102", "+12145550103"];
  const scrub = { results: "data.list", phone: "number", dnc: "dnc", litigator: "tcpa.litigator" };
  const say = (...list: unknown[]) => ({ data: { list } });

  it("is read for each phone that it names and we asked about: a litigator outranks a registry", () => {
    const said = say(
      { number: "(214) 555-0101", dnc: "Y", tcpa: { litigator: 1 } },
      { number: "2145550102", dnc: true },
      { number: "2145550102", dnc: false },
      { number: "+13055550199", dnc: true },
      { number: null },
      "junk",
    );
    expect([...mapScrub(said, scrub, phones)]).toEqual([
      ["+12145550101", "litigator"],
      ["+12145550102", "dnc"],
    ]);
  });

  it("that names only hits means that the others are clean", () => {
    const said = [{ phone: "2145550103" }, { phone: "2145550102", bad: "true" }];
    expect([...mapScrub(said, { phone: "phone", dnc: "bad", hits_only: true }, phones)]).toEqual([
      ["+12145550101", "clean"],
      ["+12145550102", "dnc"],
      ["+12145550103", "clean"],
    ]);
  });

  it.each([[{}], [{ data: { list: "none" } }], [{ data: [] }]])("%o has no list", (said) => {
    expect(() => mapScrub(said, scrub, phones)).toThrow("no list of phones");
  });

  it("that is neither yes nor no is not accepted", () => {
    for (const dnc of ["maybe", 2, {}, []])
      expect(() => mapScrub(say({ number: phones[0], dnc }), scrub, phones)).toThrow("neither yes nor no");
  });
});
