// A service's secrets are removed from its answers, for any secret and answer.
import { describe, expect, it } from "vitest";
import { hideSecrets } from "../../../supabase/functions/_shared/enrichment/hide-secrets.ts";
import { growthOverSixteen, LINEAR_OVER_SIXTEEN } from "../../fixtures/measure-growth.ts";

const service = {
  url: "https://example.com/keys/path-key-12345/find?token=query-key-12345",
  request: { apn: "{apn}", api_key: 'body "key" 12345' },
  secret: "Bearer secret-key-12345",
};

describe("an answer", () => {
  it.each([
    ["the secret", "echo: Bearer secret-key-12345.", "echo: [hidden]."],
    ["a part of it", "secret-key-12345", "[hidden]"],
    ["a part of the path", "at /keys/path-key-12345/find", "at /keys/[hidden]/find"],
    ["a value of the query", "token=query-key-12345&x", "token=[hidden]&x"],
    [
      "a constant of the request, as JSON writes it",
      '{"api_key":"body \\"key\\" 12345"}',
      '{"api_key":"[hidden]"}',
    ],
    ["a constant of the request, as a URL writes it", "?k=body%20%22key%22%2012345", "?k=[hidden]"],
    ["several beside each other", "secret-key-12345path-key-12345", "[hidden][hidden]"],
  ])("loses %s", (_, text, expected) => {
    expect(hideSecrets(service, text, 1000)).toBe(expected);
  });

  it("hides one that reaches over the end of the kept part", () => {
    const kept = hideSecrets(service, `${"x".repeat(95)}secret-key-12345 and more`, 100);
    expect(kept).not.toContain("secr");
    expect(kept.length).toBeLessThanOrEqual(100);
  });

  it("keeps everything else, up to its length", () => {
    expect(hideSecrets(service, "nothing of it here", 7)).toBe("nothing");
  });

  it("hides overlapping ones completely", () => {
    const told = { url: "https://example.com", request: { a: "abcdefgh", b: "efghijkl" }, secret: null };
    expect(hideSecrets(told, "-abcdefghijkl-", 100)).toBe("-[hidden]-");
  });
});

it("takes linear time in the kept part, even if nearly every place might be one", () => {
  const make = (size: number) => {
    const told = {
      url: `https://example.com/ab${"a".repeat(1900)}`,
      request: { k: `ab${"a".repeat(9850)}` },
      secret: `ab${"a".repeat(3990)}`,
    };
    const text = JSON.stringify({ acres: 1, x: "a".repeat(size) });
    return () => hideSecrets(told, text, size);
  };
  expect(growthOverSixteen(make, 262_000)).toBeLessThan(LINEAR_OVER_SIXTEEN);
});
