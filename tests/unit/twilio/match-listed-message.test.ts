// When a message that got no answer counts as found in Twilio's list, as absent, or as a matter for a person.
import { describe, expect, it } from "vitest";
import type { ListedMessage } from "../../../supabase/functions/_shared/twilio/list-messages.ts";
import { matchListedMessage } from "../../../supabase/functions/worker/match-listed-message.ts";

const claimedAt = new Date("2026-11-23T10:00:00.500Z");
const at = (seconds: number) => claimedAt.getTime() + seconds * 1000;
const listed = (sid: string, seconds: number, more: Partial<ListedMessage> = {}): ListedMessage => ({
  sid,
  status: "sent",
  body: "Hola",
  direction: "outbound-api",
  errorCode: null,
  createdAt: at(seconds),
  ...more,
});
const judge = (messages: ListedMessage[], known: string[] = []) =>
  matchListedMessage(messages, "Hola", claimedAt, new Set(known));

describe("found", () => {
  it.each([-5, -0.5, 0, 30, 600])("a message with the text, created %d s after the claim", (seconds) => {
    expect(judge([listed("SM1", seconds)])).toMatchObject({ kind: "found", message: { sid: "SM1" } });
  });

  it("the one that is not another message of ours", () => {
    expect(judge([listed("SM1", 2), listed("SM2", 1)], ["SM1"])).toMatchObject({ message: { sid: "SM2" } });
  });

  it("the one with our text, among other messages of those minutes", () => {
    expect(judge([listed("SM1", 2, { body: "Adiós" }), listed("SM2", 1)])).toMatchObject({
      message: { sid: "SM2" },
    });
  });
});

describe("absent", () => {
  it.each([
    ["an empty list", []],
    ["a message from before the claim", [listed("SM1", -5.1)]],
    ["a message from long after it", [listed("SM1", 600.1)]],
    ["what the person wrote", [listed("SM1", 1, { direction: "inbound" })]],
  ])("%s", (_what, messages) => {
    expect(judge(messages)).toEqual({ kind: "absent" });
  });

  it("nothing but messages of ours", () => {
    expect(judge([listed("SM1", 1)], ["SM1"])).toEqual({ kind: "absent" });
  });
});

describe("unclear", () => {
  it("several with the same text", () => {
    expect(judge([listed("SM1", 1), listed("SM2", 2)])).toMatchObject({ kind: "unclear" });
  });

  it("one that is no message of ours, with another text: Twilio may have changed ours", () => {
    expect(judge([listed("SM1", 1, { body: "Hola." })])).toMatchObject({ kind: "unclear" });
  });
});
