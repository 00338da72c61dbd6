// The judge of chaos finds each difference between our side and Twilio's, and no others.

import type { CallbackEntry, PostEntry } from "twilio-simulator";
import { describe, expect, test } from "vitest";
import { compareAttempts, readTwilioSide } from "../../chaos/compare-attempts.ts";
import type { ChaosAttempt, ChaosMessage } from "../../chaos/read-our-side.ts";

const message = (changes: Partial<ChaosMessage> = {}): ChaosMessage => ({
  id: "m1",
  kind: "campaign",
  status: "delivered",
  from_number: "+1555",
  to_number: "+1666",
  content: "Hola",
  provider_sid: "SM1",
  error_code: null,
  exempt: null,
  classification: null,
  campaign_id: "c1",
  campaign_target_id: "t1",
  step: 1,
  attempt_id: "a1",
  provider_status: "delivered",
  segments: 1,
  needs_attention: null,
  error_message: null,
  ...changes,
});
const attempt = (changes: Partial<ChaosAttempt> = {}): ChaosAttempt => ({
  id: "a1",
  slot_at: "2026-01-01T00:00:00Z",
  message_id: "m1",
  outcome: "accepted",
  provider_sid: "SM1",
  error_code: null,
  ...changes,
});
const post = (changes: Partial<PostEntry> = {}) =>
  ({
    kind: "post",
    accepted: true,
    sid: "SM1",
    to: "+1666",
    from: "+1555",
    body: "Hola",
    segments: 1,
    mid: "m1",
    attempt: "a1",
    status: "delivered",
    code: null,
    errorCode: null,
    hidden: false,
    ...changes,
  }) as PostEntry;
const callback = (status: string, httpStatus: number | null = 204) =>
  ({ kind: "callback", sid: "SM1", status, httpStatus }) as CallbackEntry;

type Entry = PostEntry | CallbackEntry;
const compare = (messages: ChaosMessage[], attempts: ChaosAttempt[], record: Entry[], hidesForGood = true) =>
  compareAttempts(
    { messages, attempts, alerts: new Map(), optOuts: new Set() },
    readTwilioSide(record, hidesForGood),
  );
const unsent = { status: "failed", provider_sid: null, provider_status: null } as const;

describe("agrees", () => {
  test.each<[string, ChaosMessage, ChaosAttempt, Entry[]]>([
    ["a message that both know to be delivered", message(), attempt(), [post(), callback("delivered")]],
    [
      "one of which we were told less",
      message({ status: "sent", provider_status: "sent" }),
      attempt(),
      [post(), callback("sent"), callback("delivered", null)],
    ],
    [
      "one that Twilio took and hid, and never told of",
      message(unsent),
      attempt({ outcome: "not_accepted", provider_sid: null }),
      [post({ hidden: true })],
    ],
    [
      "one taken for sent",
      message({ status: "sent", provider_sid: null, provider_status: null }),
      attempt({ outcome: "assumed_sent", provider_sid: null }),
      [],
    ],
    [
      "one that was given up, sent again and went out twice, which people were told",
      message({ status: "failed", needs_attention: "… and its replacement was sent too." }),
      attempt(),
      [post(), callback("delivered")],
    ],
    [
      "one that was given up, and failed indeed",
      message({
        status: "failed",
        provider_status: "undelivered",
        error_message: "Twilio has no such message",
      }),
      attempt(),
      [post({ status: "undelivered" }), callback("undelivered")],
    ],
    [
      "a refusal",
      message({ ...unsent, error_code: 21211 }),
      attempt({ outcome: "rejected", provider_sid: null, error_code: 21211 }),
      [post({ accepted: false, sid: null, status: null, code: 21211 })],
    ],
  ])("%s", (_what, ours, tried, record) => {
    expect(compare([ours], [tried], record)).toEqual([]);
  });
});

describe("sees", () => {
  test.each<[string, ChaosMessage, ChaosAttempt[], Entry[], RegExp]>([
    ["an attempt posted twice", message(), [attempt()], [post(), post({ sid: "SM2" })], /posted again/],
    [
      "a POST that is no attempt of ours",
      message(),
      [attempt()],
      [post(), post({ attempt: "a9" })],
      /no attempt of ours/,
    ],
    [
      "a POST to somebody else",
      message(),
      [attempt()],
      [post({ to: "+1777" }), callback("delivered")],
      /at Twilio/,
    ],
    ["what Twilio never accepted", message(), [attempt()], [], /never accepted/],
    ["another message's SID", message(), [attempt()], [post({ sid: "SM2" })], /its SID is SM1/],
    [
      "what was given up though it is listed",
      message(unsent),
      [attempt({ outcome: "not_accepted" })],
      [post()],
      /list/,
    ],
    [
      "what was given up though we were told",
      message(unsent),
      [attempt({ outcome: "resent" })],
      [post({ hidden: true }), callback("sent")],
      /told us sent/,
    ],
    [
      "what was posted though it was given back",
      message(unsent),
      [attempt({ outcome: "not_posted" })],
      [post()],
      /posted/,
    ],
    ["what was left open", message({ status: "sending" }), [attempt({ outcome: "open" })], [], /left open/],
    [
      "a status that went backwards",
      message({ status: "sent", provider_status: "sent" }),
      [attempt()],
      [post(), callback("delivered")],
      /we believe sent/,
    ],
    [
      "a status that Twilio never gave",
      message(),
      [attempt()],
      [post({ status: "sent" })],
      /Twilio says sent/,
    ],
    ["another end", message(), [attempt()], [post({ status: "undelivered" })], /Twilio says undelivered/],
    ["other segments", message({ segments: 2 }), [attempt()], [post()], /2 segments/],
    ["a lost text", message({ content: null }), [attempt()], [post()], /text/],
    [
      "two attempts that went out, of which nobody is told",
      message(),
      [attempt(), attempt({ id: "a2", provider_sid: "SM2" })],
      [post(), post({ attempt: "a2", sid: "SM2" })],
      /nobody is told/,
    ],
  ])("%s", (_what, ours, tried, record, says) => {
    expect(compare([ours], tried, record).join("\n")).toMatch(says);
  });
});

test("a message that the list hid only for a while must be found by the second look", () => {
  const given = attempt({ outcome: "not_accepted", provider_sid: null });
  expect(compare([message(unsent)], [given], [post({ hidden: true })], false)).toHaveLength(1);
});
