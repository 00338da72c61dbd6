// Wishes to stop are understood in any wording, and ordinary replies are left alone.
import { describe, expect, it } from "vitest";
import { classifyInbound } from "../../../supabase/functions/_shared/sms/classify-inbound.ts";
import { inboundCases } from "./inbound-cases.ts";

describe("classify-inbound", () => {
  it.each(inboundCases)("takes $text for $kind (review: $review)", ({ text, kind, review, language }) => {
    const found = classifyInbound(text);
    expect(found).toMatchObject({ kind, review });
    if (language !== null) expect(found.language).toBe(language);
    if (kind === "stop") expect(found.certainty).toBe(review ? "phrase" : "keyword");
    if (kind !== "reply") expect(found.matched).not.toBe("");
  });

  it("has no text twice in the table", () => {
    const texts = inboundCases.map(({ text }) => text);
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
  });

  it.each([
    "STOP",
    "stop",
    " Stop ",
    "END",
    "Unsubscribe",
    "cancel",
    "QUIT",
    "stopall",
    "OptOut",
    "START",
    "yes",
    "Unstop",
    "HELP",
    "info",
  ])("knows that Twilio answers %j itself", (text) => {
    expect(classifyInbound(text).handledByTwilio).toBe(true);
  });

  it.each([
    "ALTO",
    "Stop.",
    "STOP!!!",
    "cancel!",
    "REVOKE",
    "opt out",
    "stop please",
    "S T O P",
    "Stop. Thank you",
    "ayuda",
    "alta",
    "remove",
    "yes please",
    "no",
    "",
  ])("knows that %j is left to us", (text) => {
    expect(classifyInbound(text).handledByTwilio).toBe(false);
  });

  it("follows Twilio's verdict when it says STOP or HELP", () => {
    expect(classifyInbound("desuscribir", "STOP")).toMatchObject({
      kind: "stop",
      review: false,
      handledByTwilio: true,
    });
    expect(classifyInbound("ALTO", "STOP")).toMatchObject({ kind: "stop", matched: "ALTO", language: "es" });
    expect(classifyInbound("soporte", "HELP")).toMatchObject({ kind: "help", handledByTwilio: true });
  });

  it("re-subscribes on Twilio's START only if the word itself is clear", () => {
    expect(classifyInbound("START", "START")).toMatchObject({ kind: "start", handledByTwilio: true });
    expect(classifyInbound("YES", "START")).toMatchObject({
      kind: "reply",
      review: true,
      handledByTwilio: true,
    });
  });

  it("prefers a wish to stop over a HELP or START verdict", () => {
    expect(classifyInbound("no me escriba más", "START").kind).toBe("stop");
    expect(classifyInbound("stop texting me", "HELP").kind).toBe("stop");
  });

  it("ends in time on the longest messages made to confuse it", () => {
    // 1,600 characters is the most Twilio delivers; a pattern that backtracks without bound would run into the time limit.
    for (const part of [
      "no me ",
      "a",
      "remove ",
      " \n",
      "no quiero que me ",
      "do not ",
      "STOP by ",
      "¿?.,- ",
    ]) {
      const { kind } = classifyInbound(part.repeat(Math.ceil(1600 / part.length)));
      expect(["reply", "stop"]).toContain(kind);
    }
  });
});
