// Every code of Twilio has the required class and consequences.
import { describe, expect, it } from "vitest";
import { classifyError, ERROR_RULES } from "../../../scripts/seed/data/error-classes.ts";

describe("error-classes", () => {
  it.each([
    ["permanent", [21211, 21614, 21635, 30004, 30005, 30006]],
    ["opt_out", [21610, 30640]],
    [
      "transient",
      [20429, 21611, 21612, 30001, 30003, 30008, 30017, 30022, 30023, 30036, 30410, 30450, 30610, 63017],
    ],
    ["account", [20003, 21608, 30002, 63038]],
    ["campaign", [21701, 21703, 21704, 21705, 30033]],
    ["sender", [21212, 21601, 21606, 30007, 30024, 30032, 30034, 30035]],
    ["bug", [21602, 21603, 21609, 21617, 21620, 21623, 35111, 35114, 35115, 35117, 35118, 35125]],
  ])("has class %s for its codes", (name, codes) => {
    for (const code of codes) expect(classifyError(code), String(code)).toMatchObject({ code, class: name });
  });

  it("has each code once", () => {
    expect(new Set(ERROR_RULES.map(({ code }) => code)).size).toBe(ERROR_RULES.length);
  });

  it("distinguishes the three meanings of HTTP 429", () => {
    expect(classifyError(20429)).toMatchObject({ action: "retry", retryAfterSeconds: 2 });
    expect(classifyError(21611)).toMatchObject({ action: "rest_number", retryAfterSeconds: 3600 });
    expect(classifyError(63038)).toMatchObject({ action: "rest_account", pauseUntil: "midnight_pacific" });
  });

  it("says of every code answered at once that no carrier had the message", () => {
    for (const rule of ERROR_RULES.filter(({ code }) => code < 30000 || code > 35000)) {
      expect(rule.neverHandedToCarrier, String(rule.code)).toBe(true);
    }
  });

  it("never allows sending a message again that a carrier may have had", () => {
    for (const code of [30003, 30004, 30005, 30006, 30007, 30008, 30410]) {
      expect(classifyError(code).neverHandedToCarrier, String(code)).toBe(false);
    }
  });

  it("gives every code that is tried again a wait, and none to the others", () => {
    for (const rule of ERROR_RULES) {
      expect(rule.retryAfterSeconds !== undefined, String(rule.code)).toBe(rule.class === "transient");
      if (rule.maxAttempts !== undefined) expect(rule.maxAttempts).toBeGreaterThan(1);
    }
  });

  it("classifies an unknown code, or none, as unknown, without a retry", () => {
    for (const code of [99999, 0, null, undefined]) {
      expect(classifyError(code)).toMatchObject({
        class: "unknown",
        action: "fail",
        maxAttempts: 1,
        neverHandedToCarrier: false,
      });
    }
  });
});
