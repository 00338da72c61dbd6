// What the erasure of a person looks like on the wire.
import { z } from "zod";

const confirm = z
  .string()
  .trim()
  .min(1)
  .max(400)
  .describe("The full name or one of the phones, so that nobody is erased by accident");

export const eraseInput = z.strictObject({
  confirm,
  also_erase: z
    .array(z.uuid())
    .max(20)
    .default([])
    .describe("Other leads of the same person that have the same phones"),
});

export const erasePhoneInput = z.strictObject({
  phone: z.string().max(100).describe("In any US format, or E.164"),
  confirm: z.string().max(100).describe("The same phone again"),
});

export const erasure = z.object({
  erased: z
    .record(z.string(), z.number().int())
    .describe("How many records of each kind were removed or emptied"),
  targets_canceled: z.number().int(),
  suppressed: z
    .array(z.string())
    .describe("The phones, E.164: they are kept, so that the person is not written to again"),
});
