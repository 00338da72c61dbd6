// What test phones and test sends look like on the wire.
import { z } from "zod";
import { oneLine } from "../../_shared/http/one-line.ts";
import { previewInput } from "../template/schemas.ts";

export const TEST_PHONE_COLUMNS = "id, e164, label, confirmed_at, created_at";
export const testPhone = z.object({
  id: z.uuid(),
  e164: z.string(),
  label: z.string().nullable(),
  confirmed_at: z.string().nullable().describe("Null: its code was not given yet"),
  created_at: z.string(),
});
export type TestPhone = z.output<typeof testPhone>;

export const phone = oneLine(60).describe("A US phone in any common format");
export const testPhoneInput = z.strictObject({ phone, label: oneLine(100, 0).optional() });
export const confirmInput = z.strictObject({
  code: z.string().regex(/^\d{6}$/, "must be the six digits that were sent."),
});
export const testSendInput = previewInput.extend({ to: phone.describe("A confirmed test phone") });

export const sentTest = z.object({
  message_id: z.uuid(),
  to: z.string(),
  from: z.string(),
  deduplicated: z
    .boolean()
    .describe("Whether the same test was asked for within the last minute, and this is that one"),
});
