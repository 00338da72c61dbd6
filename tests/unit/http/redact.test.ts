// Secrets and personal data are removed from log lines.
import { afterEach, expect, it, vi } from "vitest";
import { createLog } from "../../../supabase/functions/_shared/http/log.ts";
import { redact } from "../../../supabase/functions/_shared/http/redact.ts";
import { signShared, userClaims } from "./sign-token.ts";

afterEach(() => vi.restoreAllMocks());

it.each([
  ["a phone number", "to +15125550100 now", "to [phone] now"],
  ["a phone number as people write it", "call (512) 555-0100", "call [phone]"],
  ["a phone number without signs", "search=5125550100", "search=[phone]"],
  ["a password in a URL", "postgres://worker:hunter2@db:5432/x", "postgres://worker:[password]@db:5432/x"],
  ["a secret key", "apikey sb_secret_abc-DEF", "apikey sb_secret_[key]"],
  ["an API key", "x-api-key: ct_0123456789abcdef", "x-api-key: ct_[key]"],
  ["a Twilio account", `AC${"0123456789abcdef".repeat(2)} failed`, "AC[sid] failed"],
  ["a Twilio token", "0123456789abcdef".repeat(2), "[hex]"],
])("takes out %s", (_what, line, clean) => {
  expect(redact(line)).toBe(clean);
});

it("removes a session's token", async () => {
  const token = await signShared(userClaims());
  expect(redact(`Bearer ${token} was refused`)).toBe("Bearer [token] was refused");
});

it("leaves ids and times as they are", () => {
  const line =
    "GET /leads/{id} 200 ms=12 request_id=0b9f5a36-6f0f-4bb6-8d4a-123456789012 at 2026-11-23T01:30:46.123Z";
  expect(redact(line)).toBe(line);
});

it("writes one line for a message of several lines, so that none can be forged", () => {
  const lines: string[] = [];
  vi.spyOn(console, "info").mockImplementation((line) => void lines.push(line));
  createLog({ area: "leads" }).info("first\nGET /forged 200", { note: "a\r\nb", none: undefined });
  expect(lines).toEqual(['first | GET /forged 200 note="a\\r\\nb" area=leads']);
});
